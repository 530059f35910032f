"""SAM: what a serverless function is made of, as plain CloudFormation resources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from clearance.store.cloudformation.events import Event, permissions_of
from clearance.store.cloudformation.policy_templates import statements_of
from clearance.store.cloudformation.resolve import UNKNOWN, Made
from clearance.store.cloudformation.template import Template

__all__ = ["expand", "unread"]

FUNCTION: Final = "AWS::Serverless::Function"
MACHINE: Final = "AWS::Serverless::StateMachine"
_UNREAD: Final[Mapping[str, tuple[str, ...]]] = {
    "AWS::Serverless::Api": ("Auth",),
    "AWS::Serverless::HttpApi": ("Auth",),
    FUNCTION: ("DeploymentPreference",),
    MACHINE: ("Events",),
}
_MANAGED: Final = "arn:${AWS::Partition}:iam::aws:policy/"
_TRACING: Final = "AWSXrayWriteOnlyAccess"
_SENDS: Final = {
    "SQS": "sqs:SendMessage",
    "SNS": "sns:Publish",
    "Lambda": "lambda:InvokeFunction",
    "EventBridge": "events:PutEvents",
    "S3Bucket": "s3:PutObject",
}
# AWS managed policies that lie under `service-role/`.
_SERVICE_ROLE: Final = frozenset(
    {
        "AWSLambdaBasicExecutionRole",
        "AWSLambdaDynamoDBExecutionRole",
        "AWSLambdaENIManagementAccess",
        "AWSLambdaKinesisExecutionRole",
        "AWSLambdaMSKExecutionRole",
        "AWSLambdaRole",
        "AWSLambdaSQSQueueExecutionRole",
        "AWSLambdaVPCAccessExecutionRole",
    }
)
# Properties of a serverless function that AWS::Lambda::Function has under the same name.
_SAME: Final = (
    "FunctionName", "Runtime", "Handler", "Description", "Timeout", "MemorySize", "Environment",
    "VpcConfig", "Layers", "Architectures", "KmsKeyArn", "ReservedConcurrentExecutions",
)  # fmt: skip
# Properties that Globals and the function together make up.
_ADDED: Final = frozenset({"Environment", "Tags", "VpcConfig"})


def expand(template: Template, made: Made) -> Iterator[Made]:
    """The resources that a serverless resource becomes beside itself."""
    if made.type == FUNCTION:
        yield from _function(template, made)
    elif made.type == MACHINE and "Role" not in made.properties:
        tracing = _object(made.properties.get("Tracing")).get("Enabled")
        names = [_TRACING] if tracing in {True, "true"} else []
        yield _role_of(made, made.properties, "states.amazonaws.com", names)


def _function(template: Template, made: Made) -> Iterator[Made]:
    """A function with its role, its alias, its URL and what its events make."""
    properties = _with_globals(template, made)
    events = [Event.of(made, name, raw) for name, raw in _object(properties.get("Events")).items()]
    role: Any = properties.get("Role")
    if role is None:
        yield _role(made, properties, [event.managed for event in events if event.managed])
        role = {"Fn::GetAtt": [f"{made.name}Role", "Arn"]}
    function: dict[str, Any] = {n: properties[n] for n in _SAME if n in properties}
    function |= {"Role": role, "Tags": _object(properties.get("Tags"))}
    yield Made(made.name, "AWS::Lambda::Function", function, made.place)
    target: Any = {"Ref": made.name}
    alias = properties.get("AutoPublishAlias")
    if alias is not None:
        yield from _published(made, alias)
        target = {"Ref": f"{made.name}.Alias"}
    if isinstance(properties.get("FunctionUrlConfig"), dict):
        yield from _url(made, properties["FunctionUrlConfig"], target)
    for event in events:
        yield from permissions_of(event, target, made)


def _with_globals(template: Template, made: Made) -> dict[str, Any]:
    """The properties, with those of Globals where the function has none of its own."""
    shared = _object(template.section("Globals").get("Function"))
    found = {**shared, **made.properties}
    for name in _ADDED & shared.keys() & made.properties.keys():
        found[name] = _merged(shared[name], made.properties[name])
    return found


def _merged(shared: Any, own: Any) -> Any:  # noqa: ANN401 - any JSON
    """Objects are merged, whatever else is the function's own (SAM, Globals section)."""
    if not (isinstance(shared, dict) and isinstance(own, dict)):
        return own
    both = {name: _merged(shared[name], own[name]) for name in shared.keys() & own.keys()}
    return {**shared, **own, **both}


def _role(made: Made, properties: Mapping[str, Any], managed: list[str]) -> Made:
    """The execution role that SAM makes when none is given."""
    names = ["AWSLambdaBasicExecutionRole", *managed]
    if "Tracing" in properties:
        names.append(_TRACING)
    if "VpcConfig" in properties:
        names.append("AWSLambdaVPCAccessExecutionRole")
    given = properties.get("Policies")
    given = [] if given is None else given if isinstance(given, list) else [given]
    sends = {"Policies": [*given, *_sends(properties)]}
    return _role_of(made, {**properties, **sends}, "lambda.amazonaws.com", names)


def _sends(properties: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Policies for where failed events and the results of asynchronous calls go."""
    letters = _object(properties.get("DeadLetterQueue"))
    goals = [(letters.get("Type"), letters.get("TargetArn"))] if letters else []
    config = _object(_object(properties.get("EventInvokeConfig")).get("DestinationConfig"))
    for name in ("OnSuccess", "OnFailure"):
        goal = _object(config.get(name))
        if goal:
            goals.append((goal.get("Type"), goal.get("Destination")))
    for kind, arn in goals:
        action = _SENDS.get(str(kind))
        # Without an ARN, SAM makes a queue or a topic under a name of its own.
        unknown: dict[str, Any] = {f"{UNKNOWN}where `{kind}` results go": {}}
        if action is not None:
            resource = unknown if arn is None else arn
            statement = {"Effect": "Allow", "Action": action, "Resource": resource}
            yield {"Version": "2012-10-17", "Statement": [statement]}


def _role_of(made: Made, properties: Mapping[str, Any], service: str, names: list[str]) -> Made:
    """A role for a service, with some AWS managed policies and the ``Policies`` of a resource."""
    trust = properties.get("AssumeRolePolicyDocument") or {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Action": ["sts:AssumeRole"],
                "Effect": "Allow",
                "Principal": {"Service": [service]},
            }
        ],
    }
    attached: list[Any] = [_managed(name) for name in dict.fromkeys(names)]
    policies: list[Any] = []
    given = properties.get("Policies")
    for number, raw in enumerate(given if isinstance(given, list) else [given] if given else []):
        _sort(raw, f"{made.name}RolePolicy{number}", attached, policies)
    role = {
        "AssumeRolePolicyDocument": trust,
        "ManagedPolicyArns": attached,
        "Policies": policies,
        "Path": properties.get("RolePath", "/"),
        "Tags": _object(properties.get("Tags")),
    }
    if "PermissionsBoundary" in properties:
        role["PermissionsBoundary"] = properties["PermissionsBoundary"]
    return Made(f"{made.name}Role", "AWS::IAM::Role", role, made.place)


def _sort(raw: Any, name: str, attached: list[Any], policies: list[Any]) -> None:  # noqa: ANN401
    """Put one entry of ``Policies`` where it belongs: managed, inline, or a template."""
    if isinstance(raw, str):
        attached.append(raw if ":" in raw else _managed(raw))
        return
    if not isinstance(raw, dict):
        return
    match raw:
        case {"Fn::If": [condition, *branches]} if len(branches) == 2:  # noqa: PLR2004
            _sort_choice(condition, branches, name, attached, policies)
            return
    if "Statement" in raw:
        policies.append({"PolicyName": name, "PolicyDocument": raw})
        return
    (kind, given), *_ = raw.items() if raw else (("", None),)
    statements = statements_of(kind, _object(given))
    if statements is not None:
        document = {"Version": "2012-10-17", "Statement": statements}
        policies.append({"PolicyName": name, "PolicyDocument": document})
    elif kind in {"Ref", "AWS::NoValue"} or kind.startswith("Fn::"):
        if raw != {"Ref": "AWS::NoValue"}:
            attached.append(raw)
    else:
        # Said where it stands, when the value is worked out.
        policies.append(
            {
                "PolicyName": name,
                "PolicyDocument": {f"{UNKNOWN}the policy template `{kind}`": given},
            }
        )


def _sort_choice(
    condition: object, branches: list[Any], name: str, attached: list[Any], policies: list[Any]
) -> None:
    """Both branches of ``Fn::If``, each under its condition."""
    for number, branch in enumerate(branches):
        arns: list[Any] = []
        documents: list[Any] = []
        _sort(branch, name, arns, documents)
        for found, goal in ((arns, attached), (documents, policies)):
            for item in found:
                choice: list[Any] = [condition, {"Ref": "AWS::NoValue"}]
                choice.insert(1 + number, item)
                goal.append({"Fn::If": choice})


def _managed(name: str) -> dict[str, str]:
    path = "service-role/" if name in _SERVICE_ROLE else ""
    return {"Fn::Sub": f"{_MANAGED}{path}{name}"}


def _published(made: Made, alias: Any) -> Iterator[Made]:  # noqa: ANN401 - a name or a function
    """What ``AutoPublishAlias`` makes; the template calls them ``Name.Version``, ``Name.Alias``."""
    version = f"{made.name}.Version"
    function = {"Ref": made.name}
    yield Made(version, "AWS::Lambda::Version", {"FunctionName": function}, made.place)
    properties = {
        "Name": alias,
        "FunctionName": function,
        "FunctionVersion": {"Fn::GetAtt": [version, "Version"]},
    }
    yield Made(f"{made.name}.Alias", "AWS::Lambda::Alias", properties, made.place)


def _url(made: Made, given: Mapping[str, Any], target: object) -> Iterator[Made]:
    """The function URL, and what lets the public in if it asks for no signature."""
    properties = {
        "TargetFunctionArn": target,
        "AuthType": given.get("AuthType"),
        "InvokeMode": given.get("InvokeMode", "BUFFERED"),
    }
    yield Made(f"{made.name}Url", "AWS::Lambda::Url", properties, made.place)
    if given.get("AuthType") != "NONE":
        return
    everyone = {"FunctionName": target, "Principal": "*"}
    through = {**everyone, "Action": "lambda:InvokeFunctionUrl", "FunctionUrlAuthType": "NONE"}
    inside = {**everyone, "Action": "lambda:InvokeFunction", "InvokedViaFunctionUrl": True}
    kind = "AWS::Lambda::Permission"
    yield Made(f"{made.name}UrlPublicPermissions", kind, through, made.place)
    yield Made(f"{made.name}URLInvokeAllowPublicAccess", kind, inside, made.place)


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def unread(made: Made, raw: Mapping[str, Any]) -> Iterator[str]:
    """What of a serverless resource makes further permissions and is not read."""
    if "Connectors" in raw:
        yield "Connectors"
    wanted = _UNREAD.get(made.type, ())
    yield from (name for name in wanted if name in made.properties)

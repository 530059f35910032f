"""SAM events: who may invoke a function because of them, and what its role gets."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from clearance.store.cloudformation.resolve import UNKNOWN, Made

__all__ = ["Event", "permissions_of"]

_PERMISSION: Final = "AWS::Lambda::Permission"
# Services that poll: the execution role reads, nobody invokes.
_POLLED: Final = {
    "SQS": "AWSLambdaSQSQueueExecutionRole",
    "Kinesis": "AWSLambdaKinesisExecutionRole",
    "DynamoDB": "AWSLambdaDynamoDBExecutionRole",
    "MSK": "AWSLambdaMSKExecutionRole",
}
_EXECUTE: Final = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}"
_DEFAULT: Final = "$default"
_PARAMETER: Final = re.compile(r"\{[^{}]*\}")
Given = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a serverless function."""

    name: str
    type: str
    given: Given

    @classmethod
    def of(cls, made: Made, name: str, raw: object) -> Event:
        """An event as the template writes it."""
        raw = raw if isinstance(raw, dict) else {}
        given = raw.get("Properties")
        return cls(
            f"{made.name}{name}", str(raw.get("Type")), given if isinstance(given, dict) else {}
        )

    @property
    def managed(self) -> str | None:
        """The AWS managed policy that the execution role gets for it."""
        queue = self.type == "SNS" and self.given.get("SqsSubscription")
        return _POLLED["SQS"] if queue else _POLLED.get(self.type)


def permissions_of(event: Event, target: object, made: Made) -> Iterator[Made]:
    """The resources an event makes: permissions, rules, a scheduler's role."""
    if event.type in _POLLED:
        return
    if event.type == "ScheduleV2":
        if "RoleArn" not in event.given:
            yield _scheduler(event, target, made)
        return
    if event.type in {"Schedule", "EventBridgeRule", "CloudWatchEvent"}:
        named = {"Name": event.given["RuleName"]} if "RuleName" in event.given else {}
        named = {"Name": event.given["Name"]} if "Name" in event.given else named
        yield Made(event.name, "AWS::Events::Rule", named, made.place)
    make = _MAKES.get(event.type)
    given = (
        make(event)
        if make
        else {"Principal": {f"{UNKNOWN}what an event `{event.type}` permits": {}}}
    )
    if given:
        properties = {"Action": "lambda:InvokeFunction", "FunctionName": target, **given}
        yield Made(f"{event.name}Permission", _PERMISSION, properties, made.place)


def _api(event: Event) -> Given:
    method = _method(event.given.get("Method", "ANY"))
    path = _path(event.given.get("Path", "/*"))
    api = event.given.get("RestApiId", {"Ref": "ServerlessRestApi"})
    return _execute(api, f"/{method}{path}")


def _http_api(event: Event) -> Given:
    method = _method(event.given.get("Method", "ANY"))
    path = _path(event.given.get("Path", _DEFAULT))
    api = event.given.get("ApiId", {"Ref": "ServerlessHttpApi"})
    if _authorizer(event) == "AWS_IAM":
        return {}  # the API calls with the credentials of whoever calls it
    if path == f"/{_DEFAULT}" and method == "*":
        return _execute(api, path)  # the route is called `$default`, without a method
    return _execute(api, f"/{method}{'' if path == _DEFAULT else path}")


def _authorizer(event: Event) -> object:
    auth = event.given.get("Auth")
    return auth.get("Authorizer") if isinstance(auth, dict) else None


def _execute(api: object, route: str) -> Given:
    """API Gateway, from any stage of an API."""
    source = {"Fn::Sub": [f"{_EXECUTE}/*{route}", {"Api": api}]}
    return {"Principal": "apigateway.amazonaws.com", "SourceArn": source}


def _method(given: object) -> str:
    method = str(given).upper()
    return "*" if method in {"ANY", "X-AMAZON-APIGATEWAY-ANY-METHOD"} else method


def _path(path: object) -> str:
    """A path as an ARN says it: `{id}` and `{proxy+}` are anything, no slash ends it."""
    text = _PARAMETER.sub("*", str(path))
    return text.removesuffix("/") if len(text) > 1 else text


def _bucket(event: Event) -> Given:
    # SAM cannot name the bucket: it would be made before the permission that its own
    # notification needs. The account is named instead.
    del event
    return {"Principal": "s3.amazonaws.com", "SourceAccount": {"Ref": "AWS::AccountId"}}


def _topic(event: Event) -> Given:
    if event.given.get("SqsSubscription"):
        return {}  # a queue stands between; Lambda polls it
    return {"Principal": "sns.amazonaws.com", "SourceArn": event.given.get("Topic")}


def _rule(event: Event) -> Given:
    source = {"Fn::GetAtt": [event.name, "Arn"]}
    return {"Principal": "events.amazonaws.com", "SourceArn": source}


def _logs(event: Event) -> Given:
    group = event.given.get("LogGroupName")
    arn = "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:${Group}:*"
    return {
        "Principal": "logs.amazonaws.com",
        "SourceArn": {"Fn::Sub": [arn, {"Group": group}]},
    }


def _iot(event: Event) -> Given:
    del event
    # IoT makes the rule's name up; any rule of the account stands in.
    arn = "arn:${AWS::Partition}:iot:${AWS::Region}:${AWS::AccountId}:rule/*"
    return {"Principal": "iot.amazonaws.com", "SourceArn": {"Fn::Sub": arn}}


def _alexa(event: Event) -> Given:
    given = {"Principal": "alexa-appkit.amazon.com"}
    skill = event.given.get("SkillId")
    return {**given, "EventSourceToken": skill} if skill else given


def _cognito(event: Event) -> Given:
    pool = event.given.get("UserPool")
    pool = pool.get("Ref") if isinstance(pool, dict) else pool
    source = {"Fn::GetAtt": [pool, "Arn"]}
    return {"Principal": "cognito-idp.amazonaws.com", "SourceArn": source}


def _scheduler(event: Event, target: object, made: Made) -> Made:
    """The role with which EventBridge Scheduler invokes the function."""
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": ["scheduler.amazonaws.com"]},
                "Action": ["sts:AssumeRole"],
            }
        ],
    }
    arn = target if target != {"Ref": made.name} else {"Fn::GetAtt": [made.name, "Arn"]}
    statement = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": arn}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    policy = {"PolicyName": f"{event.name}LambdaPolicy", "PolicyDocument": document}
    properties = {"AssumeRolePolicyDocument": trust, "Policies": [policy]}
    return Made(f"{event.name}Role", "AWS::IAM::Role", properties, made.place)


_MAKES: Final[Mapping[str, Callable[[Event], Given]]] = {
    "Api": _api,
    "HttpApi": _http_api,
    "S3": _bucket,
    "SNS": _topic,
    "Schedule": _rule,
    "CloudWatchEvent": _rule,
    "EventBridgeRule": _rule,
    "CloudWatchLogs": _logs,
    "IoTRule": _iot,
    "AlexaSkill": _alexa,
    "Cognito": _cognito,
}

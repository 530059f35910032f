"""Intrinsic functions: what ``Ref``, ``Fn::Sub`` and the others come to before deployment."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from clearance.store.cloudformation.names import KNOWN, Known
from clearance.store.cloudformation.template import Place, Template
from clearance.store.draft import stand_in, stand_in_uuid

__all__ = ["NO_VALUE", "UNKNOWN", "Made", "Resolver", "Settings", "Unresolved"]

# What SAM's parts are marked with that nobody here knows; the mark never stands in a template.
UNKNOWN: Final = "Fn::\0"
_MAX_DEPTH: Final = 40
_VARIABLE: Final = re.compile(r"\$\{(!?)([^}]*)\}")
_SUFFIXES: Final = {"aws-cn": "amazonaws.com.cn"}
_LIST: Final = ("CommaDelimitedList", "List<")


class _NoValue:
    """What ``AWS::NoValue`` gives: the property is as if it were not there."""


NO_VALUE: Final = _NoValue()


class Unresolved(Exception):  # noqa: N818 - a value that only deployment will tell
    """Why a value is not known before deployment, and where it stands."""

    def __init__(self, reason: str, place: Place) -> None:
        super().__init__(reason)
        self.reason = reason
        self.place = place


@dataclass(frozen=True, slots=True)
class Settings:
    """Where a template will be deployed, and with which parameters."""

    account: str
    region: str = "us-east-1"
    partition: str = "aws"
    stack: str = "stack"
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Made:
    """A resource that will be made; ``place`` is where the template says so."""

    name: str
    type: str
    properties: Mapping[str, Any]
    place: Place


class Resolver:
    """The values of one template."""

    def __init__(
        self,
        template: Template,
        settings: Settings,
        resources: Mapping[str, Made],
        note: Callable[[str], None],
    ) -> None:
        self.template = template
        self.settings = settings
        self.resources = resources
        self._note = note
        self._conditions: dict[str, bool | None] = {}
        self._made_up: set[str] = set()
        self._open: set[tuple[str, str]] = set()

    # --- values -----------------------------------------------------------------------------------

    def value(self, raw: Any, place: Place, depth: int = 0) -> Any:  # noqa: ANN401 - any JSON
        """The value with all functions worked out, or `Unresolved`."""
        if depth > _MAX_DEPTH:
            raise Unresolved("functions nested too deeply", place)
        if isinstance(raw, dict):
            function = self._function(raw, place)
            if function is not None:
                argument = raw[function]
                return _FUNCTIONS[function](self, argument, (*place, function), depth + 1)
            found = {k: self.value(v, (*place, k), depth + 1) for k, v in raw.items()}
            return {k: v for k, v in found.items() if v is not NO_VALUE}
        if isinstance(raw, list):
            items = [self.value(v, (*place, n), depth + 1) for n, v in enumerate(raw)]
            return [item for item in items if item is not NO_VALUE]
        if isinstance(raw, str) and "{{resolve:" in raw:
            raise Unresolved("a dynamic reference is read during deployment", place)
        return raw

    def chosen(self, raw: Any, place: Place) -> tuple[Any, Place]:  # noqa: ANN401 - any JSON
        """The branch of ``Fn::If`` that holds, its inside as it is written."""
        for _ in range(_MAX_DEPTH):
            if not (isinstance(raw, dict) and list(raw) == ["Fn::If"]):
                break
            branch = self._branch(raw["Fn::If"], (*place, "Fn::If"))
            raw, place = raw["Fn::If"][branch], (*place, "Fn::If", branch)
        if raw == {"Ref": "AWS::NoValue"}:
            return NO_VALUE, place
        return raw, place

    def text(self, raw: Any, place: Place) -> str:  # noqa: ANN401 - any JSON
        """A value that is a text; numbers and truth values are written as JSON writes them."""
        found = self.value(raw, place)
        if isinstance(found, bool):
            return "true" if found else "false"
        if isinstance(found, str | int | float):
            return str(found)
        raise Unresolved("expected a text", place)

    def _function(self, raw: Mapping[str, Any], place: Place) -> str | None:
        if len(raw) != 1:
            return None
        (name,) = raw
        if name in _FUNCTIONS:
            return name
        if name.startswith(UNKNOWN):
            raise Unresolved(f"{name.removeprefix(UNKNOWN)} is not known", place)
        if name.startswith("Fn::"):
            raise Unresolved(f"`{name}` is worked out during deployment", place)
        return None

    # --- conditions -------------------------------------------------------------------------------

    def holds(self, name: object, place: Place) -> bool:
        """Whether a condition of the template holds."""
        conditions = self.template.section("Conditions")
        if not isinstance(name, str) or name not in conditions:
            raise Unresolved(f"there is no condition `{name}`", place)
        if name not in self._conditions:
            self._conditions[name] = None
            try:
                self._conditions[name] = self._test(conditions[name], ("Conditions", name), 0)
            except Unresolved:
                del self._conditions[name]
                raise
        found = self._conditions[name]
        if found is None:
            raise Unresolved(f"the condition `{name}` rests on itself", place)
        return found

    def _test(self, raw: Any, place: Place, depth: int) -> bool:  # noqa: ANN401 - any JSON
        if depth > _MAX_DEPTH:
            raise Unresolved("conditions nested too deeply", place)
        match raw:
            case {"Fn::Equals": [left, right], **more} if not more:
                here = (*place, "Fn::Equals")
                return self.text(left, (*here, 0)) == self.text(right, (*here, 1))
            case {"Fn::And": [*tests], **more} if not more:
                return all(self._test(t, place, depth + 1) for t in tests)
            case {"Fn::Or": [*tests], **more} if not more:
                return any(self._test(t, place, depth + 1) for t in tests)
            case {"Fn::Not": [test], **more} if not more:
                return not self._test(test, place, depth + 1)
            case {"Condition": name, **more} if not more:
                return self.holds(name, place)
        raise Unresolved(
            "expected `Fn::Equals`, `Fn::And`, `Fn::Or`, `Fn::Not` or `Condition`", place
        )

    def _branch(self, argument: Any, place: Place) -> int:  # noqa: ANN401 - any JSON
        if not isinstance(argument, list) or len(argument) != 3:  # noqa: PLR2004
            raise Unresolved("`Fn::If` takes a condition and two values", place)
        return 1 if self.holds(argument[0], place) else 2

    # --- resources --------------------------------------------------------------------------------

    @contextmanager
    def _once(self, what: str, made: Made) -> Iterator[None]:
        """CloudFormation refuses resources that need themselves to be made."""
        if (what, made.name) in self._open:
            raise Unresolved(f"`{made.name}` depends on itself", made.place)
        self._open.add((what, made.name))
        try:
            yield
        finally:
            self._open.discard((what, made.name))

    def name_of(self, made: Made) -> str:
        """The physical name; one that CloudFormation makes up has a stand-in, which is noted."""
        with self._once("name", made):
            return self._name_of(made)

    def _name_of(self, made: Made) -> str:
        known = KNOWN.get(made.type)
        if known is not None and known.named is not None and known.named in made.properties:
            place = (*made.place, "Properties", known.named)
            found = self.value(made.properties[known.named], place)
            if isinstance(found, str):
                return found
        name = _made_up(made, self.settings.stack)
        name = name.lower() if known is not None and known.lower else name
        if made.name not in self._made_up:
            self._made_up.add(made.name)
            self._note(f"the name of `{made.name}` before deployment; `{name}` stands in")
        return name

    def arn_of(self, made: Made) -> str:
        """The ARN of a resource."""
        with self._once("arn", made):
            return self._arn_of(made)

    def _arn_of(self, made: Made) -> str:
        known = KNOWN.get(made.type)
        if made.type == "AWS::IAM::OIDCProvider":
            url = self.text(made.properties.get("Url"), (*made.place, "Properties", "Url"))
            return self.arn("iam", f"oidc-provider/{url.removeprefix('https://')}", region="")
        if made.type in {"AWS::Lambda::Alias", "AWS::Lambda::Version"}:
            return self._qualified(made)
        if known is None:
            raise Unresolved(f"the ARN of `{made.name}` ({made.type})", made.place)
        path = self.value(made.properties.get("Path", "/"), (*made.place, "Properties", "Path"))
        resource = known.resource.format(
            name=self.name_of(made), path=path if isinstance(path, str) else "/"
        )
        if known.service == "s3":
            return f"arn:{self.settings.partition}:s3:::{resource}"
        return self.arn(known.service, resource, region="" if known.service == "iam" else None)

    def arn(self, service: str, resource: str, region: str | None = None) -> str:
        """An ARN in the account and Region of the deployment."""
        s = self.settings
        region = s.region if region is None else region
        return f"arn:{s.partition}:{service}:{region}:{s.account}:{resource}"

    def _qualified(self, made: Made) -> str:
        """The ARN of an alias or a version: the function's, and its own name."""
        place = (*made.place, "Properties")
        function = self.text(made.properties.get("FunctionName"), (*place, "FunctionName"))
        arn = (
            function if function.startswith("arn:") else self.arn("lambda", f"function:{function}")
        )
        if made.type == "AWS::Lambda::Alias":
            return f"{arn}:{self.text(made.properties.get('Name'), (*place, 'Name'))}"
        # The first version that a new function publishes; a stack that is updated counts on.
        return f"{arn}:1"

    def ref(self, name: object, place: Place) -> Any:  # noqa: ANN401 - any value of a parameter
        """What ``Ref`` gives."""
        s = self.settings
        pseudo: dict[str, Any] = {
            "AWS::AccountId": s.account,
            "AWS::Region": s.region,
            "AWS::Partition": s.partition,
            "AWS::StackName": s.stack,
            "AWS::URLSuffix": _SUFFIXES.get(s.partition, "amazonaws.com"),
            "AWS::NoValue": NO_VALUE,
        }
        if not isinstance(name, str):
            raise Unresolved("`Ref` takes a name", place)
        if name in pseudo:
            return pseudo[name]
        if name == "AWS::StackId":
            return self.arn("cloudformation", f"stack/{s.stack}/{stand_in_uuid(s.stack)}")
        parameters = self.template.section("Parameters")
        if name in parameters:
            return self._parameter(name, parameters[name], place)
        made = self.resources.get(name)
        if made is None:
            raise Unresolved(f"there is no parameter or resource `{name}`", place)
        return self._ref_of(made, KNOWN.get(made.type), place)

    def _ref_of(self, made: Made, known: Known | None, place: Place) -> str:
        if made.type in {"AWS::Lambda::Alias", "AWS::Lambda::Version", "AWS::IAM::OIDCProvider"}:
            return self.arn_of(made)
        if known is None:
            raise Unresolved(f"what `Ref` gives of `{made.name}` ({made.type})", place)
        if known.ref == "arn":
            return self.arn_of(made)
        name = self.name_of(made)
        if known.ref == "url":
            s = self.settings
            return f"https://sqs.{s.region}.amazonaws.com/{s.account}/{name}"
        return name

    def _parameter(self, name: str, about: Any, place: Place) -> Any:  # noqa: ANN401 - any JSON
        about = about if isinstance(about, dict) else {}
        kind = str(about.get("Type", "String"))
        if name in self.settings.parameters:
            found: Any = self.settings.parameters[name]
        elif "Default" not in about:
            raise Unresolved(
                f"parameter `{name}` has no default; give `--parameter {name}=…`", place
            )
        elif kind.startswith("AWS::SSM::Parameter::Value"):
            raise Unresolved(
                f"parameter `{name}` is read from SSM during deployment; "
                f"give `--parameter {name}=…`",
                place,
            )
        else:
            found = about["Default"]
        if kind.startswith(_LIST):
            return [item.strip() for item in str(found).split(",")]
        return str(found) if isinstance(found, int | float) else found

    def attribute(self, name: object, attribute: object, place: Place) -> Any:  # noqa: ANN401
        """What ``Fn::GetAtt`` gives."""
        if f"{name}.{attribute}" in self.resources:  # SAM: `Function.Alias`, `Function.Version`
            return self.ref(f"{name}.{attribute}", place)
        made = self.resources.get(name) if isinstance(name, str) else None
        if made is None:
            raise Unresolved(f"there is no resource `{name}`", place)
        match attribute:
            case "Arn" | "TopicArn" | "StateMachineArn" | "RepositoryArn":
                return self.arn_of(made)
            case "QueueName" | "TopicName" | "KeyId" | "Id" | "Name" | "UserPoolId":
                return self.name_of(made)
            case "QueueUrl":
                return self._ref_of(made, KNOWN.get(made.type), place)
            case "RoleId":
                return stand_in("AROA", f"{self.settings.account}/{self.name_of(made)}")
            case "Version" if made.type == "AWS::Lambda::Version":
                return "1"
            case "FunctionArn" if made.type in {"AWS::Lambda::Url", "AWS::Lambda::Version"}:
                return self.arn_of(made)
        raise Unresolved(f"`{attribute}` of `{made.name}`", place)


# --- functions ------------------------------------------------------------------------------------


def _ref(resolver: Resolver, argument: Any, place: Place, _: int) -> Any:  # noqa: ANN401
    return resolver.ref(argument, place)


def _get_att(resolver: Resolver, argument: Any, place: Place, depth: int) -> Any:  # noqa: ANN401
    if isinstance(argument, str):
        argument = argument.split(".", 1)
    if not isinstance(argument, list) or len(argument) != 2:  # noqa: PLR2004
        raise Unresolved("`Fn::GetAtt` takes a resource and an attribute", place)
    attribute = resolver.value(argument[1], (*place, 1), depth)
    return resolver.attribute(argument[0], attribute, place)


def _sub(resolver: Resolver, argument: Any, place: Place, depth: int) -> str:  # noqa: ANN401
    text, own = (argument, {})
    if isinstance(argument, list) and len(argument) == 2:  # noqa: PLR2004
        text, own = argument
    if not isinstance(text, str) or not isinstance(own, dict):
        raise Unresolved("`Fn::Sub` takes a text and an object of values", place)

    def put(found: re.Match[str]) -> str:
        literal, name = found[1], found[2].strip()
        if literal:
            return f"${{{found[2]}}}"
        if name in own:
            return _text(resolver.value(own[name], (*place, 1, name), depth), place)
        if name in resolver.template.section("Parameters") or "." not in name:
            return _text(resolver.ref(name, place), place)
        owner, attribute = name.split(".", 1)
        return _text(resolver.attribute(owner, attribute, place), place)

    return _VARIABLE.sub(put, text)


def _join(resolver: Resolver, argument: Any, place: Place, depth: int) -> str:  # noqa: ANN401
    match resolver.value(argument, place, depth):
        case [str(between), [*items]]:
            return between.join(_text(item, place) for item in items)
    raise Unresolved("`Fn::Join` takes a text and a list", place)


def _split(resolver: Resolver, argument: Any, place: Place, depth: int) -> list[str]:  # noqa: ANN401
    match resolver.value(argument, place, depth):
        case [str(between), str(text)] if between:
            return text.split(between)
    raise Unresolved("`Fn::Split` takes two texts", place)


def _select(resolver: Resolver, argument: Any, place: Place, depth: int) -> Any:  # noqa: ANN401
    match resolver.value(argument, place, depth):
        case [number, [*items]] if str(number).isdecimal() and int(number) < len(items):
            return items[int(number)]
    raise Unresolved("`Fn::Select` takes a number and a list that is long enough", place)


def _if(resolver: Resolver, argument: Any, place: Place, depth: int) -> Any:  # noqa: ANN401
    branch = resolver._branch(argument, place)  # noqa: SLF001 - its own table
    return resolver.value(argument[branch], (*place, branch), depth)


def _find_in_map(resolver: Resolver, argument: Any, place: Place, depth: int) -> Any:  # noqa: ANN401
    default: Any = NO_VALUE
    match argument:
        case [_, _, _, {"DefaultValue": given}]:
            default, argument = given, argument[:3]
    match resolver.value(argument, place, depth):
        case [str(table), top, second]:
            rows = resolver.template.section("Mappings").get(table)
            row = rows.get(str(top)) if isinstance(rows, dict) else None
            if isinstance(row, dict) and str(second) in row:
                return row[str(second)]
            if default is not NO_VALUE:
                return resolver.value(default, place, depth)
            raise Unresolved(f"mapping `{table}` has no `{top}`, `{second}`", place)
    raise Unresolved("`Fn::FindInMap` takes a mapping and two keys", place)


def _json_text(resolver: Resolver, argument: Any, place: Place, depth: int) -> str:  # noqa: ANN401
    return json.dumps(resolver.value(argument, place, depth), separators=(",", ":"))


def _same(resolver: Resolver, argument: Any, place: Place, depth: int) -> Any:  # noqa: ANN401
    """Base64 hides nothing that decides."""
    return resolver.value(argument, place, depth)


def _text(value: Any, place: Place) -> str:  # noqa: ANN401 - any JSON
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ",".join(value)
    raise Unresolved("expected a text", place)


def _made_up(made: Made, stack: str) -> str:
    """What stands in for a name that only deployment will tell."""
    if made.type == "AWS::KMS::Key":
        return stand_in_uuid(f"{stack}/{made.name}")
    ids = {"AWS::EC2::VPCEndpoint": "vpce-", "AWS::EC2::VPC": "vpc-"}
    if made.type == "AWS::Organizations::Account":
        return f"0000{int(stand_in_uuid(made.name)[:8], 16) % 10**8:08d}"
    if made.type.startswith("AWS::Organizations::"):
        ids[made.type] = {"Organization": "o-", "OrganizationalUnit": "ou-", "Policy": "p-"}.get(
            made.type.rpartition(":")[2], ""
        )
    if made.type in ids:
        return f"{ids[made.type]}{stand_in_uuid(f'{stack}/{made.name}').replace('-', '')[:12]}"
    return f"{stack}-{made.name}"


_FUNCTIONS: Final[Mapping[str, Callable[[Resolver, Any, Place, int], Any]]] = {
    "Ref": _ref,
    "Fn::GetAtt": _get_att,
    "Fn::Sub": _sub,
    "Fn::Join": _join,
    "Fn::Split": _split,
    "Fn::Select": _select,
    "Fn::If": _if,
    "Fn::FindInMap": _find_in_map,
    "Fn::ToJsonString": _json_text,
    "Fn::Base64": _same,
}

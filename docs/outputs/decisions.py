"""What check, who-can, what-can and actions print."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from outputs.shapes import Count, Effect, Exact, Layer, Text


class MatchedPolicy(Exact):
    """A statement that matched the request."""

    uri: Annotated[Text, Meta(description="The policy, in the place where it hangs.")]
    name: Text
    sid: Text | None
    statement: Annotated[int, Meta(description="Its index in the policy, from 0.")]
    evaluated_effect: Literal["ALLOW", "EXPLICIT_DENY"]


class Check(Exact):
    """What one layer says; organization policies have one check a level."""

    check_type: Layer
    evaluated_effect: Literal["ALLOW", "NO_IMPACT", "IMPLICIT_DENY", "EXPLICIT_DENY"]
    target_arn: Annotated[Text | None, Meta(description="What the layer's policies hang on.")]
    matched_policies: list[MatchedPolicy]


class UndecidedKey(Exact):
    """A context key nobody told that could change the verdict, and the tests that read it."""

    key: Text
    tests: list[Text]


class Note(Exact):
    """A choice where AWS is silent or contradicts itself, by the number of its rule."""

    rule: Text
    text: Text


class Decision(Exact):
    """The verdict on one request, in the words of AWS's iam-toolbox API."""

    principal: Text
    action: Text
    resource: Text
    evaluated_effect: Effect
    checks: list[Check]
    undecided_keys: list[UndecidedKey]
    notes: list[Note]


class DecidedLine(Exact):
    """The verdict on one request of a file."""

    line: Count
    principal: Text
    action: Text
    resource: Text
    evaluated_effect: Effect
    because: Text
    missing_keys: list[Text]


class WhoAccess(Exact):
    """Somebody who can; if not certain, it hangs on the keys."""

    principal: Text
    kind: Text
    certain: bool
    undecided_keys: list[Text]
    through: Annotated[list[Text], Meta(description="The roles to become first, in order.")]


class WhoCan(Exact):
    """Everybody who can do one thing."""

    action: Text
    resource: Text
    principals: list[WhoAccess]
    outside: Annotated[list[Text], Meta(description="Whom policies name beside the estate.")]


class Can(Exact):
    """One thing a principal can do."""

    action: Text
    resource: Text
    access_level: Text
    certain: bool
    undecided_keys: list[Text]
    narrowed: Annotated[bool, Meta(description="A Deny takes a part of the resource away.")]


class ResourceType(Exact):
    """A type of resource an action works on."""

    name: Text
    required: bool
    arn: Text | None


class Action(Exact):
    """An action of the service authorization reference."""

    action: Text
    access_level: Text
    description: Text
    resource_types: list[ResourceType]
    condition_keys: list[Text]
    dependent_actions: list[Text]
    permission_only: bool

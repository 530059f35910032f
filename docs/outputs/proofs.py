"""What prove, diff and review print."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta

from outputs.shapes import Answered, Count, Plain, Text


class Request(Plain):
    """A request that shows it; keys that are absent are left out."""

    principal: Text
    action: Text
    resource: Text
    context: dict[str, Text | list[Text]]


class Row(Plain):
    """A set of requests: each action on each resource, less the exceptions."""

    statement: Text | None
    actions: list[Text]
    except_actions: list[Text]
    resources: list[Text]
    except_resources: list[Text]
    principals: list[Text]
    conditions: list[Text]
    only_where: list[Text]
    assuming: Annotated[
        list[Text], Meta(description="What it takes for granted where AWS sets keys together.")
    ]
    witness: Request


class Change(Plain):
    """What is newly allowed (or denied): "nothing?" answered, and rows if there is something."""

    nothing: Answered
    reason: Annotated[Text | None, Meta(description="Why it is unknown.")]
    complete: Annotated[bool, Meta(description="The rows hold every such request.")]
    rows: list[Row]


class Comparison(Plain):
    """Both directions between two policies."""

    equivalent: Answered
    newly_allowed: Change
    newly_denied: Change


class Answer(Plain):
    """Proven, or refuted by a witness, or unknown for a reason."""

    verdict: Answered
    witness: Request | None
    statement: Text | None
    assuming: Annotated[
        list[Text],
        Meta(description="What the witness takes for granted of keys AWS sets together."),
    ]
    reason: Text | None


class Unreachable(Plain):
    """A statement that can never matter."""

    statement: Text
    index: int
    why: Literal["contradictory", "shadowed", "redundant"]
    because_of: list[Text]


class Shrunk(Plain):
    """The same policy in fewer characters."""

    policy: dict[str, Any]
    policies: Annotated[
        list[dict[str, Any]],
        Meta(description="The policy, or with --split several to be attached together."),
    ]
    before: Count
    after: Count
    limit: Annotated[Count | None, Meta(description="Characters a policy may have.")]
    fits: Annotated[bool, Meta(description="Each of the policies is within the limit.")]
    proof: Answered
    reason: Text | None


class PrincipalChange(Plain):
    """What one user or role gains and loses."""

    principal: Text
    gains: Change
    losses: Change


class ResourceChange(Plain):
    """Whom the policy of one resource newly lets in, and whom no longer."""

    resource: Text
    newly_allowed: Change
    newly_denied: Change


class EstateDiff(Plain):
    """What changed between two estates; who is not listed is proven to be unchanged."""

    nothing: Answered
    principals: list[PrincipalChange]
    resources: list[ResourceChange]


class Reviewed(Plain):
    """What one changed policy newly allows and denies, or why that is not known."""

    policy: Text
    change: Literal["new", "changed", "removed"]
    problem: Text | None
    newly_allowed: Change | None
    newly_denied: Change | None


class Review(Plain):
    """Every policy that changed since a commit."""

    base: Text
    policies: list[Reviewed]

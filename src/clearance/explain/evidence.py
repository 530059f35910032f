"""What is known of one denial: what AWS stated, and what the record around it adds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from clearance.explain.denial import Denial

__all__ = ["Caller", "ContextKey", "Evidence", "Json", "Kind", "at", "items_of", "text_of"]

Json = object  # what `json.loads` gives; every use narrows it


class Kind(StrEnum):
    """Where the evidence came from."""

    TEXT = "text"
    CLIENT_ERROR = "boto3"
    CLOUDTRAIL = "cloudtrail"
    DECODED = "decoded"
    AUTHORIZATION_DETAILS = "authorization-details"


@dataclass(frozen=True, slots=True)
class ContextKey:
    """A condition key with the values that the request had."""

    key: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who called, as a record tells it: more than an ARN."""

    type: str | None = None  # CloudTrail's userIdentity.type
    arn: str | None = None
    account: str | None = None
    unique_id: str | None = None  # AIDA…, or AROA…:session
    access_key_id: str | None = None
    user_name: str | None = None
    issuer_arn: str | None = None  # the role of a session
    issuer_id: str | None = None
    invoked_by: str | None = None  # the service that called for the caller
    identity_provider: str | None = None
    source_identity: str | None = None
    mfa: bool | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """One denial with everything that its record states beside it.

    ``principal``, ``action`` and ``resource`` are what the sentence said or, where it was
    silent, what the record implies.
    """

    kind: Kind
    denial: Denial
    caller: Caller | None = None
    implied_action: str | None = None
    resources: tuple[str, ...] = ()
    context: tuple[ContextKey, ...] = ()
    event_source: str | None = None
    region: str | None = None
    owner_account: str | None = None  # of the resource: CloudTrail's recipientAccountId
    time: str | None = None
    vpc_endpoint_id: str | None = None
    request_parameters: Mapping[str, Json] = field(default_factory=dict)
    evaluations: tuple[Mapping[str, Json], ...] = ()  # AWS's own, of iam-toolbox
    policies: tuple[Mapping[str, Json], ...] = ()
    matched_statements: tuple[Mapping[str, Json], ...] = ()  # of a decoded message

    @property
    def principal(self) -> str | None:
        """The caller's ARN, service or `anonymous`."""
        if self.denial.principal:
            return self.denial.principal.text
        return self.caller.arn if self.caller else None

    @property
    def action(self) -> str | None:
        """The action that was denied; CloudTrail's event name is only a guess at it."""
        return self.denial.action or self.implied_action

    @property
    def resource(self) -> str | None:
        """What was acted on, when it is known to be one thing."""
        if self.denial.resource:
            return self.denial.resource
        return self.resources[0] if len(self.resources) == 1 else None

    def value_of(self, key: str) -> tuple[str, ...] | None:
        """The values of a condition key; None when the record does not tell."""
        wanted = key.lower()
        return next((each.values for each in self.context if each.key.lower() == wanted), None)


def at(value: Json, *path: str) -> Json:
    """What lies at this path of a JSON value; None where there is nothing."""
    for step in path:
        if not isinstance(value, dict):
            return None
        value = value.get(step)
    return value


def text_of(value: Json, *path: str) -> str | None:
    """The text at this path; numbers and booleans as JSON writes them."""
    found = at(value, *path)
    if isinstance(found, bool):
        return str(found).lower()
    return str(found) if isinstance(found, str | int | float) and found != "" else None


def items_of(value: Json, *path: str) -> tuple[dict[str, Json], ...]:
    """The objects of the list at this path, or of its `items`, as AWS often nests them."""
    found = at(value, *path)
    if isinstance(found, dict):
        found = found.get("items")
    return (
        tuple(each for each in found if isinstance(each, dict)) if isinstance(found, list) else ()
    )

"""What replay, least-privilege, logs and history of foreign logs print."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, field

from outputs.estates import Changed
from outputs.proofs import Change, EstateDiff
from outputs.shapes import Count, Exact, Text


class ReplayFiles(Exact):
    """The log files."""

    read: Count
    broken: Count
    problems: list[Text]


class ReplayEvents(Exact):
    """The records in them."""

    read: Count
    malformed: Count
    decided: Count
    skipped: Annotated[dict[str, Count], Meta(description="Reasons, and how many events each.")]
    incomplete: Count


class Distinct(Exact):
    """How much had to be decided."""

    classes: Annotated[Count, Meta(description="Kinds of calls that nothing tells apart.")]


class ReplayChange(Exact):
    """A kind of call whose verdict the change turns."""

    kind: Text
    principal: Text
    action: Text
    resource: Text
    count: Count
    first: Text
    last: Text
    because: Text
    certain: bool
    unknown_keys: list[Text]
    gaps: list[Text]


class Mismatch(Exact):
    """A kind of call on which the current estate and AWS disagree."""

    observed: Text
    principal: Text
    action: Text
    resource: Text
    count: Count
    first: Text
    last: Text
    because: Text
    unknown_keys: list[Text]
    gaps: list[Text]


class Observed(Exact):
    """What AWS did beside what the current estate says."""

    agree: Count
    disagree: Count
    mismatches: list[Mismatch]


class ReplayReport(Exact):
    """What a change would have denied, or newly allowed, in recorded calls."""

    files: ReplayFiles
    events: ReplayEvents
    gaps: dict[str, Count]
    distinct: Distinct
    broken: Count
    opened: Count
    changes: list[ReplayChange]
    observed: Observed


class WholeSpan(Exact):
    """From when to when the logs reach."""

    first: Text
    last: Text
    events: Count


class ServiceUse(Exact):
    """What a principal may do with a service, and what of it was used, when last."""

    service: Text
    last_used: Text | None
    allowed: Count
    used: dict[str, Text]
    unused: list[Text]


class PrincipalUse(Exact):
    """When a user or role was last used, and its services."""

    principal: Text
    created: Text
    last_used: Text | None
    unused: bool
    newer_than_window: bool
    services: list[ServiceUse]


class KeyUse(Exact):
    """When an access key was last used."""

    id: Text
    owner: Text
    created: Text
    last_used: Text | None
    active: bool
    unused: bool
    newer_than_window: bool


class UnusedReport(Exact):
    """Everybody and every key, used or not; unused is what was not used since then."""

    logs: WholeSpan
    since: Text
    principals: list[PrincipalUse]
    keys: list[KeyUse]


class LogSpan(Exact):
    """From when to when the logs reach, and since when use counts."""

    first: Text
    last: Text
    since: Text
    events: Count


class WrittenPolicy(Exact):
    """A policy that was written."""

    name: Text
    form: Literal["managed", "inline"]
    characters: Count
    document: dict[str, Any]


class UsedRequest(Exact):
    """A request that was used."""

    action: Text
    resource: Text


class FormerRequest(Exact):
    """A request that was last used before the window."""

    action: Text
    resource: Text
    last: Text


class UsedAction(Exact):
    """How often and when an action was used, on how many resources."""

    action: Text
    calls: Count
    first: Text
    last: Text
    resources: Count


class DeniedUse(Exact):
    """What was tried and denied."""

    action: Text
    resource: Text
    calls: Count
    last: Text


class LeastPrivilege(Exact):
    """The least policies of one principal, what they remove, and what of its use they allow."""

    principal: Text
    policies: list[WrittenPolicy]
    resources: Literal["resource", "prefix", "type"]
    fits: Annotated[bool, Meta(description="Within AWS's limits of size and number.")]
    used_requests: Count
    verified: Count
    undecided: list[UsedRequest]
    failed: list[UsedRequest]
    need_no_policy: Count
    actions_before: Count | None
    actions_after: Count
    removed: Change | None
    gained: Change | None
    excess: Change | None
    uses: list[UsedAction]
    used_before_window: list[FormerRequest]
    denied: list[DeniedUse]
    notes: list[Text]


class LeastPrivilegeReport(Exact):
    """The least policies for what was used."""

    logs: LogSpan
    principals: list[LeastPrivilege]


class IngestedFiles(Exact):
    """Log files: newly read, known from before, broken."""

    read: Count
    known: Count
    broken: Count


class IngestedEvents(Exact):
    """The records in them."""

    read: Count
    malformed: Count


class Ingested(Exact):
    """What was converted to a dataset."""

    files: IngestedFiles
    events: IngestedEvents
    size: Annotated[Count, Meta(description="Of the dataset's new files.")] = field(name="bytes")
    problems: list[Text]


class OperationCoverage(Exact):
    """How well the calls of one operation are understood."""

    event_source: Text
    event_name: Text
    events: Count
    by_reason: dict[str, Count]
    actions: list[Text]


class LogCoverage(Exact):
    """How well recorded calls are understood, by what stands in the way."""

    events: Count
    by_reason: dict[str, Count]
    callers: dict[str, Count]
    callers_not_told: dict[str, Count]
    operations: list[OperationCoverage]


class Suspicion(Exact):
    """Why a change is worth a look."""

    id: Text
    level: Text
    says: Text


class LoggedChange(Exact):
    """One change that CloudTrail recorded; with --effect, what access it gave and took."""

    event_id: Text
    time: Text
    principal: Text
    identity: Text
    root: bool
    account: Text
    region: Text
    source_ip: Text | None
    user_agent: Text | None
    invoked_by: Text | None
    service: Text
    operation: Text
    error: Text | None
    input: dict[str, Any] | None
    level: Text | None
    findings: list[Suspicion]
    changes: list[Changed]
    not_folded: Annotated[Text | None, Meta(description="Why it was not applied to the estate.")]
    not_known_before: list[Text]
    effect: EstateDiff | msgspec.UnsetType = msgspec.UNSET

"""What commands print with --json: types, from which docs/schemas is generated.

A field that is not here is not promised; ``tests/docs/test_schemas.py`` holds real output to them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct, field

__all__ = ["OUTPUTS", "schemas"]

Effect = Literal["ALLOW", "IMPLICIT_DENY", "EXPLICIT_DENY"]
Layer = Literal[
    "RESOURCE_CONTROL_POLICY",
    "SERVICE_CONTROL_POLICY",
    "VPC_ENDPOINT",
    "RESOURCE",
    "PRINCIPAL",
    "PERMISSIONS_BOUNDARY",
    "SESSION",
]
Answered = Literal["proven", "refuted", "unknown"]
Text = str
Count = Annotated[int, Meta(ge=0)]


class Exact(Struct, forbid_unknown_fields=True, rename="camel"):
    """An object with these members and no others."""


class Plain(Struct, forbid_unknown_fields=True):
    """An object with these members and no others; names are written with underscores."""


# -- check -------------------------------------------------------------------------------------


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


# -- who-can, what-can, actions ----------------------------------------------------------------


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


# -- prove, diff -------------------------------------------------------------------------------


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
    before: Count
    after: Count
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


# -- test, escalations, estate, history, replay ------------------------------------------------


class TestOutcome(Exact):
    """How one expectation came out."""

    file: Text
    line: Count
    name: Text
    outcome: Literal["passed", "failed", "error"]
    how: Annotated[Text, Meta(description="decided, or proven for how many.")]
    messages: list[Text]


class TestReport(Exact):
    """All outcomes, in the order of the files."""

    tests: list[TestOutcome]


class Asked(Exact):
    """A request a step rests on; it was decided by the engine."""

    action: Text
    resource: Text
    context: dict[str, Text | list[Text]]
    undecided_keys: list[Text]
    evaluated_effect: Effect


class EscalationStep(Exact):
    """One step: who becomes whom, and how."""

    start: Text = field(name="from")
    to: Text
    method: Text
    says: Text
    source: Text
    requests: list[Asked]


class EscalationPath(Exact):
    """A way for one principal to the goal."""

    principal: Text
    certain: bool
    undecided_keys: list[Text]
    steps: list[EscalationStep]


class Escalations(Exact):
    """Who comes by more permissions than it was given."""

    goal: Text
    there: Annotated[list[Text], Meta(description="Who is there already.")]
    paths: list[EscalationPath]
    missing: Annotated[list[Text], Meta(description="What the estate's source does not tell.")]


class EstateSummary(Exact):
    """What an estate holds, by account, and what its source does not tell."""

    accounts: dict[str, dict[str, int]]
    missing: list[Text]


class Difference(Exact):
    """One field of a thing, before and after a change."""

    field: Text
    before: Text | None
    after: Text | None


class Changed(Exact):
    """One thing that a change touched."""

    path: Text
    differences: list[Difference]


class HistoryRecord(Exact):
    """One accepted change; with --effect, what access it gave and took."""

    sequence: Count
    time: Text
    principal: Text
    account: Text
    region: Text
    service: Text
    operation: Text
    request_id: Text | None
    source_ip: Text | None
    input: dict[str, Any]
    resources: list[Text]
    changes: list[Changed]
    effect: EstateDiff | msgspec.UnsetType | None = msgspec.UNSET


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


# -- doctor, least-privilege -------------------------------------------------------------------


class Diagnosis(Exact):
    """One thing that was looked at, and what to do if it is not in order."""

    name: Text
    standing: Literal["ok", "note", "problem"]
    says: Text
    do: Text


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


# -- validate: Access Analyzer's shape, and what was suppressed -----------------------------------


class Substring(Exact):
    """A part of a text."""

    start: Count
    length: Count


class PathElement(Exact):
    """One step into the document: a member's value or key, an item, or a part of a text."""

    value: Text | msgspec.UnsetType = msgspec.UNSET
    key: Text | msgspec.UnsetType = msgspec.UNSET
    index: Count | msgspec.UnsetType = msgspec.UNSET
    substring: Substring | msgspec.UnsetType = msgspec.UNSET


class Position(Exact):
    """A line from 1, a column and an offset from 0."""

    line: Count
    column: Count
    offset: Count


class Span(Exact):
    """From and up to."""

    start: Position
    end: Position


class Location(Exact):
    """Where a finding is."""

    path: list[PathElement]
    span: Span


class Finding(Exact):
    """One finding, as ValidatePolicy answers it, with its file."""

    file: Text
    path: Text
    finding_details: Text
    finding_type: Literal["ERROR", "SECURITY_WARNING", "WARNING", "SUGGESTION"]
    issue_code: Text
    learn_more_link: Text
    locations: list[Location]


class Suppressed(Exact):
    """A finding that was accepted, and why."""

    file: Text
    issue_code: Text
    reason: Text


class UnusedSuppression(Exact):
    """A suppression that covers nothing."""

    code: Text
    file: Text
    path: Text
    reason: Text


class ValidateReport(Exact):
    """What is wrong with the policies."""

    findings: list[Finding]
    suppressed: list[Suppressed]
    unused_suppressions: list[UnusedSuppression]


# The name of each schema, what prints it, and its type.
OUTPUTS: Final[dict[str, tuple[str, Any]]] = {
    "check": ("`check --json`", Decision),
    "check-requests": ("`check --requests FILE --json`", list[DecidedLine]),
    "who-can": ("`who-can --json`", WhoCan),
    "what-can": ("`what-can --json`", list[Can]),
    "actions": ("`actions --json`", list[Action]),
    "prove-diff": ("`prove diff --json`", Comparison),
    "prove-no-new-access": ("`prove no-new-access --json`", Change),
    "prove-answer": (
        "`prove within`, `equivalent`, `access-not-granted`, `no-public-access` with `--json`",
        Answer,
    ),
    "prove-unreachable": ("`prove unreachable --json`", list[Unreachable]),
    "prove-shrink": ("`prove shrink --json`", Shrunk),
    "diff": ("`diff --json`", EstateDiff),
    "validate": ("`validate --format json`", ValidateReport),
    "review": ("`review --format json`", Review),
    "doctor": ("`doctor --json`", list[Diagnosis]),
    "least-privilege": ("`least-privilege --json`", LeastPrivilegeReport),
    "test": ("`test --json`", TestReport),
    "escalations": ("`escalations --json`", Escalations),
    "estate": ("`estate --json`", EstateSummary),
    "history": ("`history --json`", list[HistoryRecord]),
    "replay": ("`replay --json`", ReplayReport),
}


def schemas() -> Iterator[tuple[str, str]]:
    """Each schema's file and text."""
    for name, (_, kind) in OUTPUTS.items():
        schema = {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": f"urn:clearance:{name}:1",
            "title": name,
            **msgspec.json.schema(kind),
        }
        text = msgspec.json.format(msgspec.json.encode(schema), indent=2).decode()
        yield f"{name}.schema.json", f"{text}\n"

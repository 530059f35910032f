"""What demo, env, doctor, test, escalations, estate and history print."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct, field

from outputs.proofs import EstateDiff
from outputs.shapes import Count, Effect, Exact, Plain, Text


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


class Diagnosis(Exact):
    """One thing that was looked at, and what to do if it is not in order."""

    name: Text
    standing: Literal["ok", "note", "problem"]
    says: Text
    do: Text


class DemoDenial(Plain):
    """What AWS's client raised."""

    code: Text
    status: Count
    message: Text


class Act(Plain):
    """One denial: explained, fixed, called again."""

    act: Count
    title: Text
    call: Text
    denial: DemoDenial
    cause: Text
    because: Text
    blockers: list[Text]
    not_the_fix: Text
    fix: Text
    changes: list[Text]
    proof: Text
    outcome: Text
    ended_as_expected: bool
    problem: Text


class PolicyChange(Plain):
    """An accepted change of a policy."""

    time: Text
    who: Text
    operation: Text
    resource: Text


class Calls(Plain):
    """What the audit trail holds."""

    recorded: Count
    denied_or_failed: Count


class Demo(Plain):
    """The whole performance."""

    ended_as_expected: bool
    endpoint: Text
    acts: list[Act]
    policy_changes: list[PolicyChange]
    calls: Calls


class Environment(Struct, forbid_unknown_fields=True):
    """The variables that lead a client to the endpoint."""

    endpoint: Text = field(name="AWS_ENDPOINT_URL")
    region: Text = field(name="AWS_DEFAULT_REGION")
    key: Text = field(name="AWS_ACCESS_KEY_ID")
    secret: Text = field(name="AWS_SECRET_ACCESS_KEY")

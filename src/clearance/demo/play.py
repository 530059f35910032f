"""The performance: each denial, its explanation, its fix, the proof, the call again."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from clearance import wiring
from clearance.decide import authorize
from clearance.demo.acts import ACTS, Act, prologue
from clearance.demo.stage import Stage, on_stage
from clearance.explain import Edit, Explanation, Fix, Place, Target, apply, explain_evidence
from clearance.explain.inputs import from_client_error
from clearance.model.request import Request
from clearance.store.port import HistoryQuery

__all__ = ["Change", "Played", "Scene", "play", "to_json"]


@dataclass(slots=True)
class Scene:
    """What happened in one act; ``ended_as_expected`` is the verdict on the act itself."""

    number: int
    title: str
    shown: str
    aside: str = ""
    code: str = ""
    status: int = 0
    message: str = ""
    cause: str = ""
    because: str = ""
    blockers: tuple[str, ...] = ()
    not_it: str = ""
    fix: str = ""
    changes: tuple[str, ...] = ()
    proof: str = ""
    outcome: str = ""
    problem: str = ""

    @property
    def ended_as_expected(self) -> bool:
        """True when the denial, its cause and the repaired call were as the act says."""
        return not self.problem


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the audit trail of policy changes."""

    time: str
    who: str
    operation: str
    resource: str


@dataclass(slots=True)
class Played:
    """The whole performance."""

    url: str = ""
    prologue: str = ""
    scenes: list[Scene] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    calls: int = 0
    denied: int = 0

    @property
    def ended_as_expected(self) -> bool:
        """True when every act did."""
        return len(self.scenes) == len(ACTS) and all(s.ended_as_expected for s in self.scenes)


def play(
    tell: Callable[[Played], None] = lambda _: None, stay: Callable[[str], None] | None = None
) -> Played:
    """Play every act; ``tell`` is called after each step that can be shown.

    ``stay`` is called at the end with the console's address, while everything is still there.
    """
    played = Played()
    with on_stage(console=stay is not None) as stage:
        played.url = stage.url
        played.prologue = prologue(stage)
        tell(played)
        for number, act in enumerate(ACTS, 1):
            scene = Scene(number, act.title, act.shown, act.aside)
            played.scenes.append(scene)
            _act(stage, act, scene)
            tell(played)
        played.changes = _changes(stage)
        events = list(stage.started.store.events())
        played.calls = len(events)
        played.denied = sum(1 for event in events if "errorCode" in event)
        tell(played)
        if stay is not None and stage.started.console is not None:
            stay(stage.started.console.address(stage.url))
    return played


def _act(stage: Stage, act: Act, scene: Scene) -> None:
    if act.before is not None:
        act.before(stage)
    try:
        scene.outcome = act.call(stage)
    except ClientError as error:
        scene.code = error.response["Error"]["Code"]
        scene.message = str(error)
        scene.status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        if scene.code != act.code:
            scene.problem = f"expected {act.code}"
            return
        _explain(stage, act, scene, error)
    else:
        scene.problem = "expected a denial"


def _explain(stage: Stage, act: Act, scene: Scene, error: ClientError) -> None:
    evidence = from_client_error(dict(error.response), error.operation_name)[0]
    explanation = explain_evidence(
        stage.estate,
        evidence,
        now=wiring.now(),
        catalog=stage.started.world.catalog,
        principal=act.asked.principal,
        action=act.asked.action,
        resource=act.asked.resource,
    )
    cause = explanation.causes[0] if explanation.causes else None
    scene.cause = cause.id if cause else ""
    scene.because = cause.because if cause else ""
    scene.blockers = tuple(
        f"{blocker.check.effect.value} {blocker.check.type.value}: {blocker.cause.because}"
        for blocker in explanation.blockers
    )
    if cause is not None and not cause.add_allow and explanation.request is not None:
        scene.not_it = _allow_does_not_help(stage, explanation.request)
    fix = _chosen(explanation)
    if fix is None:
        scene.problem = "no verified fix"
        return
    scene.fix = "; and ".join(_titles(fix))
    scene.proof = _proof(fix)
    try:
        scene.changes = tuple(stage.apply(edit) for edit in fix.edits)
        scene.outcome = act.call(stage)
    except ClientError as again:
        scene.problem = f"after the fix: {again}"
        return
    if scene.cause != act.cause:
        scene.problem = f"expected the cause {act.cause}"


def _chosen(explanation: Explanation) -> Fix | None:
    """The first fix that was decided again and edits documents."""
    return next((fix for fix in explanation.fixes if fix.works and fix.edits), None)


def _titles(fix: Fix) -> list[str]:
    """One line for each document that changes, and who may change it."""
    if len(fix.edits) == 1:
        return [f"{fix.title} (by {fix.owners[0]})" if fix.owners else fix.title]
    return [
        fix.title,
        *(f"{edit.target.label} of account {edit.target.owner}" for edit in fix.edits[1:]),
    ]


def _allow_does_not_help(stage: Stage, request: Request) -> str:
    """What one more Allow would do, decided rather than claimed."""
    account, arn = request.principal.account or "", request.principal.policy_subject
    document = {"Effect": "Allow", "Action": request.action, "Resource": "*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [document]})
    edit = Edit(Target(Place.INLINE, account, arn, "one-more-allow"), None, text)
    effect = authorize(apply(stage.estate, edit), request, now=wiring.now()).effect
    return f"do not add an Allow: with one for {request.action} on * it is still {effect.value}"


def _proof(fix: Fix) -> str:
    verified = fix.verified
    if verified is None:
        return ""
    allowed = len(verified.newly_allowed)
    how = "exact" if verified.how == "exact" else f"of {verified.asked} asked in this estate"
    return (
        f"decided again: {verified.before.value} -> {verified.after.value}; newly allowed "
        f"{allowed}, newly denied {len(verified.newly_denied)} ({how})"
    )


def _changes(stage: Stage) -> list[Change]:
    """Every accepted change of a policy, oldest first."""
    records = stage.started.store.history(HistoryQuery(newest_first=False))
    return [
        Change(
            record.entry.when.strftime("%H:%M:%S"),
            record.entry.who,
            f"{record.entry.service}:{record.entry.operation}",
            next(iter(record.entry.resources), ""),
        )
        for record in records
        if record.entry.service != "clearance"
    ]


def to_json(played: Played) -> dict[str, Any]:
    """The performance for machines."""
    return {
        "ended_as_expected": played.ended_as_expected,
        "endpoint": played.url,
        "acts": [
            {
                "act": scene.number,
                "title": scene.title,
                "call": scene.shown,
                "denial": {"code": scene.code, "status": scene.status, "message": scene.message},
                "cause": scene.cause,
                "because": scene.because,
                "blockers": list(scene.blockers),
                "not_the_fix": scene.not_it,
                "fix": scene.fix,
                "changes": list(scene.changes),
                "proof": scene.proof,
                "outcome": scene.outcome,
                "ended_as_expected": scene.ended_as_expected,
                "problem": scene.problem,
            }
            for scene in played.scenes
        ],
        "policy_changes": [
            {"time": c.time, "who": c.who, "operation": c.operation, "resource": c.resource}
            for c in played.changes
        ],
        "calls": {"recorded": played.calls, "denied_or_failed": played.denied},
    }

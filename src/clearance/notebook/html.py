"""Which drawing belongs to which value."""

from __future__ import annotations

from collections.abc import Iterator
from functools import singledispatch
from typing import Final

from clearance.decide.who import WhoCan
from clearance.explain import prose
from clearance.explain.explanation import Explanation
from clearance.explain.nearest import near_misses
from clearance.model.decision import Check, CheckEffect, Decision, DecisionEffect
from clearance.notebook.draw import (
    BAD,
    DIM,
    GOOD,
    OPEN,
    Html,
    badge,
    box,
    code,
    join,
    preformatted,
    small,
    table,
)
from clearance.parse.render import render
from clearance.prove import Answer, Change, Comparison, EstateDiff, Row, Shrunk, Verdict
from clearance.prove.rows import request_json

__all__ = ["html"]

SHOWN: Final = 50  # rows of one table

_EFFECT: Final = {
    CheckEffect.ALLOW: GOOD,
    CheckEffect.NO_IMPACT: DIM,
    CheckEffect.IMPLICIT_DENY: BAD,
    CheckEffect.EXPLICIT_DENY: BAD,
}
_VERDICT: Final = {Verdict.PROVEN: GOOD, Verdict.REFUTED: BAD, Verdict.UNKNOWN: OPEN}


@singledispatch
def html(value: object) -> str:
    """A value as HTML."""
    raise TypeError(f"{type(value).__name__} has no drawing")


@html.register
def _(value: Decision) -> str:
    request = value.request
    kind = {
        DecisionEffect.ALLOW: badge("ALLOWED", GOOD),
        DecisionEffect.IMPLICIT_DENY: join((badge("DENIED", BAD), small("implicit deny"))),
        DecisionEffect.EXPLICIT_DENY: join((badge("DENIED", BAD), small("explicit deny"))),
    }
    asked = join((kind[value.effect], code(request.action), "on", code(request.resource)))
    spoke = [c for c in value.checks if c.policies or c.effect is not CheckEffect.NO_IMPACT]
    rows = [
        (check.type.value, badge(check.effect.value, _EFFECT[check.effect]), _because(value, check))
        for check in spoke
    ]
    return box(
        asked,
        join(("by", code(request.principal.display))),
        table(("layer", "says", "because"), rows) if rows else "",
        *(
            join((badge("unknown", OPEN), code(key.key), small("read as absent"), *key.tests))
            for key in value.undecided
        ),
        *(small(f"note {note.rule}: {note.text}") for note in value.notes),
    )


def _because(decision: Decision, check: Check) -> Html:
    """The statements that spoke, or the one that came nearest and what it wanted."""
    lines: list[str] = [check.because]
    for miss in near_misses(decision, check, most=1):
        lines.append(small(f"nearest: {miss.policy.name}, {miss.trace.statement.label}"))
        for element in miss.failures:
            name = element.name
            if element.condition is not None:
                name = f"{element.condition.name} {element.condition.key}"
            wanted = join(map(code, element.wanted), ", ")
            got = join(map(code, element.actual), ", ") if element.actual else "nothing"
            lines.append(join((small(f"{name} wants"), wanted, small("and got"), got)))
    return join(lines, "<br>")


@html.register
def _(value: Answer) -> str:
    parts: list[str] = [badge(value.verdict.value, _VERDICT[value.verdict])]
    if value.witness is not None:
        request = request_json(value.witness.request)
        parts += ["for example", *_request(request)]
    if value.reason is not None:
        parts.append(value.reason)
    return box(join(parts))


@html.register
def _(value: Change) -> str:
    return box(*_change("newly allowed", value))


@html.register
def _(value: Comparison) -> str:
    if value.equivalent is Verdict.PROVEN:
        return box(join((badge("equivalent", GOOD), "nothing changes (proven)")))
    return box(
        *_change("newly allowed", value.newly_allowed),
        *_change("newly denied", value.newly_denied),
    )


@html.register
def _(value: EstateDiff) -> str:
    parts: list[str] = []
    for principal in value.principals[:SHOWN]:
        parts += [code(principal.principal), *_change("gains", principal.gains)]
        parts += _change("loses", principal.losses)
    for resource in value.resources[:SHOWN]:
        parts += [code(resource.resource), *_change("lets in", resource.comparison.newly_allowed)]
        parts += _change("keeps out", resource.comparison.newly_denied)
    hidden = max(0, len(value.principals) - SHOWN) + max(0, len(value.resources) - SHOWN)
    parts += [small(f"and {hidden} more")] if hidden else []
    return box(*(parts or [join((badge("equivalent", GOOD), "nothing changes (proven)"))]))


def _change(title: str, change: Change) -> Iterator[Html]:
    """What is newly so, in rows, each with a request that shows it."""
    if change.answer.proven:
        yield join((small(title), "nothing (proven)"))
        return
    if not change.rows:
        yield join((small(title), badge("unknown", OPEN), change.answer.reason or ""))
        return
    more = len(change.rows) > SHOWN or not change.complete
    yield join((small(title), small("(there is perhaps more)") if more else ""))
    head = ("actions", "resources", "if", "statement", "for example")
    yield table(head, (_row(row) for row in change.rows[:SHOWN]))


def _row(row: Row) -> tuple[str, ...]:
    actions = _but(row.actions, row.except_actions)
    resources = _but(row.resources, row.except_resources)
    held = (*row.conditions, *row.only_where, *(f"by {who}" for who in row.who))
    witness = join(_request(request_json(row.witness)), "<br>")
    return actions, resources, join(held, "<br>"), row.statement, witness


def _but(patterns: tuple[str, ...], exceptions: tuple[str, ...]) -> Html:
    found = join(map(code, patterns), "<br>")
    if not exceptions:
        return found
    return join((found, join((small("but not"), join(map(code, exceptions), ", ")))), "<br>")


def _request(request: dict[str, object]) -> list[Html]:
    found = [code(str(request[name])) for name in ("principal", "action", "resource")]
    context = request["context"]
    keys = context.items() if isinstance(context, dict) else ()
    for key, value in keys:
        shown = ", ".join(value) if isinstance(value, list) else str(value)
        found.append(code(f"{key} = {shown}"))
    return found


@html.register
def _(value: Shrunk) -> str:
    size = f"{value.before} characters before, {value.after} after"
    proof = badge(value.proof.verdict.value, _VERDICT[value.proof.verdict])
    return box(join((proof, size)), preformatted(render(value.policy)))


@html.register
def _(value: WhoCan) -> str:
    rows = [
        (
            code(access.principal.display),
            badge("can", GOOD) if access.certain else badge("can, if", OPEN),
            join(map(code, access.keys)),
            join(map(code, access.through), " → "),
        )
        for access in value.accesses[:SHOWN]
    ]
    hidden = len(value.accesses) - len(rows)
    return box(
        join((code(value.action), "on", code(value.resource))),
        table(("principal", "", "hangs on", "through"), rows) if rows else "nobody can",
        small(f"and {hidden} more") if hidden else "",
        join((small("let in, if their own account allows it:"), *map(code, value.outside)))
        if value.outside
        else "",
    )


@html.register
def _(value: Explanation) -> str:
    worked = value.fix is not None
    head = badge("explained, with a proven fix", GOOD) if worked else badge("explained", OPEN)
    return box(head, preformatted(prose.text(value)))

"""Draw decisions: a request at the top, every layer that was asked, the verdict at the bottom.

What is drawn is what the engine decided. The colours are those of the page where there is one
(the site), and those of the reader's system elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Final

from scenes import Scene

from clearance import Check, CheckEffect, CheckType, Decision

WIDTH: Final = 600
ROW: Final = 46
TOP: Final = 62
RAIL: Final = 26
PILL: Final = 118

STYLE: Final = (
    ".cd{--f:var(--md-default-fg-color,#1f2328);--l:var(--md-default-fg-color--light,#59636e);"
    "--b:var(--md-default-fg-color--lighter,#d1d9e0);--ok:#1a7f37;--no:#cf222e;--na:#8c959f;"
    "font-family:var(--md-text-font-family,system-ui,sans-serif)}"
    "@media (prefers-color-scheme:dark){.cd{--f:var(--md-default-fg-color,#e6edf3);"
    "--l:var(--md-default-fg-color--light,#9198a1);--b:var(--md-default-fg-color--lighter,#3d444d)}}"
    ".cd text{fill:var(--f);font-size:13px}.cd .s{fill:var(--l);font-size:12px}"
    ".cd .b{font-weight:600}.cd .w{fill:#fff;font-weight:600;font-size:11px}"
    ".cd .c{font-family:ui-monospace,monospace;font-size:12px}"
)
COLOURS: Final[Mapping[CheckEffect, str]] = {
    CheckEffect.ALLOW: "var(--ok)",
    CheckEffect.NO_IMPACT: "var(--na)",
    CheckEffect.IMPLICIT_DENY: "var(--no)",
    CheckEffect.EXPLICIT_DENY: "var(--no)",
}
LEVELS: Final = ("root", "unit", "account")


def layers(rows: Sequence[Sequence[str]], pure: frozenset[str]) -> str:
    """Packages in rows, each using only rows below; those that do no I/O stand under a line."""
    height, parts, y = 36, [], 2
    line = next(n for n, row in enumerate(rows) if pure.issuperset(row))
    for number, row in enumerate(rows):
        if number == line:
            parts.append(
                f'<path d="M0 {y + 9}H{WIDTH}" stroke="var(--l)" stroke-dasharray="4 4"/>'
                f'<text class="s" x="{WIDTH}" y="{y + 26}" text-anchor="end">below: no I/O</text>'
            )
            y += 20
        wide = (300 - 4 * (len(row) - 1)) // len(row)
        for place, name in enumerate(row):
            x = 60 + place * (wide + 4)
            middle = f'x="{x + wide // 2}" y="{y + 18}" text-anchor="middle"'
            parts.append(
                f'<rect x="{x}" y="{y}" width="{wide}" height="28" rx="6" fill="none" '
                f'stroke="var(--b)" stroke-width="1.5"/>'
                f'<text class="c" {middle}>{name}</text>'
            )
        y += height
    head = (
        f'<svg class="cd" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" '
        f'role="img" width="{WIDTH}" height="{y}">'
    )
    title = "<title>The packages, each using only what is below it</title>"
    return "\n".join([head, title, f"<style>{STYLE}</style>", *parts, "</svg>"]) + "\n"


def drawing(scene: Scene) -> str:
    """The scene's decision as SVG."""
    decision = scene.decided()
    checks = decision.checks
    height = TOP + ROW * len(checks) + 40
    verdict = decision.effect.value.replace("_", " ")
    told = f"{_short(scene.caller)} {scene.action} {scene.resource}: {verdict}. {scene.says}"
    parts = [
        (
            f'<svg class="cd" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
            f'role="img" width="{WIDTH}" height="{height}">'
        ),
        f"<title>{escape(told)}</title>",
        f"<style>{STYLE}</style>",
        *_request(scene),
        *_rail(decision),
    ]
    for number, check in enumerate(checks):
        parts += _layer(check, _name(checks, number), TOP + ROW * number)
    parts += [*_verdict(decision, TOP + ROW * len(checks)), "</svg>"]
    return "\n".join(parts) + "\n"


def _request(scene: Scene) -> Iterator[str]:
    here = scene.owner == scene.decided().request.principal.account
    owner = "its own account" if here else f"account {scene.owner}"
    yield (
        f'<rect x="1" y="1" width="{WIDTH - 2}" height="46" rx="8" fill="none" stroke="var(--b)"/>'
    )
    yield (
        f'<text x="14" y="20"><tspan class="b">{escape(_short(scene.caller))}</tspan> '
        f'<tspan class="c">{escape(scene.action)}</tspan></text>'
    )
    on = f"on {scene.resource}, in {owner}" if scene.resource != "*" else "on no resource"
    yield f'<text class="s" x="14" y="38">{escape(on)}</text>'


def _rail(decision: Decision) -> Iterator[str]:
    """The way down: solid up to the first layer that blocks, dashed after it."""
    blocked = [
        n for n, check in enumerate(decision.checks) if check.blocks and not decision.allowed
    ]
    end = TOP + ROW * len(decision.checks)
    stop = TOP + ROW * blocked[0] + 16 if blocked else end
    yield f'<path d="M{RAIL} 47V{stop}" stroke="var(--ok)" stroke-width="2" fill="none"/>'
    if blocked:
        yield (
            f'<path d="M{RAIL} {stop}V{end}" stroke="var(--no)" stroke-width="2" '
            'stroke-dasharray="3 5" fill="none"/>'
        )


def _layer(check: Check, name: str, y: int) -> Iterator[str]:
    colour = COLOURS[check.effect]
    mark = {CheckEffect.ALLOW: "M-4 0l3 3 5-6", CheckEffect.NO_IMPACT: "M-4 0h8"}.get(
        check.effect, "M-3-3l6 6M3-3l-6 6"
    )
    yield f'<circle cx="{RAIL}" cy="{y + 16}" r="10" fill="{colour}"/>'
    yield (
        f'<path transform="translate({RAIL} {y + 16})" d="{mark}" stroke="#fff" '
        'stroke-width="2" fill="none"/>'
    )
    yield f'<text class="b" x="52" y="{y + 14}">{escape(name)}</text>'
    yield f'<text class="s" x="52" y="{y + 30}">{escape(_because(check))}</text>'
    yield from _pill(check.effect.value.replace("_", " "), colour, y + 4)


def _because(check: Check) -> str:
    """The statements that spoke; of a resource's policy also how it names the caller."""
    named = {found.naming.value for found in check.allows if found.naming}
    if check.type is CheckType.RESOURCE and len(named) == 1:
        (whom,) = named
        return f"{check.because}: names {'everyone' if whom == 'everyone' else f'the {whom}'}"
    return check.because


def _verdict(decision: Decision, y: int) -> Iterator[str]:
    colour = "var(--ok)" if decision.allowed else "var(--no)"
    says = "allowed" if decision.allowed else "denied"
    yield f'<circle cx="{RAIL}" cy="{y + 16}" r="6" fill="{colour}"/>'
    yield f'<text class="b" x="52" y="{y + 21}">{says}</text>'
    yield from _pill(decision.effect.value.replace("_", " "), colour, y + 4)


def _pill(text: str, colour: str, y: int) -> Iterator[str]:
    x = WIDTH - PILL - 2
    yield f'<rect x="{x}" y="{y}" width="{PILL}" height="24" rx="12" fill="{colour}"/>'
    yield f'<text class="w" x="{x + PILL // 2}" y="{y + 16}" text-anchor="middle">{text}</text>'


def _name(checks: tuple[Check, ...], number: int) -> str:
    """The layer's name; policies of an organization are told apart by level."""
    kind = checks[number].type
    if kind not in {CheckType.SERVICE_CONTROL_POLICY, CheckType.RESOURCE_CONTROL_POLICY}:
        return kind.value
    levels = [n for n, check in enumerate(checks) if check.type is kind]
    if len(levels) != len(LEVELS):
        return kind.value
    return f"{kind.value}, {LEVELS[levels.index(number)]}"


def _short(arn: str) -> str:
    account, name = arn.split(":")[4], arn.split(":")[5].removeprefix("assumed-role/")
    kind = "" if name.startswith("user/") else "role session "
    return f"{kind}{name} of account {account}"

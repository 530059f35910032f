"""clearance review: what the policies that changed since a commit newly allow and deny."""

from __future__ import annotations

import contextlib
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer

from clearance.cli import git, inputs, output
from clearance.model.errors import PolicyError

if TYPE_CHECKING:
    from clearance.model.policy import AttachedPolicy, PolicyType
    from clearance.prove import Comparison, World
    from clearance.validate.discover import Policy

__all__ = ["Format", "review"]

EVERYTHING: Final = '{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
NOTHING: Final = '{"Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}'
ALLOWS_MORE: Final = 1
UNKNOWN: Final = 3


class Format(Enum):
    """How the review is written."""

    TEXT = "text"
    MARKDOWN = "markdown"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Reviewed:
    """One policy that changed; ``problem`` says why nothing could be proven about it."""

    name: str
    how: str
    comparison: Comparison | None = None
    problem: str = ""

    @property
    def code(self) -> int:
        """What this policy means for the exit code."""
        if self.comparison is None:
            return UNKNOWN
        verdict = self.comparison.newly_allowed.answer.verdict.value
        return {"proven": 0, "refuted": ALLOWS_MORE}.get(verdict, UNKNOWN)


def review(
    paths: list[Path] = typer.Argument(
        None, help="Policy files, templates, or folders of them.  [default: .]"
    ),
    base: str = typer.Option(
        "HEAD", "--base", "-b", help="The commit to compare with; of a branch, where it began."
    ),
    output_format: Format = typer.Option(Format.TEXT, "--format", help="How to print."),
    no_new_access: bool = typer.Option(
        False, "--no-new-access", help="Exit with 1 if anything is newly allowed, 3 if unknown."
    ),
    limit: int = typer.Option(20, min=1, help="Rows to show for each policy."),
) -> None:
    """Show what policies changed since a commit newly allow.

    And what they newly deny. Every policy in the changed files is compared, templates and plans
    included; what is told is proven for all requests. A new policy is compared with none.

    Exit code: 0 reviewed, 2 bad input; with --no-new-access see there.

    Example: clearance review policies --base origin/main --no-new-access
    """
    from clearance.cli.prove import world_of

    changed = git.changed(paths or [Path()], base)
    world = world_of(open_world=False)
    found = [one for file in changed for one in _review(file, world, limit)]
    if output_format is Format.JSON:
        output.print_json({"base": base, "policies": [_json(one) for one in found]})
    elif output_format is Format.MARKDOWN:
        _markdown(found)
    else:
        _text(found)
    codes = {one.code for one in found}
    if no_new_access and codes - {0}:
        raise typer.Exit(ALLOWS_MORE if ALLOWS_MORE in codes else UNKNOWN)


def _review(file: git.Changed, world: World, limit: int) -> Iterator[Reviewed]:
    from clearance.prove import diff

    before, after = (_policies(file.path, text) for text in (file.before, file.after))
    for path in dict.fromkeys((*before, *after)):
        old, new = before.get(path), after.get(path)
        name = f"{file.name} {path}".rstrip()
        how = "changed" if old and new else "new" if new else "removed"
        try:
            was, now = (_attached(each, old or new, name) for each in (old, new))
        except PolicyError as error:
            yield Reviewed(name, how, problem=str(error))
            continue
        if was is None or now is None:
            yield Reviewed(name, how, problem="it holds values that only deployment knows")
        elif was.policy != now.policy:
            yield Reviewed(name, how, diff(was, now, world, limit=limit))


def _policies(path: Path, text: str | None) -> dict[str, Policy]:
    """The policies in a file by their place in it."""
    from clearance.cli.policy_files import open_text
    from clearance.validate.finding import Place

    file = open_text(path, text, named=False) if text is not None else None
    if file is None:
        return {}
    return {Place(each.path, 0, 0).text: each for each in file.policies}


def _attached(here: Policy | None, either: Policy | None, name: str) -> AttachedPolicy | None:
    """A policy ready to be compared; one that is not there allows nothing, or limits nothing."""
    from clearance.model.policy import PolicyType

    assert either is not None  # noqa: S101 - one side has it
    kind = either.kind
    limits = {PolicyType.SCP, PolicyType.RCP, PolicyType.BOUNDARY, PolicyType.SESSION}
    if here is None:
        return _standing(EVERYTHING if kind in limits else NOTHING, kind)
    value = _value(here.node)
    return None if value is _OPAQUE else inputs.policy_of(json.dumps(value), kind, name)


def _standing(text: str, kind: PolicyType) -> AttachedPolicy:
    from clearance.decide.attach import attach
    from clearance.model.policy import PolicyType

    if kind not in {PolicyType.IDENTITY, PolicyType.BOUNDARY, PolicyType.SESSION, PolicyType.SCP}:
        text = text.replace('"Action"', '"Principal":"*","Action"')
    if kind is PolicyType.TRUST:
        text = text.replace(',"Resource":"*"', "")
    return attach(text, kind, "none")


_OPAQUE: Final = object()


def _value(node: Any) -> Any:  # noqa: ANN401 - what JSON can hold
    """The value that a document's node says; no value where a part is known at deployment only."""
    from clearance.validate.source import Kind

    if node.kind is Kind.OBJECT:
        members = {member.key: _value(member.value) for member in node.members}
        return _OPAQUE if _OPAQUE in members.values() else members
    if node.kind is Kind.ARRAY:
        items = [_value(item) for item in node.items]
        return _OPAQUE if _OPAQUE in items else items
    if node.kind is Kind.OPAQUE:
        return _OPAQUE
    if node.kind is Kind.STRING:
        return node.text
    return json.loads(node.text) if node.kind in {Kind.NUMBER, Kind.BOOLEAN} else None


def _show(one: Reviewed) -> None:
    from clearance.cli.prove import show_change

    if one.comparison is None:
        print(f"nothing is proven: {one.problem}")
        return
    show_change("newly allowed", one.comparison.newly_allowed)
    show_change("newly denied", one.comparison.newly_denied)


def _text(found: list[Reviewed]) -> None:
    for one in found:
        print(f"{one.name} ({one.how})")
        shown = io.StringIO()
        with contextlib.redirect_stdout(shown):
            _show(one)
        print("".join(f"  {line}\n" for line in shown.getvalue().splitlines()))
    print(_summary(found))


def _markdown(found: list[Reviewed]) -> None:
    """For a comment or a job's summary; what policies say stays inside of code fences."""
    print("## What this change allows and denies\n")
    for one in found:
        shown = io.StringIO()
        with contextlib.redirect_stdout(shown):
            _show(one)
        fence = "`" * max(3, _longest_run(shown.getvalue()) + 1)
        print(f"### {_code(one.name)} ({one.how})\n\n{fence}text\n{shown.getvalue()}{fence}\n")
    print(_summary(found))


def _code(text: str) -> str:
    """Text in a code span, whatever is in it."""
    ticks = "`" * (_longest_run(text) + 1)
    return f"{ticks} {text} {ticks}" if len(ticks) > 1 else f"`{text}`"


def _longest_run(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)


def _summary(found: list[Reviewed]) -> str:
    if not found:
        return "no policy has changed"
    more = sum(one.code == ALLOWS_MORE for one in found)
    unknown = sum(one.code == UNKNOWN for one in found)
    count = f"{len(found)} {'policy' if len(found) == 1 else 'policies'} changed"
    parts = [f"{more} newly allow{'s' if more == 1 else ''} something"] if more else []
    parts += [f"{unknown} could not be proven"] if unknown else []
    return f"{count}: {', '.join(parts) or 'nothing is newly allowed (proven)'}"


def _json(one: Reviewed) -> dict[str, Any]:
    found = one.comparison
    return {
        "policy": one.name,
        "change": one.how,
        "problem": one.problem or None,
        "newly_allowed": found.newly_allowed.to_json() if found else None,
        "newly_denied": found.newly_denied.to_json() if found else None,
    }

"""clearance test: policy tests."""

# ruff: noqa: PT028 - a command, not a test of ours

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from os.path import normpath
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer

from clearance.cli import inputs, output
from clearance.model.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from clearance.decide import PolicySet
    from clearance.model.policy import AttachedPolicy
    from clearance.suite import Ground, Outcome, Suite

__all__ = ["test"]

_ENDINGS: Final = (".policytest.yaml", ".policytest.yml", ".policytest.toml", ".policytest.json")
_FILES: Final = frozenset({".yaml", ".yml", ".toml", ".json"})


def test(
    paths: list[Path] = typer.Argument(
        None, help="Test files, or folders with `*.policytest.yaml` (or toml, json). [default: .]"
    ),
    estate: Path | None = typer.Option(
        None, "--estate", "-e", help="Decide in this estate whatever the files name."
    ),
    junit: Path | None = typer.Option(None, help="Write the outcomes as JUnit XML."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
    verbose: bool = typer.Option(False, "--verbose", "-v", help="List what passed as well."),
) -> None:
    """Run policy tests: who can, who cannot, who must never.

    Exit code: 0 all passed, 1 some failed or could not be decided, 2 bad input.

    Example: clearance test tests/access.policytest.yaml --junit report.xml
    """
    from clearance.suite import Standing, run_suite
    from clearance.suite.junit import junit as as_junit

    files = list(_files(paths or [Path()]))
    if not files:
        raise UsageError(f"no test files; they are named `*{_ENDINGS[0]}`")
    found: dict[str, list[Outcome]] = {}
    for path in files:
        suite = _read(path)
        found[path.as_posix()] = list(run_suite(suite, _ground(path, suite, estate)))
    if junit is not None:
        try:
            junit.write_text(as_junit(found), "utf-8")
        except OSError as error:
            raise UsageError(f"`{junit}` cannot be written: {error.strerror}") from None
    if as_json:
        output.print_json(_json(found))
    else:
        _show(output.console(), found, verbose=verbose)
    bad = any(o.standing is not Standing.PASSED for outcomes in found.values() for o in outcomes)
    raise typer.Exit(1 if bad else 0)


def _files(paths: Sequence[Path]) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(p for p in path.rglob("*") if p.name.endswith(_ENDINGS))
        elif path.exists():
            found.append(path)
        else:
            raise UsageError(f"`{path}` does not exist{inputs.near_path(path)}")
    return found


def _read(path: Path) -> Suite:
    from clearance.cli.documents import read_document
    from clearance.suite import read_suite
    from clearance.validate.report import Lines

    if path.suffix.lower() not in _FILES:
        raise UsageError(f"`{path}` is not YAML, TOML or JSON")
    text = inputs.read_text(path)
    lines = Lines.of(text)
    line_of: Callable[[int], int] = lambda offset: lines.at(offset)[0]  # noqa: E731
    try:
        return read_suite(read_document(path, text), line_of)
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from None


def _ground(path: Path, suite: Suite, estate: Path | None) -> Ground:
    from clearance import wiring
    from clearance.suite import Ground

    place = path.parent
    ground = Ground(catalog=wiring.catalog(), now=wiring.now())
    chosen = estate or (place / suite.estate if suite.estate else None)
    if chosen is not None:
        return replace(ground, estate=inputs.estate_at(chosen))
    if not suite.policies:
        raise UsageError(f"{path}: name an `estate` or `policies`, or give --estate")
    return replace(ground, policies=_policies(place, suite))


def _policies(place: Path, suite: Suite) -> PolicySet:
    from clearance.decide import PolicySet
    from clearance.model.policy import PolicyType

    kinds = {
        "identity": PolicyType.IDENTITY,
        "resource": PolicyType.RESOURCE,
        "trust": PolicyType.TRUST,
        "boundary": PolicyType.BOUNDARY,
        "session": PolicyType.SESSION,
        "scp": PolicyType.SCP,
        "rcp": PolicyType.RCP,
    }
    held: dict[str, tuple[AttachedPolicy, ...]] = {
        layer: inputs.policies_at([Path(normpath(place / name)) for name in names], kinds[layer])
        for layer, names in suite.policies.items()
    }
    return PolicySet(
        identity=held.get("identity", ()),
        resource=held.get("resource", ()) + held.get("trust", ()),
        boundary=held.get("boundary"),
        session=held.get("session"),
        scps=tuple((one,) for one in held.get("scp", ())),
        rcps=tuple((one,) for one in held.get("rcp", ())),
    )


_MARK: Final = {"passed": ("PASS ", "green"), "failed": ("FAIL ", "bold red"),
                "error": ("ERROR", "bold yellow")}  # fmt: skip


def _show(console: Console, found: dict[str, list[Outcome]], *, verbose: bool) -> None:
    from rich.text import Text

    from clearance.suite import Standing

    everything = [o for outcomes in found.values() for o in outcomes]
    for file, outcomes in found.items():
        for one in outcomes:
            if one.standing is Standing.PASSED and not verbose:
                continue
            word, style = _MARK[one.standing.value]
            proven = one.how != "decided" and one.standing is Standing.PASSED
            how = f" ({one.how})" if proven else ""
            console.print(
                Text(word, style), f" {file}:{one.line}  {one.name}{how}", soft_wrap=True, sep=""
            )
            for line in one.lines:
                console.print(f"      {line}", soft_wrap=True)
            if one.standing is not Standing.PASSED:
                for line in _reasons(one):
                    console.print(f"      {line}", style="dim", soft_wrap=True)
    counts = {s: sum(o.standing is s for o in everything) for s in Standing}
    parts = [f"{counts[Standing.PASSED]} passed"]
    parts += [f"{counts[s]} {s.value}" for s in (Standing.FAILED, Standing.ERROR) if counts[s]]
    console.print(", ".join(parts))


def _reasons(one: Outcome) -> list[str]:
    """What the layers said, and what came nearest."""
    from clearance.explain.nearest import near_misses

    decision = one.decision
    if decision is None:
        return []
    lines = []
    if decision.allowed:
        for check in decision.checks:
            lines += [
                f"allowed by {check.type.value} {m.policy.name} ({m.statement.label})"
                for m in check.allows[:2]
            ]
    else:
        for check in decision.blockers:
            kind = check.effect.value.replace("_", " ").lower()
            lines.append(f"{kind} by {check.type.value}")
            for matched in check.denies[:2]:
                lines.append(f"  {matched.policy.name} ({matched.statement.label})")
            for miss in near_misses(decision, check, most=1):
                lines.append(f"  nearest: {miss.policy.name} ({miss.trace.statement.label})")
                for element in miss.failures:
                    name = element.name
                    if element.condition is not None:
                        name = f"{element.condition.name} {element.condition.key}"
                    asked = ", ".join(element.actual) or "(absent)"
                    lines.append(f"    {name} wants {', '.join(element.wanted)}; got {asked}")
    lines += [f"`{key.key}` was not given; read as absent" for key in decision.undecided]
    return lines


def _json(found: dict[str, list[Outcome]]) -> dict[str, Any]:
    return {
        "tests": [
            {
                "file": file,
                "line": one.line,
                "name": one.name,
                "outcome": one.standing.value,
                "how": one.how,
                "messages": [
                    *one.lines,
                    *(_reasons(one) if one.standing.value != "passed" else ()),
                ],
            }
            for file, outcomes in found.items()
            for one in outcomes
        ]
    }

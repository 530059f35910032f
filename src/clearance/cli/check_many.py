"""clearance check --requests: a file of requests, a table of decisions."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from clearance.cli import inputs, output
from clearance.model.decision import Decision, DecisionEffect
from clearance.model.errors import ClearanceError, UsageError

if TYPE_CHECKING:
    from clearance.model.request import Context

__all__ = ["Asked", "Verdict", "read", "report"]

COLUMNS: Final = ("principal", "action", "resource", "resource_account")


@dataclass(frozen=True, slots=True)
class Asked:
    """One line of the file."""

    line: int
    principal: str
    action: str
    resource: str
    context: Context
    resource_account: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to one line; ``keys`` are those that were not told."""

    asked: Asked
    effect: DecisionEffect
    because: str
    keys: tuple[str, ...]


def read(path: Path) -> tuple[Asked, ...]:
    """The requests of a CSV or JSONL file.

    In CSV a column is one of principal, action, resource and resource_account, or a context key;
    an empty cell tells nothing, `?` makes the key unknown. In JSONL the keys are under `context`.
    """
    text = inputs.read_text(path)
    rows = _json_lines(path, text) if path.suffix in {".jsonl", ".ndjson"} else _csv(path, text)
    found = tuple(rows)
    if not found:
        raise UsageError(f"`{path}` holds no requests")
    return found


def _csv(path: Path, text: str) -> Iterator[Asked]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        for name in header:
            if name not in COLUMNS and ":" not in name:
                known = ", ".join(COLUMNS)
                raise UsageError(f"{path}: unknown column `{name}`; use {known} or a context key")
        for cells in reader:
            if not any(cells):
                continue
            if len(cells) != len(header):
                raise UsageError(
                    f"{path}, line {reader.line_num}: {len(cells)} cells for {len(header)} columns"
                )
            row = {k: c.strip() for k, c in zip(header, cells, strict=True) if c.strip()}
            keys = [f"{key}={value}" for key, value in row.items() if key not in COLUMNS]
            yield _asked(path, reader.line_num, row, inputs.context_of(keys))
    except csv.Error as error:
        raise UsageError(f"{path}, line {reader.line_num}: {error}") from None


def _json_lines(path: Path, text: str) -> Iterator[Asked]:
    from clearance.model.request import Context

    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        where = f"{path}, line {number}"
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            raise UsageError(f"{where}: not JSON") from None
        given = row.get("context", {}) if isinstance(row, dict) else None
        if not isinstance(given, dict) or not all(map(_is_value, given.values())):
            raise UsageError(f"{where}: write an object; `context` maps keys to texts or lists")
        yield _asked(path, number, row, Context.of(given))


def _is_value(value: object) -> bool:
    if isinstance(value, list):
        return all(isinstance(item, str) for item in value)
    return isinstance(value, str | bool | int | float)


def _asked(path: Path, line: int, row: Mapping[str, Any], context: Context) -> Asked:
    for name in COLUMNS[:2]:
        if not isinstance(row.get(name), str) or not row[name]:
            raise UsageError(f"{path}, line {line}: `{name}` is missing")
    for name in COLUMNS[2:]:
        if not isinstance(row.get(name), str | None):
            raise UsageError(f"{path}, line {line}: `{name}` is a text")
    action = str(row["action"])
    if ":" not in action or any(mark in action for mark in "*?"):
        raise UsageError(f"{path}, line {line}: `{action}` is not an action")
    return Asked(
        line,
        str(row["principal"]),
        action,
        row.get("resource") or "*",
        context,
        row.get("resource_account"),
    )


def report(
    path: Path,
    requests: tuple[Asked, ...],
    decide: Callable[[Asked], tuple[Decision, tuple[str, ...]]],
    *,
    as_json: bool,
) -> int:
    """Decide every request, print a table (or JSON) and a summary; the exit code."""
    verdicts = [_verdict(path, asked, decide) for asked in requests]
    counts = Counter(verdict.effect for verdict in verdicts)
    if as_json:
        output.print_json([_json(verdict) for verdict in verdicts])
    else:
        _table(verdicts)
        told = ", ".join(f"{counts[e]} {e.value}" for e in DecisionEffect if counts[e])
        hanging = sum(bool(verdict.keys) for verdict in verdicts)
        more = f"; {hanging} with keys nobody told" if hanging else ""
        output.console().print(f"\n{len(verdicts)} requests: {told}{more}", style="bold")
    return output.ALLOWED if set(counts) == {DecisionEffect.ALLOW} else output.DENIED


def _verdict(
    path: Path,
    asked: Asked,
    decide: Callable[[Asked], tuple[Decision, tuple[str, ...]]],
) -> Verdict:
    try:
        decision, keys = decide(asked)
    except ClearanceError as error:
        raise UsageError(f"{path}, line {asked.line}: {error}") from None
    return Verdict(asked, decision.effect, _because(decision), keys)


def _because(decision: Decision) -> str:
    """One statement or layer, in a few words."""
    check = decision.stated
    if check is None:
        granting = (
            c for c in decision.checks if c.allows and c.type.name in {"RESOURCE", "PRINCIPAL"}
        )
        check = next(granting, None)
    if check is None:
        return ""
    matched = (
        next(iter((*check.denies, *check.allows)), None)
        if check.denies or decision.allowed
        else None
    )
    if matched is None:
        return f"no Allow in {check.type.value}"
    return f"{matched.policy.name}, {matched.statement.label}"


def _table(verdicts: list[Verdict]) -> None:
    from rich.table import Table
    from rich.text import Text

    styles = {DecisionEffect.ALLOW: "green"}
    table = Table("line", "effect", "principal", "action", "resource", "because", box=None)
    for verdict in verdicts:
        asked = verdict.asked
        because = verdict.because + (
            f" (not told: {', '.join(verdict.keys)})" if verdict.keys else ""
        )
        table.add_row(
            str(asked.line),
            Text(verdict.effect.value, styles.get(verdict.effect, "red")),
            Text(_short(asked.principal), overflow="fold"),
            Text(asked.action, overflow="fold"),
            Text(_short(asked.resource), overflow="fold"),
            Text(because, overflow="fold"),
        )
    output.console().print(table)


def _short(arn: str) -> str:
    """The last part of an ARN: a table has no room for more; --json has the whole."""
    return arn.split(":", 5)[-1]


def _json(verdict: Verdict) -> dict[str, Any]:
    asked = verdict.asked
    return {
        "line": asked.line,
        "principal": asked.principal,
        "action": asked.action,
        "resource": asked.resource,
        "evaluatedEffect": verdict.effect.value,
        "because": verdict.because,
        "missingKeys": list(verdict.keys),
    }

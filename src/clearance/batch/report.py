"""A replay as JSON, CSV and one HTML file that needs no other."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Any, Final

from clearance.batch.read import Found
from clearance.batch.replay import Change, Kind, Mismatch, Replay
from clearance.batch.sights import Sights
from clearance.batch.tally import Tally

__all__ = ["as_csv", "as_html", "as_json", "write_parquet"]

COLUMNS: Final = (
    "kind", "principal", "action", "resource", "count", "first", "last", "because", "certain",
    "unknown_keys", "gaps",
)  # fmt: skip
_BARS: Final = 10
_ROWS: Final = 1_000
_SHORT: Final = 24  # stands on one line


def as_json(found: Found, counted: Sights, replay: Replay) -> dict[str, Any]:
    """Everything, for programs; the counts are events."""
    return {
        "files": {"read": found.files, "broken": found.broken, "problems": found.problems},
        "events": {
            "read": found.events,
            "malformed": found.malformed,
            "decided": counted.decided,
            "skipped": dict(counted.skipped.most_common()),
            "incomplete": counted.incomplete,
        },
        "gaps": dict(counted.gaps.most_common()),
        "distinct": {"classes": counted.classes},
        "broken": replay.broken,
        "opened": replay.opened,
        "changes": [_change(each) for each in replay.of(*Kind)],
        "observed": {
            "agree": replay.agreed,
            "disagree": replay.disagreed,
            "mismatches": [_mismatch(each) for each in replay.mismatches],
        },
    }


def _tally(tally: Tally) -> dict[str, Any]:
    return {"count": tally.count, "first": tally.first, "last": tally.last}


def _change(change: Change) -> dict[str, Any]:
    return {
        "kind": change.kind.value,
        "principal": change.principal,
        "action": change.action,
        "resource": change.resource,
        **_tally(change.tally),
        "because": change.because,
        "certain": change.certain,
        "unknownKeys": list(change.keys),
        "gaps": list(change.gaps),
    }


def _mismatch(mismatch: Mismatch) -> dict[str, Any]:
    return {
        "observed": mismatch.observed,
        "principal": mismatch.principal,
        "action": mismatch.action,
        "resource": mismatch.resource,
        **_tally(mismatch.tally),
        "because": mismatch.because,
        "unknownKeys": list(mismatch.keys),
        "gaps": list(mismatch.gaps),
    }


def as_csv(replay: Replay) -> str:
    """The changes, one a line."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for each in replay.of(*Kind):
        kind, principal, action, resource, count, first, last, because, certain, keys, gaps = _told(
            each
        )
        cells = (
            kind, principal, action, resource, count, first, last, because, str(certain).lower(),
            " ".join(keys), "; ".join(gaps),
        )  # fmt: skip
        writer.writerow(map(_cell, cells))
    return out.getvalue()


def write_parquet(replay: Replay, path: Path) -> None:
    """The changes as a Parquet file; keys and gaps are lists."""
    import pyarrow as pa  # noqa: PLC0415
    from pyarrow import parquet  # noqa: PLC0415

    texts, lists = pa.string(), pa.list_(pa.string())
    kinds = {"count": pa.int64(), "certain": pa.bool_(), "unknown_keys": lists, "gaps": lists}
    schema = pa.schema([(name, kinds.get(name, texts)) for name in COLUMNS])
    rows = [dict(zip(COLUMNS, _told(each), strict=True)) for each in replay.of(*Kind)]
    parquet.write_table(pa.Table.from_pylist(rows, schema=schema), path)


def _told(
    each: Change,
) -> tuple[str, str, str, str, int, str, str, str, bool, tuple[str, ...], tuple[str, ...]]:
    """A change in the order of the columns."""
    return (
        each.kind.value, each.principal, each.action, each.resource, each.tally.count,
        each.tally.first, each.tally.last, each.because, each.certain, each.keys, each.gaps,
    )  # fmt: skip


def _cell(value: object) -> object:
    """Names come from strangers: a spreadsheet must not take one for a formula."""
    if isinstance(value, str) and value[:1] in {"=", "+", "-", "@", "\t", "\r"}:
        return f"'{value}"
    return value


_STYLE: Final = """
body{font:14px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:1400px;padding:0 1rem;
color:#1b1f24;background:#fff}h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem}
.facts{display:flex;flex-wrap:wrap;gap:1rem}.fact{border:1px solid #d0d7de;border-radius:8px;
padding:.6rem 1rem;min-width:8rem}.fact b{display:block;font-size:1.5rem}
table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.35rem
.5rem;border-bottom:1px solid #d0d7de;overflow-wrap:anywhere}th{background:#f6f8fa}
td.n{text-align:right}td.n,td.s,th{white-space:nowrap}.bar{fill:#cf222e}.ok .bar{fill:#1a7f37}
.note{color:#57606a}svg text{font:12px system-ui,sans-serif;fill:#1b1f24}
@media(prefers-color-scheme:dark){body{background:#0d1117;color:#e6edf3}th{background:#161b22}
.fact,td,th{border-color:#30363d}svg text{fill:#e6edf3}.note{color:#8b949e}}
"""


def as_html(title: str, found: Found, counted: Sights, replay: Replay) -> str:
    """A page with charts and tables; no script, nothing loaded from elsewhere."""
    broken = replay.of(Kind.DENIED)
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8>",
        '<meta name=viewport content="width=device-width,initial-scale=1">',
        f"<title>{escape(title)}</title><style>{_STYLE}</style><h1>{escape(title)}</h1>",
        '<div class="facts">',
        *(
            f'<div class="fact"><b>{number:,}</b>{escape(name)}</div>'
            for name, number in (
                ("events read", found.events),
                ("calls would be denied", replay.broken),
                ("calls newly allowed", replay.opened),
                ("AWS and estate agree", replay.agreed),
                ("they disagree", replay.disagreed),
            )
        ),
        "</div>",
        _bars("Would be denied, by action", broken, lambda c: c.action),
        _bars("Would be denied, by principal", broken, lambda c: c.principal),
    ]
    parts += [_table(kind, replay.of(kind)) for kind in Kind]
    parts += [_mismatches(replay), _coverage(found, counted), "</html>"]
    return "\n".join(part for part in parts if part)


def _bars(title: str, changes: Iterable[Change], of: Any) -> str:  # noqa: ANN401 - a getter
    counts: Counter[str] = Counter()
    for each in changes:
        counts[of(each)] += each.tally.count
    if not counts:
        return ""
    most = max(counts.values())
    rows = []
    for place, (name, number) in enumerate(counts.most_common(_BARS)):
        top, width = place * 24, max(2, number * 420 // most)
        rows.append(
            f'<rect class="bar" x="520" y="{top + 3}" width="{width}" height="16" rx="2"/>'
            f'<text x="510" y="{top + 16}" text-anchor="end">{escape(name[-70:])}</text>'
            f'<text x="{526 + width}" y="{top + 16}">{number:,}</text>'
        )
    height = 24 * len(rows)
    svg = f'<svg viewBox="0 0 1020 {height}" width="100%" role="img">{"".join(rows)}</svg>'
    return f"<h2>{escape(title)}</h2>{svg}"


def _row(cells: Iterable[object]) -> str:
    return f"<tr>{''.join(map(_cell_of, cells))}</tr>"


def _cell_of(value: object) -> str:
    if isinstance(value, int):
        return f'<td class="n">{value:,}</td>'
    text = escape(str(value))
    return f'<td class="s">{text}</td>' if len(text) <= _SHORT else f"<td>{text}</td>"


def _rows(title: str, header: str, rows: list[tuple[object, ...]]) -> str:
    if not rows:
        return ""
    names = "".join(f"<th>{name}</th>" for name in header.split("|"))
    body = "".join(map(_row, rows[:_ROWS]))
    more = len(rows) - _ROWS
    note = f'<p class="note">{more:,} more rows are in the JSON.</p>' if more > 0 else ""
    return f"<h2>{escape(title)}</h2><table><tr>{names}</tr>{body}</table>{note}"


def _table(kind: Kind, changes: list[Change]) -> str:
    header = "events|principal|action|resource|first|last|because|rests on"
    rows: list[tuple[object, ...]] = [
        (
            c.tally.count, c.principal, c.action, c.resource, c.tally.first, c.tally.last,
            c.because, "; ".join((*(f"{k} is not told" for k in c.keys), *c.gaps)) or "all known",
        )
        for c in changes
    ]  # fmt: skip
    return _rows(kind.value[0].upper() + kind.value[1:], header, rows)


def _mismatches(replay: Replay) -> str:
    header = "events|AWS|principal|action|resource|the estate says"
    rows: list[tuple[object, ...]] = [
        (m.tally.count, m.observed, m.principal, m.action, m.resource, m.because)
        for m in replay.mismatches
    ]
    return _rows("Where AWS decided otherwise than the current estate", header, rows)


def _coverage(found: Found, counted: Sights) -> str:
    rows: list[tuple[object, ...]] = [(n, reason) for reason, n in counted.skipped.most_common()]
    rows += [(n, gap) for gap, n in counted.gaps.most_common()]
    rows += [(found.malformed, "records without a name or source")] if found.malformed else []
    rows += [(1, problem) for problem in found.problems]
    return _rows("What could not be read or derived", "count|what", rows)

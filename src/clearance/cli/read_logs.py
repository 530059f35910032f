"""Reading CloudTrail on the command line: progress on a terminal, problems on standard error."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from clearance.cli import output
from clearance.model.errors import UsageError

if TYPE_CHECKING:
    from clearance.batch.distinct import Counted
    from clearance.batch.read import Found
    from clearance.batch.units import Columns
    from clearance.model.estate import Estate

__all__ = ["counted", "cutoff", "short"]

_WINDOW: Final = re.compile(r"(\d{1,5})\s*([dw])")


def counted(
    logs: Iterable[str],
    estate: Estate,
    spoken: Container[str],
    watching: Callable[[Iterator[Columns]], Iterator[Columns]] = lambda units: units,
) -> tuple[Counted, Found]:
    """The kinds of calls in some logs; ``watching`` looks at the columns as they pass."""
    from clearance import wiring
    from clearance.batch.distinct import Counted
    from clearance.batch.requests import Mapper
    from clearance.batch.source import Logs
    from clearance.batch.work import at_work
    from clearance.cli import progress

    given, catalog = Logs.at(logs), wiring.catalog()
    made = Counted(Mapper(estate, catalog, spoken))
    with progress.bar() as bar, at_work():
        bar.begun(sum(place.size for place in given.files), len(given.files))
        units = given.columns(catalog, made.needed, lambda place: bar.told(place.size, 1))
        for unit in watching(units):
            made.add(unit)
    found = given.found
    for problem in found.problems:
        output.warn(problem)
    if not found.events:
        raise UsageError(f"the {found.files} files hold no CloudTrail records")
    return made, found


def cutoff(window: str, last: str) -> str:
    """The first moment of a window that ends with the logs; empty for all of them."""
    if window == "all" or not last:
        return ""
    told = _WINDOW.fullmatch(window.strip())
    if told is None:
        raise UsageError(f"`{window}` is not a window; write `90d`, `12w` or `all`")
    days = int(told[1]) * (7 if told[2] == "w" else 1)
    try:
        end = datetime.fromisoformat(last)
        return f"{end - timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"
    except (ValueError, OverflowError):
        return ""


def short(since: str, first: str, last: str) -> bool:
    """True when logs cover less than nine tenths of a window."""
    try:
        begin, end, start = (datetime.fromisoformat(text) for text in (first, last, since))
        return (end - begin) * 10 < (end - start) * 9
    except (TypeError, ValueError):
        return False

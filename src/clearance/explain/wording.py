"""A sentence of a service as a row of a table: its words, and what they tell of the denial."""

from dataclasses import dataclass
from re import IGNORECASE, Pattern
from re import compile as pattern

from clearance.explain.denial import Form

__all__ = ["Wording", "wording"]


@dataclass(frozen=True, slots=True)
class Wording:
    """One sentence.

    ``words`` are looked for with all blanks left out; their groups ``caller`` and ``role`` tell
    who acted and on which role, ``type`` which policy denied. ``more`` is what may follow, blanks
    in. ``caller`` is who acts where the words do not name it.
    """

    form: Form
    words: Pattern[str]
    more: Pattern[str] | None = None
    caller: str | None = None


def wording(
    form: Form, words: str, more: str | None = None, *, caller: str | None = None
) -> Wording:
    """A row; blanks in ``words`` are for its reader only."""
    compact = pattern(words.replace(" ", ""), IGNORECASE)
    return Wording(form, compact, pattern(more) if more else None, caller)

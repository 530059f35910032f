"""A table for many rows: pages of it in the browser, rows that the keyboard reaches."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from nicegui import ui
from nicegui.elements.table import Table

__all__ = ["Column", "table"]

# Static: cells come as data, and Vue writes them as text.
_BODY: Final = r"""
<q-tr :props="props" tabindex="0" :data-row="props.key"
      @click="() => $parent.$emit('open', props.key)"
      @keydown.enter="() => $parent.$emit('open', props.key)">
  <q-td v-for="column in props.cols" :key="column.name" :props="props">
    <span v-if="column.tones" :class="'badge ' + (column.tones[column.value] ?? 'none')">{{
      column.words[column.value] ?? column.value }}</span>
    <span v-else :class="column.mono ? 'mono' : ''" :title="column.value">{{ column.value }}</span>
  </q-td>
</q-tr>
"""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: the member of a row it shows, its head, and how.

    ``words`` and ``tones`` make its cells badges: a word and a colour family for each value.
    """

    name: str
    label: str
    mono: bool = False
    right: bool = False
    words: Mapping[str, str] | None = None
    tones: Mapping[str, str] | None = None


def table(
    columns: Sequence[Column],
    rows: Sequence[Mapping[str, Any]],
    *,
    key: str,
    label: str,
    on_open: Callable[[str], object] | None = None,
    per_page: int = 50,
) -> Table:
    """A sortable table; ``key`` names the member that tells rows apart, ``label`` names it all."""
    shown = [
        {
            "name": column.name,
            "label": column.label,
            "field": column.name,
            "align": "right" if column.right else "left",
            "sortable": True,
            "mono": column.mono,
            "words": column.words or {},
            "tones": column.tones,
        }
        for column in columns
    ]
    made = ui.table(
        rows=[dict(row) for row in rows], columns=shown, row_key=key, pagination=per_page
    )
    made.props("flat dense :rows-per-page-options='[25,50,100,200]'")
    made.props["aria-label"] = label
    made.classes("rows")
    made.add_slot("body", _BODY)
    if on_open is not None:
        made.on("open", lambda event: on_open(str(event.args)))
    return made

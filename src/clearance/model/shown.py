"""What notebooks show instead of a ``repr``."""

from __future__ import annotations

from importlib import import_module

__all__ = ["Shown"]


class Shown:
    """A value that Jupyter and its like draw as HTML.

    How is not its business: ``clearance.notebook``, which stands above all values, is asked by
    name and only in a notebook.
    """

    __slots__ = ()

    def _repr_html_(self) -> str:
        """The drawing; what policies and names say is escaped in it."""
        drawn: str = import_module("clearance.notebook").html(self)
        return drawn

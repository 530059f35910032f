"""What is wrong with a document, before its place in the text is known."""

from __future__ import annotations

from clearance.parse.reading import Path

__all__ = ["Problem"]


class Problem(Exception):  # noqa: N818
    """A sentence and the JSON path it is about; ``document`` turns it into a PolicyError."""

    def __init__(self, text: str, path: Path) -> None:
        super().__init__(text)
        self.text = text
        self.path = path

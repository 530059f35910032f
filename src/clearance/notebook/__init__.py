"""Answers as HTML for notebooks: self-contained, escaped, legible on dark and on light.

Jupyter, VS Code, marimo and others call ``_repr_html_`` of a cell's value; decisions, proofs,
differences and explanations have it. Nothing is loaded from anywhere and no script is used.
"""

from clearance.notebook.html import html

__all__ = ["html"]

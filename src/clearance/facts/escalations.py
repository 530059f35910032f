"""The known ways of escalating, from the file beside this one."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

from clearance.reach.methods import Method, methods_of

__all__ = ["load_methods"]


@cache
def load_methods() -> tuple[Method, ...]:
    """What each way needs, what it gives, and who wrote about it."""
    text = files("clearance.facts").joinpath("escalations.json").read_text("utf-8")
    return methods_of(json.loads(text))

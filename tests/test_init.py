"""``import clearance``: every promised name is there, and nothing is imported before it is used."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.somebody import ANA, FUNCTION, saved

import clearance


def test_every_promised_name_is_there() -> None:
    assert [name for name in clearance.__all__ if not hasattr(clearance, name)] == []
    assert set(clearance.__all__) <= set(dir(clearance))


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'authorise'"):
        _ = clearance.authorise


def test_importing_loads_nothing_else() -> None:
    code = "import sys, clearance; print([m for m in sys.modules if m.startswith('clearance.')])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_an_estate_is_loaded_and_asked(tmp_path: Path) -> None:
    estate = clearance.load_estate(saved(tmp_path))
    who = clearance.identify(ANA, estate)
    request = clearance.Request(who, "lambda:InvokeFunction", FUNCTION)
    decision = clearance.authorize(estate, request)
    assert clearance.Engine(estate).decide(request) is decision.effect
    assert decision.why().splitlines()[0] == (
        f"implicit deny: {ANA} cannot lambda:InvokeFunction on {FUNCTION}"
    )
    assert "unknown: aws:SourceIp" in decision.why()

"""What the package promises is there, though nothing is imported before it is used."""

from __future__ import annotations

import subprocess
import sys

import pytest

import clearance.explain


@pytest.mark.parametrize("name", clearance.explain.__all__)
def test_a_promised_name_is_there(name: str) -> None:
    assert getattr(clearance.explain, name) is not None


def test_no_other_name_is() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = clearance.explain.nothing


def test_a_sentence_does_not_load_the_explainer() -> None:
    code = (
        "import sys, clearance.explain.sentence;print('clearance.explain.explainer' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "False\n"

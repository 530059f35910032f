"""Denials as they are found in the wild: whatever was pasted, there is an answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.explain.estates import NOW, estate_of

from clearance.explain import explain_evidence
from clearance.explain.inputs import recognise
from clearance.explain.markdown import markdown
from clearance.explain.prose import lines
from clearance.explain.sarif import sarif
from clearance.model.estate import Estate

MESSAGES = Path(__file__).parent.parent / "vectors" / "messages"
ESTATE = estate_of(
    {
        "accounts": {
            "123456789012": {
                "users": {"ana": {}},
                "roles": {"app": {}, "MyRole": {}},
                "functions": {"us-east-1/orders": {}},
            }
        },
        "organization": {},
    }
)


def texts(value: Any) -> list[str]:
    """Every message in a file of vectors, wherever it stands."""
    if isinstance(value, dict):
        own = [v for k, v in value.items() if k in {"message", "text"} and isinstance(v, str)]
        return [*own, *(t for each in value.values() for t in texts(each))]
    return [t for each in value for t in texts(each)] if isinstance(value, list) else []


WILD = sorted({t for p in MESSAGES.glob("*.json") for t in texts(json.loads(p.read_text("utf-8")))})


@pytest.mark.parametrize("estate", [None, Estate(), ESTATE], ids=["none", "empty", "small"])
def test_every_message_gets_an_answer(estate: Estate | None) -> None:
    assert len(WILD) > 100
    silent = []
    for message in WILD:
        for evidence in recognise(message):
            found = explain_evidence(estate, evidence, now=NOW)
            shown = lines(found)
            assert len(shown) <= 20
            assert all(len(line) <= 100 for line in shown), shown
            assert lines(found, verbose=True)
            assert markdown(found)
            assert sarif([found])["runs"][0]["results"] or not found.causes
            json.dumps(found.to_json())
            if not found.causes:
                silent.append(message)
    assert not silent

"""The stories in the documentation are what the program prints."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.explain.test_causes import CASES, explained

from clearance.explain.prose import text

STORIES = {
    "an alias is called, the function alone is allowed",
    "an ARN inside the rule's ARN",
    "two layers deny, AWS names one",
    "the trusted role was deleted and made again",
}
PAGE = Path(__file__).parents[2] / "docs" / "explain.md"


@pytest.mark.parametrize("case", [c for c in CASES if c.values[0]["name"] in STORIES])
def test_the_page_shows_what_is_printed(case: dict[str, object]) -> None:
    assert f"```text\n{text(explained(case))}\n```" in PAGE.read_text("utf-8")


def test_every_story_is_a_case() -> None:
    assert {c.values[0]["name"] for c in CASES} >= STORIES

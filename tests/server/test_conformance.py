"""Every case of ``vectors/endpoint`` over the wire: boto3, a real socket, AWS's own words."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.conformance import (
    PAGE,
    Case,
    cases,
    estate_of,
    keep_code,
    page,
    perform,
    problem,
)
from tests.endpoints import Site, site

CASES = list(cases())


@pytest.fixture(scope="module")
def everywhere() -> Iterator[Site]:
    """One endpoint with the estates of all cases."""
    with site(estate_of(CASES)) as found:
        keep_code(found)
        yield found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.label)
def test_conformance(everywhere: Site, case: Case) -> None:
    assert problem(case, perform(everywhere, case)) is None


def test_there_are_cases_enough() -> None:
    assert len(CASES) >= 120
    labels = [case.label for case in CASES]
    assert len(set(labels)) == len(labels)


def test_the_page_shows_the_cases() -> None:
    """If not: ``python -m tests.conformance``."""
    assert PAGE.read_text("utf-8") == page()

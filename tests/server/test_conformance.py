"""Every case of ``vectors/endpoint`` over the wire: boto3, a real socket, AWS's own words."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.conformance import Case, cases, estate_of, perform, problem
from tests.endpoints import Site, site

CASES = list(cases())


@pytest.fixture(scope="module")
def everywhere() -> Iterator[Site]:
    """One endpoint with the estates of all cases."""
    with site(estate_of(CASES)) as found:
        yield found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.label)
def test_conformance(everywhere: Site, case: Case) -> None:
    assert problem(case, perform(everywhere, case)) is None


def test_there_are_cases_enough() -> None:
    assert len(CASES) >= 120
    labels = [case.label for case in CASES]
    assert len(set(labels)) == len(labels)

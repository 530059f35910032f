"""One small endpoint for each module that only looks or keeps to its own names."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.endpoints import Site, site, small_estate


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Site]:
    with site(small_estate()) as found:
        yield found

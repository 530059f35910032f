"""A new store is filled from a seed, and opens again with what it was given."""

from __future__ import annotations

from pathlib import Path

from tests.endpoints import ACCOUNT, site

from clearance import wiring

IMAGES = Path(__file__).parents[2] / "examples" / "images.json"


def test_a_store_filled_from_a_file_opens_again(tmp_path: Path) -> None:
    with site(data=tmp_path / "data", seed=IMAGES):
        pass
    with site(data=tmp_path / "data") as again:
        assert set(again.started.world.estate.accounts[ACCOUNT].users) == {
            "auditor",
            "lambda_executer",
        }
    assert wiring.load_estate(tmp_path / "data").accounts == wiring.load_estate(IMAGES).accounts

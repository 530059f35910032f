"""Facts written down here against where they come from."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import botocore

from clearance.facts.catalog import load_catalog
from clearance.validate.keys import GLOBAL, Standing, key_facts
from clearance.validate.places import REGIONS, is_region


def test_regions_are_those_of_botocore() -> None:
    path = Path(botocore.__file__).parent / "data" / "endpoints.json"
    packed = path.with_suffix(".json.gz")
    text = gzip.decompress(packed.read_bytes()) if packed.exists() else path.read_bytes()
    known = {p["partition"]: set(p["regions"]) for p in json.loads(text)["partitions"]}
    assert {name: set(regions) for name, regions in REGIONS.items()} == known


def test_a_pattern_is_a_region_when_one_fits() -> None:
    assert is_region("eu-*")
    assert is_region("*")
    assert not is_region("mars-*")


def test_every_key_of_every_service_is_known() -> None:
    catalog = load_catalog()
    for service in catalog.services():
        for key in service.condition_keys:
            if "$" not in key and "<" not in key:
                assert key_facts(catalog, key).standing in {Standing.KNOWN, Standing.NEEDS_TAG}, key


def test_global_keys_have_types() -> None:
    catalog = load_catalog()
    assert key_facts(catalog, "aws:principalORGpaths").multivalued
    assert key_facts(catalog, "aws:PrincipalTag/Team").type == "String"
    assert key_facts(catalog, "aws:PrincipalTag").standing is Standing.NEEDS_TAG
    assert key_facts(catalog, "aws:Nobody").standing is Standing.UNKNOWN
    assert key_facts(catalog, "idp.example.com:sub").standing is Standing.FOREIGN
    assert len(GLOBAL) > 50

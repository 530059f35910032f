"""What there is, what there is not, and what was asked for in vain."""

from __future__ import annotations

from tests.endpoints import attempt, site, small_estate

from clearance.server.coverage import coverage, wanted


def test_coverage_is_counted_against_awss_models() -> None:
    found = {c.service: c for c in coverage()}
    assert {"cloudtrail", "iam", "iam-toolbox", "lambda", "organizations", "sts"} <= set(found)
    assert "SimulatePrincipalPolicy" in found["iam"].here
    assert "CreateTrail" in found["cloudtrail"].missing
    assert found["iam-toolbox"].missing == ()
    for each in found.values():
        assert each.total == len(set(each.here) | set(each.missing))
        assert each.here


def test_calls_in_vain_are_counted() -> None:
    with site(small_estate()) as found:
        for _ in range(2):
            assert attempt(found.client("cloudtrail").list_trails).code == "NotImplemented"
        attempt(found.client("lambda").list_layers)
        counted = wanted(found.events())
    assert counted["cloudtrail:ListTrails"] == 2

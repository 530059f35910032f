"""AWS's own policies: no crash, and what AWS's page says it finds in some of them."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from clearance.facts.catalog import load_catalog
from clearance.model.policy import PolicyType
from clearance.validate import FindingType, validate

data = pytest.importorskip("moto.iam.aws_managed_policies", reason="moto ships the policies")
POLICIES: dict[str, Any] = json.loads(data.aws_managed_policies_data)
CATALOG = load_catalog()


def codes(name: str) -> dict[str, FindingType]:
    text = json.dumps(POLICIES[name]["Document"], indent=2)
    found = validate(text, PolicyType.IDENTITY, catalog=CATALOG)
    return {finding.code: finding.type for finding in found}


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("AdministratorAccess", "PASS_ROLE_WITH_STAR_IN_ACTION_AND_RESOURCE"),
        ("IAMFullAccess", "PASS_ROLE_WITH_STAR_IN_ACTION_AND_RESOURCE"),
        ("PowerUserAccess", "CREATE_SLR_WITH_STAR_IN_RESOURCE"),
        ("AWSOrganizationsServiceTrustPolicy", "CREATE_SLR_WITH_STAR_IN_RESOURCE"),
        ("ReadOnlyAccess", "POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA"),
        ("AWSSupportServiceRolePolicy", "POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA"),
        ("AWSCodePipeline_FullAccess", "STRING_LIKE_OPERATOR_WITH_ARN_CONDITION_KEYS"),
    ],
)
def test_what_awss_page_names_is_found(name: str, code: str) -> None:
    if name not in POLICIES:
        pytest.skip(f"moto no longer ships {name}")
    assert code in codes(name)


def test_few_of_awss_policies_are_called_wrong() -> None:
    """Retired services and actions apart, an error about a policy of AWS is most likely ours."""
    names = sorted(POLICIES)[::20]
    retired = re.compile(r"INVALID_(ACTION|SERVICE)|MISSING_ARN|INVALID_ARN_RESOURCE")
    wrong = {
        name: errors
        for name in names
        if (
            errors := [
                code
                for code, kind in codes(name).items()
                if kind is FindingType.ERROR and not retired.match(code)
            ]
        )
    }
    assert len(wrong) <= len(names) * 0.03, wrong

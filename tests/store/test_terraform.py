from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clearance import wiring
from clearance.model.errors import EstateError
from clearance.model.estate import Account, Estate
from clearance.store.snapshot.node import Node
from clearance.store.terraform import KINDS, load_plan

Json = dict[str, Any]
ACCOUNT = "111122223333"
VECTORS = Path(__file__).parents[1] / "vectors" / "terraform"
CASES: dict[str, Json] = {
    case["name"]: case for case in json.loads((VECTORS / "plans.json").read_text())["cases"]
}
PROVIDER: Json = {
    "aws": {
        "name": "aws",
        "expressions": {
            "region": {"references": ["var.region"]},
            "allowed_account_ids": {"constant_value": [ACCOUNT]},
        },
    }
}
ADDRESS = re.compile(r"(?:(module\..+)\.)?((?:data\.)?)(aws_\w+)\.(\w+)(?:\[(.+)\])?")


def plan(resources: list[Json], configuration: Json | None = None) -> Json:
    """The JSON of a plan, from what matters of each resource."""
    changes, configured = [], []
    for raw in resources:
        found = ADDRESS.fullmatch(raw["address"])
        assert found
        module, data, kind, name, index = found.groups()
        about = {"type": kind, "name": name, "mode": "data" if data else "managed"}
        change: Json = {
            "address": raw["address"],
            **about,
            "change": {
                "actions": raw.get("actions", ["create"]),
                "before": raw.get("before"),
                "after": raw["after"],
                "after_unknown": raw.get("unknown", {}),
            },
        }
        if module:
            change["module_address"] = module
        if index is not None:
            change["index"] = json.loads(index)
        changes.append(change)
        configured.append(
            {**about, "provider_config_key": "aws", "expressions": raw.get("expressions", {})}
        )
    return {
        "format_version": "1.2",
        "terraform_version": "1.9.0",
        "variables": {"region": {"value": "eu-west-1"}},
        "planned_values": {"root_module": {}},
        "resource_changes": changes,
        "configuration": configuration
        or {"provider_config": PROVIDER, "root_module": {"resources": configured}},
    }


def estate_of(value: object, on: Estate | None = None) -> Estate:
    return load_plan(Node(value, Path("plan.json")), on)


def at(account: Account, path: str) -> Any:
    """What stands at ``table.key.field…``; a key may have dots in it."""
    table, _, rest = path.partition(".")
    found: Any = getattr(account, table)
    while rest:
        if isinstance(found, Mapping):
            key = next((k for k in found if rest == k or rest.startswith(f"{k}.")), None)
            if key is None:
                return None
            found, rest = found[key], rest.removeprefix(key).removeprefix(".")
        else:
            name, _, rest = rest.partition(".")
            found = getattr(found, name)
    return list(found) if isinstance(found, tuple) else found


@pytest.mark.parametrize("name", CASES)
def test_a_plan_is_the_estate_after_apply(name: str) -> None:
    case = CASES[name]
    before = estate_of(plan(case["on"])) if "on" in case else None
    estate = estate_of(plan(case["resources"], case.get("configuration")), before)
    account = estate.accounts.get(ACCOUNT) or Account(ACCOUNT)
    for path, expected in case["holds"].items():
        assert at(account, path) == expected, path
    assert [text.partition(" (the plan")[0] for text in estate.missing] == case["missing"]


@pytest.mark.parametrize("name", CASES)
def test_applying_a_plan_twice_changes_nothing_more(name: str) -> None:
    case = CASES[name]
    value = plan(case["resources"], case.get("configuration"))
    before = estate_of(plan(case["on"])) if "on" in case else None
    once = estate_of(value, before)
    assert estate_of(value, once) == once


def test_a_state_is_an_estate_too() -> None:
    resource = {
        "address": "aws_iam_user.ana",
        "mode": "managed",
        "type": "aws_iam_user",
        "name": "ana",
        "values": {"name": "ana", "arn": f"arn:aws-cn:iam::{ACCOUNT}:user/ana"},
    }
    nested = {"root_module": {"child_modules": [{"address": "module.x", "resources": [resource]}]}}
    estate = estate_of({"format_version": "1.0", "terraform_version": "1.9.0", "values": nested})
    assert list(estate.accounts[ACCOUNT].users) == ["ana"]
    assert estate.missing == ()


def test_the_account_is_that_of_the_caller_identity() -> None:
    identity = {
        "address": "data.aws_caller_identity.me",
        "mode": "data",
        "type": "aws_caller_identity",
        "name": "me",
        "values": {"account_id": "999988887777"},
    }
    value = plan([{"address": "aws_iam_user.ana", "after": {"name": "ana"}}])
    value["configuration"]["provider_config"] = {}
    value["prior_state"] = {"values": {"root_module": {"resources": [identity]}}}
    assert list(estate_of(value).accounts) == ["999988887777"]


def test_without_any_account_a_stand_in_is_named() -> None:
    value = plan([{"address": "aws_iam_user.ana", "after": {"name": "ana"}}])
    value["configuration"]["provider_config"] = {}
    estate = estate_of(value)
    assert list(estate.accounts) == ["123456789012"]
    assert any("which account it is for" in text for text in estate.missing)
    on = Estate({"555566667777": Account("555566667777")})
    assert set(estate_of(value, on).accounts["555566667777"].users) == {"ana"}


def test_an_organization_with_its_policies() -> None:
    scp = '{"Version":"2012-10-17","Statement":[]}'
    unit = {"references": ["aws_organizations_organizational_unit.u.id"]}
    value = plan(
        [
            {"address": "aws_organizations_organization.o", "after": {"feature_set": "ALL"}},
            {
                "address": "aws_organizations_organizational_unit.u",
                "after": {"name": "Work"},
                "unknown": {"parent_id": True, "id": True},
                "expressions": {
                    "parent_id": {"references": ["aws_organizations_organization.o.roots[0].id"]}
                },
            },
            {
                "address": "aws_organizations_account.a",
                "after": {"name": "shop", "email": "a@b", "id": "222233334444"},
                "unknown": {"parent_id": True},
                "expressions": {"parent_id": unit},
            },
            {"address": "aws_organizations_policy.p", "after": {"name": "p", "content": scp}},
            {
                "address": "aws_organizations_policy_attachment.x",
                "after": {},
                "unknown": {"policy_id": True, "target_id": True},
                "expressions": {
                    "policy_id": {"references": ["aws_organizations_policy.p.id"]},
                    "target_id": unit,
                },
            },
        ]
    )
    estate = estate_of(value)
    (organization,) = estate.organizations.values()
    root, ou, account = organization.path_of("222233334444")
    assert (root, account) == (organization.root.id, "222233334444")
    assert [p.name for p in organization.attached(ou, "SERVICE_CONTROL_POLICY")] == [
        "FullAWSAccess",
        "p",
    ]
    assert estate.accounts["222233334444"].name == "shop"


BAD: dict[str, tuple[object, str]] = {
    "another format": ({"format_version": "9.0", "planned_values": {}}, "the format is 9.0"),
    "nothing": ({"format_version": "1.0", "terraform_version": "1"}, "there are no resources"),
    "no type": (
        {"format_version": "1.0", "resource_changes": [{"address": "x", "change": {}}]},
        r"\$.resource_changes\[0\]: the member `type` is missing",
    ),
    "no object": (
        {
            "format_version": "1.0",
            "resource_changes": [
                {"address": "x", "type": "t", "name": "n", "change": {"actions": [], "after": 1}}
            ],
        },
        r"\$.resource_changes\[0\].change.after: expected an object",
    ),
    "values of another kind": (
        plan([{"address": "aws_lambda_alias.a", "after": {"function_name": "f", "name": "a"}}])
        | {
            "resource_changes": [
                {
                    "address": "aws_iam_role.r",
                    "type": "aws_iam_role",
                    "name": "r",
                    "change": {"actions": ["create"], "after": {"name": "r", "inline_policy": 5}},
                }
            ]
        },
        "aws_iam_role.r is not what Terraform's AWS provider writes",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_plan_is_an_error_with_file_and_place(name: str) -> None:
    value, message = BAD[name]
    with pytest.raises(EstateError, match=message) as caught:
        estate_of(value)
    assert "plan.json" in str(caught.value)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
members = st.sampled_from(
    ["name", "role", "policy", "user", "groups", "bucket", "arn", "function_name", "statement",
     "inline_policy", "managed_policy_arns", "policy_arn", "rule", "environment", "content"]
)  # fmt: skip


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(
            st.sampled_from(sorted(KINDS)),
            st.dictionaries(members, anything),
            anything,
            anything,
            st.sampled_from([["create"], ["delete"], ["update"], ["delete", "create"], ["no-op"]]),
        ),
        max_size=4,
    )
)
def test_any_values_are_read_or_refused(things: list[Any]) -> None:
    resources = [
        {
            "address": f"{kind}.x{number}",
            "after": None if actions == ["delete"] else values,
            "before": values,
            "unknown": unknown,
            "expressions": expressions,
            "actions": actions,
        }
        for number, (kind, values, unknown, expressions, actions) in enumerate(things)
    ]
    try:
        estate_of(plan(resources))
    except EstateError as error:
        assert "plan.json" in str(error)  # noqa: PT017 - refusing is fine, crashing is not


def test_a_plan_file_is_recognized(tmp_path: Path) -> None:
    path = tmp_path / "anything"
    path.write_text(json.dumps(plan(CASES["users, groups and memberships"]["resources"])))
    assert set(wiring.load_estate(path).accounts[ACCOUNT].users) == {"ana"}
    # PowerShell writes UTF-16 where others write UTF-8.
    path.write_bytes(path.read_text().encode("utf-16"))
    assert set(wiring.load_estate(path).accounts[ACCOUNT].users) == {"ana"}

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.store.test_terraform import anything, at

from clearance import wiring
from clearance.model.errors import EstateError, UsageError
from clearance.model.estate import Account, Estate, OrgAccount, Organization, OrgUnit
from clearance.store.cloudformation import KINDS, Settings, load_template, read_template
from clearance.store.cloudformation.resolve import Made, Resolver, Unresolved
from clearance.store.sources import Deployment

Json = dict[str, Any]
ACCOUNT = "111122223333"
REGION = "eu-west-1"
VECTORS = Path(__file__).parents[1] / "vectors" / "cloudformation"
INTRINSICS: Json = json.loads((VECTORS / "intrinsics.json").read_text())
CASES: dict[str, Json] = {
    case["name"]: case for case in json.loads((VECTORS / "templates.json").read_text())["cases"]
}


def estate_of(text: str, on: Estate | None = None, **parameters: str) -> Estate:
    return load_template(
        read_template(text, Path("template.yaml")),
        on,
        account=ACCOUNT,
        region=REGION,
        stack="shop",
        parameters=parameters,
    )


@pytest.mark.parametrize("case", INTRINSICS["cases"], ids=lambda c: json.dumps(c["value"])[:60])
def test_an_intrinsic_function_comes_to_a_value(case: Json) -> None:
    template = read_template(json.dumps(INTRINSICS["template"]), Path("t.json"))
    made = {
        name: Made(name, raw["Type"], raw.get("Properties", {}), ("Resources", name))
        for name, raw in template.section("Resources").items()
    }
    where = Settings(ACCOUNT, REGION, stack="shop", parameters=case.get("parameters", {}))
    resolver = Resolver(template, where, made, lambda _: None)
    if case["is"] is None:
        with pytest.raises(Unresolved) as caught:
            resolver.value(case["value"], ())
        assert caught.value.reason == case["why"]
    else:
        assert resolver.value(case["value"], ()) == case["is"]


def test_a_resource_that_needs_itself_is_told() -> None:
    made = {
        "X": Made("X", "AWS::IAM::Role", {"RoleName": {"Ref": "X"}}, ("Resources", "X")),
        "Y": Made("Y", "AWS::IAM::SAMLProvider", {"Path": {"Ref": "Y"}}, ("Resources", "Y")),
    }
    template = read_template(
        json.dumps({"Resources": {"Z": {"Type": "AWS::S3::Bucket"}}}), Path("t.json")
    )
    resolver = Resolver(template, Settings(ACCOUNT, REGION), made, lambda _: None)
    for name in made:
        for _ in range(2):  # it is told each time
            with pytest.raises(Unresolved, match=f"`{name}` depends on itself"):
                resolver.value({"Ref": name}, ())


@pytest.mark.parametrize("name", CASES)
def test_a_template_is_the_estate_after_deployment(name: str) -> None:
    case = CASES[name]
    estate = estate_of("\n".join(case["yaml"]), **case.get("parameters", {}))
    account = estate.accounts[ACCOUNT]
    for path, expected in case["holds"].items():
        assert at(account, path) == expected, path
    if "sources" in case:
        (policy,) = (f.policies[""] for f in account.functions.values())
        conditions = [s.get("Condition", {}) for s in json.loads(policy.text)["Statement"]]
        found = [c["ArnLike"]["AWS:SourceArn"] for c in conditions if "ArnLike" in c]
        assert found == case["sources"]
    assert [text.partition(" (the template")[0] for text in estate.missing] == case["missing"]


# Each deployment with an AutoPublishAlias publishes a version.
@pytest.mark.parametrize("name", [n for n in CASES if "AutoPublishAlias" not in str(CASES[n])])
def test_deploying_twice_changes_nothing_more(name: str) -> None:
    text, parameters = "\n".join(CASES[name]["yaml"]), CASES[name].get("parameters", {})
    once = estate_of(text, **parameters)
    assert estate_of(text, once, **parameters) == once


@pytest.mark.parametrize("name", CASES)
def test_json_and_yaml_are_the_same_template(name: str) -> None:
    text = "\n".join(CASES[name]["yaml"])
    body = read_template(text, Path("template.yaml")).body
    parameters = CASES[name].get("parameters", {})
    from_json, from_yaml = estate_of(json.dumps(body), **parameters), estate_of(text, **parameters)
    assert from_json.accounts == from_yaml.accounts
    assert len(from_json.missing) == len(from_yaml.missing)


def test_a_public_url_lets_everybody_in_by_both_actions() -> None:
    estate = estate_of("\n".join(CASES["SAM: APIs, schedules, topics, a public URL"]["yaml"]))
    policy = estate.accounts[ACCOUNT].functions[f"{REGION}/f"].policies[""]
    public = [s for s in json.loads(policy.text)["Statement"] if s["Principal"] == "*"]
    assert [(s["Action"], s["Condition"]) for s in public] == [
        ("lambda:InvokeFunctionUrl", {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}}),
        ("lambda:InvokeFunction", {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}}),
    ]


def test_account_ids_and_versions_are_texts_in_yaml() -> None:
    body = read_template(
        "Resources: {A: {Type: AWS::X::Y, Properties: {V: 2012-10-17, Id: 012345670123, N: 0x1F,"
        " On: yes, F: 1.5, I: 7, Z: null}}}",
        Path("t.yaml"),
    ).body
    assert body["Resources"]["A"]["Properties"] == {
        "V": "2012-10-17",
        "Id": "012345670123",
        "N": "0x1F",
        "On": True,
        "F": 1.5,
        "I": 7,
        "Z": None,
    }


def test_an_scp_goes_into_the_organization_it_is_deployed_on() -> None:
    organization = Organization(
        "o-1", ACCOUNT, {"r-1": OrgUnit("r-1", "Root")}, {ACCOUNT: OrgAccount(ACCOUNT, "m", "r-1")}
    )
    on = Estate({ACCOUNT: Account(ACCOUNT)}, {"o-1": organization})
    policy = "Type: SERVICE_CONTROL_POLICY, Name: p, TargetIds: [r-1], Content: {Statement: []}"
    text = f"Resources: {{P: {{Type: AWS::Organizations::Policy, Properties: {{{policy}}}}}}}"
    (after,) = estate_of(text, on).organizations.values()
    assert [p.text for p in after.attached("r-1", "SERVICE_CONTROL_POLICY")] == ['{"Statement":[]}']


BAD: dict[str, tuple[str, str]] = {
    "no YAML": ("Resources:\n  A: [\n", "is not YAML: line 3, column 1"),
    "no JSON": ('{"Resources": [}', "is not JSON: line 1, column 16"),
    "a tab": ("Resources:\n\tA: 1", "is not YAML: line 2, column 1"),
    "no template": ("hello: world", "it is no CloudFormation template"),
    "a text": ("hello", "it is no CloudFormation template"),
    "a resource without type": (
        "AWSTemplateFormatVersion: x\nResources:\n  A: {}",
        "line 3, Resources.A: a resource is an object with a `Type`",
    ),
    "properties that are none": (
        "Resources:\n  A:\n    Type: AWS::IAM::Role\n    Properties: []",
        "line 4, Resources.A.Properties: `Properties` is an object",
    ),
    "a merge": (
        "a: &x {Type: T}\nResources:\n  A:\n    <<: *x",
        "line 4, column 5: CloudFormation knows no hash merges",
    ),
    "a key twice": ("Resources:\n  A: {Type: T}\n  A: {Type: T}", "line 3, column 3: `A` occurs"),
    "an alias into itself": ("Resources: &x\n  A: *x", "nested too deeply or too large"),
    "a section of another kind": (
        "Resources: {A: {Type: T}}\nConditions: []",
        "line 2, Conditions: `Conditions` is an object",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_template_is_an_error_with_line_and_mend(name: str) -> None:
    text, message = BAD[name]
    with pytest.raises(EstateError, match=message) as caught:
        estate_of(text)
    assert "template.yaml" in str(caught.value)


def test_many_aliases_do_not_make_a_bomb() -> None:
    levels = ["x0: &x0 [a, a, a, a, a, a, a, a, a, a]"]
    levels += [f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 10)}]" for n in range(1, 12)]
    with pytest.raises(EstateError, match="too large to be a template"):
        estate_of("\n".join([*levels, "Resources: {A: {Type: T}}"]))


def test_an_unknown_parameter_is_refused() -> None:
    with pytest.raises(UsageError, match="has no parameter `X`; it has `Env`"):
        estate_of("Parameters: {Env: {Type: String}}\nResources: {A: {Type: T}}", X="1")


values = st.recursive(
    anything
    | st.sampled_from([{"Ref": "X"}, {"Fn::GetAtt": ["X", "Arn"]}, {"Fn::If": ["C", 1, 2]}]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["Fn::Sub", "Fn::Join", "Ref", "Statement", "Key", "PolicyName"]),
            inner,
            max_size=2,
        )
    ),
    max_leaves=6,
)
NAMES = [
    "RoleName", "Policies", "PolicyDocument", "AssumeRolePolicyDocument", "Roles", "Users",
    "FunctionName", "Principal", "Action", "SourceArn", "Events", "FunctionUrlConfig", "Tags",
    "Environment", "Path", "Bucket", "Queues", "TargetIds", "PublicAccessBlockConfiguration",
    "Name", "AutoPublishAlias", "VpcConfig", "ManagedPolicyArns", "KeyPolicy",
]  # fmt: skip
TYPES = [*sorted(KINDS), "AWS::Serverless::Function", "AWS::Serverless::StateMachine"]


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(
            st.sampled_from(TYPES),
            st.dictionaries(st.sampled_from(NAMES), values, max_size=4),
        ),
        max_size=3,
    )
)
def test_any_properties_are_read_or_refused(things: list[tuple[str, Json]]) -> None:
    resources = {
        "X" if not number else f"X{number}": {"Type": kind, "Properties": properties}
        for number, (kind, properties) in enumerate(things)
    }
    try:
        estate_of(json.dumps({"AWSTemplateFormatVersion": "x", "Resources": resources}))
    except EstateError as error:
        assert "template.yaml" in str(error)  # noqa: PT017 - refusing is fine, crashing is not


@settings(max_examples=80, deadline=None)
@given(st.text(st.sampled_from("ab:-{}[]!&*#'\"|\n >,%@`?\t0"), max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    # No line of these letters is a template.
    with pytest.raises(EstateError):
        estate_of(text + "\n")


def test_template_files_are_recognized(tmp_path: Path) -> None:
    text = "\n".join(CASES["short tags, a role, a function, a permission"]["yaml"])
    path = tmp_path / "anything"
    path.write_text(text)
    estate = wiring.load_estate(path)
    assert set(estate.accounts["123456789012"].roles) == {"run"}
    assert any("which account" in text for text in estate.missing)
    where = Deployment(account=ACCOUNT, region=REGION)
    assert wiring.load_estate(path, where).missing == ()


def test_what_is_for_templates_is_refused_elsewhere(tmp_path: Path) -> None:
    path = tmp_path / "estate.json"
    path.write_text('{"accounts": {}}')
    with pytest.raises(UsageError, match="is an estate by itself"):
        wiring.load_estate(path, Deployment(region=REGION))
    path.write_text("")
    with pytest.raises(EstateError, match="is empty"):
        wiring.load_estate(path)
    path.write_bytes(b"\xff\xfe\xff\xff\xff")
    with pytest.raises(EstateError, match="is no text"):
        wiring.load_estate(path)

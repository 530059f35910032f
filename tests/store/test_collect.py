"""Collect against real endpoints: our own, and moto's in-process AWS for the other services."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from tests.endpoints import ACCOUNT, Credentials, Site, allow, site

from clearance import wiring
from clearance.demo.estate import MANAGEMENT, OU, PARTNER, cast
from clearance.facts import services
from clearance.model.errors import EstateError
from clearance.model.estate import Role, TrustPolicy
from clearance.store.collect import LiveAws, Wanted, collect, least_privilege
from clearance.store.memory import MemoryStore
from clearance.store.ports import SystemPorts
from clearance.store.seal import Sealer
from clearance.store.snapshot import load_estate

OWN = Wanted(("us-east-1",))
ALL = Wanted(("us-east-1", "eu-west-1"), organization=True, role="reader")
SAML = "<EntityDescriptor validUntil='2030-01-01T00:00:00Z'>".ljust(1000) + "</EntityDescriptor>"
LOADER = botocore.session.Session().get_component("data_loader")


def trusting(account: str) -> TrustPolicy:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
        "Action": "sts:AssumeRole",
    }
    return TrustPolicy(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))


def policy_of(wanted: Wanted) -> dict[str, Any]:
    return least_privilege(wanted, wiring.catalog(), services.service)


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Site]:
    """The story's organization, with something of every kind in it."""
    ports = SystemPorts(MemoryStore(), Sealer.generate())
    estate = cast(ports, wiring.now()).estate
    reads = json.dumps(policy_of(ALL))
    for number in (ACCOUNT, PARTNER):
        account = estate.accounts[number]
        reader = Role("reader", f"AROA{number}", wiring.now(), trusting(MANAGEMENT))
        reader = replace(reader, inline={"read": reads})
        roles = {**account.roles, "reader": reader}
        estate = estate.with_account(replace(account, roles=roles))
    with site(estate) as found:
        _furnish(found)
        yield found


def _furnish(found: Site) -> None:
    arn = found.function("Resize", Environment={"Variables": {"TOKEN": "do not tell"}})
    client = found.client("lambda")
    client.publish_version(FunctionName="Resize")
    client.create_alias(FunctionName="Resize", Name="live", FunctionVersion="1")
    for sid, more in (("plain", {}), ("live", {"Qualifier": "live"})):
        client.add_permission(
            FunctionName="Resize",
            StatementId=sid,
            Action="lambda:InvokeFunction",
            Principal=PARTNER,
            **more,
        )
    client.create_function_url_config(FunctionName="Resize", AuthType="AWS_IAM")
    client.tag_resource(Resource=arn, Tags={"team": "blue"})
    iam = found.client("iam")
    iam.create_account_alias(AccountAlias="acme-images")
    iam.update_account_password_policy(MinimumPasswordLength=14)
    iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")
    iam.create_open_id_connect_provider(
        Url="https://token.actions.githubusercontent.com", ClientIDList=["sts.amazonaws.com"]
    )
    iam.create_instance_profile(InstanceProfileName="web")
    iam.create_saml_provider(Name="corp", SAMLMetadataDocument=SAML)
    organizations = found.client("organizations", root_of(found, MANAGEMENT))
    organizations.enable_aws_service_access(ServicePrincipal="access-analyzer.amazonaws.com")
    organizations.register_delegated_administrator(
        AccountId=ACCOUNT, ServicePrincipal="access-analyzer.amazonaws.com"
    )


def root_of(found: Site, account: str) -> Credentials:
    key = next(iter(found.started.world.estate.accounts[account].root_keys.values()))
    return Credentials(key.id, key.secret.value)


def collector(found: Site, account: str, policy: object) -> Credentials:
    """A user of the account with exactly this policy."""
    iam = found.client("iam", root_of(found, account))
    name = f"collector-{len(iam.list_users()['Users'])}"
    iam.create_user(UserName=name)
    made = iam.create_policy(PolicyName=name, PolicyDocument=json.dumps(policy))
    iam.attach_user_policy(UserName=name, PolicyArn=made["Policy"]["Arn"])
    made_key = iam.create_access_key(UserName=name)["AccessKey"]
    return Credentials(made_key["AccessKeyId"], made_key["SecretAccessKey"])


def as_user(found: Site, who: Credentials) -> LiveAws:
    session = botocore.session.Session()
    session.register_component("data_loader", LOADER)
    session.set_credentials(who.key, who.secret, who.token)
    return LiveAws(session, "us-east-1", found.url)


@dataclass(frozen=True)
class Whole:
    """What a user with exactly the least policy collected, and the events of it."""

    folder: Path
    missing: tuple[str, ...]
    events: list[dict[str, Any]]


@pytest.fixture(scope="module")
def whole(endpoint: Site, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    who = collector(endpoint, MANAGEMENT, policy_of(ALL))
    folder = tmp_path_factory.mktemp("whole") / "out"
    before = len(list(endpoint.started.store.events()))
    missing = collect(as_user(endpoint, who), folder, ALL)
    events = list(endpoint.started.store.events())
    return Whole(folder, missing, events[: len(events) - before])


def test_what_is_collected_is_the_estate_of_the_endpoint(endpoint: Site, whole: Whole) -> None:
    missing = whole.missing
    found, held = load_estate(whole.folder), endpoint.started.world.estate
    assert not [text for text in missing if "AccessDenied" in text]
    assert set(found.accounts) == {MANAGEMENT, ACCOUNT, PARTNER}
    ours, theirs = found.accounts[ACCOUNT], held.accounts[ACCOUNT]
    bare = {name: replace(user, keys={}) for name, user in theirs.users.items()}
    assert ours.users.keys() == bare.keys()
    assert {n: r.trust.text for n, r in ours.roles.items()} == {
        n: json.dumps(json.loads(r.trust.text), separators=(",", ":"))
        for n, r in theirs.roles.items()
    }
    assert ours.password_policy == theirs.password_policy
    assert ours.oidc_providers == theirs.oidc_providers
    assert ours.alias == "acme-images"
    assert set(ours.mfa_devices) == set(theirs.mfa_devices)
    assert set(ours.instance_profiles) == {"web"}
    function, original = ours.functions["us-east-1/Resize"], theirs.functions["us-east-1/Resize"]
    assert {q: p.text for q, p in function.policies.items()} == {
        q: p.text for q, p in original.policies.items()
    }
    assert set(function.policies) == {"", "live"}
    assert (function.aliases, function.tags) == (original.aliases, {"team": "blue"})
    assert function.urls.keys() == {""}
    (tree,) = found.organizations.values()
    assert tree.path_of(ACCOUNT)[-2:] == (OU, ACCOUNT)
    (original_tree,) = held.organizations.values()
    assert tree.attachments.keys() == original_tree.attachments.keys()
    assert tree.policies.keys() == original_tree.policies.keys()


def test_an_account_that_cannot_be_entered_is_named_once(endpoint: Site, tmp_path: Path) -> None:
    wanted = replace(ALL, regions=("us-east-1",), role="nobody")
    manager = as_user(endpoint, root_of(endpoint, MANAGEMENT))
    missing = collect(manager, tmp_path / "out", wanted)
    assert len([text for text in missing if PARTNER in text]) == 1
    assert any(text.startswith(f"account {PARTNER}: as `nobody`: sts:") for text in missing)
    assert set(load_estate(tmp_path / "out").accounts) == {MANAGEMENT}


def test_what_the_endpoint_does_not_have_is_named_as_missing(
    endpoint: Site, tmp_path: Path
) -> None:
    missing = collect(as_user(endpoint, endpoint.root), tmp_path / "out", OWN)
    assert any("account name of" in t and "account:GetAccountInformation" in t for t in missing)
    assert set(missing) <= set(load_estate(tmp_path / "out").missing)


def test_values_of_variables_and_links_to_code_are_left_out(endpoint: Site, tmp_path: Path) -> None:
    who = as_user(endpoint, endpoint.root)
    collect(who, tmp_path / "out", OWN)
    text = "".join(path.read_text() for path in tmp_path.rglob("*.json"))
    assert '"TOKEN": ""' in text
    assert "do not tell" not in text
    assert '"Location"' not in text
    collect(who, tmp_path / "all", replace(OWN, secrets=True))
    function = load_estate(tmp_path / "all").accounts[ACCOUNT].functions["us-east-1/Resize"]
    assert function.latest.environment == {"TOKEN": "do not tell"}


def test_the_policy_has_nothing_that_is_not_used(whole: Whole) -> None:
    recent, policy = whole.events, policy_of(ALL)
    assert not [e for e in recent if e.get("errorCode") == "AccessDenied"]
    used = {f"{e['eventSource'].partition('.')[0]}:{_unversioned(e['eventName'])}" for e in recent}
    first, second = policy["Statement"]
    granted = {*first["Action"], second["Action"]}
    implemented = {"iam", "lambda", "organizations", "sts"}
    assert {a for a in granted if a.partition(":")[0] in implemented} <= used


def _unversioned(name: str) -> str:
    """Lambda's events carry the date of the API: ``ListFunctions20150331``."""
    return re.sub(r"20\d{6}(v2)?$", "", name)


def test_without_one_action_of_the_policy_something_is_missing(
    endpoint: Site, tmp_path: Path
) -> None:
    policy = policy_of(OWN)
    dropped = "iam:GetAccountAuthorizationDetails"
    policy["Statement"][0]["Action"].remove(dropped)
    who = collector(endpoint, ACCOUNT, policy)
    (told,) = [
        text
        for text in collect(as_user(endpoint, who), tmp_path / "out", OWN)
        if "AccessDenied" in text
    ]
    assert "users, groups, roles and policies" in told
    assert dropped in told
    assert f"iam of {ACCOUNT}" in load_estate(tmp_path / "out").missing


def test_refused_parts_are_read_when_they_are_allowed_later(endpoint: Site, tmp_path: Path) -> None:
    weak = collector(endpoint, ACCOUNT, json.loads(allow("iam:List*")))
    first = collect(as_user(endpoint, weak), tmp_path / "out", OWN)
    assert any("lambda:ListFunctions" in text for text in first)
    second = collect(as_user(endpoint, endpoint.root), tmp_path / "out", OWN, resume=True)
    assert not any("lambda:ListFunctions" in text for text in second)
    found = load_estate(tmp_path / "out").accounts[ACCOUNT]
    assert "us-east-1/Resize" in found.functions


class Stops(LiveAws):
    """An AWS that is switched off after some calls."""

    left = 10

    def call(
        self, service: str, operation: str, /, region: str | None = None, **given: object
    ) -> dict[str, Any]:
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt
        return super().call(service, operation, region, **given)


def test_a_stopped_collection_says_so_and_goes_on(endpoint: Site, tmp_path: Path) -> None:
    live = as_user(endpoint, endpoint.root)
    stops = Stops(live._session, "us-east-1", endpoint.url)  # noqa: SLF001 - its own class
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        collect(stops, out, OWN)
    assert any("--resume" in text for text in load_estate(out).missing)
    done = {path: path.stat().st_mtime_ns for path in out.glob("accounts/**/*.json")}
    assert done
    missing = collect(live, out, OWN, resume=True)
    assert not any("--resume" in text for text in missing)
    assert {path: path.stat().st_mtime_ns for path in done} == done
    assert "us-east-1/Resize" in load_estate(out).accounts[ACCOUNT].functions


def test_a_folder_with_something_else_in_it_is_left_alone(endpoint: Site, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    live = as_user(endpoint, endpoint.root)
    with pytest.raises(EstateError, match="is not an empty folder; nothing was written"):
        collect(live, tmp_path, OWN)
    with pytest.raises(EstateError, match="was not made by `clearance collect`"):
        collect(live, tmp_path, OWN, resume=True)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_another_account_cannot_go_on_with_a_collection(endpoint: Site, tmp_path: Path) -> None:
    collect(as_user(endpoint, endpoint.root), tmp_path / "out", OWN)
    other = as_user(endpoint, root_of(endpoint, PARTNER))
    with pytest.raises(EstateError, match=f"begun with {ACCOUNT}, not {PARTNER}"):
        collect(other, tmp_path / "out", OWN, resume=True)


def test_credentials_that_do_not_work_stop_the_collection(endpoint: Site, tmp_path: Path) -> None:
    stranger = as_user(endpoint, Credentials("AKIAUNKNOWNUNKNOWN00", "x" * 40))
    with pytest.raises(EstateError, match="AWS does not say who we are: sts:GetCallerIdentity"):
        collect(stranger, tmp_path / "out", OWN)
    assert not (tmp_path / "out").exists()

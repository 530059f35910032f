"""clearance history --logs: foreign trails, and the endpoint's own, which come to its estate."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.batch.changes.past import allow, change
from tests.batch.events import HOME, write
from tests.cli.run import clearance
from tests.endpoints import ACCOUNT, LAMBDA_TRUST, site, small_estate, trust

from clearance import wiring
from clearance.batch.changes.events import changes_in
from clearance.batch.changes.fold import fold
from clearance.batch.read import Found, files_in, records
from clearance.facts.managed_policies import with_aws_managed
from clearance.model.estate import Account, Estate


def shape(account: Account) -> dict[str, Any]:
    """What decides in an account; texts as values, since trails spell JSON in their own way."""
    return {
        "users": {
            n: (u.id, u.path, {k: json.loads(v) for k, v in u.inline.items()}, u.attached,
                u.groups, u.boundary, sorted(u.keys), {k.id: k.active for k in u.keys.values()})
            for n, u in account.users.items()
        },
        "groups": {
            n: (g.id, {k: json.loads(v) for k, v in g.inline.items()}, g.attached)
            for n, g in account.groups.items()
        },
        "roles": {
            n: (r.id, json.loads(r.trust.text), {k: json.loads(v) for k, v in r.inline.items()},
                r.attached, r.boundary)
            for n, r in account.roles.items()
        },
        "policies": {
            a: (p.default_version, {k: json.loads(v.text) for k, v in p.versions.items()})
            for a, p in account.policies.items()
        },
        "functions": {
            k: (f.latest.role, {q: json.loads(h.text)["Statement"] for q, h in f.policies.items()})
            for k, f in account.functions.items()
        },
    }  # fmt: skip


def busy(found: Any) -> None:
    """What an administrator does on a long day."""
    iam, functions = found.client("iam"), found.client("lambda")
    iam.create_user(UserName="eve", Path="/team/")
    iam.create_group(GroupName="staff")
    iam.add_user_to_group(UserName="eve", GroupName="staff")
    iam.put_group_policy(GroupName="staff", PolicyName="g", PolicyDocument=allow("sqs:*"))
    iam.put_user_policy(UserName="eve", PolicyName="u", PolicyDocument=allow("s3:GetObject"))
    key = iam.create_access_key(UserName="eve")["AccessKey"]["AccessKeyId"]
    iam.update_access_key(UserName="eve", AccessKeyId=key, Status="Inactive")
    role = iam.create_role(RoleName="worker", AssumeRolePolicyDocument=LAMBDA_TRUST)["Role"]["Arn"]
    arn = iam.create_policy(PolicyName="p", PolicyDocument=allow("s3:*"))["Policy"]["Arn"]
    iam.create_policy_version(
        PolicyArn=arn, PolicyDocument=allow("s3:GetObject"), SetAsDefault=True
    )
    iam.attach_role_policy(RoleName="worker", PolicyArn=arn)
    iam.put_user_permissions_boundary(UserName="eve", PermissionsBoundary=arn)
    iam.delete_user_permissions_boundary(UserName="eve")
    function = found.function("resize", Role=role)
    functions.add_permission(
        FunctionName="resize", StatementId="s", Action="lambda:InvokeFunction",
        Principal="s3.amazonaws.com", SourceArn="arn:aws:s3:::b", SourceAccount=ACCOUNT,
    )  # fmt: skip
    iam.update_assume_role_policy(
        RoleName="app", PolicyDocument=trust(AWS=f"arn:aws:iam::{ACCOUNT}:user/team/eve")
    )
    iam.put_role_policy(
        RoleName="worker", PolicyName="own", PolicyDocument=allow("lambda:*", function)
    )
    iam.remove_user_from_group(UserName="eve", GroupName="staff")
    iam.delete_user_policy(UserName="ana", PolicyName="p0")


def test_folding_the_endpoints_own_trail_comes_to_its_own_estate(tmp_path: Path) -> None:
    start = small_estate()
    with site(start, tmp_path / "data") as found:
        found.client("iam").put_user_policy(
            UserName="ana", PolicyName="p0", PolicyDocument=allow("s3:*")
        )
        busy(found)
        expected = found.started.world.estate
    ran = clearance("trail", tmp_path / "logs", "--data", tmp_path / "data")
    assert ran.code == 0, ran.err
    read = Found()
    calls = changes_in(records(files_in([tmp_path / "logs"]), read))
    assert len(calls) >= 20
    estate: Estate = with_aws_managed(start)
    for done in calls:
        folded = fold(estate, done)
        assert (folded.problem, folded.lacking) == (None, ()), (done.operation, folded)
        estate = folded.estate
    assert shape(estate.accounts[ACCOUNT]) == shape(expected.accounts[ACCOUNT])
    wiring.save_estate(start, tmp_path / "start.json")
    ran = clearance(
        "history", "--logs", tmp_path / "logs", "-e", tmp_path / "start.json", "--effect",
        "--resource", "worker",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    assert "iam:AttachRolePolicy" in ran.out
    assert "effect on access:" in ran.out
    assert "iam:CreateGroup" not in ran.out
    assert "was not known before" not in ran.out


@pytest.fixture
def log(tmp_path: Path) -> Path:
    stop = change("cloudtrail", "StopLogging", {"name": "main"}, eventID="e2",
                  eventTime="2026-03-02T00:00:00Z")  # fmt: skip
    put = change("iam", "PutRolePolicy", {"roleName": "app", "policyName": "p", "policyDocument":
                 allow("s3:GetObject")}, eventID="e1")  # fmt: skip
    read = change("iam", "GetRole", {"roleName": "app"}, eventID="e3")
    return write(tmp_path / "log.json", stop, put, read)


def test_who_when_from_where_and_what(log: Path) -> None:
    ran = clearance("history", "--logs", log)
    assert ran.code == 0, ran.err
    for text in (
        "2026-03-01T12:00:00Z  iam:PutRolePolicy", f"by arn:aws:iam::{HOME}:user/ana",
        "from 203.0.113.7, us-east-1, aws-cli/2", "ALERT [logging-off]", "trail main stopped",
        "role app was not known before", "2 changes, 1 of them suspicious",
    ):  # fmt: skip
        assert text in ran.out, text
    assert "GetRole" not in ran.out
    assert all(len(line) <= 100 for line in ran.out.splitlines())


def test_what_callers_send_does_not_reach_the_terminal_as_commands(tmp_path: Path) -> None:
    odd = change("iam", "CreateUser", {"userName": "eve"}, userAgent="\x1b]0;owned\x07\x1b[2J")
    ran = clearance("history", "--logs", write(tmp_path / "log.json", odd))
    assert ran.code == 0, ran.err
    assert "\x1b" not in ran.out
    assert "?]0;owned?" in ran.out


def test_alerting(log: Path) -> None:
    ran = clearance("history", "--logs", log, "--suspicious", "--alert", "--json")
    assert ran.code == 1
    (only,) = json.loads(ran.out)
    assert (only["operation"], only["level"]) == ("StopLogging", "alert")
    assert only["findings"] == [
        {"id": "logging-off", "level": "alert", "says": "trail main stopped"}
    ]
    assert clearance("history", "--logs", log, "--resource", "app", "--alert").code == 0
    one = clearance("history", "--logs", log, "--limit", "1").out
    assert "1 older changes are not shown" in one


def test_a_dataset_does_not_hold_enough(log: Path) -> None:
    assert clearance("logs", "ingest", log, "--to", log.parent / "set").code == 0
    ran = clearance("history", "--logs", log.parent / "set")
    assert (ran.code, "give CloudTrail's own files" in ran.err) == (2, True), ran


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--logs", "nowhere"), "does not exist"),
        (("--logs", "{log}", "-e", "nowhere"), "does not exist"),
        (("--logs", "{log}", "--trusted", "acme"), "is not an account ID"),
        (("--suspicious",), "go with --logs"),
        (("--logs", "{log}", "--since", "soon"), "is not a moment"),
    ],
)
def test_bad_input_says_what_to_do(log: Path, words: tuple[str, ...], told: str) -> None:
    ran = clearance("history", *(word.replace("{log}", str(log)) for word in words))
    assert (ran.code, told in ran.err) == (2, True), ran

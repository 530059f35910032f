"""The way of a call, over boto3 and a real socket."""

from __future__ import annotations

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from tests.endpoints import (
    ACCOUNT,
    LAMBDA_TRUST,
    REGION,
    Credentials,
    Failure,
    Site,
    allow,
    attempt,
    credentials_of,
    document,
    host_of,
    key_of,
    message,
    send,
    site,
    small_estate,
    trust,
    zipped,
)

from clearance.model.errors import StoreError
from clearance.store.port import ReadOnly
from clearance.wire.sigv4 import sign

ANA = credentials_of(key_of("ana"))
ANA_ARN = f"arn:aws:iam::{ACCOUNT}:user/ana"
PROCESS = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:ProcessImages"
DENIED = (
    f"User: {ANA_ARN} is not authorized to perform: lambda:InvokeFunction on resource: {PROCESS} "
    "because no identity-based policy allows the lambda:InvokeFunction action"
)


def test_the_story_from_denial_to_fix() -> None:
    with site(small_estate()) as found:
        admin, iam = found.client("lambda"), found.client("iam")
        role = found.role("ProcessImagesRole", trust(Service="ec2.amazonaws.com"))
        given = {
            "FunctionName": "ProcessImages",
            "Role": role,
            "Runtime": "python3.11",
            "Handler": "app.handler",
            "Code": {"ZipFile": zipped("def handler(e, c):\n    return {'sum': sum(e)}\n")},
        }
        assert attempt(admin.create_function, **given) == Failure(
            "InvalidParameterValueException",
            "The role defined for the function cannot be assumed by Lambda.",
            400,
        )
        iam.update_assume_role_policy(RoleName="ProcessImagesRole", PolicyDocument=LAMBDA_TRUST)
        assert admin.create_function(**given)["FunctionArn"] == PROCESS

        ana = found.client("lambda", ANA)
        call = {"FunctionName": "ProcessImages", "Payload": b"[1, 2, 3]"}
        assert attempt(ana.invoke, **call) == Failure("AccessDeniedException", DENIED, 403)
        iam.put_user_policy(
            UserName="ana", PolicyName="run", PolicyDocument=allow("lambda:InvokeFunction", PROCESS)
        )
        answer = ana.invoke(**call)
        assert json.loads(answer["Payload"].read()) == {"sum": 6}
        assert "FunctionError" not in answer

        assert attempt(
            found.client("sts", ANA).assume_role,
            RoleArn=f"arn:aws:iam::{ACCOUNT}:role/app",
            RoleSessionName="s1",
        ) == Failure(
            "AccessDenied",
            f"User: {ANA_ARN} is not authorized to perform: sts:AssumeRole on resource: "
            f"arn:aws:iam::{ACCOUNT}:role/app",
            403,
        )
        names = [(e["eventName"], e.get("errorCode")) for e in found.events()]
        assert names == [
            ("CreateRole", None),
            ("CreateFunction", "InvalidParameterValueException"),
            ("UpdateAssumeRolePolicy", None),
            ("CreateFunction", None),
            ("Invoke", "AccessDenied"),
            ("PutUserPolicy", None),
            ("Invoke", None),
            ("AssumeRole", "AccessDenied"),
        ]


def test_a_denial_is_what_the_protocol_sends(endpoint: Site) -> None:
    iam = message(
        "POST",
        "/",
        b"Action=GetUser&UserName=app&Version=2010-05-08",
        host=host_of(endpoint.url),
        content_type="application/x-www-form-urlencoded",
    )
    now = endpoint.started.world.now()
    signed = sign(iam, ANA.key, ANA.secret, now, region=REGION, service="iam")
    answer = send(endpoint.url, signed)
    assert (answer.status, answer.headers["content-type"]) == (403, "text/xml")
    identity = answer.headers["x-amzn-requestid"]
    text = f"User: {ANA_ARN} is not authorized to perform: iam:GetUser on resource: user app"
    assert answer.text.replace("\n", "").replace("  ", "") == (
        '<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error>'
        f"<Type>Sender</Type><Code>AccessDenied</Code><Message>{text} because no identity-based "
        "policy allows the iam:GetUser action</Message></Error>"
        f"<RequestId>{identity}</RequestId></ErrorResponse>"
    )
    run = message(
        "POST",
        "/2015-03-31/functions/ProcessImages/invocations",
        b"{}",
        host=host_of(endpoint.url),
    )
    signed = sign(run, ANA.key, ANA.secret, now, region=REGION, service="lambda")
    answer = send(endpoint.url, signed)
    assert answer.status == 403
    assert answer.headers["x-amzn-errortype"].startswith("AccessDeniedException")
    assert json.loads(answer.body) == {"Message": DENIED}
    assert answer.headers["x-amzn-requestid"] != identity


def test_root_may_do_everything_and_identity_is_told_to_everybody(endpoint: Site) -> None:
    deny = document({"Effect": "Deny", "Action": "*", "Resource": "*"})
    who = endpoint.user("nobody", deny)
    told = endpoint.client("sts", who).get_caller_identity()
    assert told["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/nobody"
    assert endpoint.client("sts").get_caller_identity()["Arn"].endswith(":root")
    assert "Users" in endpoint.client("iam").list_users()


# --- what is recorded -----------------------------------------------------------------------------


def test_every_call_leaves_one_event() -> None:
    with site(small_estate()) as found:
        iam, mine = found.client("iam"), found.client("iam", ANA)
        sts = found.client("sts", ANA)
        attempt(iam.create_user, UserName="ben")
        attempt(iam.create_user, UserName="ben")  # EntityAlreadyExists
        attempt(iam.get_user, UserName="nobody")  # NoSuchEntity
        attempt(mine.list_users)  # denied
        attempt(sts.get_caller_identity)
        attempt(iam.create_user, UserName="a/b")  # malformed
        attempt(found.client("ec2").describe_vpcs)  # not implemented
        attempt(found.client("sts", Credentials("AKIANOBODY", "x")).get_caller_identity)
        events = found.events()
        assert [(e["eventName"], e.get("errorCode"), e["readOnly"]) for e in events] == [
            ("CreateUser", None, False),
            ("CreateUser", "EntityAlreadyExistsException", False),
            ("GetUser", "NoSuchEntityException", True),
            ("ListUsers", "AccessDenied", True),
            ("GetCallerIdentity", None, True),
            ("CreateUser", "ValidationError", False),
            ("DescribeVpcs", "NotImplemented", True),
            ("GetCallerIdentity", "InvalidClientTokenId", True),
        ]
        created, denied = events[0], events[3]
        assert created["userIdentity"]["type"] == "Root"
        assert created["requestParameters"] == {"userName": "ben"}
        assert created["responseElements"]["user"]["userName"] == "ben"
        assert denied["userIdentity"] == {
            "type": "IAMUser",
            "principalId": "AIDAANAXXXXXXXXXXXXXX",
            "arn": ANA_ARN,
            "accountId": ACCOUNT,
            "accessKeyId": ANA.key,
            "userName": "ana",
        }
        assert denied["errorMessage"].endswith(
            "because no identity-based policy allows the iam:ListUsers action"
        )
        decision = denied["additionalEventData"]["decisions"][0]
        assert decision["evaluatedEffect"] == "IMPLICIT_DENY"
        assert {e["sourceIPAddress"] for e in events} == {"127.0.0.1"}
        assert all("Boto3" in e["userAgent"] for e in events)
        assert len({e["eventID"] for e in events}) == len(events)


def test_secrets_are_not_in_the_trail() -> None:
    with site(small_estate()) as found:
        user = found.user("ben", allow("sts:*"))
        found.client("iam").create_login_profile(UserName="ben", Password="hunter2-Hunter2!")
        made = found.client("sts", user).get_session_token()["Credentials"]
        found.function("f", Environment={"Variables": {"TOKEN": "open-sesame"}})
        text = json.dumps(found.events())
        journal = "".join(str(r.entry) for r in found.started.store.history())
        for secret in (
            user.secret,
            "hunter2",
            made["SecretAccessKey"],
            made["SessionToken"],
            "open-sesame",
        ):
            assert secret not in text
            assert secret not in journal


# --- bad input ------------------------------------------------------------------------------------

BAD_POLICIES = [
    ("{", "Syntax errors in policy."),
    ("[]", "Syntax errors in policy."),
    (document({"Effect": "Permit", "Action": "*", "Resource": "*"}), None),
    (document({"Effect": "Allow", "Action": "*"}), "Policy statement must contain resources."),
    (document({"Effect": "Allow", "Resource": "*"}), "Policy statement must contain actions."),
    (
        document(
            {
                "Effect": "Allow",
                "Action": "*",
                "Resource": "*",
                "Condition": {"StringEqualz": {"aws:username": "a"}},
            }
        ),
        None,
    ),
    ('{"Version":"2012-10-17","Version":"2012-10-17","Statement":[]}', None),
    ('{"Version":"2013-01-01","Statement":[]}', None),
    (document({"Effect": "Allow", "Action": "*", "Resource": "*", "Principal": "*"}), None),
]


@pytest.mark.parametrize(("text", "words"), BAD_POLICIES)
def test_a_malformed_policy_is_refused_when_it_is_saved(
    endpoint: Site, text: str, words: str | None
) -> None:
    iam = endpoint.client("iam")
    answer = attempt(iam.put_user_policy, UserName="ana", PolicyName="bad", PolicyDocument=text)
    assert isinstance(answer, Failure)
    assert (answer.code, answer.status) == ("MalformedPolicyDocument", 400)
    assert words is None or answer.message == words
    answer = attempt(iam.create_policy, PolicyName="bad", PolicyDocument=text)
    assert (answer.code, answer.status) == ("MalformedPolicyDocument", 400)
    assert "bad" not in iam.list_user_policies(UserName="ana")["PolicyNames"]


def test_a_malformed_trust_policy_is_refused(endpoint: Site) -> None:
    iam = endpoint.client("iam")
    for text in ("{", allow("sts:AssumeRole"), trust(AWS="nobody")):
        answer = attempt(iam.create_role, RoleName="bad", AssumeRolePolicyDocument=text)
        assert (answer.code, answer.status) == ("MalformedPolicyDocument", 400)


@pytest.mark.parametrize(
    ("service", "call", "given", "code", "status"),
    [
        ("iam", "create_user", {"UserName": "a b"}, "ValidationError", 400),
        ("iam", "create_user", {}, "ValidationError", 400),
        ("iam", "get_user", {"UserName": "x" * 200}, "ValidationError", 400),
        ("sts", "assume_role", {"RoleArn": "x", "RoleSessionName": "s"}, "ValidationError", 400),
        (
            "sts",
            "assume_role",
            {"RoleArn": "arn:aws:iam::1:role/a", "RoleSessionName": "s"},
            None,
            400,
        ),
        ("lambda", "get_function", {"FunctionName": "a b"}, "ValidationException", 400),
        (
            "lambda",
            "get_function",
            {"FunctionName": "nobody"},
            "ResourceNotFoundException",
            404,
        ),
        ("lambda", "create_function", {"FunctionName": "f"}, "ValidationException", 400),
        ("organizations", "describe_policy", {"PolicyId": "x"}, None, 400),
    ],
)
def test_input_that_does_not_fit(
    endpoint: Site, service: str, call: str, given: dict[str, Any], code: str | None, status: int
) -> None:
    answer = attempt(getattr(endpoint.client(service), call), **given)
    assert isinstance(answer, Failure)
    assert answer.status == status, answer
    assert code is None or answer.code == code, answer
    assert "Traceback" not in answer.message


def test_a_payload_over_six_megabytes(endpoint: Site) -> None:
    endpoint.function("large")
    payload = b'"' + b"x" * (6 * 1024 * 1024) + b'"'
    run = endpoint.client("lambda").invoke
    answer = attempt(run, FunctionName="large", Payload=payload)
    assert (answer.code, answer.status) == ("RequestTooLargeException", 413)
    answer = attempt(run, FunctionName="large", Payload=payload, InvocationType="Event")
    assert (answer.code, answer.status) == ("RequestTooLargeException", 413)
    answer = attempt(run, FunctionName="large", Payload=b"{")
    assert (answer.code, answer.status) == ("InvalidRequestContentException", 400)


def test_a_body_over_every_limit(endpoint: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clearance.server.app.BODY_LIMIT", 1000)
    answer = send(endpoint.url, message("POST", "/", b"x" * 2000, host=host_of(endpoint.url)))
    assert answer.status == 413
    assert "too large" in answer.text
    assert endpoint.client("sts").get_caller_identity()


@pytest.mark.parametrize(
    ("target", "headers", "body", "service", "status", "words"),
    [
        ("/", {"x-amz-target": "AWSOrganizationsV20161128.Nothing"}, b"{}", "organizations", 400,
         "UnknownOperationException"),
        ("/", {"x-amz-target": "AWSOrganizationsV20161128.ListRoots"}, b"{", "organizations", 400,
         "SerializationException"),
        ("/", {}, b"Action=Nothing&Version=2010-05-08", "iam", 400, "InvalidAction"),
        ("/", {}, b"Version=2010-05-08", "iam", 400, "MissingAction"),
        ("/nothing", {}, b"", "lambda", 404, "UnknownOperationException"),
        ("/2015-03-31/functions", {}, b"{", "lambda", 400, "SerializationException"),
        ("/2015-03-31/functions", {}, b"\xff\xfe", "lambda", 400, "SerializationException"),
        ("/2015-03-31/functions", {}, b"[1]", "lambda", 400, "SerializationException"),
    ],
)  # fmt: skip
def test_requests_that_mean_nothing(
    endpoint: Site,
    target: str,
    headers: dict[str, str],
    body: bytes,
    service: str,
    status: int,
    words: str,
) -> None:
    kind = "application/x-amz-json-1.1" if headers else "application/x-www-form-urlencoded"
    given = message("POST", target, body, host=host_of(endpoint.url), content_type=kind, **headers)
    root = endpoint.root
    now = endpoint.started.world.now()
    signed = sign(given, root.key, root.secret, now, region=REGION, service=service)
    answer = send(endpoint.url, signed)
    assert answer.status == status, answer
    assert words in answer.text + answer.headers.get("x-amzn-errortype", "")
    assert "Traceback" not in answer.text


def test_what_is_not_implemented_says_so_but_only_to_who_may(endpoint: Site) -> None:
    answer = attempt(endpoint.client("ec2").describe_vpcs)
    assert (answer.code, answer.status) == ("NotImplemented", 501)
    assert "ec2:DescribeVpcs is not implemented by this endpoint" in answer.message
    answer = attempt(endpoint.client("ecr").describe_repositories)
    assert (answer.code, answer.status) == ("NotImplemented", 501)
    answer = attempt(endpoint.client("s3", ANA).list_buckets)
    assert (answer.code, answer.status) == ("AccessDenied", 403)


def test_a_bug_of_ours_is_an_error_not_a_dead_server(
    endpoint: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    from clearance.server import calls

    table = {**calls.OPERATIONS, "iam": {**calls.OPERATIONS["iam"], "ListUsers": broken}}
    monkeypatch.setattr("clearance.server.endpoint.OPERATIONS", table)
    with caplog.at_level(logging.CRITICAL):
        answer = attempt(endpoint.client("iam").list_users)
    assert (answer.code, answer.status) == ("InternalFailure", 500)
    assert "ZeroDivision" not in answer.message
    assert "Roles" in endpoint.client("iam").list_roles()


def test_a_change_that_cannot_be_kept_is_not_made(
    endpoint: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    iam = endpoint.client("iam")
    store = endpoint.started.store
    for error, code, status in (
        (StoreError("disk on fire"), "InternalFailure", 500),
        (ReadOnly("the disk is full"), "ServiceUnavailable", 503),
    ):

        def fails(*_: object, error: Exception = error, **__: object) -> int:
            raise error

        with monkeypatch.context() as patch, caplog.at_level(logging.CRITICAL):
            patch.setattr(type(store), "commit", fails)
            answer = attempt(iam.create_user, UserName="lost")
        assert (answer.code, answer.status) == (code, status)
        assert attempt(iam.get_user, UserName="lost").code == "NoSuchEntity"
    iam.create_user(UserName="lost")


SHORT = document({"Effect": "Deny", "Action": "*", "Resource": "*"})


# --- together -------------------------------------------------------------------------------------


def test_clients_at_once_lose_no_update(endpoint: Site) -> None:
    iam = endpoint.client("iam")
    iam.create_user(UserName="busy")

    def work(number: int) -> None:
        iam.put_user_policy(UserName="busy", PolicyName=f"p{number}", PolicyDocument=SHORT)
        iam.tag_user(UserName="busy", Tags=[{"Key": f"k{number}", "Value": "v"}])
        assert f"p{number}" in iam.list_user_policies(UserName="busy")["PolicyNames"]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(20)))
    names = iam.list_user_policies(UserName="busy")["PolicyNames"]
    assert sorted(names) == sorted(f"p{n}" for n in range(20))
    assert len(iam.list_user_tags(UserName="busy")["Tags"]) == 20


def test_a_limit_holds_when_many_run_against_it(endpoint: Site) -> None:
    iam = endpoint.client("iam")
    iam.create_user(UserName="keys")
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: attempt(iam.create_access_key, UserName="keys"), range(8)))
    codes = [m.code for m in made if isinstance(m, Failure)]
    assert codes == ["LimitExceeded"] * 6
    assert len(iam.list_access_keys(UserName="keys")["AccessKeyMetadata"]) == 2


def test_reading_goes_on_while_others_write(endpoint: Site) -> None:
    iam, sts = endpoint.client("iam"), endpoint.client("sts", ANA)

    def write(number: int) -> None:
        iam.create_group(GroupName=f"g{number}")

    def read(_: int) -> str:
        return str(sts.get_caller_identity()["Arn"])

    with ThreadPoolExecutor(6) as pool:
        writes = pool.map(write, range(20))
        assert set(pool.map(read, range(60))) == {ANA_ARN}
        list(writes)
    assert len(iam.list_groups()["Groups"]) == 20


def test_a_wrong_secret_is_not_told_apart_by_what_it_may(endpoint: Site) -> None:
    """Nothing about permissions or resources leaks to who is not authenticated."""
    wrong = replace(ANA, secret="wrong")
    for name in ("ProcessImages", "nothing-here"):
        answer = attempt(endpoint.client("lambda", wrong).get_function, FunctionName=name)
        assert answer.code == "InvalidSignatureException"
    for call in ("get_function", "invoke"):
        answer = attempt(getattr(endpoint.client("lambda", ANA), call), FunctionName="nothing-here")
        assert answer.code == "AccessDeniedException"

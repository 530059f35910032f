"""Messages as AWS, its SDKs and its tools print them; and what no denial is."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from clearance.explain.message import (
    Denial,
    Effect,
    Form,
    PolicyType,
    Principal,
    PrincipalKind,
    is_redacted,
    parse,
    render,
    sentence,
)

VECTORS = Path(__file__).parents[1] / "vectors" / "messages"
FILES = {path.stem: json.loads(path.read_text()) for path in sorted(VECTORS.glob("*.json"))}
CASES = [
    pytest.param(case, id=f"{name}-{case['name']}")
    for name, file in FILES.items()
    for case in file["cases"]
]
USER = "arn:aws:iam::123456789012:user/ana"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:orders"

# How the people who labelled the messages named what a sentence states.
TYPES = {
    "identity": PolicyType.IDENTITY_BASED,
    "resource": PolicyType.RESOURCE_BASED,
    "boundary": PolicyType.PERMISSIONS_BOUNDARY,
    "session": PolicyType.SESSION,
    "scp": PolicyType.SERVICE_CONTROL,
    "rcp": PolicyType.RESOURCE_CONTROL,
    "vpce": PolicyType.VPC_ENDPOINT,
    "trust": PolicyType.ROLE_TRUST,
}
REASONS = {
    "kms-composite": "the resource does not exist in this Region",
    "s3-blocked-encryption": "this bucket has blocked upload requests",
    "s3-bpa": "public policies are prevented by the BlockPublicPolicy setting",
}


def told(denial: Denial) -> dict[str, Any]:
    """The denial as the vectors write it."""
    facts = {
        "form": denial.form.value,
        "principal": denial.principal.text if denial.principal else None,
        "action": denial.action,
        "resource": denial.resource,
        "effect": denial.effect.value if denial.effect else None,
        "policy_type": denial.policy_type.name if denial.policy_type else None,
        "policy_arn": denial.policy_arn,
        "via": denial.via.name if denial.via else None,
        "service_reason": denial.service_reason,
        "authorization_id": denial.authorization_id,
        "encoded_message": denial.encoded_message,
        "error_code": denial.error_code,
        "api_operation": denial.api_operation,
        "wrappers": list(denial.wrappers) or None,
        "redacted": denial.redacted or None,
    }
    return {key: value for key, value in facts.items() if value is not None}


@pytest.mark.parametrize("case", CASES)
def test_every_denial_of_a_message_is_told(case: dict[str, Any]) -> None:
    assert [told(denial) for denial in parse(case["text"])] == case["denials"]


@pytest.mark.parametrize("case", CASES)
def test_a_span_holds_its_sentence(case: dict[str, Any]) -> None:
    for denial in parse(case["text"]):
        start, end = denial.span
        assert 0 <= start < end <= len(case["text"])
        assert denial in parse(case["text"][start:end])


@pytest.mark.parametrize("case", FILES["labelled"]["cases"], ids=lambda case: case["name"])
def test_the_labelled_layer_is_recognised(case: dict[str, Any]) -> None:
    (denial,) = parse(case["text"])
    label = case["layer"]
    stated = (denial.effect, denial.policy_type)
    if label in REASONS:
        assert stated == (None, None)
        assert (denial.service_reason or "").startswith(REASONS[label])
    elif label == "explicit-deny-untyped":
        assert stated == (Effect.EXPLICIT, None)
    elif label is None:
        assert stated == (None, None)
    else:
        kind, _, effect = label.partition("-")
        assert stated == (Effect(effect), TYPES[kind])


def test_where_we_leave_a_label_the_reason_is_written_down() -> None:
    differing = [case for case in FILES["labelled"]["cases"] if "label_differs" in case]
    assert len(differing) < 13
    for case in differing:
        for field, difference in case["label_differs"].items():
            assert difference["because"]
            assert case["denials"][0].get(field) != difference["label"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\0\x1b[",
        "hello",
        "you are not authorized to perform magic",
        "is not authorized to perform: ",
        "User: is not authorized to perform: on resource: because no policy allows the action",
        "An error occurred (ExpiredToken) when calling the GetObject operation: expired",
        "An error occurred (ThrottlingException) when calling the Invoke operation: Rate exceeded",
        "because no identity-based policy allows the s3:GetObject action",
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*"}]}',
        "if (message.includes('AccessDenied')) throw error",
    ],
)
def test_what_is_no_denial_gives_none(text: str) -> None:
    assert parse(text) == ()


@pytest.mark.parametrize(
    "piece",
    [
        "User: ",
        "is not authorized to perform: ",
        "User: a is not authorized to perform: s3:a on resource: ",
        "\\",
        "\\n",
        "<",
        "[{",
        "You are not authorized to perform this operation. ",
        "Encoded authorization failure message: ",
        "An error occurred (AccessDenied) when calling the ",
        "with an explicit deny in a ",
        "Go to https://a.console.aws.amazon.com/iam/home?region=",
        "arn:aws:iam::1:user/a\nAction: s3:GetObject\n",
        "AccessDenied: ",
        "a",
        " \n",
    ],
)
def test_the_work_is_linear_in_the_text(piece: str) -> None:
    def seconds(letters: int) -> float:
        text = piece * (letters // len(piece))
        start = time.process_time()
        parse(text)
        return time.process_time() - start

    small, large = seconds(20_000), seconds(160_000)
    # Eight times the text may take sixteen times as long, on a busy machine; the square is 64.
    assert large < 16 * small + 0.5


@pytest.mark.parametrize(
    ("broken", "resource"),
    [
        ("arn:aws:lambda:us-east-\n1:123456789012:function:orders\nnext line", FUNCTION),
        ("arn:aws:lambda:us-east-1:123456789012:\nfunction:orders\nnext line", FUNCTION),
        (f"{FUNCTION}-\n2026-11-23T10:00:00Z INFO next", f"{FUNCTION}-"),
        (f"{FUNCTION}\n    at Request.extractError", FUNCTION),
        (f"{FUNCTION}. Please try again", FUNCTION),
        (f"{FUNCTION}</Message></Error>", FUNCTION),
        (f"'{FUNCTION}', u'__type'", FUNCTION),
        ("+15551234567", "+15551234567"),
    ],
)
def test_an_unfinished_arn_goes_on_in_the_next_line(broken: str, resource: str) -> None:
    text = f"User: {USER} is not authorized to perform: lambda:InvokeFunction on resource: {broken}"
    assert [denial.resource for denial in parse(text)] == [resource]


def test_a_sentence_ends_as_aws_ends_it() -> None:
    text = sentence(
        USER,
        "iam:DeleteRole",
        "arn:aws:iam::123456789012:role/team/app",
        effect=Effect.EXPLICIT,
        policy_type=PolicyType.SERVICE_CONTROL,
        policy_arn="arn:aws:organizations::111111111111:policy/o-a/service_control_policy/p-b",
        authorization_id="9fwl8rk7s35sljltb3mkkdi7f",
        region="us-east-1",
    )
    assert text == (
        f"User: {USER} is not authorized to perform: iam:DeleteRole on resource: role app with an "
        "explicit deny in a service control policy: arn:aws:organizations::111111111111:policy/"
        "o-a/service_control_policy/p-b. Go to https://us-east-1.console.aws.amazon.com/iam/home"
        "?region=us-east-1#/authorization-details/9fwl8rk7s35sljltb3mkkdi7f for complete details,"
        " or call the GetRequestAuthorizationDetails API with the following authorization id: "
        "9fwl8rk7s35sljltb3mkkdi7f"
    )


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (PolicyType.IDENTITY_BASED, "in an identity-based policy"),
        (PolicyType.RESOURCE_BASED, "in a resource-based policy"),
        (PolicyType.PERMISSIONS_BOUNDARY, "in a permissions boundary"),
        (PolicyType.SESSION, "in a session policy"),
        (PolicyType.SERVICE_CONTROL, "in a service control policy"),
        (PolicyType.RESOURCE_CONTROL, "in a resource control policy"),
        (PolicyType.VPC_ENDPOINT, "in a VPC endpoint policy"),
        (PolicyType.ROLE_TRUST, "in the role trust policy"),
    ],
)
def test_each_policy_type_has_its_article(kind: PolicyType, words: str) -> None:
    text = sentence(
        USER, "lambda:InvokeFunction", FUNCTION, effect=Effect.EXPLICIT, policy_type=kind
    )
    assert text.endswith(f"with an explicit deny {words}")


@pytest.mark.parametrize("action", ["sts:AssumeRole", "sts:TagSession"])
def test_whoever_assumes_a_role_is_given_no_reason(action: str) -> None:
    role = "arn:aws:iam::123456789012:role/deploy"
    text = sentence(USER, action, role, effect=Effect.IMPLICIT, policy_type=PolicyType.ROLE_TRUST)
    assert text == f"User: {USER} is not authorized to perform: {action} on resource: {role}"


def test_another_organization_is_given_no_reason() -> None:
    text = sentence(
        USER,
        "lambda:InvokeFunction",
        FUNCTION,
        effect=Effect.EXPLICIT,
        policy_type=PolicyType.RESOURCE_BASED,
        authorization_id="abc",
        cross_organization=True,
    )
    assert text.endswith(f"lambda:InvokeFunction on resource: {FUNCTION}")


def test_s3_quotes_its_resource_and_tells_another_organization_nothing() -> None:
    photo = "arn:aws:s3:::photos/1.jpg"
    reason: dict[str, Any] = {
        "effect": Effect.IMPLICIT,
        "policy_type": PolicyType.IDENTITY_BASED,
    }
    assert f'on resource: "{photo}" because no' in sentence(USER, "s3:GetObject", photo, **reason)
    assert sentence(USER, "s3:GetObject", photo, cross_organization=True) == "Access Denied"
    assert "on resource" not in sentence(USER, "s3:ListAllMyBuckets", "*", **reason)


def test_ec2_adds_the_encoded_message() -> None:
    text = sentence(
        USER,
        "ec2:RunInstances",
        "arn:aws:ec2:us-east-1:123456789012:instance/*",
        effect=Effect.IMPLICIT,
        policy_type=PolicyType.IDENTITY_BASED,
        encoded_message="qoYeuy5DNQMk_k7JauWsrjPn",
    )
    assert text.startswith("You are not authorized to perform this operation. User: ")
    assert text.endswith("action. Encoded authorization failure message: qoYeuy5DNQMk_k7JauWsrjPn")


def test_web_identity_is_told_the_action_only() -> None:
    text = sentence("anyone", "sts:AssumeRoleWithWebIdentity", None)
    assert text == "Not authorized to perform sts:AssumeRoleWithWebIdentity"


@pytest.mark.parametrize("case", FILES["labelled"]["cases"], ids=lambda case: case["name"])
def test_what_is_rendered_again_is_the_same_denial(case: dict[str, Any]) -> None:
    for denial in parse(case["text"]):
        if denial.form is not Form.BARE:
            assert parse(render(denial)) == (denial,)


@pytest.mark.parametrize(
    ("text", "kind", "account", "name", "session"),
    [
        (USER, PrincipalKind.USER, "123456789012", "ana", None),
        (
            "arn:aws:sts::1:assumed-role/app/s-1",
            PrincipalKind.ASSUMED_ROLE,
            "1",
            "app",
            "s-1",
        ),
        ("arn:aws:iam::1:role/team/app", PrincipalKind.ROLE, "1", "app", None),
        ("arn:aws:iam::1:root", PrincipalKind.ROOT, "1", "root", None),
        ("arn:aws:sts::1:federated-user/bo", PrincipalKind.FEDERATED_USER, "1", "bo", None),
        ("events.amazonaws.com", PrincipalKind.SERVICE, None, None, None),
        ("anonymous", PrincipalKind.ANONYMOUS, None, None, None),
        ("<user-arn>", PrincipalKind.UNKNOWN, None, None, None),
    ],
)
def test_a_principal_reads_itself(
    text: str, kind: PrincipalKind, account: str | None, name: str | None, session: str | None
) -> None:
    principal = Principal(text)
    assert principal.kind is kind
    assert (principal.account, principal.name) == (account, name)
    assert principal.session_name == session


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        (USER, False),
        ("arn:aws:s3:::photos/*", False),
        ("arn:aws:iam::aws:policy/AdministratorAccess", False),
        (f"{FUNCTION}:$LATEST", False),
        ("*", False),
        ("arn:aws:iam::****:user/ana", True),
        ("arn:aws:iam::XXXXXXXXXXXX:user/ana", True),
        ("arn:aws:iam::<account>:user/ana", True),
        ("arn:aws:iam::[redacted]:user/ana", True),
        ("arn:aws:iam::123456...:user/ana", True),
        ("arn:aws:sts:::assumed-role/app/s", True),
        ("arn:aws:lambda:us-east-1:REMOVED:function:orders", True),
        ("$user_arn", True),
    ],
)
def test_hidden_parts_are_noticed(text: str, redacted: bool) -> None:  # noqa: FBT001
    assert is_redacted(text) is redacted

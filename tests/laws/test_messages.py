"""Laws of AWS's sentences: what is written is read again, whatever the text goes through."""

import json
from collections.abc import Callable
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from clearance.explain.message import Denial, Effect, Form, PolicyType, parse, render, state
from clearance.explain.sentence import FIXED

_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_NAMES = st.text(_LETTERS + "-_", min_size=1, max_size=24)
_ACCOUNTS = st.from_regex(r"[0-9]{12}", fullmatch=True)
_REGIONS = st.sampled_from(["us-east-1", "eu-central-1", "us-gov-west-1", "cn-north-1"])
_PARTITIONS = st.sampled_from(["aws", "aws-cn", "aws-us-gov"])
_PRINCIPALS = st.one_of(
    st.builds("arn:{}:iam::{}:user/{}".format, _PARTITIONS, _ACCOUNTS, _NAMES),
    st.builds("arn:{}:sts::{}:assumed-role/{}/{}".format, _PARTITIONS, _ACCOUNTS, _NAMES, _NAMES),
    st.builds("arn:aws:sts::{}:federated-user/{}".format, _ACCOUNTS, _NAMES),
    st.builds("arn:aws:iam::{}:root".format, _ACCOUNTS),
    st.sampled_from(["anonymous", "events.amazonaws.com"]),
)
_SERVICES = st.sampled_from(["lambda", "s3", "iam", "ec2", "sqs", "SNS", "kms", "sts", "dynamodb"])
_ACTIONS = st.builds(
    "{}:{}".format,
    _SERVICES,
    st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", min_size=3, max_size=30),
)
_ARNS = st.one_of(
    st.builds("arn:aws:lambda:{}:{}:function:{}".format, _REGIONS, _ACCOUNTS, _NAMES),
    st.builds("arn:aws:lambda:{}:{}:function:{}:$LATEST".format, _REGIONS, _ACCOUNTS, _NAMES),
    st.builds("arn:aws:s3:::{}/{}".format, _NAMES, _NAMES),
    st.builds("arn:aws:iam::{}:role/{}".format, _ACCOUNTS, _NAMES),
    st.builds("arn:aws:execute-api:{}:{}:{}/prod/GET/".format, _REGIONS, _ACCOUNTS, _NAMES),
)
_RESOURCES = st.none() | st.just("*") | _ARNS
_POLICIES = st.builds(
    "arn:aws:organizations::{}:policy/o-{}/service_control_policy/p-{}".format,
    _ACCOUNTS,
    _NAMES,
    _NAMES,
)
_IDS = st.text("0123456789abcdefghijklmnopqrstuvwxyz", min_size=20, max_size=26)
_BLOBS = st.text(_LETTERS + "-_", min_size=16, max_size=200)
STATED = st.builds(
    state,
    _PRINCIPALS,
    _ACTIONS,
    _RESOURCES,
    effect=st.none() | st.sampled_from(Effect),
    policy_type=st.none() | st.sampled_from(PolicyType),
    policy_arn=st.none() | _POLICIES,
    via=st.none() | st.sampled_from(PolicyType),
    authorization_id=st.none() | _IDS,
    region=_REGIONS,
    encoded_message=st.none() | _BLOBS,
    cross_organization=st.booleans(),
)
PANELS = st.builds(
    lambda denial: replace(
        denial,
        form=Form.PANEL,
        policy_arn=None,
        via=None,
        authorization_id=None,
        region=None,
        encoded_message=None,
        effect=denial.effect if denial.policy_type else None,
    ),
    STATED.filter(lambda it: bool(it.action and it.principal and it.principal.account)),
)
RENDERABLE = st.one_of(STATED, PANELS, st.sampled_from([Denial(form) for form in FIXED]))


@given(RENDERABLE)
@settings(max_examples=200)
def test_what_is_rendered_is_parsed_to_itself(denial: Denial) -> None:
    assert parse(render(denial)) == (denial,)


@given(STATED, st.integers(1, 3))
def test_json_in_json_changes_nothing(denial: Denial, depth: int) -> None:
    text = render(denial)
    for _ in range(depth):
        text = json.dumps({"Message": text})
    assert parse(text) == (denial,)


@given(STATED.filter(lambda denial: denial.effect is not None), st.integers(60, 120))
def test_a_terminal_may_break_a_typed_sentence_anywhere(denial: Denial, width: int) -> None:
    text = render(denial)
    broken = "\n".join(text[at : at + width] for at in range(0, len(text), width))
    (found,) = parse(broken)
    assert (found.action, found.effect) == (denial.action, denial.effect)
    assert (found.policy_type, found.via) == (denial.policy_type, denial.via)
    # a name with blanks cannot tell a broken line from a blank
    if not (denial.resource and " " in denial.resource):
        assert (found.principal, found.resource) == (denial.principal, denial.resource)


WRAPPERS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("botocore", "An error occurred (AccessDenied) when calling the Op operation: {}".format),
    ("aws-cli-v2", "aws: [ERROR]: An error occurred (AccessDenied): {}".format),
    (
        "java-v1",
        "{} (Service: X; Status Code: 403; Error Code: AccessDenied; Request ID: a)".format,
    ),
    (
        "java-v2",
        "{} (Service: X, Status Code: 403, Request ID: a-b, Extended Request ID: c)".format,
    ),
    ("go-v1", "{}\n\tstatus code: 403, request id: a-b".format),
    (
        "go-v2",
        "operation error X: Op, https response error StatusCode: 403, RequestID: a, "
        "api error AccessDenied: {}".format,
    ),
    ("ruby", "{} (Aws::X::Errors::AccessDenied)".format),
    ("code", "AccessDeniedException: {}\n    at Request.extractError (a.js:1:2)".format),
    ("xml", "<Error><Code>AccessDenied</Code><Message>{}</Message></Error>".format),
    ("terraform", "\u2577\n\u2502 Error: {}\n\u2502 \n\u2575".format),
    ("cloudformation", 'Resource handler returned message: "{}" (RequestToken: a)'.format),
)


@given(STATED.filter(lambda denial: denial.action is not None), st.sampled_from(WRAPPERS))
def test_wrappers_are_seen_and_change_nothing(
    denial: Denial, wrapper: tuple[str, Callable[[str], str]]
) -> None:
    name, wrap = wrapper
    (found,) = parse(wrap(render(denial)))
    assert found == denial
    assert name in found.wrappers


@given(st.lists(STATED.filter(lambda it: it.action is not None), min_size=2, max_size=4))
def test_a_log_tells_each_denial_once_and_in_order(denials: list[Denial]) -> None:
    lines = [f"2026-11-23T10:00:00Z ERROR AccessDenied: {render(it)}" for it in denials]
    assert parse("\n".join([*lines, *lines])) == tuple(dict.fromkeys(denials))


@given(st.text(max_size=400) | st.text("\\\"'<>[]{}:\n nU*.arnisto", max_size=400))
def test_no_text_is_an_error(text: str) -> None:
    for found in parse(f"User: {text} is not authorized to perform: s3:GetObject on {text}"):
        start, end = found.span
        assert 0 <= start <= end
    parse(text)

"""A question and its URL; the commands that ask the same."""

from __future__ import annotations

import base64
import shlex
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearance.cli.inputs import context_of
from clearance.model.errors import UsageError
from clearance.model.request import KeyState
from clearance.server.console.pages.simulator.question import (
    Changes,
    Key,
    Question,
    commands,
    read,
    url,
)

texts = st.text(min_size=1, max_size=12)
names = st.from_regex(r"[a-z]{1,5}:[A-Za-z/]{1,8}", fullmatch=True)


@st.composite
def questions(draw: st.DrawFn) -> Question:
    """Any question the form can hold: no repetitions, each key once."""
    keys: dict[str, Key] = {}
    for name in draw(st.lists(names, max_size=4, unique=True)):
        state = draw(st.sampled_from(KeyState))
        values = draw(st.lists(texts, min_size=1, max_size=3, unique=True))
        keys[name] = Key(name, tuple(values) if state is KeyState.PRESENT else (), state)
    order = (KeyState.PRESENT, KeyState.ABSENT, KeyState.UNKNOWN)
    return Question(
        principal=draw(texts),
        actions=tuple(draw(st.lists(names, max_size=3, unique=True))),
        resources=tuple(draw(st.lists(texts, max_size=3, unique=True))),
        keys=tuple(sorted(keys.values(), key=lambda key: order.index(key.state))),
        owner=draw(st.sampled_from(("", "123456789012"))),
        changes=Changes(
            frozenset(draw(st.lists(texts, max_size=2))),
            draw(st.dictionaries(texts, st.text(max_size=20), max_size=2)),
            tuple(draw(st.lists(texts, max_size=2))),
        ),
    )


@given(questions())
def test_a_url_holds_the_whole_question(question: Question) -> None:
    assert read(url(question).partition("?")[2]) == question


@pytest.mark.parametrize(
    "changes",
    [
        "x",
        "%%%",
        base64.urlsafe_b64encode(zlib.compress(b"[1,2,3]")).decode(),
        base64.urlsafe_b64encode(zlib.compress(b'[[],{"a":1},[]]')).decode(),
        base64.urlsafe_b64encode(zlib.compress(b"{}")).decode(),
        base64.urlsafe_b64encode(zlib.compress(b"[" * 10_000)).decode(),
        base64.urlsafe_b64encode(zlib.compress(b" " * 50_000_000)).decode(),
    ],
)
def test_a_link_that_was_cut_or_made_up_is_said_to_be(changes: str) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read(f"principal=x&changes={changes}")


def test_what_is_not_told_stays_unknown() -> None:
    keys = (
        Key("aws:SourceIp", ("203.0.113.7",)),
        Key("aws:TagKeys", ("a", "b")),
        Key("aws:SourceVpc", state=KeyState.ABSENT),
        Key("aws:Referer", state=KeyState.UNKNOWN),
    )
    context = Question(keys=keys).context()
    assert context.get("aws:sourceip") == ("203.0.113.7",)
    assert context.values["aws:tagkeys"].multivalued
    assert context.state("aws:SourceVpc") is KeyState.ABSENT
    assert context.state("aws:Referer") is KeyState.UNKNOWN
    assert context.state("aws:Other") is KeyState.UNKNOWN


@given(questions())
def test_the_commands_read_the_same_context(question: Question) -> None:
    for command in commands(question, "estate"):
        words = shlex.split(command)
        told = [words[i + 1] for i, word in enumerate(words) if word == "--context"]
        absent = [words[i + 1] for i, word in enumerate(words) if word == "--absent"]
        if any(value == "?" for key in question.keys for value in key.values):
            continue  # the command line has no way to say a question mark
        assert context_of(told, absent=absent) == question.context()
        assert words[2] == question.principal


def test_a_matrix_is_a_command_a_cell() -> None:
    question = Question("arn", ("s3:GetObject", "s3:PutObject"), ("a b", "c"))
    assert [line.split(" --")[0] for line in commands(question, "e")] == [
        "clearance check arn s3:GetObject 'a b'",
        "clearance check arn s3:PutObject 'a b'",
        "clearance check arn s3:GetObject c",
        "clearance check arn s3:PutObject c",
    ]


def test_problems_are_sentences() -> None:
    question = Question("x", ("GetObject",), keys=(Key("SourceIp", ("1",)),))
    assert list(question.problems()) == [
        "`GetObject` is not an action; write `service:Action`.",
        "`SourceIp` is not a context key; write `prefix:name`.",
    ]

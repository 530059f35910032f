"""The compiled shapes of patterns and action indexes say what the plain ones say."""

from __future__ import annotations

import time

from hypothesis import given, settings
from hypothesis import strategies as st

from clearance.decide.compile import patterns
from clearance.decide.compile.statements import ActionIndex
from clearance.match import action as plain
from clearance.match.operators import arns
from clearance.model.glob import ANY_RUN, Glob
from clearance.model.policy import Effect, Statement

TEXTS = st.text("ab:*?/İΣ", max_size=8)
ARN_TEXTS = st.lists(st.sampled_from(["arn", "aws", "a", "*", "", "b?"]), max_size=8).map(":".join)
ACTIONS = st.sampled_from(["s3:GetObject", "S3:getobject", "sns:Publish", "s3:Get:x", "x", "s3:"])
PATTERNS = st.sampled_from(
    ["*", "*:*", "s3:*", "s3:get*", "S3:Get?bject", "s?:*", "sns:Publish", "*Object", "s3", "?"]
)


@settings(max_examples=300)
@given(TEXTS, TEXTS)
def test_a_glob_is_matched_alike(pattern: str, text: str) -> None:
    glob = Glob.of(pattern)
    assert patterns.glob(glob.tokens)(text) == glob.matches(text)


@given(st.lists(TEXTS, max_size=4), TEXTS)
def test_one_of_many_globs(many: list[str], text: str) -> None:
    fits = patterns.one_of([Glob.of(pattern).tokens for pattern in many])
    assert fits(text) == any(Glob.of(pattern).matches(text) for pattern in many)


@settings(max_examples=300)
@given(TEXTS | ARN_TEXTS, TEXTS | ARN_TEXTS)
def test_an_arn_is_matched_alike(pattern: str, text: str) -> None:
    tokens = Glob.of(pattern).tokens
    assert patterns.arn_like(tokens)(text) == arns.fits(text, tokens)
    assert patterns.arn_like((ANY_RUN,))(text) == arns.fits(text, (ANY_RUN,))


@given(
    st.lists(st.tuples(st.lists(PATTERNS, max_size=3), st.booleans()), max_size=6),
    ACTIONS,
)
def test_the_index_finds_the_statements_that_cover_an_action(
    actions: list[tuple[list[str], bool]], action: str
) -> None:
    statements = [
        Statement(place, Effect.ALLOW, tuple(texts), ("*",), not_actions=negated)
        for place, (texts, negated) in enumerate(actions)
    ]
    found = ActionIndex(statements).covering(action.lower())
    assert found == [s.index for s in statements if plain.covers(s, action)]


def test_hostile_patterns_take_time_in_proportion_to_the_text() -> None:
    shapes = ["a*" * 500 + "b", "*a?" * 300 + "b*", "*" + "a?" * 200 + "b*"]

    def spent(size: int) -> float:
        fits = [patterns.glob(Glob.of(shape).tokens) for shape in shapes]
        began = time.process_time()
        assert not any(fit("a" * size) for fit in fits)
        return time.process_time() - began

    small, large = (min(spent(size) for _ in range(3)) for size in (4000, 32000))
    assert large < 40 * small + 0.05

"""AWS's denial messages, both ways: `parse` finds every denial in a text, `render` writes one.

>>> text = "An error occurred (AccessDenied) when calling the GetRole operation: User: " + (
...     "arn:aws:iam::123456789012:user/ana is not authorized to perform: iam:GetRole on "
...     "resource: role app because no identity-based policy allows the iam:GetRole action"
... )
>>> (denial,) = parse(text)
>>> denial.action, denial.resource, denial.policy_type.name, denial.api_operation
('iam:GetRole', 'role app', 'IDENTITY_BASED', 'GetRole')
>>> parse(render(denial)) == (denial,)
True
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, zip_longest

from clearance.explain.denial import (
    Denial,
    Effect,
    Form,
    PolicyType,
    Principal,
    PrincipalKind,
    is_redacted,
)
from clearance.explain.grammar import Found, sentences
from clearance.explain.panel import panels
from clearance.explain.reading import Reading, read
from clearance.explain.sentence import render, sentence, state
from clearance.explain.service_texts import service_texts
from clearance.explain.wrappers import Coded, around, coded

__all__ = [
    "Denial",
    "Effect",
    "Form",
    "PolicyType",
    "Principal",
    "PrincipalKind",
    "is_redacted",
    "parse",
    "render",
    "sentence",
    "state",
]

_NEAR = 400  # letters between an error code and the sentence that it introduces
_S3_HEAD = frozenset({"HeadObject", "HeadBucket"})
# Sentences that say no more than the code beside them.
_EMPTY = frozenset({"access denied", "access denied.", "forbidden", ""})


def parse(text: str) -> tuple[Denial, ...]:
    """All denials that a text tells of, in its order, each of them once.

    Any text will do; one that tells of no denial gives none.
    """
    reading = read(text)
    found = _apart(chain(sentences(reading), panels(reading), service_texts(reading)))
    found = _innermost(sorted([*found, *_bare(reading, found)], key=_place))
    return _once(_dressed(reading, found))


def _place(found: Found) -> tuple[int, int]:
    return found.start, -found.end


def _apart(candidates: Iterator[Found]) -> list[Found]:
    """The candidates without those that lie inside another."""
    kept: list[Found] = []
    for each in sorted(candidates, key=_place):
        if not kept or each.start >= kept[-1].end:
            kept.append(each)
    return kept


def _innermost(found: list[Found]) -> list[Found]:
    """Lambda quotes the denial of KMS after its own sentence: the quoted one says more."""
    return [
        each
        for each, following in zip_longest(found, found[1:])
        if each.denial.form is not Form.LAMBDA_KMS
        or following is None
        or following.start - each.end > _NEAR
        or not (following.denial.action or "kms:").startswith("kms:")
    ]


def _bare(reading: Reading, found: list[Found]) -> Iterator[Found]:
    """Denials of which there is an error code, and nothing else that we understand."""
    starts = iter(found)
    following = next(starts, None)
    codes = coded(reading)
    previous_end = 0
    for index, code in enumerate(codes):
        while following and following.end <= code.start:
            previous_end = following.end
            following = next(starts, None)
        limit = codes[index + 1].start if index + 1 < len(codes) else len(reading.text)
        close = following and following.start - code.message < _NEAR
        inside = following and following.start <= code.start
        if inside or (close and following and following.start <= limit):
            continue
        if limit < code.end or code.start < previous_end:
            continue  # a code inside this one's message: that one is nearer to the cause
        yield _coded(reading, code)


def _coded(reading: Reading, code: Coded) -> Found:
    said = " ".join(reading.text[code.message : code.end].split()).strip("\"' ,;-")
    denial = Denial(Form.BARE, service_reason=said or None)
    if said.lower() in _EMPTY:
        head = code.operation in _S3_HEAD
        plain = said.lower().startswith("access denied") or head
        denial = Denial(Form.S3_BARE if plain else Form.BARE)
    elif said.endswith("S3Exception: Access Denied"):  # Hadoop puts its own story before it
        denial = Denial(Form.S3_BARE)
    denial = replace(denial, error_code=code.code, api_operation=code.operation)
    return Found(denial, code.start, max(code.end, code.message))


def _dressed(reading: Reading, found: list[Found]) -> Iterator[Denial]:
    """Each denial with the wrappers around it, what they said, and its place."""
    edges = [(reading.squeezed(each.start), reading.squeezed(each.end)) for each in found]
    after = 0
    for index, each in enumerate(found):
        start, end = edges[index]
        before = edges[index + 1][0] if index + 1 < len(edges) else len(reading.tight)
        own = each.denial.form in {Form.BARE, Form.S3_BARE} and each.denial.error_code
        look = reading.squeezed(_message(reading, each)) if own else start
        seen = around(reading, look, end, after=after, before=before)
        after = end
        facts = seen.facts
        yield replace(
            each.denial,
            error_code=each.denial.error_code or facts.get("code"),
            api_operation=each.denial.api_operation or facts.get("operation"),
            service=facts.get("service"),
            status_code=int(facts["status"]) if "status" in facts else None,
            request_id=facts.get("request"),
            wrappers=seen.wrappers,
            truncated=reading.text.startswith("...", each.end),
            span=(reading.origin(each.start), reading.origin(each.end - 1) + 1),
        )


def _message(reading: Reading, found: Found) -> int:
    """Where the message of a bare error code starts: after the code."""
    code = found.denial.error_code or ""
    place = reading.text.find(code, found.start, found.end)
    return min(place + len(code) + 120, found.end) if place >= 0 else found.start


def _once(denials: Iterator[Denial]) -> tuple[Denial, ...]:
    """The denials, repetitions left out: wrappers like to quote what they wrap."""
    kept: dict[Denial, Denial] = {}
    for denial in denials:
        first = kept.setdefault(denial, denial)
        if first is not denial:
            kept[denial] = _merged(first, denial)
    named = [each for each in kept.values() if each.form not in {Form.BARE, Form.S3_BARE}]
    spoken = {(each.error_code, each.api_operation) for each in named}
    return tuple(
        each
        for each in kept.values()
        if each.form is not Form.BARE
        or each.service_reason
        or (each.error_code, each.api_operation) not in spoken
    )


def _merged(first: Denial, again: Denial) -> Denial:
    """The first, with what only its repetition told."""
    return replace(
        first,
        error_code=first.error_code or again.error_code,
        api_operation=first.api_operation or again.api_operation,
        service=first.service or again.service,
        status_code=first.status_code or again.status_code,
        request_id=first.request_id or again.request_id,
        wrappers=tuple(dict.fromkeys((*first.wrappers, *again.wrappers))),
        truncated=first.truncated and again.truncated,
    )

"""What a caller passes into a new session: policies, tags, and how much room they take."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from clearance.model.estate import Account, Estate
from clearance.model.policy import PolicyType
from clearance.model.principal import Session
from clearance.operations.call import Input
from clearance.operations.constraints import TAG_KEY, TAG_VALUE, Size, Text, check
from clearance.operations.documents import read_document
from clearance.operations.fault import OperationError

__all__ = ["INVALID", "Passed", "passed_by"]

INVALID: Final = "ValidationError"
MAX_POLICIES: Final = 10
MAX_TAGS: Final = 50
POLICY: Final = Text(1, 2048, "(?u:[\t\n\r\x20-\xff]+)", r"[\u0009\u000A\u000D\u0020-\u00FF]+")
_POLICY_ARN: Final = Text(20, 2048)

# AWS does not say how it packs. Nine tags of 252 characters "consume 498% of allotted space"
# (aws-actions/configure-aws-credentials issue 1898), which gives tags 459 bytes; policies
# are compressed first, as the API reference says.
_PACKED_BYTES: Final = 459


@dataclass(frozen=True, slots=True)
class Passed:
    """Session policies and tags, checked; ``size`` is PackedPolicySize, None without any."""

    policies: tuple[str, ...] = ()
    policy_arns: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    transitive: frozenset[str] = frozenset()
    size: int | None = None


def passed_by(
    estate: Estate, account: Account, given: Input, caller: Session | None = None
) -> Passed:
    """Read and check what the input passes into a session in this account.

    ``caller`` is the calling session; its transitive tags live on in the new one (R97).

    Raises:
        OperationError: as AWS words it.
    """
    inline = given.get("Policy")
    arns = tuple(item.get("arn") for item in given.get("PolicyArns") or ())
    tags = _tags(given.get("Tags") or ())
    transitive = _transitive(given.get("TransitiveTagKeys") or (), tags)
    inherited = _inherited(caller)
    _refuse_conflicts(tags, inherited)
    policies = _policies(estate, account, inline, arns)
    own = {**inherited, **tags}
    size = _packed(inline, arns, own) if inline or arns or own else None
    return Passed(
        policies,
        tuple(arn for arn in arns if arn),
        own,
        frozenset(transitive) | frozenset(inherited),
        size,
    )


def _policies(
    estate: Estate, account: Account, inline: str | None, arns: Sequence[str | None]
) -> tuple[str, ...]:
    check({"Policy": inline}, {"Policy": POLICY}, INVALID)
    check({"PolicyArns": arns}, {"PolicyArns": Size(high=MAX_POLICIES)}, INVALID)
    texts = [inline] if inline else []
    if inline:
        read_document(inline, PolicyType.SESSION)
    for place, arn in enumerate(arns, 1):
        name = f"policyArns.{place}.member.arn"
        check({name: arn}, {name: _POLICY_ARN}, INVALID, required=(name,))
        texts.append(_managed(estate, account, arn or ""))
    return tuple(texts)


def _managed(estate: Estate, account: Account, arn: str) -> str:
    text = estate.managed_text(arn)
    # API_AssumeRole, STS: "The policies must exist in the same account as the role."
    if text is None or not (arn in account.policies or arn in estate.managed):
        raise OperationError(INVALID, f"Policy {arn} does not exist or is not attachable.")
    return text


def _tags(given: Iterable[Mapping[str, str]]) -> Mapping[str, str]:
    pairs = [(item.get("Key"), item.get("Value")) for item in given]
    check({"Tags": pairs}, {"Tags": Size(high=MAX_TAGS)}, INVALID)
    for place, (key, value) in enumerate(pairs, 1):
        names = {f"tags.{place}.member.key": key, f"tags.{place}.member.value": value}
        rules = dict(zip(names, (TAG_KEY, TAG_VALUE), strict=True))
        check(names, rules, INVALID, required=tuple(names))
    if len({(key or "").lower() for key, _ in pairs}) < len(pairs):
        raise OperationError(
            "InvalidParameterValue",
            "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
        )
    return {key: value for key, value in pairs if key is not None and value is not None}


def _transitive(keys: Sequence[str], tags: Mapping[str, str]) -> frozenset[str]:
    check({"TransitiveTagKeys": keys}, {"TransitiveTagKeys": Size(high=MAX_TAGS)}, INVALID)
    spelled = {key.lower(): key for key in tags}
    if not {key.lower() for key in keys} <= spelled.keys():
        raise OperationError(
            "InvalidParameterValue",
            "The specified transitive tag key must be included in the requested tags.",
        )
    return frozenset(spelled[key.lower()] for key in keys)


def _inherited(caller: Session | None) -> Mapping[str, str]:
    if caller is None:
        return {}
    return {key: value for key, value in caller.tags.items() if key in caller.transitive_tags}


def _refuse_conflicts(tags: Mapping[str, str], inherited: Mapping[str, str]) -> None:
    if {key.lower() for key in tags} & {key.lower() for key in inherited}:
        raise OperationError(
            "InvalidParameterValue",
            "One of the specified transitive tag keys can't be set because it conflicts with a"
            " transitive tag key from the calling session.",
        )


def _packed(inline: str | None, arns: Iterable[str | None], tags: Mapping[str, str]) -> int:
    room = sum(len(key.encode()) + len(value.encode()) + 2 for key, value in tags.items())
    room += sum(len((arn or "").encode()) for arn in arns)
    room += len(zlib.compress(inline.encode(), 9)) if inline else 0
    percent = max(1, 100 * room // _PACKED_BYTES)
    if percent > 100:  # noqa: PLR2004
        if inline or any(arns):
            words = (
                f"Packed policy consumes {percent}% of allotted space, please use smaller policy."
            )
        else:
            words = f"Packed size of session tags consumes {percent}% of allotted space."
        raise OperationError("PackedPolicyTooLarge", words)
    return percent

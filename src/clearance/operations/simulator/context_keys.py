"""GetContextKeysFor…Policy: the keys that conditions and variables ask for (R235)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from clearance.model.estate import Estate
from clearance.model.policy import AttachedPolicy, Policy, PolicyType
from clearance.operations.call import Call, Input, Output
from clearance.operations.simulator.source import given_policies, source_of
from clearance.parse.variables import keys_in

__all__ = [
    "context_keys_for_custom_policy",
    "context_keys_for_principal_policy",
    "keys_of",
]


def context_keys_for_custom_policy(estate: Estate, call: Call, given: Input) -> Output:
    """The keys of the policies in the request."""
    del estate, call
    return {"ContextKeyNames": keys_of(_input(given))}


def context_keys_for_principal_policy(estate: Estate, call: Call, given: Input) -> Output:
    """The keys of a principal's policies and of those in the request; SCPs are left out."""
    del call
    source = source_of(estate, given.get("PolicySourceArn") or "")
    policies = (*source.identity, *(source.boundary or ()), *_input(given))
    return {"ContextKeyNames": keys_of(policies)}


def _input(given: Input) -> tuple[AttachedPolicy, ...]:
    return given_policies(given, "PolicyInputList", PolicyType.IDENTITY)


def keys_of(policies: Iterable[AttachedPolicy]) -> list[str]:
    """Each key once, as it is written first."""
    found: dict[str, str] = {}
    for attached in policies:
        for key in _keys(attached.policy):
            found.setdefault(key.lower(), key)
    return list(found.values())


def _keys(policy: Policy) -> Iterator[str]:
    for statement in policy.statements:
        texts = [*(statement.resources or ())]
        for condition in statement.conditions:
            yield condition.key
            texts += condition.values
        if policy.has_variables:
            for text in texts:
                yield from keys_in(text)

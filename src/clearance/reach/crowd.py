"""Questions about everybody, each asked once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Final

from clearance.decide.attach import attach
from clearance.decide.who import Access, AccessIndex, WhoCan
from clearance.match.action import covers
from clearance.model.arn import Arn
from clearance.model.estate import Account
from clearance.model.glob import Glob
from clearance.model.policy import Effect, PolicyType, Statement
from clearance.model.principal import PrincipalKind
from clearance.model.request import Context
from clearance.reach.methods import Ask

__all__ = ["Everybody"]

Given = tuple[tuple[str, str], ...]
# A user with MFA gets a session from GetSessionToken that tells of it (R142).
MFA: Final = "aws:MultiFactorAuthPresent"
_MFA: Final = ((MFA, "true"), ("aws:MultiFactorAuthAge", "60"))
_MOST: Final = 40
_WILD: Final = re.compile(r"\*+|\?")
_VARIABLE: Final = re.compile(r"\$\{[^}]*\}")


@dataclass
class Everybody:
    """Who can do what, remembered. Answers map a principal's ARN to what its access rests on."""

    index: AccessIndex
    now: datetime | None = None
    _asked: dict[tuple[str, str, Given], Mapping[str, Ask]] = field(default_factory=dict)
    _raw: dict[tuple[str, str, Given], WhoCan] = field(default_factory=dict)
    _patterns: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    _statements: dict[str, tuple[Statement, ...]] = field(default_factory=dict)

    def raw(self, action: str, resource: str, given: Given = ()) -> WhoCan:
        """The plain answer."""
        key = (action, resource, given)
        if key not in self._raw:
            context = Context.of(dict(given))
            self._raw[key] = self.index.who_can(action, resource, context=context, now=self.now)
        return self._raw[key]

    def who(self, action: str, resource: str, given: Given = ()) -> Mapping[str, Ask]:
        """Users and roles of the estate that can, perhaps with MFA."""
        key = (action, resource, given)
        known = self._asked.get(key)
        if known is not None:
            return known
        found = {
            access.principal.arn: Ask(action, resource, given, access.keys)
            for access in self.raw(action, resource, given).accesses
            if access.principal.kind in {PrincipalKind.USER, PrincipalKind.ROLE}
        }
        for access in self._with_mfa(action, resource, given) if self._mfa_counts else ():
            arn = access.principal.arn
            if access.principal.kind is PrincipalKind.USER and arn not in found:
                found[arn] = Ask(action, resource, given, (MFA, *access.keys))
        self._asked[key] = found
        return found

    def forget(self) -> None:
        """Let go of the answers, of which there may be as many as steps in a large estate."""
        self._asked.clear()
        self._raw.clear()

    @cached_property
    def _mfa_counts(self) -> bool:
        """True when some policy of the estate tests for MFA."""
        estate = self.index.estate
        texts = [text for account in estate.accounts.values() for text in _texts(account)]
        texts += [role.trust.text for a in estate.accounts.values() for role in a.roles.values()]
        texts += [p.text for org in estate.organizations.values() for p in org.policies.values()]
        texts += estate.managed.values()
        return any("multifactorauth" in text.lower() for text in texts)

    def _with_mfa(self, action: str, resource: str, given: Given) -> tuple[Access, ...]:
        return self.raw(action, resource, (*given, *_MFA)).accesses

    def who_new(
        self, action: str, template: str, account: Account, given: Given = ()
    ) -> Mapping[str, Ask]:
        """Who can do it to something yet to be made, under some name of its own choice."""
        found: dict[str, Ask] = {}
        for resource in self._names(action, template, account):
            for arn, ask in self.who(action, resource, given).items():
                held = found.get(arn)
                if held is None or len(ask.keys) < len(held.keys):
                    found[arn] = ask
        return found

    def _allows(self, account: Account) -> tuple[Statement, ...]:
        """Allow statements of an account's policies that name resources."""
        if account.id not in self._statements:
            texts = dict.fromkeys((*_texts(account), *self.index.estate.managed.values()))
            self._statements[account.id] = tuple(
                statement
                for text in texts
                for statement in attach(text, PolicyType.IDENTITY, "").policy.statements
                if statement.effect is Effect.ALLOW
                and not statement.not_resources
                and statement.resources not in {None, ("*",)}
            )
        return self._statements[account.id]

    def _names(self, action: str, template: str, account: Account) -> tuple[str, ...]:
        """Names that policies of the account allow for the action, and one of our own."""
        key = (action, f"{account.id} {template}")
        if key not in self._patterns:
            own = _fill(template, account, "clearance-probe")
            wide = Glob.of(_fill(template, account, "*", region="*"))
            names = [own]
            for text in _resources(self._allows(account), action):
                name = _instance(text, own)
                if name is not None and wide.matches(name) and name not in names:
                    names.append(name)
            self._patterns[key] = tuple(names[:_MOST])
        return self._patterns[key]


def _texts(account: Account) -> Iterator[str]:
    """The identity policies of an account."""
    for user in account.users.values():
        yield from user.inline.values()
    for group in account.groups.values():
        yield from group.inline.values()
    for role in account.roles.values():
        yield from role.inline.values()
    for policy in account.policies.values():
        yield policy.text


def _fill(template: str, account: Account, name: str, *, region: str = "us-east-1") -> str:
    parts = {
        "{partition}": account.partition,
        "{region}": region,
        "{account}": account.id,
        "{new}": name,
    }
    for word, value in parts.items():
        template = template.replace(word, value)
    return template


def _instance(pattern: str, like: str) -> str | None:
    """A name that a pattern of a policy allows, near to one of ours; None for an odd pattern."""
    parts, own = pattern.split(":", 5), like.split(":", 5)
    if len(parts) != len(own):
        return None
    filled = [
        _WILD.sub("x", part) if place == len(own) - 1 or part != "*" else own[place]
        for place, part in enumerate(parts)
    ]
    text = _VARIABLE.sub("x", ":".join(filled))
    return text if Arn.find(text) is not None else None


def _resources(allows: tuple[Statement, ...], action: str) -> Iterator[str]:
    """What Allow statements name for an action."""
    seen: set[str] = set()
    for statement in allows:
        if covers(statement, action):
            for text in statement.resources or ():
                if text not in seen and text != "*":
                    seen.add(text)
                    yield text

"""What a field offers while one types: principals, actions, resources and keys that exist."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from clearance.model.catalog import Catalog, ServiceFacts
from clearance.model.estate import Account, Estate

__all__ = ["Offers"]

MOST: Final = 25
# What every request may carry; the catalogue lists keys by service.
_GLOBAL: Final = (
    "aws:CalledVia",
    "aws:CurrentTime",
    "aws:MultiFactorAuthAge",
    "aws:MultiFactorAuthPresent",
    "aws:PrincipalArn",
    "aws:PrincipalOrgID",
    "aws:PrincipalTag/",
    "aws:Referer",
    "aws:RequestTag/",
    "aws:RequestedRegion",
    "aws:ResourceAccount",
    "aws:ResourceOrgID",
    "aws:ResourceTag/",
    "aws:SecureTransport",
    "aws:SourceAccount",
    "aws:SourceArn",
    "aws:SourceIdentity",
    "aws:SourceIp",
    "aws:SourceVpc",
    "aws:SourceVpce",
    "aws:TagKeys",
    "aws:TokenIssueTime",
    "aws:UserAgent",
    "aws:ViaAWSService",
    "aws:userid",
    "aws:username",
)


@dataclass(slots=True)
class Offers:
    """Suggestions from one estate and the catalogue."""

    estate: Estate
    catalog: Catalog
    principals: tuple[str, ...]
    region: str
    _resources: tuple[str, ...] = field(default=())

    def principal(self, typed: str) -> list[str]:
        """Principals that have all typed words, those whose name begins with them first."""
        return _best(self.principals, typed)

    def action(self, typed: str) -> list[str]:
        """Services, and once there is a colon the actions of one."""
        prefix, colon, name = typed.partition(":")
        if not colon:
            wanted = prefix.lower()
            return [f"{each}:" for each in self.catalog.prefixes if each.startswith(wanted)][:MOST]
        facts = self.catalog.service(prefix)
        if facts is None:
            return []
        names = sorted(f"{facts.prefix}:{action.name}" for action in facts.actions.values())
        return _best(names, f"{facts.prefix}:{name}" if name else "")

    def resource(self, typed: str, actions: Iterable[str]) -> list[str]:
        """Resources of the estate, then the ARN forms that the actions work on."""
        forms = tuple(dict.fromkeys(form for action in actions for form in self._forms(action)))
        services = {form.split(":")[2] for form in forms}
        mine = (arn for arn in self._known() if not services or arn.split(":")[2] in services)
        return _best([*mine, *forms], typed)

    def key(self, typed: str, actions: Iterable[str]) -> list[str]:
        """Context keys of the actions, then those every request may carry."""
        own = dict.fromkeys(key for action in actions for key in self._keys(action))
        return _best([*own, *(key for key in _GLOBAL if key not in own)], typed)

    def _known(self) -> tuple[str, ...]:
        if not self._resources:
            self._resources = tuple(
                sorted(arn for a in self.estate.accounts.values() for arn in _arns(a))
            )
        return self._resources

    def _forms(self, action: str) -> Iterator[str]:
        facts = self.catalog.action(action)
        service = self.catalog.service(action.partition(":")[0])
        if facts is None or service is None:
            return
        account = next(iter(self.estate.accounts), "")
        for name in facts.resources:
            kind = service.resource_types.get(name.lower())
            if kind is not None:
                yield (
                    kind.arn.replace("${Partition}", "aws")
                    .replace("${Region}", self.region)
                    .replace("${Account}", account)
                )

    def _keys(self, action: str) -> Iterator[str]:
        facts = self.catalog.action(action)
        service: ServiceFacts | None = self.catalog.service(action.partition(":")[0])
        if facts is None or service is None:
            return
        for key in facts.condition_keys:
            yield key.split("${", 1)[0]
        for name in facts.resources:
            kind = service.resource_types.get(name.lower())
            for key in kind.condition_keys if kind else ():
                yield key.split("${", 1)[0]


def _best(names: Iterable[str], typed: str) -> list[str]:
    words = typed.lower().split()
    first: list[str] = []
    rest: list[str] = []
    for name in names:
        folded = name.lower()
        if all(word in folded for word in words):
            last = folded.replace(":", "/").rsplit("/", 1)[-1]
            (first if not words or last.startswith(words[0]) else rest).append(name)
            if len(first) >= MOST:
                break
    return [*first, *rest][:MOST]


def _arns(account: Account) -> Iterator[str]:
    head = f"arn:{account.partition}:lambda"
    for function in account.functions.values():
        region, _, name = function.key.partition("/")
        yield f"{head}:{region}:{account.id}:function:{name}"
    yield from account.resources
    yield from account.policies
    for user in account.users.values():
        yield account.user_arn(user)
    for role in account.roles.values():
        yield account.role_arn(role)
    for group in account.groups.values():
        yield account.group_arn(group)

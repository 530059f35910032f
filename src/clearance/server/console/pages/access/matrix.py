"""Who can do what with one resource: principals by actions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from clearance.decide.who import Access, AccessIndex
from clearance.model.arn import Arn
from clearance.model.catalog import ActionFacts, Catalog
from clearance.model.estate import Estate
from clearance.model.glob import Glob
from clearance.model.principal import Principal
from clearance.server.console.jobs import Job

__all__ = ["Ask", "Matrix", "Row", "asks_of", "matrix", "offered", "resources", "usual"]

MOST: Final = 12  # actions side by side
# What people ask first, by the type of resource; others begin with the first of the catalog.
_USUAL: Final[Mapping[str, tuple[str, ...]]] = {
    "lambda:function": ("InvokeFunction", "GetFunction", "UpdateFunctionCode", "AddPermission"),
    "s3:bucket": ("GetObject", "PutObject", "DeleteObject", "ListBucket", "PutBucketPolicy"),
    "iam:role": ("sts:AssumeRole", "PassRole", "UpdateAssumeRolePolicy", "PutRolePolicy"),
    "iam:user": ("CreateAccessKey", "PutUserPolicy", "AttachUserPolicy", "DeleteUser"),
    "iam:policy": ("CreatePolicyVersion", "SetDefaultPolicyVersion", "DeletePolicy"),
    "dynamodb:table": ("GetItem", "PutItem", "Query", "Scan", "DeleteTable"),
    "sqs:queue": ("SendMessage", "ReceiveMessage", "DeleteMessage", "SetQueueAttributes"),
    "sns:topic": ("Publish", "Subscribe", "SetTopicAttributes", "DeleteTopic"),
    "kms:key": ("Decrypt", "Encrypt", "GenerateDataKey", "PutKeyPolicy"),
    "secretsmanager:Secret": ("GetSecretValue", "PutSecretValue", "PutResourcePolicy"),
}


@dataclass(frozen=True, slots=True)
class Ask:
    """One column."""

    action: str
    resource: str


@dataclass(frozen=True, slots=True)
class Row:
    """One principal; a cell is None where it cannot."""

    principal: Principal
    cells: tuple[Access | None, ...]

    @property
    def name(self) -> str:
        """Who it is."""
        return self.principal.display

    @property
    def certain(self) -> bool:
        """True when some access hangs on nothing."""
        return any(cell is not None and cell.certain for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Matrix:
    """Everybody who can do something of what was asked; ``outside`` as in `WhoCan`.

    ``conditions``: for each column, the tests its doubtful accesses hang on, and for how many.
    """

    asks: tuple[Ask, ...]
    rows: tuple[Row, ...]
    outside: tuple[tuple[str, tuple[str, ...]], ...]
    conditions: tuple[tuple[Ask, tuple[str, ...], int], ...]

    def wanted(self, search: str, *, certain: bool) -> list[Row]:
        """The rows that hold all of some words, in a name or a key they hang on."""
        words = search.lower().split()
        return [
            row
            for row in self.rows
            if (row.certain or not certain) and all(word in _text(row) for word in words)
        ]


def _text(row: Row) -> str:
    keys = (key for cell in row.cells if cell is not None for key in (*cell.keys, *cell.through))
    return " ".join((row.name, *keys)).lower()


def matrix(
    index: AccessIndex, asks: Sequence[Ask], now: datetime, *, through: bool, job: Job
) -> Matrix:
    """The answers, those who can most first."""
    found: dict[str, tuple[Principal, list[Access | None]]] = {}
    outside: dict[str, list[str]] = {}
    conditions: list[tuple[Ask, tuple[str, ...], int]] = []
    for place, ask in enumerate(job.steps(asks)):
        answer = index.who_can(ask.action, ask.resource, now=now, through_roles=through)
        for access in answer.accesses:
            name = access.principal.display
            cells = found.setdefault(name, (access.principal, [None] * len(asks)))[1]
            cells[place] = access
        for name in answer.outside:
            outside.setdefault(name, []).append(ask.action)
        conditions += _conditions(index, ask, answer.accesses, now)
    rows = [Row(principal, tuple(cells)) for principal, cells in found.values()]
    rows.sort(key=_order)
    gone = tuple((name, tuple(actions)) for name, actions in outside.items())
    return Matrix(tuple(asks), tuple(rows), gone, tuple(conditions))


def _order(row: Row) -> tuple[int, int, str]:
    sure = sum(1 for cell in row.cells if cell is not None and cell.certain)
    return -sure, -sum(cell is not None for cell in row.cells), row.name


def _conditions(
    index: AccessIndex, ask: Ask, accesses: Iterable[Access], now: datetime
) -> Iterable[tuple[Ask, tuple[str, ...], int]]:
    """The tests, asked once for those whose access hangs on the same keys."""
    groups: dict[tuple[str, ...], list[Access]] = {}
    for access in accesses:
        if not access.certain and not access.through:
            groups.setdefault(access.keys, []).append(access)
    for group in groups.values():
        told = index.conditions(group[0], ask.action, ask.resource, now=now)
        tests = tuple(dict.fromkeys(f"{key.key}: {test}" for key in told for test in key.tests))
        yield ask, tests, len(group)


def resources(estate: Estate) -> Iterable[str]:
    """What of the estate one can ask about: it has a policy of its own, or is somebody."""
    for account in estate.accounts.values():
        yield from account.resources
        for function in account.functions.values():
            yield function.arn(account.id, partition=account.partition)
        yield from account.policies
        yield from (account.role_arn(role) for role in account.roles.values())
        yield from (account.user_arn(user) for user in account.users.values())


def asks_of(actions: str, resource: str, catalog: Catalog) -> tuple[Ask, ...]:
    """Columns for actions as people write them: ``s3:GetObject, PutObject``."""
    arn = Arn.find(resource)
    service = arn.service if arn is not None else ""
    found: dict[str, None] = {}
    for word in actions.replace(",", " ").split():
        service = word.partition(":")[0] if ":" in word else service
        found[word if ":" in word else f"{service}:{word}"] = None
    return tuple(Ask(action, _on(action, resource, catalog)) for action in list(found)[:MOST])


def _on(action: str, resource: str, catalog: Catalog) -> str:
    """The resource itself, or for an action on what is in a bucket, all that is in it."""
    arn, facts = Arn.find(resource), catalog.action(action)
    if arn is None or arn.service != "s3" or "/" in arn.resource or facts is None:
        return resource
    inside = "object" in facts.resources and "bucket" not in facts.resources
    return f"{resource}/*" if inside and not arn.account else resource


def usual(resource: str, catalog: Catalog) -> str:
    """What to ask first about a resource."""
    arn = Arn.find(resource)
    if arn is None:
        return ""
    for kind in _types(arn, catalog):
        known = _USUAL.get(f"{arn.service}:{kind}")
        if known is not None:
            return " ".join(n if ":" in n else f"{arn.service}:{n}" for n in known)
    first = [name for names in offered(resource, catalog).values() for name in names]
    return " ".join(first[:4])


def offered(resource: str, catalog: Catalog) -> Mapping[str, tuple[str, ...]]:
    """The actions of the catalog on a resource, by access level."""
    arn = Arn.find(resource)
    facts = catalog.service(arn.service) if arn is not None else None
    if arn is None or facts is None:
        return {}
    kinds = {kind.lower() for kind in _types(arn, catalog)}
    if arn.service == "s3" and "bucket" in kinds:
        kinds.add("object")
    found: dict[str, list[str]] = {}
    for action in facts.actions.values():
        if kinds.intersection(name.lower() for name in action.resources):
            found.setdefault(_level(action), []).append(f"{facts.prefix}:{action.name}")
    return {level: tuple(sorted(names)) for level, names in sorted(found.items())}


def _level(action: ActionFacts) -> str:
    return action.access_level.partition(",")[0] or "Other"


def _types(arn: Arn, catalog: Catalog) -> list[str]:
    """The types of resources that an ARN can be of."""
    facts = catalog.service(arn.service)
    if facts is None:
        return []
    kinds = facts.resource_types.values()
    return [kind.name for kind in kinds if Glob.of(kind.pattern).matches(str(arn))]

"""Everything of a resource's name that bears on a decision, beside the patterns of statements."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Final, TypeAlias

from clearance.batch.calls import start_of
from clearance.model.estate import Account, Estate

__all__ = ["WHOLE", "Shape", "Shapes"]

Shape: TypeAlias = Hashable
KEPT: Final = 500_000  # names remembered before they are worked out anew
_PARTS: Final = 6
# What the rules of services look for in a resource's name.
_MARKS: Final = (":kms:", ":key/", ":role/", ":role/aws-service-role/")
_BY_WHOLE_NAME: Final = frozenset({"iam", "dynamodb", "organizations"})
WHOLE: Final = -1  # how a name begins does not tell its shape


class Shapes:
    """The shapes of resources, numbered: resources of one differ only in the patterns they fit."""

    def __init__(self, *estates: Estate) -> None:
        marks: dict[str, set[Hashable]] = {}
        for estate in estates:
            for account in estate.accounts.values():
                for arn, mark in _things(account):
                    marks.setdefault(arn, set()).add(mark)
        # What nothing hangs on is like any other resource of its kind that is as well known.
        alike = ((arn, *found) for arn, found in marks.items() if len(found) == 1)
        self._plain = {arn: mark for arn, mark in alike if mark is not None}
        self._own = marks.keys() - self._plain.keys()
        # Whose a resource is, in each estate, decides as well.
        self._holders = _holders(estates)
        self._told_starts = frozenset(map(start_of, marks.keys() | self._holders.keys()))
        self._numbers: dict[Shape, int] = {}
        self._starts: dict[str, int] = {}
        self._names: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._numbers)

    def by_starts(self, starts: Sequence[str]) -> list[int]:
        """The number of the shape of all resources that begin so; `WHOLE` if they differ."""
        found = []
        for start in starts:
            number = self._starts.get(start)
            if number is None:
                number = WHOLE if start in self._told_starts else self._start(start)
                self._starts[start] = number
            found.append(number)
        return found

    def number(self, resource: str) -> int:
        """The number of one resource's shape."""
        found = self._names.get(resource)
        if found is None:
            if len(self._names) >= KEPT:
                self._names.clear()
            shape = self._of(resource)
            found = self._names[resource] = self._numbers.setdefault(shape, len(self._numbers))
        return found

    def _start(self, start: str) -> int:
        """The shape of all names with this start (`calls.start_of`); `WHOLE` if they differ."""
        parts = start.split(":", _PARTS - 1)
        if (
            len(parts) < _PARTS
            or parts[0] != "arn"
            or parts[2] in {"iam", "dynamodb", "organizations"}
        ):
            return WHOLE
        if (parts[2] == "s3" and parts[4]) or (parts[2] == "lambda" and start.endswith("/")):
            return WHOLE
        return self._numbers.setdefault(self._of(start), len(self._numbers))

    def _of(self, resource: str) -> Shape:
        parts = resource.split(":", _PARTS - 1)
        if len(parts) < _PARTS or parts[0] != "arn" or resource in self._own:
            return resource
        _, _, service, _, account, name = parts
        head, slash, rest = name.partition("/")
        kind: Hashable = None
        holder = self._holders.get(resource)
        if service == "s3":
            if account:
                return resource  # access points: their policies are their own
            bucket = resource[: len(resource) - len(slash) - len(rest)]
            kind = (slash, bucket if bucket in self._own else self._plain.get(bucket))
            holder = self._holders.get(bucket)
        elif service == "lambda":
            named, _, rest = name.partition(":")
            plain = f"{resource[: len(resource) - len(name)]}{named}:{rest.partition(':')[0]}"
            if named != "function" or plain in self._own:
                return resource
            kind = (self._plain.get(plain), rest.count(":"))
        elif service == "organizations" or (service == "dynamodb" and "/" in rest):
            return resource  # the organization's policy asks for its id in the name
        elif service == "iam":
            kind = head
        marks = tuple([mark in resource for mark in _MARKS])
        return (*parts[1:5], holder, marks, kind, self._plain.get(resource))


def _holders(estates: Iterable[Estate]) -> Mapping[str, tuple[str, ...]]:
    """The account that holds each resource, in each estate."""
    found: dict[str, tuple[str, ...]] = {}
    for place, estate in enumerate(estates):
        for account in estate.accounts.values():
            for arn in account.resources:
                found[arn] = (*found.get(arn, ()), f"{place} {account.id}")
    return found


def _things(account: Account) -> Iterable[tuple[str, Hashable]]:
    """What a request may be about; None marks what something hangs on."""
    for arn, resource in account.resources.items():
        bare = not (resource.policy or resource.tags or resource.grants or resource.attributes)
        yield arn, f"untold {resource.tags is None}" if bare else None
    for function in account.functions.values():
        hangs = function.policies or function.tags
        yield function.arn(account.id, partition=account.partition), None if hangs else "bare"
    for role in account.roles.values():
        yield account.role_arn(role), None
    for user in account.users.values():
        yield account.user_arn(user), None if user.tags else "bare"
    for arn, policy in account.policies.items():
        yield arn, None if policy.tags else "bare"

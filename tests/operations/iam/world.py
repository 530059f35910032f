"""A small stage for IAM's operations: two accounts, a clock that stands still, plain ports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from typing import Any

from clearance.model.estate import FULL_ACCESS, Account, Estate
from clearance.model.principal import Principal, PrincipalKind
from clearance.operations.call import Call
from clearance.operations.fault import OperationError
from clearance.operations.iam import OPERATIONS

A, B = "111122223333", "444455556666"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
EC2_TRUST = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow",'
    '"Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}'
)
ROOT = Principal(PrincipalKind.ROOT, f"arn:aws:iam::{A}:root", A)


def _base32(number: int) -> str:
    digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    text = ""
    while number:
        number, digit = divmod(number, 32)
        text = digits[digit] + text
    return text


@dataclass
class PlainPorts:
    """Ports that count instead of rolling dice."""

    numbers: count[int] = field(default_factory=lambda: count(1))

    def unique_id(self, prefix: str) -> str:
        return f"{prefix}{_base32(next(self.numbers)).rjust(17, 'A')}"

    def access_key_id(self, prefix: str) -> str:
        return f"{prefix}{_base32(next(self.numbers)).rjust(16, 'A')}"

    def secret_key(self) -> str:
        return f"secret{next(self.numbers)}".ljust(40, "x")

    def uuid(self) -> str:
        return f"00000000-0000-4000-8000-{next(self.numbers):012d}"

    def token(self, length: int, alphabet: str) -> str:
        number = next(self.numbers)
        return "".join(alphabet[(number * 7 + i) % len(alphabet)] for i in range(length))

    def seal(self, principal: Principal, access_key: str, secret: str) -> str:
        return f"{principal.arn} {access_key} {len(secret)}"

    def put_blob(self, content: bytes) -> str:
        return str(len(content))

    def get_blob(self, name: str) -> bytes:
        return name.encode()


@dataclass
class World:
    """An estate and somebody who calls operations in account A."""

    estate: Estate = field(
        default_factory=lambda: Estate({A: Account(A), B: Account(B)}, managed={ADMIN: FULL_ACCESS})
    )
    call: Call = field(
        default_factory=lambda: Call(ROOT, A, "us-east-1", NOW, PlainPorts(), "request-1")
    )

    def __call__(self, operation: str, /, **given: Any) -> Mapping[str, Any]:
        """Do it and keep the estate that comes out."""
        self.estate, output = OPERATIONS[operation](self.estate, self.call, given)
        return output

    def refused(self, operation: str, /, **given: Any) -> tuple[str, str, int]:
        """The code, message and status of the refusal; the estate stays."""
        try:
            OPERATIONS[operation](self.estate, self.call, given)
        except OperationError as error:
            return error.code, error.message, error.status
        raise AssertionError(f"{operation} was not refused")

    @property
    def account(self) -> Account:
        return self.estate.accounts[A]

    def as_user(self, name: str) -> None:
        """From now on this user calls."""
        user = self.account.users[name]
        arn = self.account.user_arn(user)
        principal = Principal(PrincipalKind.USER, arn, A, unique_id=user.id)
        self.call = replace(self.call, principal=principal)

    def at(self, now: datetime) -> None:
        """From now on it is this late."""
        self.call = replace(self.call, now=now)

    def as_principal(self, principal: Principal) -> None:
        """From now on this principal calls."""
        self.call = replace(self.call, principal=principal)

    def stuff(self, table: str, size: int) -> None:
        """Fill a table of the account up to a size."""
        held = getattr(self.account, table)
        filler = {f"filler-{n}": next(iter(held.values())) for n in range(size - len(held))}
        changes: dict[str, Any] = {table: {**held, **filler}}
        self.estate = self.estate.with_account(replace(self.account, **changes))

    def used_key(self, user: str, key: str) -> None:
        """Note that a user's key was used just now."""
        owner = self.account.users[user]
        used = replace(
            owner.keys[key], last_used=self.call.now, last_service="s3", last_region="us-east-1"
        )
        users = {**self.account.users, user: replace(owner, keys={**owner.keys, key: used})}
        self.estate = self.estate.with_account(replace(self.account, users=users))

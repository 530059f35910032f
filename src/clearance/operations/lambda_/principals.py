"""The Principal of AddPermission, and the unique IDs a saved policy remembers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from clearance.model.arn import Arn
from clearance.model.estate import Account, Estate
from clearance.operations.lambda_.faults import invalid

__all__ = ["pins_of", "principal_element"]

_ACCOUNT: Final = re.compile(r"[0-9]{12}")
_SERVICE: Final = re.compile(r"[A-Za-z0-9.-]+\.(amazonaws\.com(\.cn)?|amazon\.com)")


def principal_element(estate: Estate, text: str, partition: str) -> str | Mapping[str, str]:
    """The Principal element of the statement, or an error for what is none (R208)."""
    if text == "*":
        return "*"
    if _ACCOUNT.fullmatch(text):
        return {"AWS": f"arn:{partition}:iam::{text}:root"}
    if _SERVICE.fullmatch(text):
        return {"Service": text}
    parts = Arn.find(text)
    if parts and parts.service in {"iam", "sts"} and _exists(estate, parts):
        return {"AWS": text}
    raise invalid("The provided principal was invalid. Please check the principal and try again.")


def pins_of(estate: Estate, arns: Iterable[str]) -> dict[str, str]:
    """The unique ID of each user and role named: AWS keeps the ID, not the name (R26)."""
    found = ((arn, _unique_id(estate, arn)) for arn in arns)
    return {arn: unique_id for arn, unique_id in found if unique_id}


def _exists(estate: Estate, parts: Arn) -> bool:
    """False only for a user or role missing from an account the estate holds."""
    if estate.account(parts.account) is None:
        return bool(_ACCOUNT.fullmatch(parts.account))
    if parts.service == "iam" and parts.kind in {"user", "role"}:
        return _unique_id(estate, str(parts)) is not None
    return True


def _unique_id(estate: Estate, arn: str) -> str | None:
    parts = Arn.find(arn)
    account = estate.account(parts.account) if parts else None
    if parts is None or account is None or parts.service != "iam":
        return None
    return next((i.id for i in _named(account, parts) if _arn_of(account, parts, i) == arn), None)


def _named(account: Account, parts: Arn) -> tuple[Any, ...]:
    table: Mapping[str, Any] = account.users if parts.kind == "user" else account.roles
    found = table.get(parts.name)
    return (found,) if found and parts.kind in {"user", "role"} else ()


def _arn_of(account: Account, parts: Arn, identity: Any) -> str:  # noqa: ANN401
    return account.arn(parts.kind, identity.path, identity.name)

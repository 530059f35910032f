"""iam:PassRole: asked of the caller whenever a role is handed to a service (R99b)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from clearance.model.arn import Arn
from clearance.operations.permissions.ask import Ask
from clearance.operations.permissions.permission import Permission, Value
from clearance.operations.permissions.rows import Row, one

__all__ = ["is_role", "passed", "roles_in"]


def is_role(text: object) -> bool:
    """True for the ARN of an IAM role."""
    if not isinstance(text, str) or not text.startswith("arn:"):
        return False
    arn = Arn.find(text)
    return arn is not None and arn.service == "iam" and arn.resource.startswith("role/")


def passed(
    roles: Callable[[Ask], Iterable[str | None]],
    service: str,
    associated: Callable[[Ask], str | None] | None = None,
) -> Row:
    """``iam:PassRole`` on each role, to a service such as ``lambda.amazonaws.com``."""

    def row(ask: Ask) -> Iterable[Permission]:
        context: dict[str, Value] = {"iam:PassedToService": service}
        if associated is not None and (resource := associated(ask)):
            context["iam:AssociatedResourceArn"] = resource
        for role in dict.fromkeys(roles(ask)):
            if role:
                yield one(ask, "iam:PassRole", _arn(ask, role), context, dependent=True)

    return row


def roles_in(given: Any) -> Iterable[str]:  # noqa: ANN401
    """Every role ARN under a member whose name speaks of a role, however deep."""
    if isinstance(given, Mapping):
        for name, value in given.items():
            if "role" in str(name).lower() and is_role(value):
                yield value
            else:
                yield from roles_in(value)
    elif isinstance(given, list | tuple):
        for value in given:
            yield from roles_in(value)


def _arn(ask: Ask, role: str) -> str:
    """A role's ARN; some services take the bare name, whose path the estate knows."""
    if role.startswith("arn:"):
        return role
    account = ask.account
    known = account.roles.get(role) if account else None
    if account is not None and known is not None:
        return account.role_arn(known)
    return ask.arn(f"role/{role.lstrip('/')}", service="iam", region="")

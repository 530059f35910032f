"""API Gateway: the action is the HTTP method, the resource the path of the request."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote

from clearance.operations.permissions import tags
from clearance.operations.permissions.ask import Ask
from clearance.operations.permissions.pass_role import passed, roles_in
from clearance.operations.permissions.permission import Permission
from clearance.operations.permissions.rows import one

__all__ = ["derive"]

_LABEL: Final = re.compile(r"\{([^}+]+)\+?\}")


def derive(ask: Ask) -> Iterable[Permission]:
    """``apigateway:GET`` on ``arn:aws:apigateway:REGION::/restapis/ID/…``.

    Both versions of the API are alike; the second's paths are without their ``/v2``.
    """
    operation = ask.model.operations.get(ask.operation) if ask.model else None
    if operation is None:
        yield one(ask, ask.operation, None)
        return
    members = _members(ask)
    missing = False

    def replaced(found: re.Match[str]) -> str:
        nonlocal missing
        value = members.get(found[1])
        missing = missing or value is None
        # A slash inside a value must not look like a step of the path.
        return quote(value or "", safe="$@+:~")

    path = _LABEL.sub(replaced, operation.request_uri.partition("?")[0]).removeprefix("/v2")
    resource = None if missing else ask.arn(path, service="apigateway", account="")
    found = one(ask, operation.method, resource, tags.of(ask))
    yield Permission(
        found.action,
        found.resource,
        found.context,
        ask.call.account,
        derived=found.derived,
        warning=found.warning,
    )
    if operation.method != "GET":
        yield from passed(lambda each: roles_in(each.given), "apigateway.amazonaws.com")(ask)


def _members(ask: Ask) -> dict[str, str]:
    """The members that travel in the path, by their names there."""
    model = ask.model
    operation = model.operations[ask.operation] if model else None
    if model is None or operation is None or operation.input is None:
        return {}
    shape = model.shapes[operation.input]
    found = ((field.wire_name, ask.given.get(name)) for name, field in shape.members.items())
    return {wire: str(value) for wire, value in found if isinstance(value, str | int) and value}

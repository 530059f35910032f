"""clearance what-can: everything one principal can do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from clearance.cli import completing, inputs, output
from clearance.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from clearance.decide.what import Permission
    from clearance.model.catalog import Catalog
    from clearance.model.estate import Estate
    from clearance.model.principal import Principal

__all__ = ["check_service", "to_json", "what_can"]


def what_can(
    principal: str = typer.Argument(
        help="Who: a name, `user/NAME`, `role/NAME`, or an ARN; a service; `anonymous`.",
        autocompletion=completing.principals,
    ),
    estate: Path | None = typer.Option(None, "--estate", "-e", help=inputs.ESTATE_HELP),
    service: str | None = typer.Option(
        None,
        "--service",
        "-s",
        help="Only this service prefix, e.g. `s3`, action by action.",
        autocompletion=completing.services,
    ),
    context: list[str] = typer.Option(
        [], "--context", "-c", help="A context key: `aws:SourceIp=203.0.113.7`."
    ),
    absent: list[str] = typer.Option([], help="A context key that is known to be absent."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """List what one principal can do.

    A line a service, or with --service a line an action.

    Exit code: 0 it can do something, 1 nothing, 2 bad input.

    Example: clearance what-can arn:aws:iam::123456789012:role/app --service s3 --estate ./estate
    """
    from clearance import wiring
    from clearance.decide.what import what_can as ask

    catalog = wiring.catalog()
    if service is not None:
        check_service(catalog, service)
    held = inputs.chosen_estate(estate)
    keys = inputs.context_of(context, absent=absent)
    who = inputs.principal_of(principal, held)
    _warn_of_stranger(who, held)
    found = tuple(ask(held, who, catalog=catalog, service=service, context=keys, now=wiring.now()))
    if as_json:
        output.print_json([to_json(one) for one in found])
    elif service is None:
        _summary(output.console(), found)
    else:
        _actions(output.console(), found)
    raise typer.Exit(output.ALLOWED if found else output.DENIED)


def _warn_of_stranger(who: Principal, estate: Estate) -> None:
    """Say so when the estate does not hold the user or role: it then seems to have no policy."""
    account = estate.account(who.account)
    kind, _, path = who.policy_subject.rpartition(":")[2].partition("/")
    held = {"user": account.users, "role": account.roles}.get(kind) if account else None
    if held is not None and path.rpartition("/")[2] not in held:
        output.warn(f"the estate does not hold `{who.policy_subject}`")


def check_service(catalog: Catalog, service: str) -> None:
    """Refuse a prefix that no service of AWS has."""
    if catalog.service(service) is None:
        from difflib import get_close_matches

        near = get_close_matches(service.lower(), catalog.prefixes, n=1)
        hint = f"; did you mean `{near[0]}`?" if near else ""
        raise UsageError(f"AWS has no service `{service}`{hint}")


def to_json(one: Permission) -> dict[str, Any]:
    """One permission, for machines."""
    return {
        "action": one.action,
        "resource": one.resource,
        "accessLevel": one.access_level,
        "certain": one.certain,
        "undecidedKeys": list(one.keys),
        "narrowed": one.narrowed,
    }


def _summary(console: Console, found: Sequence[Permission]) -> None:
    """How many actions of each access level, a line a service."""
    from rich.table import Table

    services: dict[str, dict[str, set[str]]] = {}
    for one in found:
        levels = services.setdefault(one.action.partition(":")[0], {})
        levels.setdefault(one.access_level, set()).add(one.action)
    order = ("List", "Read", "Tagging", "Write", "Permissions management")
    seen = {level for levels in services.values() for level in levels}
    columns = [*(level for level in order if level in seen), *sorted(seen - set(order))]
    table = Table("service", *columns, box=None, pad_edge=False)
    for prefix in sorted(services):
        counts = (len(services[prefix].get(level, ())) for level in columns)
        table.add_row(prefix, *(str(count or "") for count in counts))
    console.print(table if services else "nothing")


def _actions(console: Console, found: Sequence[Permission]) -> None:
    if not found:
        console.print("nothing")
    last = ""
    for one in found:
        if one.action != last:
            console.print(f"{one.action}  ({one.access_level})", style="bold", soft_wrap=True)
        last = one.action
        marks = [f"if {', '.join(one.keys)}"] if one.keys else []
        marks += ["but for what a Deny takes away"] if one.narrowed else []
        console.print(f"  {one.resource}{'  ' if marks else ''}{'; '.join(marks)}", soft_wrap=True)

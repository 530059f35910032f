"""clearance actions: what an action pattern stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from clearance.cli import completing, output
from clearance.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from clearance.model.catalog import Catalog

__all__ = ["actions", "facts_of"]


def actions(
    pattern: str = typer.Argument(
        help="An action or a pattern: `s3:Get*`, `lambda:InvokeFunction`.",
        autocompletion=completing.actions,
    ),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
    verbose: bool = typer.Option(
        False, "--verbose", "-v", help="Also resource types and condition keys of each action."
    ),
) -> None:
    """List the actions that a pattern stands for.

    With access level, resource types and condition keys.

    Exit code: 0 found, 1 AWS has no such action, 2 bad input.

    Example: clearance actions 's3:Get*Acl'
    """
    from clearance import wiring
    from clearance.operations.permissions.names import expand, suggest

    if ":" not in pattern and set(pattern) != {"*"}:
        raise UsageError(f"`{pattern}` is not an action; write `service:Action`, or `{pattern}:*`")
    catalog = wiring.catalog()
    found = expand(catalog, pattern)
    if as_json:
        output.print_json([facts_of(catalog, action) for action in found])
    elif found:
        _show(output.console(), catalog, found, verbose=verbose or len(found) == 1)
    if not found:
        near = suggest(catalog, pattern.replace("*", ""))
        hint = f"; did you mean {' or '.join(f'`{name}`' for name in near)}?" if near else ""
        output.warn(f"AWS has no action `{pattern}`{hint}")
    raise typer.Exit(output.ALLOWED if found else output.DENIED)


def facts_of(catalog: Catalog, action: str) -> dict[str, Any]:
    """What AWS documents about one action, for machines."""
    facts = catalog.action(action)
    service = catalog.service(action.partition(":")[0])
    if facts is None or service is None:  # pragma: no cover - `expand` only names what is there
        return {"action": action}
    kinds = {name: service.resource_types.get(name.lower()) for name in facts.resources}
    keys = dict.fromkeys(facts.condition_keys)
    for name, kind in kinds.items():
        keys.update(dict.fromkeys(facts.resource_condition_keys.get(name, ())))
        keys.update(dict.fromkeys(kind.condition_keys if kind else ()))
    return {
        "action": action,
        "accessLevel": facts.access_level,
        "description": facts.description,
        "resourceTypes": [
            {"name": name, "required": required, "arn": kind.arn if (kind := kinds[name]) else None}
            for name, required in facts.resources.items()
        ],
        "conditionKeys": list(keys),
        "dependentActions": list(facts.dependent_actions),
        "permissionOnly": facts.permission_only,
    }


def _show(console: Console, catalog: Catalog, found: Sequence[str], *, verbose: bool) -> None:
    width = max(map(len, found))
    for action in found:
        facts = facts_of(catalog, action)
        kinds = facts["resourceTypes"]
        names = ", ".join(f"{k['name']}{'*' if k['required'] else ''}" for k in kinds) or "-"
        console.print(f"{action:<{width}}  {facts['accessLevel']:<22}  {names}", soft_wrap=True)
        if not verbose:
            continue
        if facts["description"]:
            console.print(f"  {facts['description']}", style="dim", soft_wrap=True)
        for kind in kinds:
            console.print(f"  on {kind['name']}: {kind['arn'] or '?'}", soft_wrap=True)
        for title, key in (("keys", "conditionKeys"), ("also needs", "dependentActions")):
            if facts[key]:
                console.print(f"  {title}: {', '.join(facts[key])}", soft_wrap=True)
    if not verbose:
        console.print(
            f"{len(found)} actions; * marks resource types that are required", style="dim"
        )

"""clearance estate: what a source holds, and as another file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from clearance.cli import inputs, output
from clearance.model.errors import UsageError

if TYPE_CHECKING:
    from clearance.model.estate import Estate

__all__ = ["estate"]

_NOUNS: Final = {
    "users": "user",
    "groups": "group",
    "roles": "role",
    "policies": "policy",
    "functions": "function",
    "resources": "resource",
}


def estate(
    source: Path = typer.Argument(
        help="A snapshot, an estate file, a Terraform plan or a CloudFormation template."
    ),
    on: Path | None = typer.Option(
        None, "--on", help="Put the plan or template on this estate: what it will become."
    ),
    account: str | None = typer.Option(None, help="The account it is for, where it does not say."),
    region: str | None = typer.Option(None, help="The Region it is for, where it does not say."),
    stack: str | None = typer.Option(None, help="The name of the CloudFormation stack."),
    parameter: list[str] = typer.Option([], help="A parameter of the template: `Name=value`."),
    out: Path | None = typer.Option(
        None, "--out", "-o", help="Write the estate: a `.json` file, or a snapshot folder."
    ),
    secrets: bool = typer.Option(
        False, "--secrets", help="Write secrets and environment values in clear."
    ),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Show what an estate holds and what its source leaves out.

    With --out, write it as a snapshot.

    Exit code: 0 read, 2 bad input.

    Example: clearance estate plan.json --on acme --out after
    """
    from clearance import wiring
    from clearance.store.sources import Deployment

    if account is not None and not (len(account) == 12 and account.isdecimal()):  # noqa: PLR2004
        raise UsageError(f"`{account}` is not an account ID; it has 12 digits")
    deployment = Deployment(
        inputs.estate_at(on) if on is not None else None,
        account,
        region,
        stack,
        _parameters(parameter),
    )
    held = wiring.load_estate(source, None if deployment == Deployment() else deployment)
    if out is not None:
        _write(held, out, secrets=secrets)
    if as_json:
        output.print_json({"accounts": _counts(held), "missing": list(held.missing)})
        return
    console = output.console()
    for number, counts in _counts(held).items():
        held_here = [
            output.counted(count, _NOUNS[table]) for table, count in counts.items() if count
        ]
        told = ", ".join(held_here)
        console.print(f"account {number}: {told or 'nothing'}")
    for organization in held.organizations.values():
        accounts = output.counted(len(organization.accounts), "account")
        policies = output.counted(len(organization.policies), "policy")
        console.print(f"organization {organization.id}: {accounts}, {policies}")
    if held.missing:
        console.print("not known:")
        for text in held.missing:
            console.print(f"  {text}")


def _counts(held: Estate) -> dict[str, dict[str, int]]:
    return {
        number: {table: len(getattr(account, table)) for table in _NOUNS}
        for number, account in held.accounts.items()
    }


def _parameters(entries: list[str]) -> dict[str, str]:
    found = {}
    for entry in entries:
        name, equals, value = entry.partition("=")
        if not equals or not name:
            raise UsageError(f"`{entry}` is not a parameter; write `Name=value`")
        found[name] = value
    return found


def _write(held: Estate, out: Path, *, secrets: bool) -> None:
    from clearance import wiring

    if out.suffix == ".json" and out.exists():
        raise UsageError(f"`{out}` exists; give a new file")
    wiring.save_estate(held, out, secrets=secrets)

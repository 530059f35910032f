"""clearance serve: the local AWS endpoint."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import typer

from clearance.cli import output
from clearance.model.errors import UsageError

if TYPE_CHECKING:
    from clearance.server.log import RequestLog
    from clearance.server.start import Started
    from clearance.store.events import Retention

__all__ = ["serve"]

LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


def serve(
    port: int = typer.Option(
        4599, "--port", min=0, max=65535, help="The port; 0 takes a free one."
    ),
    data: Path = typer.Option(Path(".clearance"), "--data", help="The folder of the store."),
    seed: Path | None = typer.Option(None, "--seed", help="An estate file for a new store."),
    region: str = typer.Option("us-east-1", "--region", help="The Region the printed hints name."),
    account: str = typer.Option("123456789012", "--account", help="The first account's id."),
    host: str = typer.Option("127.0.0.1", "--host", help="The address to listen on."),
    allow_remote: bool = typer.Option(
        False, "--allow-remote", help="Listen on an address other machines can reach."
    ),
    recover: bool = typer.Option(
        False, "--recover", help="Set a damaged store aside and carry over what is sound."
    ),
    audit_mode: bool = typer.Option(
        False, "--audit-mode", help="Let every signed call through; record what would be denied."
    ),
    policy_arns: bool = typer.Option(
        True, "--policy-arns/--no-policy-arns", help="Name the denying policy in a denial."
    ),
    console_hints: bool = typer.Option(
        False, "--console-hints", help="End a denial with its authorization id and console link."
    ),
    jwks: list[str] = typer.Option(
        [],
        "--jwks",
        metavar="ISSUER=FILE",
        help="Public keys of an OpenID Connect issuer, as a JWKS document; repeat for several.",
    ),
    keep_days: int = typer.Option(
        90, "--keep-days", help="How many days audit events are kept; 0 keeps them for ever."
    ),
    keep_events: int = typer.Option(
        1_000_000, "--keep-events", help="How many audit events are kept; 0 keeps them all."
    ),
    log: bool = typer.Option(False, "--log", help="Print a line for each request."),
    log_json: bool = typer.Option(False, "--log-json", help="Print a JSON line for each request."),
    console: bool | None = typer.Option(
        None,
        "--console/--no-console",
        help="Serve the web console; on by default where only this machine can reach it.",
    ),
    coverage: bool = typer.Option(
        False, "--coverage", help="Print which operations there are, and stop."
    ),
) -> None:
    """Run the local AWS endpoint until Ctrl-C.

    The first start prints new root credentials; there are no others.

    Example: clearance serve --port 4599 --data ./estate
    """
    import logging

    from clearance.server import listen
    from clearance.server.jwks import jwks_files
    from clearance.server.manner import Manner
    from clearance.server.start import Settings, start

    if coverage:
        _coverage(data)
        return
    if host not in LOOPBACK and not allow_remote:
        raise UsageError(
            f"`{host}` can be reached from other machines, and this endpoint speaks plain HTTP: "
            "listen on 127.0.0.1, or add --allow-remote if you mean it"
        )
    if seed is not None and not seed.exists():
        raise UsageError(f"`{seed}` does not exist; --seed takes an estate file")
    if not (account.isascii() and account.isdigit() and len(account) == 12):  # noqa: PLR2004
        raise UsageError(f"`{account}` is not an account id; it has 12 digits")
    keys = jwks_files(jwks)
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    listener = listen.bind(host, port)
    try:
        started = start(
            Settings(
                data,
                seed=seed,
                region=region,
                account=account,
                recover=recover,
                jwks=keys,
                manner=Manner(policy_arns, console_hints, audit_mode),
                log=_log(text=log, machine=log_json),
                retention=_retention(keep_days, keep_events),
                console=host in LOOPBACK if console is None else console,
            )
        )
    except BaseException:
        listener.close()
        raise
    url = listen.url_of(listener)
    listen.announce(data, url, region)
    try:
        _banner(started, url, region, data)
        listen.serve(started, listener)
    finally:
        listen.withdraw(data)


def _retention(days: int, most: int) -> Retention:
    from datetime import timedelta

    from clearance.store.events import Retention

    for option, value in (("--keep-days", days), ("--keep-events", most)):
        if value < 0:
            raise UsageError(f"{option} takes a number from 0 on, not {value}")
    return Retention(timedelta(days=days) if days else None, most or None)


def _log(*, text: bool, machine: bool) -> RequestLog | None:
    import sys

    from clearance.server.log import LogStyle, RequestLog

    if machine:
        return RequestLog(sys.stdout, LogStyle.JSON)
    style = LogStyle.COLOUR if sys.stdout.isatty() else LogStyle.TEXT
    return RequestLog(sys.stdout, style) if text else None


def _banner(started: Started, url: str, region: str, data: Path) -> None:
    out = output.console()
    manner = started.world.manner
    out.print(f"Clearance endpoint at {url}  (data in {data})", style="bold", soft_wrap=True)
    if started.store.read_only:
        out.print(f"read only: {started.store.read_only}", style="yellow", soft_wrap=True)
    if manner.audit_only:
        out.print("audit mode: nothing is denied, denials are only recorded", style="yellow")
    accounts = sorted(started.world.estate.accounts)
    shown = ", ".join(accounts[:5]) + (f" and {len(accounts) - 5} more" if accounts[5:] else "")
    out.print(f"accounts: {shown}", soft_wrap=True)
    if started.console is not None:
        out.print(f"console: {started.console.address(url)}", soft_wrap=True)
    elif urlsplit(url).hostname not in LOOPBACK:
        out.print("console: off, for other machines reach this address; --console serves it")
    out.print()
    out.print(f"export AWS_ENDPOINT_URL={url}")
    out.print(f"export AWS_DEFAULT_REGION={region}")
    for account, key in started.root_keys.items():
        out.print(f"\n# root user of {account}, shown only this once", style="dim")
        out.print(f"export AWS_ACCESS_KEY_ID={key.id}")
        out.print(f"export AWS_SECRET_ACCESS_KEY={key.secret.value}")
    out.print("\naws sts get-caller-identity        # or boto3.client('sts').get_caller_identity()")
    out.print("Ctrl-C stops it; nothing that was answered is lost.", style="dim")


def _coverage(data: Path) -> None:
    """What the endpoint implements, and what was asked for in vain in this data folder."""
    from rich.table import Table

    from clearance import wiring
    from clearance.server.coverage import coverage, wanted
    from clearance.store import DATABASE_FILE
    from clearance.store.port import EventQuery

    out = output.console()
    table = Table("service", "operations", "of", "missing", box=None, pad_edge=False)
    for found in coverage():
        # Where nearly all is there, what is not is told in full.
        shown = found.missing if len(found.missing) < len(found.here) else found.missing[:4]
        missing = ", ".join(shown) + (" …" if len(shown) < len(found.missing) else "")
        table.add_row(found.service, str(len(found.here)), str(found.total), missing)
    out.print(table)
    if not (data / DATABASE_FILE).exists():
        return
    store = wiring.open_store(data, read_only=True)
    try:
        counted = wanted(store.events(EventQuery(denied=True)))
    finally:
        store.close()
    if counted:
        asked = Table("asked for in vain", "times", box=None, pad_edge=False)
        for name, number in counted.items():
            asked.add_row(name, str(number))
        out.print()
        out.print(asked)

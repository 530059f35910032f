"""clearance serve: the local AWS endpoint."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from clearance.cli import output
from clearance.model.errors import UsageError

if TYPE_CHECKING:
    from clearance.server.start import Started

__all__ = ["serve"]

LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


def serve(
    port: int = typer.Option(4599, "--port", help="The port; 0 takes a free one."),
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
) -> None:
    """Run the endpoint until Ctrl-C; the first start prints new root credentials.

    Example: clearance serve --port 4599 --data ./estate
    """
    import logging

    from clearance.server import listen
    from clearance.server.start import Settings, start

    if host not in LOOPBACK and not allow_remote:
        raise UsageError(
            f"`{host}` can be reached from other machines, and this endpoint speaks plain HTTP: "
            "listen on 127.0.0.1, or add --allow-remote if you mean it"
        )
    if seed is not None and not seed.exists():
        raise UsageError(f"`{seed}` does not exist; --seed takes an estate file")
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    listener = listen.bind(host, port)
    try:
        started = start(Settings(data, seed=seed, region=region, account=account, recover=recover))
    except BaseException:
        listener.close()
        raise
    _banner(started, listen.url_of(listener), region, data)
    listen.serve(started, listener)


def _banner(started: Started, url: str, region: str, data: Path) -> None:
    out = output.console()
    out.print(f"Clearance endpoint at {url}  (data in {data})", style="bold", soft_wrap=True)
    if started.store.read_only:
        out.print(f"read only: {started.store.read_only}", style="yellow", soft_wrap=True)
    accounts = ", ".join(sorted(started.world.estate.accounts))
    out.print(f"accounts: {accounts}\n", soft_wrap=True)
    out.print(f"export AWS_ENDPOINT_URL={url}")
    out.print(f"export AWS_DEFAULT_REGION={region}")
    for account, key in started.root_keys.items():
        out.print(f"\n# root user of {account}, shown only this once", style="dim")
        out.print(f"export AWS_ACCESS_KEY_ID={key.id}")
        out.print(f"export AWS_SECRET_ACCESS_KEY={key.secret.value}")
    out.print("\naws sts get-caller-identity        # or boto3.client('sts').get_caller_identity()")
    out.print("Ctrl-C stops it; nothing that was answered is lost.", style="dim")

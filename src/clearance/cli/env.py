"""clearance env: the variables that lead boto3 and the AWS CLI to a running endpoint."""

from __future__ import annotations

import os
import shlex
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from clearance.cli import output
from clearance.model.errors import UsageError

if TYPE_CHECKING:
    from clearance.model.estate import AccessKey, Estate

__all__ = ["env"]


class Shell(Enum):
    """Whose words to use."""

    SH = "sh"
    FISH = "fish"
    POWERSHELL = "powershell"
    JSON = "json"


def env(
    data: Path = typer.Option(Path(".clearance"), "--data", help="The folder of the store."),
    account: str | None = typer.Option(None, help="The account; needed when there are several."),
    user: str | None = typer.Option(None, help="A user of it instead of its root user."),
    shell: Shell = typer.Option(Shell.SH, help="The shell that will read it."),
) -> None:
    """Print the exports that lead a client to a running endpoint.

    Endpoint, Region and credentials, for `clearance serve` in another terminal. The secrets come
    from the data folder: whoever can read all of it has them anyway.

    Example: eval "$(clearance env --user ana)"
    """
    from clearance import wiring
    from clearance.server.listen import read_address

    found = read_address(data)
    if found is None or not _runs(found.get("pid")):
        raise UsageError(
            f"no endpoint runs on `{data}`; start one with `clearance serve --data {data}`"
        )
    store = wiring.open_store(data, read_only=True)
    try:
        estate = store.load()
    finally:
        store.close()
    key = _key(estate, account, user)
    variables = {
        "AWS_ENDPOINT_URL": str(found["url"]),
        "AWS_DEFAULT_REGION": str(found["region"]),
        "AWS_ACCESS_KEY_ID": key.id,
        "AWS_SECRET_ACCESS_KEY": key.secret.value,
    }
    if shell is Shell.JSON:
        output.print_json(variables)
        return
    for name, value in variables.items():
        print(_FORMS[shell].format(name=name, value=shlex.quote(value)))
    print({Shell.SH: "unset AWS_SESSION_TOKEN", Shell.FISH: "set -e AWS_SESSION_TOKEN"}.get(
        shell, "Remove-Item Env:AWS_SESSION_TOKEN -ErrorAction Ignore"))  # fmt: skip


_FORMS = {
    Shell.SH: "export {name}={value}",
    Shell.FISH: "set -gx {name} {value}",
    Shell.POWERSHELL: "$Env:{name} = {value}",
}


def _runs(pid: object) -> bool:
    if not isinstance(pid, int):
        return False
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except OSError:
        return False
    return True


def _key(estate: Estate, account: str | None, user: str | None) -> AccessKey:
    """The first active key of the root user, or of the user that is asked for."""
    known = sorted(estate.accounts)
    if account is None and len(known) > 1:
        raise UsageError(f"there are several accounts; add --account, one of {', '.join(known)}")
    number = account or known[0]
    found = estate.accounts.get(number)
    if found is None:
        raise UsageError(f"there is no account `{number}`; there are {', '.join(known)}")
    if user is not None and user not in found.users:
        raise UsageError(f"account {number} has no user `{user}`")
    keys = found.users[user].keys if user is not None else found.root_keys
    key = next((k for k in keys.values() if k.active), None)
    if key is None:
        who = f"user `{user}`" if user else "the root user"
        raise UsageError(f"{who} of account {number} has no active access key")
    return key

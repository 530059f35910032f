"""Whether the endpoint answers, and whether the data folder is sound."""

from __future__ import annotations

import http.client
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from clearance.cli.diagnosis.finding import Checked, fine, note, problem
from clearance.model.errors import StoreError

__all__ = ["endpoint", "store"]

SECONDS: Final = 3
HEALTH: Final = "/_clearance/health"


def endpoint(url: str) -> Iterator[Checked]:
    """Ask the endpoint how it is; nothing is sent but the question."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = -1
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == -1:
        yield problem("endpoint", f"`{url}` is not an address", "write http://127.0.0.1:4599")
        return
    secure = parts.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = kind(parts.hostname, port, timeout=SECONDS)
    where = f"{parts.scheme}://{parts.hostname}{f':{port}' if port else ''}"
    try:
        connection.request("GET", HEALTH)
        answer = connection.getresponse()
        body = answer.read(1024)
    except (OSError, http.client.HTTPException) as error:
        yield problem(
            "endpoint", f"nothing answers at {where} ({error})", "start it: clearance serve"
        )
        return
    finally:
        connection.close()
    if answer.status == http.client.OK and _is_ours(body):
        yield fine("endpoint", f"{where} answers")
    else:
        yield note(
            "endpoint",
            f"what answers at {where} is not a Clearance endpoint (status {answer.status})",
            'unset AWS_ENDPOINT_URL, or eval "$(clearance env)"',
        )


def _is_ours(body: bytes) -> bool:
    try:
        return bool(json.loads(body) == {"status": "ok"})
    except ValueError:
        return False


def store(folder: Path) -> Iterator[Checked]:
    """Read all of a data folder, changing nothing."""
    from clearance import wiring
    from clearance.store import DATABASE_FILE
    from clearance.store.recovery import damage

    path = folder / DATABASE_FILE
    found = damage(path)
    if found is not None:
        yield problem("store", found, f"clearance serve --recover --data {folder}")
        return
    try:
        held = wiring.open_store(folder, read_only=True)
    except StoreError as error:
        yield problem("store", str(error), "see what the message says")
        return
    try:
        estate = held.load()
    finally:
        held.close()
    accounts = ", ".join(sorted(estate.accounts)) or "none"
    size = path.stat().st_size / 1e6
    yield fine("store", f"{folder}: sound, {size:.1f} MB, accounts {accounts}")
    if not os.access(folder, os.W_OK):
        yield note("store", f"`{folder}` cannot be written; the endpoint would only read it")

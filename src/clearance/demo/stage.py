"""A running endpoint and the people of the story, each with a boto3 client of their own."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import boto3

from clearance import wiring
from clearance.demo.estate import ACCOUNT, MANAGEMENT, PARTNER, REGION, cast
from clearance.explain.api_calls import calls
from clearance.explain.edits import Edit
from clearance.model.estate import AccessKey, Estate
from clearance.server.listen import running
from clearance.server.start import Settings, Started, start

__all__ = ["Stage", "on_stage"]

ADMINS: Final = {ACCOUNT: "admin", PARTNER: "partner-admin", MANAGEMENT: "management"}


@dataclass(frozen=True, slots=True)
class Stage:
    """The endpoint, its URL and everybody's keys."""

    started: Started
    url: str
    keys: Mapping[str, AccessKey]

    @property
    def estate(self) -> Estate:
        """The estate as it is now."""
        return self.started.world.estate

    def client(self, who: str, service: str) -> Any:  # noqa: ANN401 - boto3 makes clients at run time
        """A boto3 client of one of the cast."""
        key = self.keys[who]
        return self.client_of(service, key.id, key.secret.value)

    def client_of(self, service: str, key: str, secret: str, token: str | None = None) -> Any:  # noqa: ANN401
        """A boto3 client with some credentials."""
        make: Any = boto3.client  # its stubs know each service by name only
        return make(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            aws_session_token=token,
        )

    def apply(self, edit: Edit) -> str:
        """Make an edit as its owner would, with AWS calls; answers them."""
        admin = self.admin_of(edit)
        made = calls(edit)
        for call in made:
            getattr(self.client(admin, call.service), call.operation)(**call.given)
        return "; ".join(call.label for call in made)

    def admin_of(self, edit: Edit) -> str:
        """Who may make an edit; an organization's policies are its management account's."""
        return ADMINS.get(edit.target.owner, ADMINS[MANAGEMENT])

    def admin(self, account: str, service: str) -> Any:  # noqa: ANN401
        """A client of the account's administrator."""
        return self.client(ADMINS[account], service)


@contextmanager
def on_stage(*, console: bool = False) -> Iterator[Stage]:
    """A fresh endpoint on a free port with a store that is thrown away; with a console if asked."""
    with tempfile.TemporaryDirectory(prefix="clearance-demo-") as folder:
        data = Path(folder) / "data"
        store = wiring.open_store(data)
        people = cast(wiring.ports(store), wiring.now())
        store.close()
        started = start(Settings(data, seed_estate=people.estate, console=console))
        with running(started) as url:
            yield Stage(started, url, people.keys)

"""A running endpoint and the people of the story, each with a boto3 client of their own."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import boto3

from clearance import wiring
from clearance.demo.estate import ACCOUNT, MANAGEMENT, PARTNER, REGION, cast
from clearance.explain.edits import Edit, Place
from clearance.model.arn import Arn
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
        """Make an edit as its owner would, with one AWS call; answers the call."""
        return _APPLY[edit.target.place](self, edit)

    def admin(self, account: str, service: str) -> Any:  # noqa: ANN401
        """A client of the account's administrator."""
        return self.client(ADMINS[account], service)


def _inline(stage: Stage, edit: Edit) -> str:
    arn = Arn.of(edit.target.holder)
    iam = stage.admin(arn.account, "iam")
    kind = arn.kind.capitalize()
    operation = getattr(iam, f"put_{arn.kind}_policy")
    given = {f"{kind}Name": arn.name, "PolicyName": edit.target.name, "PolicyDocument": edit.after}
    operation(**given)
    return f"iam.put_{arn.kind}_policy({kind}Name={arn.name!r}, PolicyName={edit.target.name!r}, …)"


def _trust(stage: Stage, edit: Edit) -> str:
    arn = Arn.of(edit.target.holder)
    stage.admin(arn.account, "iam").update_assume_role_policy(
        RoleName=arn.name, PolicyDocument=edit.after
    )
    return f"iam.update_assume_role_policy(RoleName={arn.name!r}, …)"


def _managed(stage: Stage, edit: Edit) -> str:
    arn = Arn.of(edit.target.name)
    stage.admin(arn.account, "iam").create_policy_version(
        PolicyArn=edit.target.name, PolicyDocument=edit.after, SetAsDefault=True
    )
    return f"iam.create_policy_version(PolicyArn={edit.target.name!r}, SetAsDefault=True, …)"


def _function(stage: Stage, edit: Edit) -> str:
    """A new statement with AddPermission, as people do it."""
    arn = Arn.of(edit.target.holder)
    known = {s.get("Sid") for s in _statements(edit.before)}
    added = [s for s in _statements(edit.after) if s.get("Sid") not in known]
    for statement in added:
        stage.admin(arn.account, "lambda").add_permission(
            FunctionName=edit.target.holder,
            StatementId=statement["Sid"],
            Action=statement["Action"],
            Principal=statement["Principal"]["AWS"],
        )
    who = added[0]["Principal"]["AWS"] if added else "?"
    return f"lambda.add_permission(FunctionName='{arn.name.split(':')[1]}', Principal={who!r}, …)"


def _statements(text: str | None) -> list[dict[str, Any]]:
    found = json.loads(text)["Statement"] if text else []
    return found if isinstance(found, list) else [found]


def _organization(stage: Stage, edit: Edit) -> str:
    stage.client("management", "organizations").update_policy(
        PolicyId=edit.target.name, Content=edit.after
    )
    return f"organizations.update_policy(PolicyId={edit.target.name!r}, …)"


_APPLY: Final = {
    Place.INLINE: _inline,
    Place.TRUST: _trust,
    Place.MANAGED: _managed,
    Place.FUNCTION: _function,
    Place.ORGANIZATION: _organization,
}


@contextmanager
def on_stage() -> Iterator[Stage]:
    """A fresh endpoint on a free port with a store that is thrown away."""
    with tempfile.TemporaryDirectory(prefix="clearance-demo-") as folder:
        data = Path(folder) / "data"
        store = wiring.open_store(data)
        people = cast(wiring.ports(store), wiring.now())
        store.close()
        started = start(Settings(data, seed_estate=people.estate))
        with running(started) as url:
            yield Stage(started, url, people.keys)

"""Endpoints for tests: a real server on a real socket, with boto3 as its client."""

from __future__ import annotations

import http.client
import io
import json
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError

from clearance.model.estate import AccessKey, Account, Estate, Role, Secret, TrustPolicy, User
from clearance.server.listen import running
from clearance.server.start import Settings, Started, start
from clearance.wire.message import Message

__all__ = [
    "ACCOUNT",
    "LAMBDA_TRUST",
    "REGION",
    "Answer",
    "Credentials",
    "Failure",
    "Site",
    "allow",
    "attempt",
    "credentials_of",
    "document",
    "host_of",
    "key_of",
    "message",
    "send",
    "site",
    "small_estate",
    "trust",
    "zipped",
]

ACCOUNT: Final = "123456789012"
REGION: Final = "us-east-1"
MADE: Final = datetime(2026, 1, 1, tzinfo=UTC)

ECHO: Final = "def handler(event, context):\n    return event\n"


@dataclass(frozen=True)
class Credentials:
    """Somebody's credentials; without a key the calls are not signed."""

    key: str = ""
    secret: str = ""
    token: str | None = None


@dataclass(frozen=True)
class Failure:
    """An error as boto3 shows it."""

    code: str
    message: str
    status: int


@dataclass
class Site:
    """A running endpoint."""

    url: str
    started: Started
    data: Path
    _clients: dict[tuple[str, Credentials, str], Any] = field(default_factory=dict)

    @property
    def root(self) -> Credentials:
        """The root user of the story's account."""
        accounts = self.started.world.estate.accounts
        account = accounts.get(ACCOUNT) or next(iter(accounts.values()))
        key = next(iter(account.root_keys.values()))
        return Credentials(key.id, key.secret.value)

    def client(self, service: str, who: Credentials | None = None, region: str = REGION) -> Any:
        """A boto3 client that calls this endpoint as ``who``, root unless told."""
        who = who or self.root
        found = self._clients.get((service, who, region))
        if found is None:
            found = client(service, self.url, who, region)
            self._clients[service, who, region] = found
        return found

    def user(self, name: str, *policies: str) -> Credentials:
        """A new user with inline policies, and an access key of it."""
        iam = self.client("iam")
        iam.create_user(UserName=name)
        for number, text in enumerate(policies):
            iam.put_user_policy(UserName=name, PolicyName=f"p{number}", PolicyDocument=text)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return Credentials(key["AccessKeyId"], key["SecretAccessKey"])

    def role(self, name: str, text: str, *policies: str) -> str:
        """A new role with inline policies; its ARN."""
        iam = self.client("iam")
        made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=text)
        for number, policy in enumerate(policies):
            iam.put_role_policy(RoleName=name, PolicyName=f"p{number}", PolicyDocument=policy)
        return str(made["Role"]["Arn"])

    def function(self, name: str, code: str = ECHO, **more: Any) -> str:
        """A new function with a role of its own; its ARN."""
        role = more.pop("Role", None) or self.role(f"{name}-role", LAMBDA_TRUST)
        made = self.client("lambda").create_function(
            FunctionName=name,
            Role=role,
            Runtime=more.pop("Runtime", "python3.11"),
            Handler="app.handler",
            Code={"ZipFile": zipped(code)},
            **more,
        )
        return str(made["FunctionArn"])

    def events(self, **wanted: str) -> list[dict[str, Any]]:
        """The audit events with these values at their top level, oldest first."""
        found = list(self.started.store.events())[::-1]
        return [e for e in found if all(e.get(k) == v for k, v in wanted.items())]


@cache
def _session() -> boto3.Session:
    # One core session: its loader keeps the service models it has read.
    return boto3.Session(botocore_session=botocore.session.Session())


def client(service: str, url: str, who: Credentials, region: str = REGION) -> Any:
    """A boto3 client that tries once and waits long."""
    config = Config(
        retries={"total_max_attempts": 1},
        read_timeout=60,
        connect_timeout=20,
        signature_version=None if who.key else botocore.UNSIGNED,
        parameter_validation=False,
    )
    make: Any = _session().client  # the stubs want every service's name as a literal
    return make(
        service,
        endpoint_url=url,
        region_name=region,
        aws_access_key_id=who.key or None,
        aws_secret_access_key=who.secret or None,
        aws_session_token=who.token,
        config=config,
    )


@contextmanager
def site(estate: Estate | None = None, data: Path | None = None, **settings: Any) -> Iterator[Site]:
    """An endpoint that serves while the block runs; its store is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="clearance-test-") as folder:
        where = data or Path(folder) / "data"
        started = start(Settings(where, seed_estate=estate, **settings))
        with running(started) as url:
            yield Site(url, started, where)


def attempt(call: Any, **given: Any) -> Any:
    """The answer of a boto3 call, or its `Failure`."""
    try:
        return call(**given)
    except ClientError as error:
        said = error.response["Error"]
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        return Failure(said["Code"], said["Message"], status)


def allow(action: str | list[str], resource: str | list[str] = "*", **more: Any) -> str:
    """A policy with one Allow."""
    return document({"Effect": "Allow", "Action": action, "Resource": resource, **more})


def document(*statements: Mapping[str, Any]) -> str:
    """A policy of these statements."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trust(**principal: str) -> str:
    """A trust policy: ``trust(AWS="arn:…")``."""
    return document({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"})


LAMBDA_TRUST: Final = trust(Service="lambda.amazonaws.com")


def zipped(code: str, name: str = "app.py") -> bytes:
    """A deployment package with one file."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr(name, code)
    return held.getvalue()


def key_of(name: str, *, active: bool = True) -> AccessKey:
    """An access key that follows from a name."""
    letters = "".join(c for c in name.upper() if c.isalpha())
    return AccessKey(
        f"AKIA{letters:X<16.16}", Secret(f"secret/{name:x<33.33}"), MADE, active=active
    )


def credentials_of(key: AccessKey) -> Credentials:
    """What a client needs of a key."""
    return Credentials(key.id, key.secret.value)


def small_estate() -> Estate:
    """One account: a root key, a powerless user `ana`, a role `app` that trusts the account."""
    root, ana = key_of("root"), key_of("ana")
    account = Account(
        ACCOUNT,
        root_keys={root.id: root},
        users={"ana": User("ana", "AIDAANAXXXXXXXXXXXXXX", MADE, keys={ana.id: ana})},
        roles={
            "app": Role(
                "app",
                "AROAAPPXXXXXXXXXXXXXX",
                MADE,
                TrustPolicy(trust(AWS=f"arn:aws:iam::{ACCOUNT}:root")),
            )
        },
    )
    return Estate({ACCOUNT: account})


@dataclass(frozen=True)
class Answer:
    """An answer as it came off the wire."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()


def message(method: str, target: str, body: bytes = b"", **headers: str) -> Message:
    """An unsigned request; underscores in header names stand for hyphens."""
    named = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return Message.of(method, target, named, body)


def send(url: str, given: Message, *, timeout: float = 20) -> Answer:
    """Send a request exactly as it is."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)
    target = given.path + (f"?{given.query}" if given.query else "")
    try:
        connection.putrequest(
            given.method, target, skip_host="host" in given.headers, skip_accept_encoding=True
        )
        for name, values in given.headers.items():
            for value in values:
                connection.putheader(name, value)
        if "content-length" not in given.headers:
            connection.putheader("content-length", str(len(given.body)))
        connection.endheaders(given.body)
        answer = connection.getresponse()
        return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
    finally:
        connection.close()


def host_of(url: str) -> str:
    """The Host header a client of this URL sends."""
    return urlsplit(url).netloc

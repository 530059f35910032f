"""Test an application under its real permissions: fixtures for pytest.

Installed with Clearance, nothing to import::

    def test_the_worker_may_not_delete(as_principal):
        with as_principal("arn:aws:iam::123456789012:role/worker"):
            with pytest.raises(ClientError, match="no identity-based policy"):
                my_application.clean_up()      # calls boto3 as it always does

``clearance_estate``
    What there is at first: an `Estate`, or the path of one. Override it in a ``conftest.py``, or
    name a file with ``--clearance-estate FILE`` or ``clearance_estate = FILE`` in the ini file.
    Without either there is one account, 123456789012, with nothing in it.

``clearance_endpoint``
    A running endpoint that nobody else uses, thrown away after the test: ``url``,
    ``client("iam")`` (root of ``account``), ``events()`` (the audit trail, oldest first),
    ``denials()`` (the sentences of all refusals), ``estate`` (as it is now).

``as_principal(arn)``
    Who calls: a user, role, role session or root ARN, or an account id. In a ``with`` block the
    ``AWS_…`` variables lead every new boto3 client there, with that principal's credentials;
    ``as_principal(arn).client("s3")`` gives one client. A role is taken up without asking its
    trust policy: call ``sts:AssumeRole`` as somebody else to test that.

When a test with an endpoint fails because a call was denied, the failure shows why and what would
fix it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import pytest

if TYPE_CHECKING:
    import boto3

    from clearance.model.estate import AccessKey, Account, Estate
    from clearance.server.start import Started

__all__ = ["Acting", "ClearanceEndpoint"]

OPTION: Final = "clearance_estate"
REGION: Final = "us-east-1"
ACCOUNT: Final = "123456789012"
SESSION: Final = timedelta(hours=1)


def pytest_addoption(parser: pytest.Parser) -> None:
    """The option and ini value that name an estate file."""
    text = "the estate that clearance_endpoint starts with: a file or a snapshot folder"
    parser.getgroup("clearance").addoption("--clearance-estate", dest=OPTION, help=text)
    parser.addini(OPTION, text)


@dataclass
class ClearanceEndpoint:
    """A running endpoint."""

    url: str
    started: Started
    account: str
    region: str = REGION

    @property
    def estate(self) -> Estate:
        """The estate as it is now."""
        return self.started.world.estate

    def client(self, service: str, region: str | None = None) -> Any:  # noqa: ANN401
        """A boto3 client of the account's root user."""
        return self.acting(self.account).client(service, region)

    def events(self) -> list[dict[str, Any]]:
        """The audit trail, oldest first."""
        return list(self.started.store.events())[::-1]

    def denials(self) -> list[str]:
        """The sentence of every refusal, oldest first."""
        codes = {"AccessDenied", "UnauthorizedOperation", "AuthorizationError"}
        return [str(e["errorMessage"]) for e in self.events() if e.get("errorCode") in codes]

    def acting(self, principal: str) -> Acting:
        """Calls as somebody: a user, role, session or root ARN, or an account id."""
        return Acting(self, principal, self._credentials(principal))

    def _credentials(self, text: str) -> Mapping[str, str]:
        from clearance.decide import identify  # noqa: PLC0415
        from clearance.model.errors import UsageError  # noqa: PLC0415
        from clearance.model.principal import PrincipalKind  # noqa: PLC0415

        who = identify(text, self.estate)
        account = self.estate.account(who.account)
        if account is None:
            raise UsageError(f"the estate holds no account of `{text}`")
        name = who.policy_subject.rsplit("/", 1)[-1]
        if who.kind is PrincipalKind.ROOT:
            return _of(_usable(account.root_keys))
        if who.kind is PrincipalKind.USER:
            user = account.users.get(name)
            if user is None or account.user_arn(user) != who.arn:
                raise UsageError(f"the estate holds no user `{text}`")
            key = _usable(user.keys)
            if key is not None:
                return _of(key)
            iam = self.acting(account.id).client("iam")
            made = iam.create_access_key(UserName=name)["AccessKey"]
            return _named(made["AccessKeyId"], made["SecretAccessKey"])
        role = account.roles.get(name)
        if role is None or account.role_arn(role) != who.role_arn:
            raise UsageError(f"the estate holds no role `{text}`")
        return self._session(account, role.name, who.session_name or "clearance")

    def _session(self, account: Account, role: str, session: str) -> Mapping[str, str]:
        """Credentials of a role session, without asking the trust policy."""
        from clearance.model.principal import (  # noqa: PLC0415
            Principal,
            PrincipalKind,
            Session,
        )

        found = account.roles[role]
        world = self.started.world
        now = world.now()
        who = Principal(
            PrincipalKind.ROLE_SESSION,
            f"arn:{account.partition}:sts::{account.id}:assumed-role/{role}/{session}",
            account.id,
            account.partition,
            unique_id=found.id,
            role_arn=account.role_arn(found),
            session_name=session,
            tags=found.tags,
            session=Session(issued=now, expires=now + SESSION, mfa=False),
        )
        key, secret = world.ports.access_key_id("ASIA"), world.ports.secret_key()
        who = replace(who, access_key=key)
        return {
            **_named(key, secret),
            "AWS_SESSION_TOKEN": world.ports.seal(who, key, secret),
        }


@dataclass
class Acting:
    """Calls as one principal; in a ``with`` block everybody's new boto3 clients do."""

    endpoint: ClearanceEndpoint
    principal: str
    credentials: Mapping[str, str]
    _patch: pytest.MonkeyPatch = field(default_factory=pytest.MonkeyPatch)

    def client(self, service: str, region: str | None = None) -> Any:  # noqa: ANN401
        """One boto3 client."""
        make: Any = _session().client
        return make(
            service,
            endpoint_url=self.endpoint.url,
            region_name=region or self.endpoint.region,
            aws_access_key_id=self.credentials["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.credentials["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=self.credentials.get("AWS_SESSION_TOKEN"),
        )

    def __enter__(self) -> Self:
        import boto3  # noqa: PLC0415

        for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN"):
            self._patch.delenv(name, raising=False)
        given = {
            **self.credentials,
            "AWS_ENDPOINT_URL": self.endpoint.url,
            "AWS_DEFAULT_REGION": self.endpoint.region,
            "AWS_REGION": self.endpoint.region,
        }
        for name, value in given.items():
            self._patch.setenv(name, value)
        # boto3.client() keeps a session with the credentials it found first.
        self._patch.setattr(boto3, "DEFAULT_SESSION", None)
        return self

    def __exit__(self, *_: object) -> None:
        self._patch.undo()


@cache
def _session() -> boto3.Session:
    """One session for all clients made here: it keeps the service models it has read."""
    import boto3  # noqa: PLC0415

    return boto3.Session()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Explain the denial that made a test with an endpoint fail, under the failure."""
    report = yield
    endpoint = getattr(item, "funcargs", {}).get("clearance_endpoint")
    if report.failed and call.excinfo is not None and isinstance(endpoint, ClearanceEndpoint):
        found = _explained(call.excinfo.value, endpoint)
        if found:
            report.sections.append(("clearance explain", found))
    return report


def _explained(error: BaseException, endpoint: ClearanceEndpoint) -> str:
    """What is known of the denial behind an error; empty when there is none."""
    from botocore.exceptions import ClientError  # noqa: PLC0415

    from clearance.boto import explain_error  # noqa: PLC0415
    from clearance.explain.prose import text  # noqa: PLC0415
    from clearance.model.errors import ClearanceError  # noqa: PLC0415

    chain: BaseException | None = error
    while chain is not None and not isinstance(chain, ClientError):
        chain = chain.__cause__ or chain.__context__
    if chain is None or hasattr(chain, "clearance"):
        return ""
    try:
        return "\n\n".join(text(each) for each in explain_error(chain, endpoint.estate))
    except ClearanceError as problem:
        return f"clearance could not explain this: {problem}"


@pytest.fixture
def clearance_estate(request: pytest.FixtureRequest) -> Estate | Path | None:
    """What the endpoint starts with; override it to give your own."""
    given = request.config.getoption(OPTION) or request.config.getini(OPTION)
    return Path(request.config.rootpath / given) if given else None


@pytest.fixture
def clearance_endpoint(
    clearance_estate: Estate | Path | str | None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ClearanceEndpoint]:
    """A running endpoint for this test alone."""
    from clearance import wiring  # noqa: PLC0415
    from clearance.model.estate import Account, Estate  # noqa: PLC0415
    from clearance.server.listen import running  # noqa: PLC0415
    from clearance.server.start import Settings, start  # noqa: PLC0415

    given = clearance_estate
    if isinstance(given, str | Path):
        given = wiring.load_estate(Path(given))
    if given is None or not given.accounts:
        given = Estate({ACCOUNT: Account(ACCOUNT)})
    folder = tmp_path_factory.mktemp("clearance")
    started = start(Settings(folder / "data", seed_estate=_with_keys(given)))
    with running(started) as url:
        account = ACCOUNT if ACCOUNT in given.accounts else min(given.accounts)
        yield ClearanceEndpoint(url, started, account)


@pytest.fixture
def as_principal(clearance_endpoint: ClearanceEndpoint) -> Callable[[str], Acting]:
    """Who calls: give it an ARN, use what it gives in a ``with`` block."""
    return clearance_endpoint.acting


def _with_keys(estate: Estate) -> Estate:
    """The estate with a key for every user and root user that has none whose secret is known."""
    accounts = {}
    for number, account in estate.accounts.items():
        users = {
            name: user if _usable(user.keys) else replace(user, keys={**user.keys, **_fresh()})
            for name, user in account.users.items()
        }
        roots = account.root_keys if _usable(account.root_keys) else _fresh()
        accounts[number] = replace(account, users=users, root_keys=roots)
    return replace(estate, accounts=accounts)


def _fresh() -> Mapping[str, AccessKey]:
    import base64  # noqa: PLC0415
    import os  # noqa: PLC0415

    from clearance import wiring  # noqa: PLC0415
    from clearance.model.estate import AccessKey, Secret  # noqa: PLC0415

    identity = "AKIA" + base64.b32encode(os.urandom(10)).decode()
    secret = Secret(base64.b64encode(os.urandom(30)).decode())
    return {identity: AccessKey(identity, secret, wiring.now())}


def _usable(keys: Mapping[str, AccessKey]) -> AccessKey | None:
    return next((key for key in keys.values() if key.active and key.secret.value), None)


def _of(key: AccessKey | None) -> Mapping[str, str]:
    from clearance.model.errors import UsageError  # noqa: PLC0415

    if key is None:
        raise UsageError("there is no active access key whose secret is known")
    return _named(key.id, key.secret.value)


def _named(key: str, secret: str) -> Mapping[str, str]:
    return {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret}

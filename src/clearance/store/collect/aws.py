"""Calls to AWS: one identity, all pages, patient when told to slow down."""

from __future__ import annotations

import os
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final, Protocol

import botocore.session
from botocore import xform_name
from botocore.config import Config
from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials
from botocore.exceptions import BotoCoreError, ClientError

from clearance.model.errors import EstateError, UsageError

__all__ = ["Aws", "CallFailed", "LiveAws"]

SESSION_NAME: Final = "clearance-collect"
# The credentials were good a moment ago, so they ran out. Codes such as `UnrecognizedClient` are
# not here: a Region that the account has not enabled answers with them too.
_EXPIRED: Final = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
# "adaptive" measures how fast AWS lets us call and slows down by itself (Boto3, Retries).
_CONFIG: Final = Config(
    retries={"mode": "adaptive", "total_max_attempts": 8},
    connect_timeout=10,
    read_timeout=60,
    max_pool_connections=16,
    user_agent_extra="clearance-collect",
)


class CallFailed(Exception):  # noqa: N818 - it is noted, not shown
    """AWS did not answer what was asked."""

    def __init__(self, service: str, operation: str, code: str, message: str) -> None:
        super().__init__(f"{service}:{operation}: {code}: {message}")
        self.code = code


class Aws(Protocol):
    """Somebody who may call AWS."""

    def call(
        self, service: str, operation: str, /, region: str | None = None, **given: object
    ) -> dict[str, Any]:
        """The whole answer, all its pages in one, or `CallFailed`."""

    def entered(self, role: str) -> Aws:
        """The same as somebody who assumed a role, by its ARN."""


class LiveAws:
    """AWS as botocore reaches it; safe to call from several threads."""

    def __init__(
        self, session: botocore.session.Session, region: str, endpoint_url: str | None = None
    ) -> None:
        self.region = region
        self._session = session
        self._endpoint_url = endpoint_url
        self._clients: dict[tuple[str, str], Any] = {}
        # Making a client is not safe to do twice at once; using it is (Boto3, Clients).
        self._making = Lock()

    @classmethod
    def of(
        cls, profile: str | None, region: str | None, endpoint_url: str | None = None
    ) -> LiveAws:
        """The identity that the AWS CLI would use.

        Raises:
            UsageError: there is no such profile, or no Region.
        """
        try:
            session = botocore.session.Session(profile=profile)
            # botocore reads AWS_DEFAULT_REGION only; the AWS CLI and newer SDKs read this first.
            region = region or os.environ.get("AWS_REGION")
            region = region or session.get_config_variable("region")
        except BotoCoreError as error:
            raise UsageError(_said(error)) from error
        if region is None:
            raise UsageError("no Region is configured; give --region, e.g. `--region us-east-1`")
        return cls(session, region, endpoint_url)

    def call(
        self, service: str, operation: str, /, region: str | None = None, **given: object
    ) -> dict[str, Any]:
        """The whole answer, all its pages in one."""
        try:
            client = self._client(service, region or self.region)
            name = xform_name(operation)
            if client.can_paginate(name):
                answer = client.get_paginator(name).paginate(**given).build_full_result()
            else:
                answer = getattr(client, name)(**given)
        except ClientError as error:
            said = error.response.get("Error", {})
            code, message = said.get("Code", "Unknown"), said.get("Message", "")
            if code in _EXPIRED:
                raise EstateError(
                    f"the credentials ran out ({code}); renew them and run again with --resume"
                ) from error
            raise CallFailed(service, operation, code, message) from error
        except BotoCoreError as error:
            raise CallFailed(service, operation, type(error).__name__, _said(error)) from error
        return {name: value for name, value in answer.items() if name != "ResponseMetadata"}

    def entered(self, role: str) -> LiveAws:
        """The same as somebody who assumed a role; its credentials renew themselves."""
        fetcher = AssumeRoleCredentialFetcher(
            client_creator=self._create,
            source_credentials=self._session.get_credentials(),
            role_arn=role,
            extra_args={"RoleSessionName": SESSION_NAME},
        )
        session = botocore.session.Session()
        # The models of the services are large; they are read once.
        session.register_component("data_loader", self._session.get_component("data_loader"))
        session.register_component(
            "credential_provider",
            _Held(
                DeferredRefreshableCredentials(
                    refresh_using=fetcher.fetch_credentials, method="assume-role"
                )
            ),
        )
        return LiveAws(session, self.region, self._endpoint_url)

    def _client(self, service: str, region: str) -> Any:  # noqa: ANN401 - a botocore client
        with self._making:
            found = self._clients.get((service, region))
            if found is None:
                found = self._clients[service, region] = self._create(service, region_name=region)
            return found

    def _create(self, service: str, **given: Any) -> Any:  # noqa: ANN401 - a botocore client
        make: Any = self._session.create_client  # the stubs want every service's name
        given.setdefault("region_name", self.region)
        return make(service, endpoint_url=self._endpoint_url, config=_CONFIG, **given)


@dataclass(frozen=True, slots=True)
class _Held:
    """Where botocore looks for credentials: here they are."""

    credentials: Any

    def load_credentials(self) -> Any:  # noqa: ANN401 - botocore's credentials
        return self.credentials


def _said(error: Exception) -> str:
    return " ".join(str(error).split())

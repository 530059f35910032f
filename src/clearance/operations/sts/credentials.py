"""Temporary credentials: a key, its secret and the sealed session behind them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from clearance.model.principal import Principal
from clearance.operations.call import Output, Ports

__all__ = ["TemporaryCredentials", "issue"]


@dataclass(frozen=True, slots=True)
class TemporaryCredentials:
    """What a session signs with, and who it is."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)
    expiration: datetime
    principal: Principal

    @property
    def output(self) -> Output:
        """The ``Credentials`` member of every STS answer."""
        return {
            "AccessKeyId": self.access_key_id,
            "SecretAccessKey": self.secret_access_key,
            "SessionToken": self.session_token,
            "Expiration": self.expiration,
        }


def issue(principal: Principal, expires: datetime, ports: Ports) -> TemporaryCredentials:
    """Make credentials for a session; its token carries the principal."""
    key = ports.access_key_id("ASIA")
    secret = ports.secret_key()
    bearer = replace(principal, access_key=key)
    return TemporaryCredentials(key, secret, ports.seal(bearer, key, secret), expires, bearer)

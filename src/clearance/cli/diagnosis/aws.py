"""Where AWS's own tools would send a call from here, and as whom; no secret is printed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import urlsplit

from clearance.cli.diagnosis.finding import Checked, fine, note, problem

__all__ = ["aws", "endpoint_variable"]

SECRET: Final = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
PLAIN: Final = (
    "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE", "AWS_ENDPOINT_URL", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CA_BUNDLE",
)  # fmt: skip
LOCAL: Final = ("127.0.0.1", "localhost", "::1")


def aws(environment: Mapping[str, str]) -> Iterator[Checked]:
    """Credentials, profile, Region, proxies."""
    yield _variables(environment)
    yield from _profile(environment)
    yield from _credentials(environment)
    yield from _region(environment)
    yield from _proxy(environment)


def endpoint_variable(environment: Mapping[str, str]) -> str | None:
    """The endpoint that AWS's tools would call, if a variable names one."""
    if environment.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() == "true":
        return None
    return environment.get("AWS_ENDPOINT_URL") or None


def _variables(environment: Mapping[str, str]) -> Checked:
    told = [f"{name}={_plain(environment[name])}" for name in PLAIN if environment.get(name)]
    told += [f"{name} (set)" for name in SECRET if environment.get(name)]
    told += sorted(
        f"{name}={_plain(value)}"
        for name, value in environment.items()
        if name.startswith("AWS_ENDPOINT_URL_") and value
    )
    return fine("variables", ", ".join(told) or "none of AWS's is set")


def _plain(value: str) -> str:
    """A value without the password that a URL may hold."""
    parts = urlsplit(value)
    if "@" in parts.netloc:
        host = parts.netloc.rpartition("@")[2]
        return parts._replace(netloc=f"…@{host}").geturl()
    return value


def _profile(environment: Mapping[str, str]) -> Iterator[Checked]:
    wanted = environment.get("AWS_PROFILE") or environment.get("AWS_DEFAULT_PROFILE")
    known = _profiles()
    if isinstance(known, Checked):
        yield known
    elif wanted and wanted not in known:
        near = f"; there are {', '.join(known)}" if known else ""
        yield problem(
            "profile",
            f"`{wanted}` is in no configuration file{near}",
            "unset AWS_PROFILE, or run `aws configure --profile NAME`",
        )
    elif wanted:
        yield fine("profile", wanted)


def _profiles() -> tuple[str, ...] | Checked:
    from botocore.exceptions import BotoCoreError
    from botocore.session import Session

    try:
        return tuple(Session(profile=None).full_config.get("profiles", {}))
    except BotoCoreError as error:
        return problem("profile", f"{error}", "mend the file, or name another in AWS_CONFIG_FILE")


def _credentials(environment: Mapping[str, str]) -> Iterator[Checked]:
    key, secret, token = (environment.get(name, "") for name in SECRET)
    if bool(key) != bool(secret):
        there, gone = SECRET[:2] if key else SECRET[1::-1]
        says = f"{there} is set, {gone} is not"
        yield problem("credentials", says, f"set both, or unset {there}")
    elif key.startswith("ASIA") and not token:
        yield problem(
            "credentials",
            "the key is a temporary one (ASIA…) but AWS_SESSION_TOKEN is not set",
            "export AWS_SESSION_TOKEN as well",
        )
    elif token and key.startswith("AKIA"):
        yield problem(
            "credentials",
            "AWS_SESSION_TOKEN is set beside a long-lived key (AKIA…); every call would fail",
            "unset AWS_SESSION_TOKEN",
        )
    elif key and environment.get("AWS_PROFILE"):
        yield note(
            "credentials",
            "AWS_ACCESS_KEY_ID and AWS_PROFILE are both set; the key of the variables is used, not "
            "the profile's",
            "unset the one that is not meant",
        )


def _region(environment: Mapping[str, str]) -> Iterator[Checked]:
    first, second = environment.get("AWS_REGION"), environment.get("AWS_DEFAULT_REGION")
    if first and second and first != second:
        yield note(
            "region",
            f"AWS_REGION={first}, AWS_DEFAULT_REGION={second}; version 2 of the AWS CLI takes the "
            "former, boto3 the latter",
            "set them alike",
        )


def _proxy(environment: Mapping[str, str]) -> Iterator[Checked]:
    """A proxy for http:// also takes what is meant for this machine, unless it is told not to."""
    endpoint = endpoint_variable(environment)
    proxy = environment.get("http_proxy") or environment.get("HTTP_PROXY")
    if endpoint is None or not proxy:
        return
    host = urlsplit(endpoint).hostname or ""
    spared = (environment.get("no_proxy") or environment.get("NO_PROXY") or "").split(",")
    if host in LOCAL and not {host, "*"} & {each.strip() for each in spared}:
        yield problem(
            "proxy",
            f"HTTP_PROXY takes the calls to {host} as well",
            f"export NO_PROXY={','.join((*filter(None, spared), host))}",
        )

"""The credential report: every user's passwords, keys and devices as one CSV."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from clearance.model.estate import AccessKey, Account, CredentialReport, Estate, User
from clearance.operations.call import Call, Input, Operation, Output
from clearance.operations.fault import OperationError
from clearance.operations.iam.fields import checked
from clearance.operations.iam.owners import account_of

__all__ = ["OPERATIONS"]

# "IAM checks whether a report was generated within the last four hours; if the most recent report
# is older … generates a new report" (IAM User Guide, id_credentials_getting-report).
FRESH: Final = timedelta(hours=4)
KEPT: Final = timedelta(days=7)
_KEY_COLUMNS: Final = (
    "active", "last_rotated", "last_used_date", "last_used_region", "last_used_service",
)  # fmt: skip
COLUMNS: Final = (
    "user", "arn", "user_creation_time", "password_enabled", "password_last_used",
    "password_last_changed", "password_next_rotation", "mfa_active",
    *(f"access_key_{number}_{column}" for number in (1, 2) for column in _KEY_COLUMNS),
    "cert_1_active", "cert_1_last_rotated", "cert_2_active", "cert_2_last_rotated",
)  # fmt: skip
NONE: Final = "N/A"


def generate_credential_report(
    estate: Estate,
    call: Call,
    given: Input,  # noqa: ARG001
) -> tuple[Estate, Output]:
    """Write the report anew unless there is a fresh one."""
    account = account_of(estate, call)
    report = account.credential_report
    if report is not None and call.now - report.generated < FRESH:
        return estate, {"State": "COMPLETE"}
    written = CredentialReport(call.now, "\n".join([",".join(COLUMNS), *_rows(account)]))
    description = "No report exists. Starting a new report generation task"
    estate = estate.with_account(replace(account, credential_report=written))
    return estate, {"State": "STARTED", "Description": description}


def get_credential_report(
    estate: Estate,
    call: Call,
    given: Input,  # noqa: ARG001
) -> tuple[Estate, Output]:
    """The last report."""
    report = account_of(estate, call).credential_report
    if report is None:
        raise OperationError("ReportNotPresent", "No report is present.", 410)
    if call.now - report.generated > KEPT:
        raise OperationError("ReportExpired", "The report has expired.", 410)
    return estate, {
        "Content": report.content.encode(),
        "ReportFormat": "text/csv",
        "GeneratedTime": report.generated,
    }


def _rows(account: Account) -> Iterator[str]:
    keys = [*account.root_keys.values()]
    created = min((key.created for key in keys), default=None)
    password = ("not_supported", "no_information", "not_supported", "not_supported", "false")
    root = ("<root_account>", account.root_arn, _date(created), *password)
    yield ",".join([*root, *_keys(keys)])
    for name in sorted(account.users):
        user = account.users[name]
        yield ",".join([*_user(account, user), *_keys([*user.keys.values()])])


def _user(account: Account, user: User) -> Iterator[str]:
    device = any(device.user == user.name for device in account.mfa_devices.values())
    login = user.login
    yield from (user.name, account.user_arn(user), _date(user.created), _word(login is not None))
    if login is None:
        yield from (NONE, NONE, NONE)
    else:
        used = user.password_last_used
        yield "no_information" if used is None else _date(used)
        yield _date(login.changed)
        age = account.password_policy.max_age if account.password_policy else None
        yield NONE if age is None else _date(login.changed + timedelta(days=age))
    yield _word(device)


def _keys(keys: list[AccessKey]) -> Iterator[str]:
    oldest_first = sorted(keys, key=lambda key: key.created)
    for place in range(2):
        if place >= len(oldest_first):
            yield from ("false", NONE, NONE, NONE, NONE)
            continue
        key = oldest_first[place]
        yield from (_word(key.active), _date(key.created), _date(key.last_used))
        yield from (key.last_region or NONE, key.last_service or NONE)
    yield from ("false", NONE, "false", NONE)


def _date(moment: datetime | None) -> str:
    return NONE if moment is None else moment.replace(microsecond=0).isoformat()


def _word(holds: bool) -> str:  # noqa: FBT001
    return "true" if holds else "false"


OPERATIONS: Final[Mapping[str, Operation]] = {
    "GenerateCredentialReport": checked(generate_credential_report),
    "GetCredentialReport": checked(get_credential_report),
}

"""Login profiles: console passwords, kept as salted hashes and held to the password policy."""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from hashlib import scrypt
from hmac import compare_digest
from typing import Any, Final

from clearance.model.estate import Account, Estate, LoginProfile, PasswordPolicy, Secret, User
from clearance.model.principal import PrincipalKind
from clearance.operations.call import Call, Input, Operation, Output
from clearance.operations.fault import OperationError
from clearance.operations.iam.faults import already_exists, no_such_entity
from clearance.operations.iam.fields import checked
from clearance.operations.iam.owners import USER, account_of, keep, user_named, with_owner
from clearance.operations.iam.users import calling_user, user_or_caller

__all__ = ["OPERATIONS", "hashed", "matches"]

SYMBOLS: Final = frozenset("!@#$%^&*()_+-=[]{}|'")
MINIMUM: Final = 8
MAXIMUM_REMEMBERED: Final = 24
MIXED: Final = 3
_SALT: Final = string.ascii_letters + string.digits
_COST: Final = {"n": 2**12, "r": 8, "p": 1}


def hashed(password: str, salt: str) -> Secret:
    """What is kept of a password."""
    digest = scrypt(password.encode(), salt=salt.encode(), dklen=32, **_COST)
    return Secret(f"{salt}${digest.hex()}")


def matches(password: str, kept: Secret) -> bool:
    """True when this is the password that was kept."""
    salt = kept.value.partition("$")[0]
    return compare_digest(hashed(password, salt).value, kept.value)


def _kinds(password: str) -> int:
    """How many of the four kinds of characters the password mixes."""
    return sum(any(kind(c) for c in password) for kind in _KINDS)


_KINDS: Final[tuple[Callable[[str], bool], ...]] = (
    lambda c: c in string.ascii_uppercase,
    lambda c: c in string.ascii_lowercase,
    lambda c: c in string.digits,
    lambda c: c in SYMBOLS,
)
_DEMANDS: Final[tuple[tuple[str, Callable[[str], bool], str], ...]] = (
    ("require_uppercase", _KINDS[0], "at least one uppercase character (A-Z)"),
    ("require_lowercase", _KINDS[1], "at least one lowercase character (a-z)"),
    ("require_numbers", _KINDS[2], "at least one number (0-9)"),
    ("require_symbols", _KINDS[3], "at least one symbol"),
)


def _violation(message: str) -> OperationError:
    return OperationError("PasswordPolicyViolation", message, 400)


def _suits(account: Account, user: User, password: str) -> None:
    """Refuse a password that the account's policy, or without one AWS's default, forbids."""
    policy = account.password_policy
    if policy is None:
        _suits_default(account, user, password)
        return
    if len(password) < policy.minimum_length:
        raise _violation(f"Password should have a minimum length of {policy.minimum_length}")
    for member, holds, words in _DEMANDS:
        if getattr(policy, member) and not any(holds(c) for c in password):
            raise _violation(f"Password should have {words}")
    if _used_before(policy, user, password):
        raise _violation("Password policy prevents reusing passwords")


def _suits_default(account: Account, user: User, password: str) -> None:
    # "Minimum password length of 8 characters … minimum of three of the following mix of
    # character types … not be identical to your AWS account name or email address" (IAM User
    # Guide, id_credentials_passwords_account-policy).
    if len(password) < MINIMUM:
        raise _violation(f"Password should have a minimum length of {MINIMUM}")
    if _kinds(password) < MIXED:
        raise _violation(
            "Password should have at least three of: uppercase characters, lowercase characters, "
            "numbers, symbols"
        )
    if password in {account.name, account.alias, user.name}:
        raise _violation("Password should not be identical to the account or user name")


def _used_before(policy: PasswordPolicy, user: User, password: str) -> bool:
    if policy.reuse_prevention is None or user.login is None:
        return False
    remembered = (user.login.password, *user.login.former)[: policy.reuse_prevention]
    return any(matches(password, kept) for kept in remembered)


def _login(user: User) -> LoginProfile:
    if user.login is None:
        raise no_such_entity(f"Login Profile for User {user.name} cannot be found.")
    return user.login


def _with(account: Account, user: User, login: LoginProfile | None) -> Account:
    return with_owner(account, USER, replace(user, login=login))


def _view(user: User, login: LoginProfile) -> dict[str, Any]:
    return {
        "UserName": user.name,
        "CreateDate": login.created,
        "PasswordResetRequired": login.reset_required,
    }


def create_login_profile(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Give a user a console password."""
    account = account_of(estate, call)
    user = user_or_caller(account, call, given)
    if user.login is not None:
        raise already_exists(f"Login Profile for user {user.name} already exists.")
    _suits(account, user, given["Password"])
    login = LoginProfile(
        created=call.now,
        password=_hashed(call, given["Password"]),
        changed=call.now,
        reset_required=given.get("PasswordResetRequired", False),
    )
    return estate.with_account(_with(account, user, login)), {"LoginProfile": _view(user, login)}


def _hashed(call: Call, password: str) -> Secret:
    return hashed(password, call.ports.token(16, _SALT))


def get_login_profile(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Since when a user has a password."""
    user = user_or_caller(account_of(estate, call), call, given)
    return estate, {"LoginProfile": _view(user, _login(user))}


def update_login_profile(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Set another password, or ask the user to."""
    account = account_of(estate, call)
    user = user_named(account, given["UserName"])
    login = _login(user)
    if "Password" in given:
        login = _renewed(account, call, user, given["Password"])
    reset = given.get("PasswordResetRequired", login.reset_required)
    return keep(estate, _with(account, user, replace(login, reset_required=reset)))


def _renewed(account: Account, call: Call, user: User, password: str) -> LoginProfile:
    _suits(account, user, password)
    login = _login(user)
    former = (login.password, *login.former)[:MAXIMUM_REMEMBERED]
    return replace(login, password=_hashed(call, password), former=former, changed=call.now)


def delete_login_profile(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Take a user's console password away."""
    account = account_of(estate, call)
    user = user_or_caller(account, call, given)
    _login(user)
    return keep(estate, _with(account, user, None))


def change_password(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Let a user exchange the own password."""
    account = account_of(estate, call)
    user = calling_user(account, call)
    if user is None:
        whose = "root user" if call.principal.kind is PrincipalKind.ROOT else "temporary"
        raise OperationError(
            "InvalidUserType", f"Only IAM Users can change their own password, not {whose} callers"
        )
    login = _login(user)
    if not matches(given["OldPassword"], login.password):
        raise OperationError("AccessDenied", "The old password was incorrect.", 403)
    _refuse_expired(account.password_policy, login, call)
    renewed = _renewed(account, call, user, given["NewPassword"])
    return keep(estate, _with(account, user, replace(renewed, reset_required=False)))


def _refuse_expired(policy: PasswordPolicy | None, login: LoginProfile, call: Call) -> None:
    """With hard expiry an expired password can only be reset by an administrator."""
    if policy is None or not policy.hard_expiry or policy.max_age is None:
        return
    if call.now > login.changed + timedelta(days=policy.max_age):
        raise _violation("The password has expired; an administrator must reset it")


OPERATIONS: Final[Mapping[str, Operation]] = {
    "CreateLoginProfile": checked(create_login_profile, "Password"),
    "GetLoginProfile": checked(get_login_profile),
    "UpdateLoginProfile": checked(update_login_profile, "UserName"),
    "DeleteLoginProfile": checked(delete_login_profile),
    "ChangePassword": checked(change_password, "OldPassword", "NewPassword"),
}

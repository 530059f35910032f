"""Passwords, MFA devices and the credential report."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from tests.operations.iam.world import NOW, ROOT, A, World

from clearance.model.principal import Principal, PrincipalKind
from clearance.operations.iam.mfa import totp

GOOD = "Secret-12345"
SERIAL = f"arn:aws:iam::{A}:mfa/phone"


@pytest.fixture
def world() -> World:
    world = World()
    world("CreateUser", UserName="ana")
    return world


class TestPasswords:
    def test_a_login_profile(self, world: World) -> None:
        given = {"UserName": "ana", "Password": GOOD, "PasswordResetRequired": True}
        made = world("CreateLoginProfile", **given)["LoginProfile"]
        assert made == {"UserName": "ana", "CreateDate": NOW, "PasswordResetRequired": True}
        assert world("GetLoginProfile", UserName="ana")["LoginProfile"] == made
        message = "Login Profile for user ana already exists."
        refusal = ("EntityAlreadyExists", message, 409)
        assert world.refused("CreateLoginProfile", **given) == refusal
        world("UpdateLoginProfile", UserName="ana", PasswordResetRequired=False)
        shown = world("GetLoginProfile", UserName="ana")["LoginProfile"]
        assert shown["PasswordResetRequired"] is False
        world("DeleteLoginProfile", UserName="ana")
        assert world.account.users["ana"].login is None

    def test_only_a_hash_is_kept(self, world: World) -> None:
        world("CreateLoginProfile", UserName="ana", Password=GOOD)
        world("CreateUser", UserName="bob")
        world("CreateLoginProfile", UserName="bob", Password=GOOD)
        ana, bob = (user.login for user in world.account.users.values())
        assert ana is not None
        assert bob is not None
        assert GOOD not in ana.password.value
        assert ana.password != bob.password  # salted

    @pytest.mark.parametrize(
        "operation", ["GetLoginProfile", "UpdateLoginProfile", "DeleteLoginProfile"]
    )
    def test_no_login_profile(self, world: World, operation: str) -> None:
        message = "Login Profile for User ana cannot be found."
        assert world.refused(operation, UserName="ana") == ("NoSuchEntity", message, 404)

    @pytest.mark.parametrize("password", ["Sh0rt-", "onlylowercase", "lower12345", "anaANA"])
    def test_aws_default_policy(self, world: World, password: str) -> None:
        refused = world.refused("CreateLoginProfile", UserName="ana", Password=password)
        assert (refused[0], refused[2]) == ("PasswordPolicyViolation", 400)

    @pytest.mark.parametrize(
        ("demand", "good", "bad"),
        [
            ({"MinimumPasswordLength": 10}, "x" * 10, "x" * 9),
            ({"RequireSymbols": True}, "secret!", "secret1"),
            ({"RequireNumbers": True}, "secret1", "secret!"),
            ({"RequireUppercaseCharacters": True}, "Secret", "secret"),
            ({"RequireLowercaseCharacters": True}, "sECRET", "SECRET"),
        ],
    )
    def test_the_accounts_policy(
        self, world: World, demand: dict[str, Any], good: str, bad: str
    ) -> None:
        world("UpdateAccountPasswordPolicy", **demand)
        refused = world.refused("CreateLoginProfile", UserName="ana", Password=bad)
        assert refused[0] == "PasswordPolicyViolation"
        world("CreateLoginProfile", UserName="ana", Password=good)

    def test_passwords_are_not_reused_too_soon(self, world: World) -> None:
        world("UpdateAccountPasswordPolicy", PasswordReusePrevention=2)
        world("CreateLoginProfile", UserName="ana", Password="password-1")
        for number in (2, 3):
            world("UpdateLoginProfile", UserName="ana", Password=f"password-{number}")
        for number in (2, 3):
            given = {"UserName": "ana", "Password": f"password-{number}"}
            assert world.refused("UpdateLoginProfile", **given)[0] == "PasswordPolicyViolation"
        world("UpdateLoginProfile", UserName="ana", Password="password-1")

    def test_users_change_their_own(self, world: World) -> None:
        world("CreateLoginProfile", UserName="ana", Password=GOOD, PasswordResetRequired=True)
        world.as_user("ana")
        given = {"OldPassword": "wrong", "NewPassword": "Another-12345"}
        assert world.refused("ChangePassword", **given)[0] == "AccessDenied"
        world("ChangePassword", OldPassword=GOOD, NewPassword="Another-12345")
        login = world.account.users["ana"].login
        assert login is not None
        assert login.reset_required is False
        assert world.refused("ChangePassword", OldPassword=GOOD, NewPassword=GOOD)[2] == 403

    def test_hard_expiry(self, world: World) -> None:
        world("UpdateAccountPasswordPolicy", MaxPasswordAge=30, HardExpiry=True)
        world("CreateLoginProfile", UserName="ana", Password=GOOD)
        world.as_user("ana")
        world.at(NOW + timedelta(days=31))
        given = {"OldPassword": GOOD, "NewPassword": "Another-12345"}
        assert world.refused("ChangePassword", **given)[0] == "PasswordPolicyViolation"

    def test_others_have_no_password_to_change(self, world: World) -> None:
        given = {"OldPassword": GOOD, "NewPassword": GOOD}
        assert world.refused("ChangePassword", **given)[0] == "InvalidUserType"
        arn = f"arn:aws:sts::{A}:assumed-role/app/s1"
        world.as_principal(Principal(PrincipalKind.ROLE_SESSION, arn, A))
        assert world.refused("ChangePassword", **given)[0] == "InvalidUserType"


def codes(world: World, offset: int = 0) -> dict[str, str]:
    seed = world.account.mfa_devices[SERIAL].seed.value
    now = world.call.now
    return {
        "AuthenticationCode1": totp(seed, now, offset),
        "AuthenticationCode2": totp(seed, now, offset + 1),
    }


class TestMfa:
    @pytest.fixture
    def phone(self, world: World) -> World:
        world("CreateVirtualMFADevice", VirtualMFADeviceName="phone")
        return world

    def test_the_seed_is_shown_once(self, world: World) -> None:
        made = world("CreateVirtualMFADevice", VirtualMFADeviceName="phone", Path="/x/")
        device = made["VirtualMFADevice"]
        assert device["SerialNumber"] == f"arn:aws:iam::{A}:mfa/x/phone"
        assert len(device["Base32StringSeed"]) == 64
        listed = world("ListVirtualMFADevices")["VirtualMFADevices"]
        assert listed == [{"SerialNumber": device["SerialNumber"]}]

    def test_enabling_takes_two_codes_in_a_row(self, phone: World) -> None:
        who = {"UserName": "ana", "SerialNumber": SERIAL}
        message = "Authentication code for device is not valid"
        refusal = ("InvalidAuthenticationCode", message, 403)
        right = codes(phone)
        swapped = {
            "AuthenticationCode1": right["AuthenticationCode2"],
            "AuthenticationCode2": right["AuthenticationCode1"],
        }
        for wrong in (swapped, codes(phone, -100), codes(phone, 100)):
            assert phone.refused("EnableMFADevice", **who, **wrong) == refusal
        phone("EnableMFADevice", **who, **right)
        device = {"UserName": "ana", "SerialNumber": SERIAL, "EnableDate": NOW}
        assert phone("ListMFADevices", UserName="ana")["MFADevices"] == [device]
        assert phone("GetMFADevice", SerialNumber=SERIAL) == device
        message = "MFA Device is already in use."
        again = phone.refused("EnableMFADevice", **who, **right)
        assert again == ("EntityAlreadyExists", message, 409)

    def test_a_device_in_use(self, phone: World) -> None:
        who = {"UserName": "ana", "SerialNumber": SERIAL}
        phone("EnableMFADevice", **who, **codes(phone))
        phone("ResyncMFADevice", **who, **codes(phone, -3))
        assigned = phone("ListVirtualMFADevices", AssignmentStatus="Assigned")
        assert assigned["VirtualMFADevices"][0]["User"]["UserName"] == "ana"
        unassigned = phone("ListVirtualMFADevices", AssignmentStatus="Unassigned")
        assert unassigned["VirtualMFADevices"] == []
        assert phone.refused("DeleteVirtualMFADevice", SerialNumber=SERIAL)[0] == "DeleteConflict"
        message = "Cannot delete entity, must delete MFA device first."
        refused = phone.refused("DeleteUser", UserName="ana")
        assert refused == ("DeleteConflict", message, 409)
        phone("UpdateUser", UserName="ana", NewUserName="anna")
        assert phone("GetMFADevice", SerialNumber=SERIAL)["UserName"] == "anna"
        phone("DeactivateMFADevice", UserName="anna", SerialNumber=SERIAL)
        phone("DeleteVirtualMFADevice", SerialNumber=SERIAL)
        phone("DeleteUser", UserName="anna")

    def test_names_are_unique(self, phone: World) -> None:
        refusal = ("EntityAlreadyExists", "MFA device already exists.", 409)
        assert phone.refused("CreateVirtualMFADevice", VirtualMFADeviceName="phone") == refusal

    @pytest.mark.parametrize(
        "operation", ["DeactivateMFADevice", "DeleteVirtualMFADevice", "GetMFADevice"]
    )
    def test_an_unknown_device(self, world: World, operation: str) -> None:
        message = f"MFA Device with serial number {SERIAL} does not exist."
        who = {} if operation.startswith("Delete") else {"UserName": "ana"}
        refused = world.refused(operation, SerialNumber=SERIAL, **who)
        assert refused == ("NoSuchEntity", message, 404)

    def test_somebody_elses_device(self, phone: World) -> None:
        phone("CreateUser", UserName="bob")
        phone("EnableMFADevice", UserName="ana", SerialNumber=SERIAL, **codes(phone))
        refused = phone.refused("DeactivateMFADevice", UserName="bob", SerialNumber=SERIAL)
        assert refused[0] == "NoSuchEntity"


class TestReport:
    def test_it_is_made_kept_and_grows_old(self, world: World) -> None:
        assert world.refused("GetCredentialReport")[0] == "ReportNotPresent"
        assert world("GenerateCredentialReport")["State"] == "STARTED"
        assert world("GenerateCredentialReport") == {"State": "COMPLETE"}
        assert world("GetCredentialReport")["GeneratedTime"] == NOW
        world.at(NOW + timedelta(hours=5))
        assert world("GenerateCredentialReport")["State"] == "STARTED"
        world.at(NOW + timedelta(days=9))
        assert world.refused("GetCredentialReport")[0] == "ReportExpired"

    def test_a_row_for_root_and_for_each_user(self, world: World) -> None:
        world("CreateLoginProfile", UserName="ana", Password=GOOD)
        world("UpdateAccountPasswordPolicy", MaxPasswordAge=10)
        key = world("CreateAccessKey", UserName="ana")["AccessKey"]["AccessKeyId"]
        world.used_key("ana", key)
        world("GenerateCredentialReport")
        report = world("GetCredentialReport")
        assert report["ReportFormat"] == "text/csv"
        root, ana = csv.DictReader(io.StringIO(report["Content"].decode()))
        assert root["user"] == "<root_account>"
        assert root["arn"] == ROOT.arn
        assert ana["user"] == "ana"
        assert ana["password_enabled"] == "true"
        assert ana["password_next_rotation"] == "2026-12-03T12:00:00+00:00"
        assert ana["mfa_active"] == "false"
        assert ana["access_key_1_active"] == "true"
        assert ana["access_key_1_last_used_service"] == "s3"
        assert ana["access_key_2_active"] == "false"
        assert ana["cert_2_last_rotated"] == "N/A"
        assert None not in ana.values()

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.operations.iam.world import EC2_TRUST, A, B, World


def test_an_account_nobody_spoke_of_is_empty_and_fills() -> None:
    world = World()
    world.estate = world.estate.without([A])
    world("CreateUser", UserName="ana")
    assert [*world.account.users] == ["ana"]


def test_calls_stay_in_their_account() -> None:
    world = World()
    world("CreateUser", UserName="ana")
    world.call = replace(world.call, account=B)
    assert world("ListUsers")["Users"] == []


class TestAlias:
    def test_one_alias(self) -> None:
        world = World()
        assert world("ListAccountAliases")["AccountAliases"] == []
        world("CreateAccountAlias", AccountAlias="my-corp")
        world("CreateAccountAlias", AccountAlias="our-corp")
        assert world("ListAccountAliases") == {"AccountAliases": ["our-corp"], "IsTruncated": False}
        refusal = ("NoSuchEntity", "The account alias my-corp cannot be found.", 404)
        assert world.refused("DeleteAccountAlias", AccountAlias="my-corp") == refusal
        world("DeleteAccountAlias", AccountAlias="our-corp")
        assert world.account.alias is None

    def test_unique_in_the_world(self) -> None:
        world = World()
        other = replace(world.estate.accounts[B], alias="taken")
        world.estate = world.estate.with_account(other)
        refusal = ("EntityAlreadyExists", "The account alias taken already exists.", 409)
        assert world.refused("CreateAccountAlias", AccountAlias="taken") == refusal

    @pytest.mark.parametrize("alias", ["ab", "My-corp", "-corp", "my--corp", "corp-"])
    def test_odd_aliases(self, alias: str) -> None:
        assert World().refused("CreateAccountAlias", AccountAlias=alias)[0] == "ValidationError"


def test_summary() -> None:
    world = World()
    world("CreateUser", UserName="ana")
    world("CreateRole", RoleName="app", AssumeRolePolicyDocument=EC2_TRUST)
    world("CreateAccessKey")
    summary = world("GetAccountSummary")["SummaryMap"]
    counted = {name: summary[name] for name in ("Users", "Roles", "Groups", "UsersQuota")}
    assert counted == {"Users": 1, "Roles": 1, "Groups": 0, "UsersQuota": 5000}
    assert summary["AccountAccessKeysPresent"] == 1
    assert len(summary) == 34


class TestPasswordPolicy:
    def test_defaults(self) -> None:
        world = World()
        world("UpdateAccountPasswordPolicy")
        assert world("GetAccountPasswordPolicy")["PasswordPolicy"] == {
            "MinimumPasswordLength": 6,
            "RequireSymbols": False,
            "RequireNumbers": False,
            "RequireUppercaseCharacters": False,
            "RequireLowercaseCharacters": False,
            "AllowUsersToChangePassword": False,
            "ExpirePasswords": False,
        }

    def test_what_is_not_given_goes_back_to_its_default(self) -> None:
        world = World()
        world("UpdateAccountPasswordPolicy", MaxPasswordAge=60, HardExpiry=True)
        policy = world("GetAccountPasswordPolicy")["PasswordPolicy"]
        assert (policy["ExpirePasswords"], policy["HardExpiry"]) == (True, True)
        world("UpdateAccountPasswordPolicy", MinimumPasswordLength=10)
        policy = world("GetAccountPasswordPolicy")["PasswordPolicy"]
        assert (policy["ExpirePasswords"], policy["MinimumPasswordLength"]) == (False, 10)

    def test_none(self) -> None:
        message = f"The Password Policy with domain name {A} cannot be found."
        refusal = ("NoSuchEntity", message, 404)
        assert World().refused("GetAccountPasswordPolicy") == refusal
        message = "The account policy with name PasswordPolicy cannot be found."
        assert World().refused("DeleteAccountPasswordPolicy") == ("NoSuchEntity", message, 404)

    def test_deleted(self) -> None:
        world = World()
        world("UpdateAccountPasswordPolicy")
        world("DeleteAccountPasswordPolicy")
        assert world.account.password_policy is None

    def test_bounds(self) -> None:
        message = (
            "3 validation errors detected: Value at 'minimumPasswordLength' failed to satisfy "
            "constraint: Member must have value less than or equal to 128; Value at "
            "'passwordReusePrevention' failed to satisfy constraint: Member must have value less "
            "than or equal to 24; Value at 'maxPasswordAge' failed to satisfy constraint: Member "
            "must have value less than or equal to 1095"
        )
        refused = World().refused(
            "UpdateAccountPasswordPolicy",
            MinimumPasswordLength=129,
            PasswordReusePrevention=25,
            MaxPasswordAge=1096,
        )
        assert refused == ("ValidationError", message, 400)

import json
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import quote

import pytest
from hypothesis import Phase, assume, given, settings
from tests.store.estates import ACCOUNT, T0, estates, small

from clearance.model.errors import EstateError
from clearance.model.estate import Account, Estate, PolicyVersion
from clearance.store.snapshot import load_estate, save_file, save_folder

Json: TypeAlias = dict[str, Any]

OTHER = "098765432109"
WHEN = "2026-03-01T12:00:00+00:00"
ALLOW: Json = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "lambda:*", "Resource": "*"}],
}
TRUST: Json = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


def compact(document: Json) -> str:
    return json.dumps(document, separators=(",", ":"))


def iam(kind: str, name: str, account: str = ACCOUNT) -> str:
    return f"arn:aws:iam::{account}:{kind}/{name}"


PROFILE: Json = {
    "Path": "/",
    "InstanceProfileName": "web",
    "InstanceProfileId": "AIPA1",
    "Arn": iam("instance-profile", "web"),
    "CreateDate": WHEN,
    "Roles": [{"RoleName": "runner", "Path": "/", "Arn": iam("role", "runner")}],
}
DETAILS: Json = {
    "UserDetailList": [
        {
            "Path": "/team/",
            "UserName": "lambda_executer",
            "UserId": "AIDA1",
            "Arn": iam("user", "team/lambda_executer"),
            "CreateDate": WHEN,
            "UserPolicyList": [{"PolicyName": "own", "PolicyDocument": ALLOW}],
            "GroupList": ["developers"],
            "AttachedManagedPolicies": [
                {
                    "PolicyName": "ReadOnlyAccess",
                    "PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess",
                }
            ],
            "PermissionsBoundary": {
                "PermissionsBoundaryType": "Policy",
                "PermissionsBoundaryArn": iam("policy", "edge"),
            },
            "Tags": [{"Key": "team", "Value": "blue"}],
        }
    ],
    "GroupDetailList": [
        {
            "Path": "/",
            "GroupName": "developers",
            "GroupId": "AGPA1",
            "Arn": iam("group", "developers"),
            "CreateDate": WHEN,
            "GroupPolicyList": [{"PolicyName": "g", "PolicyDocument": quote(compact(ALLOW))}],
            "AttachedManagedPolicies": [],
        }
    ],
    "RoleDetailList": [
        {
            "Path": "/",
            "RoleName": "runner",
            "RoleId": "AROA1",
            "Arn": iam("role", "runner"),
            "CreateDate": WHEN,
            "AssumeRolePolicyDocument": TRUST,
            "InstanceProfileList": [PROFILE],
            "RolePolicyList": [],
            "AttachedManagedPolicies": [{"PolicyName": "edge", "PolicyArn": iam("policy", "edge")}],
            "Tags": [],
            "RoleLastUsed": {"LastUsedDate": WHEN, "Region": "us-east-1"},
        }
    ],
    "Policies": [
        {
            "PolicyName": "edge",
            "PolicyId": "ANPA1",
            "Arn": iam("policy", "edge"),
            "Path": "/",
            "DefaultVersionId": "v3",
            "CreateDate": WHEN,
            "UpdateDate": WHEN,
            "PolicyVersionList": [
                {
                    "VersionId": "v3",
                    "IsDefaultVersion": True,
                    "CreateDate": WHEN,
                    "Document": ALLOW,
                },
                {
                    "VersionId": "v1",
                    "IsDefaultVersion": False,
                    "CreateDate": WHEN,
                    "Document": '{"Statement": []}',
                },
            ],
        },
        {
            "PolicyName": "ReadOnlyAccess",
            "Arn": "arn:aws:iam::aws:policy/ReadOnlyAccess",
            "DefaultVersionId": "v1",
            "PolicyVersionList": [{"VersionId": "v1", "Document": ALLOW}],
        },
    ],
}
FUNCTION_ARN = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:ProcessImages"
CONFIGURATION: Json = {
    "FunctionName": "ProcessImages",
    "FunctionArn": FUNCTION_ARN,
    "Runtime": "python3.12",
    "Role": iam("role", "runner"),
    "Handler": "app.handler",
    "CodeSize": 12,
    "Timeout": 30,
    "MemorySize": 256,
    "LastModified": "2026-03-01T12:00:00.000+0000",
    "CodeSha256": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
    "Version": "$LATEST",
    "Environment": {"Variables": {"BUCKET": "pictures"}},
    "Layers": [{"Arn": f"arn:aws:lambda:us-east-1:{ACCOUNT}:layer:l:1", "CodeSize": 1}],
    "RevisionId": "r1",
    "State": "Active",
}
FUNCTION: Json = {
    "get-function": {
        "Configuration": CONFIGURATION,
        "Code": {"RepositoryType": "S3"},
        "Tags": {"team": "blue"},
        "Concurrency": {"ReservedConcurrentExecutions": 5},
    },
    "list-versions-by-function": {
        "Versions": [
            CONFIGURATION,
            {**CONFIGURATION, "FunctionArn": f"{FUNCTION_ARN}:4", "Version": "4"},
        ]
    },
    "list-aliases": {
        "Aliases": [
            {
                "AliasArn": f"{FUNCTION_ARN}:prod",
                "Name": "prod",
                "FunctionVersion": "4",
                "RoutingConfig": {"AdditionalVersionWeights": {"3": 0.5}},
            }
        ]
    },
    "get-policy": {
        "": {"Policy": compact(ALLOW), "RevisionId": "p1"},
        "prod": {"Policy": compact(TRUST), "RevisionId": "p2"},
    },
    "list-function-url-configs": {
        "FunctionUrlConfigs": [
            {
                "FunctionUrl": "https://abc.lambda-url.us-east-1.on.aws/",
                "FunctionArn": f"{FUNCTION_ARN}:prod",
                "AuthType": "AWS_IAM",
                "Cors": {"AllowOrigins": ["*"]},
                "CreationTime": WHEN,
                "LastModifiedTime": WHEN,
            }
        ]
    },
}
ORGANIZATION: dict[str, Json] = {
    "describe-organization": {"Organization": {"Id": "o-1", "MasterAccountId": OTHER}},
    "list-roots": {
        "Roots": [
            {
                "Id": "r-1",
                "Name": "Root",
                "PolicyTypes": [
                    {"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"},
                    {"Type": "RESOURCE_CONTROL_POLICY", "Status": "PENDING_DISABLE"},
                ],
            }
        ]
    },
    "list-organizational-units-for-parent/r-1": {
        "OrganizationalUnits": [{"Id": "ou-1", "Name": "A"}]
    },
    "list-organizational-units-for-parent/ou-1": {"OrganizationalUnits": []},
    "list-accounts-for-parent/r-1": {"Accounts": [{"Id": OTHER, "Name": "management"}]},
    "list-accounts-for-parent/ou-1": {
        "Accounts": [{"Id": ACCOUNT, "Name": "shop", "JoinedTimestamp": 1772366400.5}]
    },
    "describe-policy/p-1": {
        "Policy": {
            "PolicySummary": {"Id": "p-1", "Name": "guard", "Type": "SERVICE_CONTROL_POLICY"},
            "Content": compact(ALLOW),
        }
    },
    "list-targets-for-policy/p-1": {"Targets": [{"TargetId": "r-1"}, {"TargetId": "ou-1"}]},
}


def put(path: Path, value: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A whole snapshot, as the AWS CLI writes it."""
    home = tmp_path / "snapshot"
    account = home / "accounts" / ACCOUNT
    put(account / "account-authorization-details.json", DETAILS)
    put(account / "account-aliases.json", {"AccountAliases": ["acme"]})
    put(account / "functions" / "ProcessImages.json", FUNCTION)
    put(
        account / "resource-policies" / "s3.json",
        [
            {"arn": "arn:aws:s3:::pictures", "policy": ALLOW, "tags": [{"Key": "a", "Value": "b"}]},
            {"arn": "arn:aws:s3:::bare"},
        ],
    )
    put(
        account / "vpc-endpoints.json",
        {
            "VpcEndpoints": [
                {
                    "VpcEndpointId": "vpce-1",
                    "VpcEndpointType": "Gateway",
                    "VpcId": "vpc-1",
                    "ServiceName": "com.amazonaws.us-east-1.s3",
                    "PolicyDocument": compact(ALLOW),
                }
            ]
        },
    )
    for name, answer in ORGANIZATION.items():
        put(home / "organizations" / f"{name}.json", answer)
    return home


def test_a_folder_of_awss_answers_is_an_estate(folder: Path) -> None:
    estate = load_estate(folder)
    assert estate.missing == ()
    account = estate.accounts[ACCOUNT]
    assert account.alias == "acme"
    user = account.users["lambda_executer"]
    assert (user.path, user.id, user.created) == ("/team/", "AIDA1", T0)
    assert user.inline == {"own": compact(ALLOW)}
    assert user.attached == ("arn:aws:iam::aws:policy/ReadOnlyAccess",)
    assert (user.groups, user.boundary) == (("developers",), iam("policy", "edge"))
    assert user.tags == {"team": "blue"}
    assert account.groups["developers"].inline == {"g": compact(ALLOW)}
    role = account.roles["runner"]
    assert role.trust.text == compact(TRUST)
    assert (role.last_used, role.last_region) == (T0, "us-east-1")
    assert account.instance_profiles["web"].roles == ("runner",)
    policy = account.policies[iam("policy", "edge")]
    assert (policy.default_version, policy.next_version) == ("v3", 4)
    assert policy.text == compact(ALLOW)
    assert policy.versions["v1"].text == '{"Statement": []}'
    assert estate.managed == {"arn:aws:iam::aws:policy/ReadOnlyAccess": compact(ALLOW)}
    assert account.resources["arn:aws:s3:::pictures"].tags == {"a": "b"}
    assert account.resources["arn:aws:s3:::bare"].policy is None
    assert account.vpc_endpoints["vpce-1"].gateway


def test_functions_come_with_all_that_hangs_on_them(folder: Path) -> None:
    function = load_estate(folder).accounts[ACCOUNT].functions["us-east-1/ProcessImages"]
    assert function.arn(ACCOUNT) == FUNCTION_ARN
    assert function.latest.code.startswith("e3b0c44298fc1c14")
    assert (function.latest.timeout, function.latest.memory) == (30, 256)
    assert function.latest.environment == {"BUCKET": "pictures"}
    assert set(function.versions) == {"4"}
    assert function.next_version == 5
    assert function.aliases["prod"].weights == {"3": 0.5}
    assert function.policies[""].text == compact(ALLOW)
    assert function.policies["prod"].revision_id == "p2"
    assert function.urls["prod"].url_id == "abc"
    assert function.reserved_concurrency == 5


def test_the_organization_is_a_tree_with_policies(folder: Path) -> None:
    organization = load_estate(folder).organizations["o-1"]
    assert organization.path_of(ACCOUNT) == ("r-1", "ou-1", ACCOUNT)
    assert organization.management_account == OTHER
    assert organization.enabled == {"SERVICE_CONTROL_POLICY"}
    for target in ("r-1", "ou-1"):
        (policy,) = organization.attached(target, "SERVICE_CONTROL_POLICY")
        assert policy.text == compact(ALLOW)


def test_a_folder_written_and_read_again_is_the_same_estate(folder: Path, tmp_path: Path) -> None:
    estate = load_estate(folder)
    save_folder(estate, tmp_path / "copy", secrets=True)
    assert load_estate(tmp_path / "copy") == estate


@pytest.mark.parametrize(
    "gone",
    [
        "account-authorization-details.json",
        "functions",
        "resource-policies",
        "vpc-endpoints.json",
        "organizations",
        "list-accounts-for-parent",
        "list-targets-for-policy",
    ],
)
def test_a_part_that_is_absent_is_named_as_missing(folder: Path, tmp_path: Path, gone: str) -> None:
    (path,) = folder.rglob(gone)
    path.rename(tmp_path / "gone")
    put(folder / "missing.json", ["tags of s3"])
    estate = load_estate(folder)
    assert len(estate.missing) == (4 if "policy" in gone else 2)
    assert (gone == "list-targets-for-policy") == ({"scps", "rcps"} <= set(estate.missing))
    assert estate.missing[-1] == "tags of s3"
    save_folder(estate, tmp_path / "copy", secrets=True)
    assert load_estate(tmp_path / "copy") == estate


EXTRAS: dict[str, Json] = {
    "account-information.json": {"AccountId": ACCOUNT, "AccountName": "shop"},
    "list-buckets.json": {"Owner": {"ID": "c0ffee"}, "Buckets": [{"Name": "pictures"}]},
    "account-password-policy.json": {
        "PasswordPolicy": {
            "MinimumPasswordLength": 14,
            "RequireSymbols": True,
            "AllowUsersToChangePassword": True,
            "ExpirePasswords": True,
            "MaxPasswordAge": 90,
        }
    },
    "virtual-mfa-devices.json": {
        "VirtualMFADevices": [
            {
                "SerialNumber": iam("mfa", "phone"),
                "User": {"UserName": "lambda_executer", "Arn": iam("user", "lambda_executer")},
                "EnableDate": WHEN,
            },
            {"SerialNumber": iam("mfa", "spare")},
        ]
    },
    "open-id-connect-providers.json": {
        iam("oidc-provider", "token.actions.githubusercontent.com"): {
            "Url": "token.actions.githubusercontent.com",
            "ClientIDList": ["sts.amazonaws.com"],
            "ThumbprintList": ["ab" * 20],
            "CreateDate": WHEN,
            "Tags": [{"Key": "team", "Value": "ci"}],
        }
    },
    "saml-providers.json": {
        iam("saml-provider", "corp"): {
            "SAMLMetadataDocument": "<EntityDescriptor/>",
            "CreateDate": WHEN,
            "ValidUntil": WHEN,
            "PrivateKeyList": [{"KeyId": "K1", "Timestamp": WHEN}],
        }
    },
    "principal-ids.json": {
        "Roles": {"runner": {iam("user", "ana"): "AIDAOLD"}, "gone": {iam("user", "x"): "AIDAX"}},
        "Functions": {"us-east-1/ProcessImages": {"prod": {iam("role", "r"): "AROAOLD"}}},
    },
}


@pytest.fixture
def full(folder: Path) -> Path:
    """A snapshot with everything that may lie in one."""
    for name, answer in EXTRAS.items():
        put(folder / "accounts" / ACCOUNT / name, answer)
    grant = {
        "GrantId": "g1",
        "GranteePrincipal": iam("role", "runner"),
        "Operations": ["Decrypt"],
        "Constraints": {"EncryptionContextEquals": {"app": "shop"}},
    }
    key = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/k"
    put(
        folder / "accounts" / ACCOUNT / "resource-policies" / "kms.json",
        {"arn": key, "policy": ALLOW, "attributes": {"KeyManager": "CUSTOMER"}, "grants": [grant]},
    )
    event_invoke = {
        "FunctionArn": f"{FUNCTION_ARN}:prod",
        "LastModified": 1772366400.0,
        "MaximumRetryAttempts": 0,
        "DestinationConfig": {"OnSuccess": {}, "OnFailure": {"Destination": "arn:aws:sqs:::dead"}},
    }
    put(
        folder / "accounts" / ACCOUNT / "functions" / "ProcessImages.json",
        {
            **FUNCTION,
            "list-function-event-invoke-configs": {"FunctionEventInvokeConfigs": [event_invoke]},
        },
    )
    home = folder / "organizations"
    put(home / "list-tags-for-resource" / "ou-1.json", {"Tags": [{"Key": "env", "Value": "prod"}]})
    put(
        home / "list-aws-service-access-for-organization.json",
        {
            "EnabledServicePrincipals": [
                {"ServicePrincipal": "iam.amazonaws.com", "DateEnabled": WHEN}
            ]
        },
    )
    put(
        home / "list-delegated-services-for-account" / f"{ACCOUNT}.json",
        {
            "DelegatedServices": [
                {"ServicePrincipal": "iam.amazonaws.com", "DelegationEnabledDate": WHEN}
            ]
        },
    )
    return folder


def test_the_smaller_facts_are_read(full: Path) -> None:
    estate = load_estate(full)
    account, organization = estate.accounts[ACCOUNT], estate.organizations["o-1"]
    assert (account.name, account.canonical_id) == ("shop", "c0ffee")
    policy = account.password_policy
    assert policy is not None
    assert (policy.minimum_length, policy.require_symbols, policy.max_age) == (14, True, 90)
    assert (policy.reuse_prevention, policy.hard_expiry) == (None, None)
    assert account.mfa_devices[iam("mfa", "phone")].user == "lambda_executer"
    assert account.mfa_devices[iam("mfa", "spare")].user is None
    (oidc,) = account.oidc_providers.values()
    assert (oidc.client_ids, oidc.tags) == (("sts.amazonaws.com",), {"team": "ci"})
    (saml,) = account.saml_providers.values()
    assert (saml.name, saml.private_keys) == ("corp", {"K1": T0})
    assert account.roles["runner"].trust.pins == {iam("user", "ana"): "AIDAOLD"}
    function = account.functions["us-east-1/ProcessImages"]
    assert function.policies["prod"].pins == {iam("role", "r"): "AROAOLD"}
    assert function.policies[""].pins == {}
    assert function.event_invoke["prod"].maximum_retry_attempts == 0
    assert function.event_invoke["prod"].on_failure == "arn:aws:sqs:::dead"
    (grant,) = account.resources[f"arn:aws:kms:us-east-1:{ACCOUNT}:key/k"].grants
    assert (grant.operations, grant.context_equals) == (("Decrypt",), {"app": "shop"})
    assert organization.tags == {"ou-1": {"env": "prod"}}
    assert organization.services == {"iam.amazonaws.com": T0}
    assert organization.delegated == {ACCOUNT: {"iam.amazonaws.com": T0}}


def test_the_smaller_facts_are_written_and_read_again(full: Path, tmp_path: Path) -> None:
    estate = load_estate(full)
    save_folder(estate, tmp_path / "copy", secrets=True)
    assert load_estate(tmp_path / "copy") == estate


def test_values_of_variables_are_left_out_unless_asked_for(folder: Path, tmp_path: Path) -> None:
    save_folder(load_estate(folder), tmp_path / "copy")
    function = load_estate(tmp_path / "copy").accounts[ACCOUNT].functions["us-east-1/ProcessImages"]
    assert function.latest.environment == {"BUCKET": ""}
    assert function.versions["4"].environment == {"BUCKET": ""}
    assert not any("pictures" in p.read_text() for p in tmp_path.glob("copy/**/functions/*.json"))


def test_several_organizations_have_a_folder_each(folder: Path, tmp_path: Path) -> None:
    estate = load_estate(folder)
    second = replace(estate.organizations["o-1"], id="o-2")
    estate = estate.with_organization(second)
    save_folder(estate, tmp_path / "copy", secrets=True)
    assert load_estate(tmp_path / "copy") == estate


def test_one_account_needs_no_folder_of_its_own(tmp_path: Path) -> None:
    file = put(tmp_path / "one" / "account-authorization-details.json", DETAILS)
    from_folder, from_file = load_estate(tmp_path / "one"), load_estate(file)
    assert from_folder.accounts == from_file.accounts
    assert set(from_file.missing) == set(from_folder.missing)
    assert f"functions of {ACCOUNT}" in from_file.missing


def test_the_answer_may_come_in_pages(tmp_path: Path) -> None:
    first = {"UserDetailList": DETAILS["UserDetailList"], "IsTruncated": True, "Marker": "m"}
    second = {k: v for k, v in DETAILS.items() if k != "UserDetailList"}
    put(tmp_path / "one" / "account-authorization-details.json", [first, second])
    assert set(load_estate(tmp_path / "one").accounts[ACCOUNT].users) == {"lambda_executer"}


def test_get_function_alone_is_enough(folder: Path) -> None:
    path = folder / "accounts" / ACCOUNT / "functions" / "ProcessImages.json"
    put(path, FUNCTION["get-function"])
    function = load_estate(folder).accounts[ACCOUNT].functions["us-east-1/ProcessImages"]
    assert function.tags == {"team": "blue"}
    assert function.policies == {}


Spoil: TypeAlias = Callable[[Json], object]
BAD_DETAILS: dict[str, tuple[Spoil, str]] = {
    "no name": (
        lambda d: d["UserDetailList"][0].pop("UserName"),
        r"details.json`: \$.UserDetailList\[0\]: the member `UserName` is missing",
    ),
    "no array": (
        lambda d: d.update(RoleDetailList={}),
        r"\$.RoleDetailList: expected an array, found an object",
    ),
    "a number for a text": (
        lambda d: d["RoleDetailList"][0].update(RoleName=1),
        r"\$.RoleDetailList\[0\].RoleName: expected a text, found a number",
    ),
    "no time": (
        lambda d: d["UserDetailList"][0].update(CreateDate="yesterday"),
        r"\$.UserDetailList\[0\].CreateDate: expected a time such as",
    ),
    "no trust": (
        lambda d: d["RoleDetailList"][0].pop("AssumeRolePolicyDocument"),
        "the member `AssumeRolePolicyDocument` is missing",
    ),
    "no default version": (
        lambda d: d["Policies"][0].update(DefaultVersionId="v9"),
        "the default version `v9` is not in `PolicyVersionList`",
    ),
    "cut off": (lambda d: d.update(IsTruncated=True), "the answer is cut off"),
    "another account": (
        lambda d: d["UserDetailList"][0].update(Arn=iam("user", "x", OTHER)),
        f"the answer is about account {OTHER}, but lies with {ACCOUNT}",
    ),
}


@pytest.mark.parametrize("case", BAD_DETAILS)
def test_a_bad_answer_is_an_error_with_file_and_place(folder: Path, case: str) -> None:
    spoil, message = BAD_DETAILS[case]
    answer = json.loads(json.dumps(DETAILS))
    spoil(answer)
    put(folder / "accounts" / ACCOUNT / "account-authorization-details.json", answer)
    with pytest.raises(EstateError, match=message):
        load_estate(folder)


BAD_FILES: dict[str, tuple[str, object, str]] = {
    "no JSON": ("organizations/list-roots.json", '{"Roots": [\n}', r"line 2, column 1"),
    "empty": ("organizations/list-roots.json", "", "is not JSON"),
    "no root": ("organizations/list-roots.json", {"Roots": []}, "an organization has a root"),
    "not about an account": ("accounts/x/y.json", {}, "is not named by an account ID"),
    "a policy without text": (
        "organizations/list-targets-for-policy/p-2.json",
        {"Targets": [{"TargetId": "r-1"}]},
        "`describe-policy/p-2.json`, which shows its text, is not there",
    ),
    "a hole in the tree": (
        "organizations/list-accounts-for-parent/ou-9.json",
        {"Accounts": [{"Id": "111111111111"}]},
        "lies in `ou-9`, which no answer",
    ),
    "no function": (
        f"accounts/{ACCOUNT}/functions/x.json",
        {"Configuration": {"FunctionArn": "arn:aws:s3:::x", "FunctionName": "x"}},
        "expected the ARN of a function",
    ),
    "no resource": (
        f"accounts/{ACCOUNT}/resource-policies/x.json",
        [{"arn": "x"}],
        "expected an ARN",
    ),
    "no text": ("missing.json", [1], "expected a text"),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_bad_file_is_an_error_that_names_it(folder: Path, case: str) -> None:
    name, content, message = BAD_FILES[case]
    put(folder / name, content)
    with pytest.raises(EstateError, match=message):
        load_estate(folder)


def test_a_folder_without_an_estate_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(EstateError, match="holds no estate"):
        load_estate(tmp_path)
    with pytest.raises(EstateError, match="does not exist"):
        load_estate(tmp_path / "nowhere")


def test_nothing_is_overwritten(folder: Path) -> None:
    with pytest.raises(EstateError, match="is not an empty folder"):
        save_folder(Estate(), folder)


@pytest.mark.parametrize("name", ["../evil", "", "a/b", "x\0"])
def test_names_lead_nowhere_else(tmp_path: Path, name: str) -> None:
    estate = Estate(accounts={name: Account(name)})
    with pytest.raises(EstateError, match="cannot be the name of a file"):
        save_folder(estate, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


# --- one file -------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(estates)
def test_a_file_written_and_read_again_is_the_same_estate(
    tmp_path_factory: pytest.TempPathFactory, estate: Estate
) -> None:
    path = tmp_path_factory.mktemp("file") / "estate.json"
    save_file(estate, path, secrets=True)
    assert load_estate(path) == estate
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_secrets_are_left_out_unless_asked_for(tmp_path: Path) -> None:
    save_file(small(), tmp_path / "estate.json")
    assert "secret of" not in (tmp_path / "estate.json").read_text()
    assert load_estate(tmp_path / "estate.json").accounts[ACCOUNT].users["ana"].name == "ana"


BAD_ESTATES = [
    ({}, "expected an estate"),
    ([], "expected an object, found an array"),
    ({"clearance": 2, "estate": {}}, "the file has format 2, this Clearance reads up to 1"),
    ({"acounts": {}}, "unknown field `acounts`; did you mean `accounts`?"),
    ({"accounts": {"1": {"id": 1}}}, r"\$.accounts\['1'\].id: expected `str`, got `int`"),
    ({"clearance": 1, "estate": {"accounts": 1}}, r"\$.estate.accounts: expected `object`"),
]


@pytest.mark.parametrize(("content", "message"), BAD_ESTATES, ids=[m for _, m in BAD_ESTATES])
def test_a_bad_estate_is_an_error_with_place_and_mend(
    tmp_path: Path, content: object, message: str
) -> None:
    with pytest.raises(EstateError, match=message):
        load_estate(put(tmp_path / "estate.json", content))


# --- the law --------------------------------------------------------------------------------------


def tidy(estate: Estate) -> Estate:
    """A generated estate with the accounts, ARNs and versions AWS would give it."""
    accounts = {}
    for number, account in enumerate(estate.accounts.values(), 1):
        policies = {
            iam("policy", name, str(number)): replace(
                policy,
                versions={**policy.versions, "v1": PolicyVersion("v1", "{}", T0)},
                default_version="v1",
            )
            for name, policy in account.policies.items()
        }
        accounts[str(number)] = replace(
            account,
            id=str(number),
            partition="aws",
            policies=policies,
            functions={
                f"us-east-1/{name}": replace(function, name=name, region="us-east-1")
                for name, function in account.functions.items()
            },
            resources={
                f"arn:aws:s3:::{name}": replace(resource, arn=f"arn:aws:s3:::{name}")
                for name, resource in account.resources.items()
            },
        )
    return Estate(accounts=accounts, managed=estate.managed, missing=estate.missing)


@settings(max_examples=20, deadline=None, phases=[Phase.generate])
@given(estates)
def test_what_a_folder_can_tell_is_told_again(
    tmp_path_factory: pytest.TempPathFactory, estate: Estate
) -> None:
    assume(estate.accounts)
    home = tmp_path_factory.mktemp("law")
    save_folder(tidy(estate), home / "one", secrets=True)
    once = load_estate(home / "one")
    save_folder(once, home / "two", secrets=True)
    assert load_estate(home / "two") == once
    assert set(once.accounts) == {str(n + 1) for n in range(len(estate.accounts))}

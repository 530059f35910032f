"""Provisioned concurrency, code signing, recursion and runtime updates, in the model's shapes."""

from __future__ import annotations

from tests.operations.stage import A, Stage, archive

PUBLISHERS = {
    "SigningProfileVersionArns": ["arn:aws:signer:us-east-1:123456789012:/signing-profiles/p/v"]
}


def test_provisioned_concurrency(one: Stage) -> None:
    one("PublishVersion", FunctionName="f")
    one("CreateAlias", FunctionName="f", Name="live", FunctionVersion="1")
    for qualifier in ("live", "1"):
        one(
            "PutProvisionedConcurrencyConfig",
            FunctionName="f",
            Qualifier=qualifier,
            ProvisionedConcurrentExecutions=2,
        )
    found = one("ListProvisionedConcurrencyConfigs", FunctionName="f", MaxItems=1)
    assert len(found["ProvisionedConcurrencyConfigs"]) == 1
    assert found["NextMarker"]
    got = one("GetProvisionedConcurrencyConfig", FunctionName="f", Qualifier="live")
    assert got["RequestedProvisionedConcurrentExecutions"] == 2
    one("PutFunctionConcurrency", FunctionName="f", ReservedConcurrentExecutions=4)
    more = one.refused(
        "PutProvisionedConcurrencyConfig",
        FunctionName="f",
        Qualifier="live",
        ProvisionedConcurrentExecutions=3,
    )
    assert "should not be greater than the reservedConcurrentExecution" in more.message
    one("DeleteAlias", FunctionName="f", Name="live")
    assert set(one.account.functions["us-east-1/f"].provisioned) == {"1"}
    one("DeleteProvisionedConcurrencyConfig", FunctionName="f", Qualifier="1")
    nothing = one.refused("GetProvisionedConcurrencyConfig", FunctionName="f", Qualifier="1")
    assert nothing.code == "ProvisionedConcurrencyConfigNotFoundException"
    plain = one.refused("GetProvisionedConcurrencyConfig", FunctionName="f")
    assert "alias or a published version" in plain.message


def test_code_signing(one: Stage) -> None:
    made = one("CreateCodeSigningConfig", AllowedPublishers=PUBLISHERS, Description="ours")
    config = made["CodeSigningConfig"]
    arn = config["CodeSigningConfigArn"]
    assert (
        arn == f"arn:aws:lambda:us-east-1:{A}:code-signing-config:{config['CodeSigningConfigId']}"
    )
    assert config["CodeSigningPolicies"] == {"UntrustedArtifactOnDeployment": "Warn"}
    look = one.operations["GetFunctionCodeSigningConfig"]  # less than the model promises: no ARN
    assert look(one.estate, one.call, {"FunctionName": "f"})[1] == {"FunctionName": "f"}
    one("PutFunctionCodeSigningConfig", FunctionName="f", CodeSigningConfigArn=arn)
    one("UpdateFunctionCode", FunctionName="f", ZipFile=archive("x = 1"))
    one(
        "UpdateCodeSigningConfig",
        CodeSigningConfigArn=arn,
        CodeSigningPolicies={"UntrustedArtifactOnDeployment": "Enforce"},
    )
    refused = one.refused("UpdateFunctionCode", FunctionName="f", ZipFile=archive("x = 2"))
    assert refused.code == "CodeVerificationFailedException"
    assert one("GetCodeSigningConfig", CodeSigningConfigArn=arn)["CodeSigningConfig"]
    used = one("ListFunctionsByCodeSigningConfig", CodeSigningConfigArn=arn)
    assert used["FunctionArns"] == [f"arn:aws:lambda:us-east-1:{A}:function:f"]
    one("DeleteFunctionCodeSigningConfig", FunctionName="f")
    one("DeleteCodeSigningConfig", CodeSigningConfigArn=arn)
    assert one("ListCodeSigningConfigs")["CodeSigningConfigs"] == []
    gone = one.refused("GetCodeSigningConfig", CodeSigningConfigArn=arn)
    assert gone.message == f"The Lambda code signing configuration {arn} can not be found."


def test_recursion_and_runtime_updates(one: Stage) -> None:
    one("PutFunctionRecursionConfig", FunctionName="f", RecursiveLoop="Allow")
    assert one("GetFunctionRecursionConfig", FunctionName="f") == {"RecursiveLoop": "Allow"}
    version = "arn:aws:lambda:us-east-1::runtime:" + "a" * 64
    manual = {"FunctionName": "f", "UpdateRuntimeOn": "Manual"}
    assert "must specify" in one.refused("PutRuntimeManagementConfig", **manual).message
    one("PutRuntimeManagementConfig", **manual, RuntimeVersionArn=version)
    found = one("GetRuntimeManagementConfig", FunctionName="f", Qualifier="$LATEST")
    assert found["RuntimeVersionArn"] == version
    auto = {**manual, "UpdateRuntimeOn": "Auto", "RuntimeVersionArn": version}
    assert "cannot specify" in one.refused("PutRuntimeManagementConfig", **auto).message


def test_the_dead_letter_target_is_a_queue_or_topic_the_role_may_send_to(one: Stage) -> None:
    for target, words in (
        (f"arn:aws:s3:::{A}", "not a valid SQS queue or SNS topic"),
        (f"arn:aws:sqs:us-east-1:{A}:q", None),
        ("", None),
    ):
        given = {"FunctionName": "f", "DeadLetterConfig": {"TargetArn": target}}
        if words is None:
            one("UpdateFunctionConfiguration", **given)
        else:
            refused = one.refused("UpdateFunctionConfiguration", **given)
            assert words in refused.message

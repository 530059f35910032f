"""Provisioned concurrency, code signing, throttling, and what GetFunction links to."""

from __future__ import annotations

import base64
import io
import json
import os
import signal
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from tests.endpoints import ACCOUNT, REGION, Failure, Site, attempt, site, small_estate, zipped

from clearance.server.coverage import coverage

PROFILE = f"arn:aws:signer:{REGION}:{ACCOUNT}:/signing-profiles/p/abcdefghij"


@pytest.fixture(scope="module")
def here() -> Iterator[Site]:
    with site(small_estate()) as found:
        yield found


def test_provisioned_concurrency_is_of_versions_and_aliases(here: Site) -> None:
    client = here.client("lambda")
    arn = here.function("ready", Publish=True)
    client.create_alias(FunctionName="ready", Name="live", FunctionVersion="1")
    given = {"FunctionName": "ready", "ProvisionedConcurrentExecutions": 5}
    latest = attempt(client.put_provisioned_concurrency_config, **given, Qualifier="$LATEST")
    assert "unpublished function versions" in latest.message
    put = client.put_provisioned_concurrency_config(**given, Qualifier="live")
    assert (put["Status"], put["AllocatedProvisionedConcurrentExecutions"]) == ("IN_PROGRESS", 0)
    listed = client.list_provisioned_concurrency_configs(FunctionName="ready")
    assert [c["FunctionArn"] for c in listed["ProvisionedConcurrencyConfigs"]] == [f"{arn}:live"]
    lower = attempt(
        client.put_function_concurrency, FunctionName="ready", ReservedConcurrentExecutions=4
    )
    assert "should not be lower" in lower.message
    many = {**given, "ProvisionedConcurrentExecutions": 901, "Qualifier": "1"}
    assert "below its minimum" in attempt(client.put_provisioned_concurrency_config, **many).message
    client.delete_provisioned_concurrency_config(FunctionName="ready", Qualifier="live")
    none = attempt(
        client.get_provisioned_concurrency_config, FunctionName="ready", Qualifier="live"
    )
    assert none == Failure(
        "ProvisionedConcurrencyConfigNotFoundException",
        "No Provisioned Concurrency Config found for this function",
        404,
    )


STARTS = """
import os, time
open(os.environ["NOTE"] + str(os.getpid()), "w").close()
KIND, BEGAN = os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"], time.time()
def handler(event, context):
    while len(os.listdir(os.environ["NOTE"])) < event:
        time.sleep(0.02)  # until so many have started
    return {"kind": KIND, "pid": os.getpid()}
"""


def settled(client: Any, name: str, qualifier: str = "1") -> dict[str, Any]:
    given = {"FunctionName": name, "Qualifier": qualifier}
    for _ in range(200):
        found: dict[str, Any] = client.get_provisioned_concurrency_config(**given)
        if found["Status"] != "IN_PROGRESS":
            return found
        time.sleep(0.05)
    raise AssertionError(found)


def invoked(client: Any, name: str, started: int = 0, qualifier: str = "1") -> dict[str, Any]:
    answer = client.invoke(
        FunctionName=name, Qualifier=qualifier, Payload=json.dumps(started).encode()
    )
    found: dict[str, Any] = json.loads(answer["Payload"].read())
    return found


def test_what_is_provisioned_is_started_before_anybody_calls(here: Site, tmp_path: Path) -> None:
    client = here.client("lambda")
    here.function(
        "early", STARTS, Publish=True, Environment={"Variables": {"NOTE": f"{tmp_path}/"}}
    )
    client.put_provisioned_concurrency_config(
        FunctionName="early", Qualifier="1", ProvisionedConcurrentExecutions=2
    )
    found = settled(client, "early")
    assert (found["Status"], found["AvailableProvisionedConcurrentExecutions"]) == ("READY", 2)
    started = {int(path.name) for path in tmp_path.iterdir()}
    assert len(started) == 2
    with ThreadPoolExecutor(3) as pool:  # the third spills over
        answers = list(pool.map(lambda _: invoked(client, "early", 3), range(3)))
    kinds = {a["pid"]: a["kind"] for a in answers}
    assert {p for p, kind in kinds.items() if kind == "provisioned-concurrency"} == started
    assert min(kinds.values()) == "on-demand"
    # What ends is started again.
    for pid in started:
        os.kill(pid, signal.SIGKILL)
    for _ in range(200):
        if len(list(tmp_path.iterdir())) == 4:
            break
        time.sleep(0.05)
    assert len(list(tmp_path.iterdir())) == 4


def test_a_function_that_cannot_start_is_told(here: Site) -> None:
    client = here.client("lambda")
    here.function("broken", "raise RuntimeError('no')", Publish=True)
    client.put_provisioned_concurrency_config(
        FunctionName="broken", Qualifier="1", ProvisionedConcurrentExecutions=1
    )
    found = settled(client, "broken")
    assert found["Status"] == "FAILED"
    assert found["StatusReason"] == "FUNCTION_ERROR_INIT_FAILURE"
    (listed,) = client.list_provisioned_concurrency_configs(FunctionName="broken")[
        "ProvisionedConcurrencyConfigs"
    ]
    assert listed["Status"] == "FAILED"


def test_reserved_concurrency_throttles(here: Site) -> None:
    client = here.client("lambda")
    here.function("few", "import time\ndef handler(e, c):\n    time.sleep(e)\n")
    client.put_function_concurrency(FunctionName="few", ReservedConcurrentExecutions=0)
    stopped = attempt(client.invoke, FunctionName="few", Payload=b"0")
    assert stopped == Failure("TooManyRequestsException", "Rate Exceeded.", 429)
    client.put_function_concurrency(FunctionName="few", ReservedConcurrentExecutions=1)
    assert client.invoke(FunctionName="few", Payload=b"0")["StatusCode"] == 200

    def call(_: int) -> int:
        answer = attempt(client.invoke, FunctionName="few", Payload=b"0.5")
        return int(answer.status if isinstance(answer, Failure) else answer["StatusCode"])

    with ThreadPoolExecutor(3) as threads:
        assert sorted(threads.map(call, range(3))) == [200, 429, 429]


def test_code_signing_is_enforced_on_packages_that_nobody_signed(here: Site) -> None:
    client = here.client("lambda")
    made = client.create_code_signing_config(
        AllowedPublishers={"SigningProfileVersionArns": [PROFILE]},
        CodeSigningPolicies={"UntrustedArtifactOnDeployment": "Enforce"},
    )["CodeSigningConfig"]
    arn = made["CodeSigningConfigArn"]
    refused = attempt(here.function, name="signed", CodeSigningConfigArn=arn)
    assert (refused.code, refused.status) == ("CodeVerificationFailedException", 400)
    warn = {"UntrustedArtifactOnDeployment": "Warn"}
    client.update_code_signing_config(CodeSigningConfigArn=arn, CodeSigningPolicies=warn)
    function = here.function("trusted", CodeSigningConfigArn=arn)
    got = client.get_function_code_signing_config(FunctionName="trusted")
    assert got["CodeSigningConfigArn"] == arn
    used = client.list_functions_by_code_signing_config(CodeSigningConfigArn=arn)
    assert used["FunctionArns"] == [function]
    in_use = attempt(client.delete_code_signing_config, CodeSigningConfigArn=arn)
    assert in_use.code == "ResourceConflictException"
    client.delete_function_code_signing_config(FunctionName="trusted")
    client.tag_resource(Resource=arn, Tags={"team": "red"})
    assert client.list_tags(Resource=arn)["Tags"] == {"team": "red"}
    assert len(client.list_code_signing_configs()["CodeSigningConfigs"]) == 1
    client.delete_code_signing_config(CodeSigningConfigArn=arn)
    gone = attempt(
        client.put_function_code_signing_config, FunctionName="trusted", CodeSigningConfigArn=arn
    )
    assert gone.code == "CodeSigningConfigNotFoundException"


def test_recursion_and_runtime_updates_are_kept(here: Site) -> None:
    client = here.client("lambda")
    here.function("kept")
    assert client.get_function_recursion_config(FunctionName="kept")["RecursiveLoop"] == "Terminate"
    client.put_function_recursion_config(FunctionName="kept", RecursiveLoop="Allow")
    assert client.get_function_recursion_config(FunctionName="kept")["RecursiveLoop"] == "Allow"
    assert client.get_runtime_management_config(FunctionName="kept")["UpdateRuntimeOn"] == "Auto"
    client.put_runtime_management_config(FunctionName="kept", UpdateRuntimeOn="FunctionUpdate")
    found = client.get_runtime_management_config(FunctionName="kept")
    assert found["UpdateRuntimeOn"] == "FunctionUpdate"
    assert found["FunctionArn"].endswith(":kept:$LATEST")


def test_get_function_links_to_the_code(here: Site) -> None:
    client = here.client("lambda")
    here.function("linked", "def handler(e, c): return 1\n")
    link = client.get_function(FunctionName="linked")["Code"]["Location"]
    with urlopen(link) as answer:  # noqa: S310 (our own endpoint)
        package = zipfile.ZipFile(io.BytesIO(answer.read()))
    assert package.read("app.py") == b"def handler(e, c): return 1\n"
    for wrong in (link[:-3], link.rpartition("/")[0] + "/x"):
        with pytest.raises(HTTPError) as refused:
            urlopen(wrong)  # noqa: S310 (our own endpoint)
        assert refused.value.code == 403
        refused.value.close()


def test_the_log_group_of_the_function_is_the_one_it_was_given(here: Site) -> None:
    client = here.client("lambda")
    code = "import os\ndef handler(e, c):\n    return [c.log_group_name, c.log_stream_name]\n"
    here.function("logs", code, LoggingConfig={"LogGroup": "/my/own"})
    group, stream = json.loads(client.invoke(FunctionName="logs")["Payload"].read())
    assert group == "/my/own"
    assert "[$LATEST]" in stream


def test_structured_logs_are_json(here: Site) -> None:
    client = here.client("lambda")
    code = "import logging\ndef handler(e, c):\n    logging.getLogger().info('seen')\n"
    here.function("json", code, LoggingConfig={"LogFormat": "JSON", "ApplicationLogLevel": "INFO"})
    answer = client.invoke(FunctionName="json", LogType="Tail")
    lines = base64.b64decode(answer["LogResult"]).decode().splitlines()
    (seen,) = (json.loads(line) for line in lines if '"seen"' in line)
    assert (seen["level"], seen["message"]) == ("INFO", "seen")


def test_an_update_leaves_published_versions_alone(here: Site) -> None:
    client = here.client("lambda")
    here.function("moved", "def handler(e, c): return 1\n", Publish=True)
    updated = client.update_function_code(
        FunctionName="moved", ZipFile=zipped("def handler(e, c): return 2\n"), Publish=True
    )
    assert updated["Version"] == "2"
    client.create_alias(
        FunctionName="moved",
        Name="live",
        FunctionVersion="1",
        RoutingConfig={"AdditionalVersionWeights": {"2": 0.5}},
    )
    answers = {client.invoke(FunctionName="moved:live")["Payload"].read() for _ in range(40)}
    assert answers == {b"1", b"2"}


def test_what_lambda_has_that_is_not_here() -> None:
    found = next(each for each in coverage() if each.service == "lambda")
    unserved = ("DurableExecution", "CapacityProvider", "FunctionScalingConfig")
    assert [name for name in found.missing if not any(part in name for part in unserved)] == []
    assert len(found.here) == 71

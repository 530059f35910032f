"""Service models from botocore's data."""

import subprocess
import sys
from pathlib import Path

import pytest
from botocore.loaders import Loader

from clearance.facts import services
from clearance.facts.services import (
    UnknownModelError,
    service,
    service_names,
    services_signed_as,
)
from clearance.wire.shapes import Kind, Protocol


@pytest.mark.parametrize(
    ("signing_name", "names"),
    [
        ("iam", ["iam", "iam-toolbox"]),
        ("s3", ["s3", "s3control"]),
        ("sts", ["sts"]),
        ("access-analyzer", ["accessanalyzer"]),
        ("states", ["stepfunctions"]),
        ("monitoring", ["cloudwatch"]),
        ("no-such-service", []),
    ],
)
def test_a_signing_name_may_serve_several_models(signing_name: str, names: list[str]) -> None:
    assert [found.name for found in services_signed_as(signing_name)] == names


def test_the_main_model_comes_first() -> None:
    assert services_signed_as("lambda")[0].name == "lambda"
    assert services_signed_as("elasticloadbalancing")[0].name == "elbv2"


def test_the_short_look_at_a_model_finds_what_the_long_one_does() -> None:
    loader = Loader()
    for name in ("iam", "ec2", "sts", "cloudwatch", "accessanalyzer", "apigateway", "s3"):
        whole = loader.load_service_model(name, "service-2")["metadata"]
        assert services._metadata(name) == whole  # noqa: SLF001


def test_every_model_can_be_described() -> None:
    signed = services._signed()  # noqa: SLF001
    assert sorted(n for names in signed.values() for n in names) == sorted(service_names())


def test_an_unknown_model_is_named() -> None:
    with pytest.raises(UnknownModelError, match="`nope`"):
        service("nope")


def test_a_service_knows_its_protocols() -> None:
    assert service("iam").protocols == (Protocol.QUERY,)
    assert service("sqs").protocols == (Protocol.JSON, Protocol.QUERY)
    assert service("cloudwatch").protocol is Protocol.JSON
    assert service("lambda").protocol is Protocol.REST_JSON
    assert service("sqs").xml_namespace == "http://queue.amazonaws.com/doc/2012-11-05/"


def test_recursive_shapes_are_read() -> None:
    shapes = service("dynamodb").shapes
    shape = shapes["AttributeValue"]
    member = shape.members["L"]
    assert member.kind is Kind.LIST
    item = shapes[member.target].member
    assert item is not None
    assert shapes[item.target] is shape


def test_operations_carry_their_http_binding_and_errors() -> None:
    operation = service("lambda").operations["Invoke"]
    assert operation.method == "POST"
    assert operation.request_uri == "/2015-03-31/functions/{FunctionName}/invocations"
    assert "TooManyRequestsException" in operation.errors
    missing = service("iam").shapes["NoSuchEntityException"].error
    assert missing is not None
    assert (missing.code, missing.status, missing.sender) == ("NoSuchEntity", 404, True)


def test_a_model_whose_head_is_cut_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "service-2.json"
    path.write_text('{"operations": {}, "metadata": {"endpointPrefix": "x"}}')
    assert services._head_metadata('{"metadata": {"endpointPrefix": "') is None  # noqa: SLF001
    assert services._whole_metadata(path) == {"endpointPrefix": "x"}  # noqa: SLF001


def test_no_clients_are_built_and_no_session_is_imported() -> None:
    code = (
        "import sys; from clearance.facts.services import service; service('iam'); "
        "sys.exit('botocore.client' in sys.modules or 'botocore.session' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": "src"}, check=True)

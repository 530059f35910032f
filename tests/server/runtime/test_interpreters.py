"""Which runtimes are found, and why others are not."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from clearance.server.runtime import RuntimeUnavailable
from clearance.server.runtime.interpreters import NODES, Interpreters

OWN = f"python{sys.version_info[0]}.{sys.version_info[1]}"


def program(folder: Path, name: str, prints: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{prints}'\n", encoding="utf-8")
    path.chmod(0o755)


def test_this_python_brings_lambda_s_packages_and_nothing_else(tmp_path: Path) -> None:
    found = asyncio.run(Interpreters(tmp_path).find(OWN))
    assert found.command[0] == sys.executable
    assert found.version.startswith(OWN.removeprefix("python"))
    linked = {entry.name for entry in found.home.iterdir()}
    assert {"awslambdaric", "boto3", "botocore"} <= linked
    assert "clearance" not in linked
    assert "pytest" not in linked


def test_custom_runtimes_bring_their_own_program(tmp_path: Path) -> None:
    found = asyncio.run(Interpreters(tmp_path).find("provided.al2023"))
    assert (found.command, found.version) == ((), "al2023")


def test_node_must_be_of_the_version_that_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, "node", "v20.11.1")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/usr/bin{os.pathsep}/bin")

    async def look() -> None:
        interpreters = Interpreters(tmp_path / "runtime")
        found = await interpreters.find("nodejs20.x")
        assert (found.version, found.command[0]) == ("20.11.1", f"{tmp_path / 'node'}")
        with pytest.raises(RuntimeUnavailable, match=r"install Node\.js 22 as `node`"):
            await interpreters.find("nodejs22.x")
        assert set(NODES) & set(await interpreters.available()) == {"nodejs20.x"}

    asyncio.run(look())


@pytest.mark.parametrize("prints", ["", "3.8", '{"version": "3.8.1"}', "[1]"])
def test_a_program_that_is_no_python_with_lambda_s_client_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prints: str
) -> None:
    program(tmp_path, "python3.8", prints)
    monkeypatch.setenv("PATH", f"{tmp_path}")
    with pytest.raises(RuntimeUnavailable, match="awslambdaric"):
        asyncio.run(Interpreters(tmp_path / "runtime").find("python3.8"))


def test_it_is_looked_for_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}")

    async def look() -> bool:
        interpreters = Interpreters(tmp_path / "runtime")
        first = await interpreters.available()
        program(tmp_path, "node", "v22.1.0")
        return first == await interpreters.available()

    assert asyncio.run(look())

"""A real `clearance serve` with a console, for a real browser."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Locator
from tests.endpoints import Credentials, client
from tests.fakes import NOW, FakePorts

from clearance import wiring
from clearance.demo.estate import cast
from clearance.model.estate import AccessKey, Estate

__all__ = ["CHROMIUM", "Served", "demo_estate", "served", "until"]

CHROMIUM: Final = Path(
    shutil.which("chromium") or shutil.which("chromium-browser") or "/usr/bin/chromium"
)
_ADDRESS: Final = re.compile(r"console: ((http://\S+?)/_clearance/#token=(\S+))")


@dataclass(frozen=True, slots=True)
class Served:
    """A running endpoint: its URL, where a browser signs in, everybody's keys, its folder."""

    url: str
    address: str
    token: str
    keys: Mapping[str, AccessKey]
    folder: Path

    def client(self, who: str | Credentials, service: str) -> Any:
        """A boto3 client of one of the estate's people, or of whoever has some credentials."""
        if isinstance(who, str):
            key = self.keys[who]
            who = Credentials(key.id, key.secret.value)
        return client(service, self.url, who)

    def person(self, name: str, *policies: str) -> Credentials:
        """A new user with inline policies, and an access key of it."""
        iam = self.client("admin", "iam")
        iam.create_user(UserName=name)
        for number, text in enumerate(policies):
            iam.put_user_policy(UserName=name, PolicyName=f"p{number}", PolicyDocument=text)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return Credentials(key["AccessKeyId"], key["SecretAccessKey"])


def demo_estate() -> tuple[Estate, Mapping[str, AccessKey]]:
    """The demo's estate and the keys of those who act in it."""
    people = cast(FakePorts(), NOW)
    return people.estate, people.keys


def until(shown: Locator, act: Callable[[], object]) -> None:
    """Act until what it opens is there: a list drawn anew under the mouse or key loses them."""
    for _ in range(4):
        with suppress(PlaywrightError):
            act()
            shown.first.wait_for(timeout=5_000)
            return
    shown.first.wait_for()


@contextmanager
def served(estate: Estate, keys: Mapping[str, AccessKey], folder: Path) -> Iterator[Served]:
    """Serve an estate in a process of its own while the block runs; ``folder`` is its place."""
    seed = folder / "seed.json"
    wiring.save_estate(estate, seed, secrets=True)
    command = [sys.executable, "-m", "clearance", "serve", "--port", "0", "--seed", str(seed)]
    told = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    # NiceGUI keeps itself from some of its work under pytest.
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(
            [*command, "--data", str(folder / "data")],
            cwd=folder,
            env=told | {"PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as process,
    ):
        try:
            yield _of(process, keys, folder)
        finally:
            process.terminate()
            process.wait(20)


def _of(process: subprocess.Popen[str], keys: Mapping[str, AccessKey], folder: Path) -> Served:
    assert process.stdout is not None
    for line in process.stdout:
        found = _ADDRESS.search(line)
        if found is not None:
            return Served(found[2], found[1], found[3], keys, folder)
    raise AssertionError((folder / "log").read_text())

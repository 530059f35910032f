"""How quickly the console's pages answer in an estate of 2,000 principals, in a real browser.

python bench/console.py [--principals 2000] [--rounds 5]

Prints, for each page, the median and the worst time from asking to seeing what was asked for, the
processor time the endpoint spent on it, the longest a call to the endpoint had to wait meanwhile,
and the endpoint's memory before, during and after many readers.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).parent.parent))

from playwright.sync_api import Browser, Page, sync_playwright
from tests.consoles import CHROMIUM, Served, served
from tests.e2e.console.conftest import ARGUMENTS
from tests.endpoints import attempt

from clearance.model.estate import (
    FULL_ACCESS,
    AccessKey,
    Account,
    Estate,
    ManagedPolicy,
    OrgAccount,
    Organization,
    OrgPolicy,
    OrgUnit,
    PolicyVersion,
    Role,
    Secret,
    TrustPolicy,
    User,
)

ACCOUNT: Final = "123456789012"
MADE: Final = datetime(2026, 1, 1, tzinfo=UTC)
SERVICES: Final = ("s3", "sqs", "sns", "lambda", "dynamodb", "kms", "iam", "ec2", "sts")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--principals", type=int, default=2000)
    options.add_argument("--rounds", type=int, default=5)
    given = options.parse_args()
    estate, keys = made(given.principals)
    with tempfile.TemporaryDirectory() as folder, served(estate, keys, Path(folder)) as site:
        call(site, 20)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            measure(browser, site, given.rounds, next(iter(estate.accounts[ACCOUNT].roles)))
            readers(browser, site)
            browser.close()


def made(principals: int, seed: int = 5) -> tuple[Estate, Mapping[str, AccessKey]]:
    """Half users, half roles, in one member account of an organization."""
    rnd = random.Random(seed)
    names = [f"{rnd.choice(('web', 'data', 'batch', 'ops'))}-{n}" for n in range(principals // 2)]
    policies = {p.name: p for p in (managed(rnd, n) for n in range(200))}
    arns = [f"arn:aws:iam::{ACCOUNT}:policy/{name}" for name in policies]
    root, ana = key("root"), key("ana")
    users = {
        name: User(name, f"AIDA{n:017d}", MADE, inline=inline(rnd), attached=some(rnd, arns))
        for n, name in enumerate(names)
    }
    users["ana"] = User("ana", f"AIDA{99:017d}", MADE, keys={ana.id: ana}, inline=inline(rnd))
    trust = document("sts:AssumeRole", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
    roles = {
        name: Role(
            name,
            f"AROA{n:017d}",
            MADE,
            TrustPolicy(trust),
            inline=inline(rnd),
            attached=some(rnd, arns),
        )
        for n, name in enumerate(names)
    }
    account = Account(
        ACCOUNT,
        users=users,
        roles=roles,
        policies=dict(zip(arns, policies.values(), strict=True)),
        root_keys={root.id: root},
    )
    return Estate({ACCOUNT: account}, {"o-bench": organization()}), {"admin": root, "ana": ana}


def organization() -> Organization:
    full = OrgPolicy("p-FullAWSAccess", "FullAWSAccess", "SERVICE_CONTROL_POLICY", FULL_ACCESS)
    deny = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Deny",
                    "Action": "*",
                    "Resource": "*",
                    "Condition": {"StringEquals": {"aws:RequestedRegion": "ap-south-1"}},
                }
            ],
        }
    )
    region = OrgPolicy("p-region", "regions", "SERVICE_CONTROL_POLICY", deny)
    return Organization(
        "o-bench",
        "111111111111",
        units={"r-1": OrgUnit("r-1", "Root"), "ou-1": OrgUnit("ou-1", "Work", "r-1")},
        accounts={ACCOUNT: OrgAccount(ACCOUNT, "work", "ou-1")},
        policies={full.id: full, region.id: region},
        attachments={"r-1": (full.id, region.id), "ou-1": (full.id,), ACCOUNT: (full.id,)},
    )


def key(name: str) -> AccessKey:
    return AccessKey(f"AKIA{name.upper():X<16}", Secret(f"{name:x<40}"), MADE)


def document(action: str | list[str], **more: object) -> str:
    statement: dict[str, object] = {"Effect": "Allow", "Action": action, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def inline(rnd: random.Random) -> dict[str, str]:
    service = rnd.choice(SERVICES)
    resource = f"arn:aws:{service}:us-east-1:{ACCOUNT}:{rnd.randrange(50)}*"
    return {"own": document([f"{service}:Get*", f"{service}:List*"], Resource=resource)}


def managed(rnd: random.Random, number: int) -> ManagedPolicy:
    text = document([f"{rnd.choice(SERVICES)}:*" for _ in range(3)], Resource="*")
    version = PolicyVersion("v1", text, MADE)
    return ManagedPolicy(f"shared-{number}", f"ANPA{number:017d}", MADE, MADE, {"v1": version})


def some(rnd: random.Random, arns: list[str]) -> tuple[str, ...]:
    return tuple(rnd.sample(arns, 3))


def call(site: Served, times: int) -> None:
    """Denied calls, so that there is something to see."""
    client = site.client("ana", "iam")
    for _ in range(times):
        attempt(client.create_user, UserName="eve")
        attempt(client.get_role, RoleName="ops-1")


def measure(browser: Browser, site: Served, rounds: int, role: str) -> None:
    page = signed_in(browser, site)
    print(f"{'page':28} {'median':>8} {'worst':>8} {'cpu':>8} {'call':>8}   (milliseconds)")
    for name, visit in visits(site, role).items():
        page.goto(f"{site.url}/_clearance/denials")
        page.wait_for_selector("h1")
        times: list[float] = []
        with waiting(site) as waited:
            spent = cpu(site)
            for _ in range(rounds):
                began = time.perf_counter()
                visit(page)
                times.append(time.perf_counter() - began)
            spent = (cpu(site) - spent) / rounds
        shown = (statistics.median(times), max(times), spent, max(waited, default=0))
        print(f"{name:28} " + " ".join(f"{1000 * each:8.0f}" for each in shown))


def visits(site: Served, role_name: str) -> dict[str, Callable[[Page], object]]:
    """Each page, opened and waited for until it shows what it is for."""
    home = f"{site.url}/_clearance"
    ana = f"arn:aws:iam::{ACCOUNT}:user/ana"

    def open_(path: str, until: str) -> Callable[[Page], object]:
        def visit(page: Page) -> None:
            page.goto(f"{home}/{path}")
            page.wait_for_selector(until)

        return visit

    def denial(page: Page) -> None:
        page.goto(f"{home}/denials")
        page.locator(".call", has_text="iam:CreateUser").first.click()
        page.wait_for_selector(".diff")

    def typing(page: Page) -> None:
        page.goto(f"{home}/simulator")
        page.get_by_label("Principal").fill("batch-7")
        page.locator("datalist option[value*='batch-7']").first.wait_for(state="attached")

    role = f"arn:aws:iam::{ACCOUNT}:role/{role_name}"
    one, other = (f"arn:aws:iam::{ACCOUNT}:policy/shared-{n}%40v1" for n in (1, 2))
    travel = f"principal={ana}&action=iam:GetRole&resource={role}"
    question = f"principal={ana}&action=iam:*&resource=*&resource=arn:aws:iam::{ACCOUNT}:role/ops-1"
    return {
        "denials, 40 calls": open_("denials", ".call"),
        "a denial, explained": denial,
        "simulator, empty": open_("simulator", ".empty"),
        "simulator, 20 x 2 cells": open_(f"simulator?{question}", ".matrix .pick"),
        "simulator, offers": typing,
        "who can do what": open_(f"access?resource={role}", "tr[data-row]"),
        "who becomes whom": open_("access?view=roles", ".list .entry"),
        "policies, 1,000 roles": open_("policies?kind=roles", ".list .entry"),
        "policies, searched": open_("policies?kind=roles&search=lambda%20batch-7", ".list .entry"),
        "a role and its findings": open_(f"policies?open={role}", ".document .code"),
        "two documents compared": open_(f"policies?left={one}&right={other}", ".meaning"),
        "history, changes": open_("history", ".list .entry"),
        "history, calls": open_("history?view=calls", ".call"),
        "a decision over time": open_(f"history?view=travel&{travel}", ".travel .badge"),
        "replay": open_("replay", ".cm-content"),
    }


def readers(browser: Browser, site: Served, count: int = 30) -> None:
    """Memory that readers leave behind."""
    page = signed_in(browser, site)
    sizes = [memory(site)]
    for turn in range(4):
        for number in range(count):
            path = ("denials", "simulator", "policies", "history")[number % 4]
            page.goto(f"{site.url}/_clearance/{path}")
            page.wait_for_selector("h1")
        if turn == 3:  # the last
            page.goto("about:blank")
            time.sleep(15)
        sizes.append(memory(site))
    shown = ", ".join(f"{size:.0f}" for size in sizes)
    print(f"memory of the endpoint over {4 * count} visits, MiB: {shown} (the last after a rest)")


def signed_in(browser: Browser, site: Served) -> Page:
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.goto(site.address)
    page.wait_for_selector("h1:has-text('Denials')")
    return page


@contextmanager
def waiting(site: Served) -> Iterator[list[float]]:
    """How long calls of somebody else take meanwhile, one every 20 milliseconds."""
    waited: list[float] = []
    stop = threading.Event()

    def ask() -> None:
        client = site.client("ana", "sts")
        client.get_caller_identity()
        while not stop.wait(0.02):
            began = time.perf_counter()
            client.get_caller_identity()
            waited.append(time.perf_counter() - began)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield waited
    finally:
        stop.set()
        thread.join()


def status(site: Served) -> Path:
    found = json.loads((site.folder / "data" / "endpoint.json").read_text())
    return Path(f"/proc/{found['pid']}")


def cpu(site: Served) -> float:
    fields = (status(site) / "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def memory(site: Served) -> float:
    lines = (status(site) / "status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


if __name__ == "__main__":
    main()

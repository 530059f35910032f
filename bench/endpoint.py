"""Requests per second and latency of the endpoint beside other local emulators, in one run.

Every server gets the same calls in alternating rounds: by boto3 (as users see it; its own cost is
in every number), as bare signed HTTP on one kept connection (what the server itself takes), and on
four connections at once. Functions are invoked too: again and again, and each for the first time
(moto_server needs Docker for that and is left out). Ours enforces: SigV4, the caller's policies,
an event for each call. ministack runs with AUTH=true and a user of its own, too; moto_server
without any checks, which favours it.

    python bench/endpoint.py [--rounds 5] [--calls 300] [--rivals DIR]

``--rivals`` is a folder made by ``pip install --target DIR ministack 'moto[server]'``.
"""

from __future__ import annotations

import argparse
import http.client
import io
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

from clearance.wire.message import Message
from clearance.wire.sigv4 import sign

REGION = "us-east-1"
CLIENTS = 4
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}
ALLOW = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": ["lambda:*", "iam:PassRole"], "Resource": "*"}],
}


@dataclass
class Subject:
    """One server under measurement."""

    name: str
    url: str
    key: str
    secret: str
    process: subprocess.Popen[bytes]
    started: float
    numbers: dict[str, list[float]] = field(default_factory=dict)
    slowest: dict[str, list[float]] = field(default_factory=dict)
    spent: dict[str, list[float]] = field(default_factory=dict)
    invoked: dict[str, list[float]] = field(default_factory=dict)

    @property
    def processor_seconds(self) -> float:
        """Processor time of the server so far: what a busy machine cannot blur."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def client(self, service: str) -> Any:
        make: Any = boto3.client
        return make(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=self.key,
            aws_secret_access_key=self.secret,
            config=Config(retries={"total_max_attempts": 1}, read_timeout=60),
        )

    @property
    def megabytes(self) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def process(
    command: list[str], url: str, **env: str
) -> Iterator[tuple[subprocess.Popen[bytes], float]]:
    began = time.perf_counter()
    with tempfile.TemporaryFile() as out:
        running = subprocess.Popen(
            command, stdout=out, stderr=subprocess.STDOUT, env={**os.environ, **env}
        )
        try:
            wait_for(url, running)
            yield running, time.perf_counter() - began
        finally:
            running.terminate()
            try:
                running.wait(15)
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait()


def wait_for(url: str, running: subprocess.Popen[bytes]) -> None:
    parts = urlsplit(url)
    for _ in range(1200):
        if running.poll() is not None:
            raise SystemExit(f"{running.args!r} ended with {running.returncode}")
        try:
            socket.create_connection((parts.hostname or "", parts.port or 0), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit(f"{running.args!r} does not listen")


@contextmanager
def clearance() -> Iterator[Subject]:
    """Our endpoint; the caller is a user with an identity policy, not root."""
    url = f"http://127.0.0.1:{free_port()}"
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "clearance", "serve", "--port", url.rsplit(":", 1)[1]]
        command += ["--data", f"{folder}/data"]
        with process(command, url) as (running, seconds):
            told = subprocess.run(
                [sys.executable, "-m", "clearance", "env", "--data", f"{folder}/data",
                 "--shell", "json"],
                capture_output=True, check=True,
            )  # fmt: skip
            given = json.loads(told.stdout)
            root = Subject(
                "clearance", url, given["AWS_ACCESS_KEY_ID"], given["AWS_SECRET_ACCESS_KEY"],
                running, seconds,
            )  # fmt: skip
            prepare(root)
            iam = root.client("iam")
            iam.create_user(UserName="ana")
            iam.put_user_policy(UserName="ana", PolicyName="p", PolicyDocument=json.dumps(ALLOW))
            key = iam.create_access_key(UserName="ana")["AccessKey"]
            root.key, root.secret = key["AccessKeyId"], key["SecretAccessKey"]
            yield root


@contextmanager
def moto(rivals: Path) -> Iterator[Subject]:
    url = f"http://127.0.0.1:{free_port()}"
    port = url.rsplit(":", 1)[1]
    code = f"from moto.server import main; main(['-H', '127.0.0.1', '-p', '{port}'])"
    with process([sys.executable, "-c", code], url, PYTHONPATH=str(rivals)) as (running, seconds):
        subject = Subject("moto_server", url, "test", "test", running, seconds)
        prepare(subject)
        yield subject


@contextmanager
def ministack(rivals: Path) -> Iterator[Subject]:
    url = f"http://127.0.0.1:{free_port()}"
    program = next(rivals.glob("bin/ministack"), None)
    if program is None:
        raise SystemExit("ministack is not in that folder")
    environment = {
        "PYTHONPATH": str(rivals),
        "GATEWAY_PORT": url.rsplit(":", 1)[1],
        "AUTH": "true",
        "CLOUDTRAIL_RECORDING": "1",
        "LAMBDA_EXECUTOR": "local",
    }
    with process([sys.executable, str(program)], url, **environment) as (running, seconds):
        subject = Subject("ministack AUTH=true", url, "test", "test", running, seconds)
        prepare(subject)
        become_user(subject)
        yield subject


def prepare(subject: Subject) -> None:
    """A role and a function."""
    for _ in range(100):
        try:
            made = subject.client("iam").create_role(
                RoleName="images", AssumeRolePolicyDocument=json.dumps(TRUST)
            )
            break
        except Exception:  # noqa: BLE001 - a rival that listens before it can answer
            time.sleep(0.2)
    else:
        raise SystemExit(f"{subject.name} does not answer")
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("app.py", "def handler(event, context):\n    return event\n")
    subject.client("lambda").create_function(
        FunctionName="f",
        Role=made["Role"]["Arn"],
        Runtime="python3.11",
        Handler="app.handler",
        Code={"ZipFile": held.getvalue()},
    )


def become_user(subject: Subject) -> None:
    """From now on the caller is a user with an identity policy: keys of root prove little."""
    iam = subject.client("iam")
    iam.create_user(UserName="ana")
    iam.put_user_policy(UserName="ana", PolicyName="p", PolicyDocument=json.dumps(ALLOW))
    key = iam.create_access_key(UserName="ana")["AccessKey"]
    subject.key, subject.secret = key["AccessKeyId"], key["SecretAccessKey"]


def rate(subject: Subject, what: str, call: Callable[[], object], calls: int) -> None:
    times = []
    before = subject.processor_seconds
    for _ in range(calls):
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    spent = (subject.processor_seconds - before) / calls * 1000
    subject.spent.setdefault(what, []).append(spent)
    subject.numbers.setdefault(what, []).append(calls / sum(times))
    times.sort()
    subject.slowest.setdefault(what, []).append(times[int(len(times) * 0.99)] * 1000)


def bare(subject: Subject) -> Iterator[tuple[str, Callable[[], object]]]:
    """The same two calls as signed bytes on one connection; signing is not in the numbers."""
    parts = urlsplit(subject.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
    form = ("content-type", "application/x-www-form-urlencoded; charset=utf-8")
    host = ("host", parts.netloc)
    asked = {
        "GetCallerIdentity, bare": (
            "sts",
            Message.of("POST", "/", [host, form], b"Action=GetCallerIdentity&Version=2011-06-15"),
        ),
        "GetFunction, bare": ("lambda", Message.of("GET", "/2015-03-31/functions/f", [host])),
    }
    for what, (service, plain) in asked.items():
        signed = sign(
            plain, subject.key, subject.secret, datetime.now(UTC), region=REGION, service=service
        )
        headers = {name: values[0] for name, values in signed.headers.items()}

        def call(signed: Message = signed, headers: dict[str, str] = headers) -> None:
            connection.request(signed.method, signed.path, signed.body, headers)
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != 200:
                raise SystemExit(f"{subject.name}: {answer.status} {body[:300]!r}")

        yield what, call


def crowd(subject: Subject, call_of: Callable[[], Callable[[], object]], calls: int) -> None:
    """The rate of several connections at once."""
    todo = [call_of() for _ in range(CLIENTS)]
    before, began = subject.processor_seconds, time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(lambda call: [call() for _ in range(calls // CLIENTS)], todo))
    seconds = time.perf_counter() - began
    what = f"GetCallerIdentity, {CLIENTS} at once"
    subject.numbers.setdefault(what, []).append(calls / seconds)
    spent = (subject.processor_seconds - before) / calls * 1000
    subject.spent.setdefault(what, []).append(spent)
    subject.slowest.setdefault(what, []).append(0.0)


def functions(subject: Subject, calls: int) -> None:
    """Warm invocations, and the first one of functions that nobody has called."""
    client = subject.client("lambda")
    for _ in range(5):
        client.invoke(FunctionName="f", Payload=b"{}")
    times = []
    for _ in range(calls):
        began = time.perf_counter()
        client.invoke(FunctionName="f", Payload=b"{}")["Payload"].read()
        times.append((time.perf_counter() - began) * 1000)
    subject.invoked.setdefault("Invoke, warm", []).append(statistics.median(times))
    role = client.get_function(FunctionName="f")["Configuration"]["Role"]
    for number in range(3):
        name = f"cold-{time.monotonic_ns()}"
        held = io.BytesIO()
        with zipfile.ZipFile(held, "w") as archive:
            archive.writestr("app.py", f"N = {number}\ndef handler(event, context): return N\n")
        client.create_function(
            FunctionName=name, Role=role, Runtime="python3.11", Handler="app.handler",
            Code={"ZipFile": held.getvalue()},
        )  # fmt: skip
        time.sleep(0.5)
        began = time.perf_counter()
        client.invoke(FunctionName=name, Payload=b"{}")["Payload"].read()
        elapsed = (time.perf_counter() - began) * 1000
        subject.invoked.setdefault("Invoke, cold", []).append(elapsed)


def measure(subjects: list[Subject], rounds: int, calls: int) -> None:
    for number in range(rounds + 1):
        for subject in subjects:
            sts, lambda_ = subject.client("sts"), subject.client("lambda")
            todo: list[tuple[str, Callable[[], object]]] = [
                ("GetCallerIdentity, boto3", sts.get_caller_identity),
                ("GetFunction, boto3", lambda f=lambda_: f.get_function(FunctionName="f")),
                *bare(subject),
            ]
            for what, call in todo:
                rate(subject, what, call, calls if number else 30)
            crowd(subject, lambda s=subject: next(bare(s))[1], calls if number else 40)
            if subject.name != "moto_server":
                functions(subject, 30)
        if not number:  # the first round only warms up
            for subject in subjects:
                subject.numbers.clear()
                subject.slowest.clear()
                subject.spent.clear()
                subject.invoked.clear()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--calls", type=int, default=300)
    parser.add_argument("--rivals", type=Path)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with ExitStack() as stack:
        subjects = [stack.enter_context(clearance())]
        if given.rivals:
            subjects += [
                stack.enter_context(moto(given.rivals)),
                stack.enter_context(ministack(given.rivals)),
            ]
        measure(subjects, given.rounds, given.calls)
        report = [
            {
                "server": s.name,
                "start_seconds": round(s.started, 2),
                "megabytes": round(s.megabytes),
                **{
                    what: {
                        "per_second": round(statistics.median(rates)),
                        "processor_ms": round(statistics.mean(s.spent[what]), 3),
                        "p99_ms": round(statistics.median(s.slowest[what]), 2),
                    }
                    for what, rates in s.numbers.items()
                },
                "invoked_ms": {w: round(statistics.median(t), 1) for w, t in s.invoked.items()},
            }
            for s in subjects
        ]
    if given.json:
        print(json.dumps(report, indent=1))
        return
    whats = [k for k in report[0] if isinstance(report[0][k], dict) and k != "invoked_ms"]
    print(f"medians of {given.rounds} alternating rounds of {given.calls} calls\n")
    for row in report:
        print(f"{row['server']}: start {row['start_seconds']} s, {row['megabytes']} MB")
        for what in whats:
            ours, theirs = report[0][what], row[what]
            slow = f"p99 {theirs['p99_ms']:>6} ms" if theirs["p99_ms"] else " " * 13
            told = (
                f"  {what:<28} {theirs['per_second']:>6}/s   {slow}   "
                f"server {theirs['processor_ms']:>6} ms"
            )
            if row is not report[0]:
                rate_ = ours["per_second"] / theirs["per_second"]
                cost = theirs["processor_ms"] / ours["processor_ms"]
                told += f"   ours: {rate_:.1f} times the rate, cost 1/{cost:.1f}"
            print(told)
        for what, milliseconds in row["invoked_ms"].items():
            print(f"  {what:<28} {milliseconds:>6} ms")


if __name__ == "__main__":
    main()

"""What a function sees, and what its caller gets, in each way an invocation can go."""

import base64
import json
import os
import re
import time
from pathlib import Path

import pytest
from tests.server.runtime.conftest import RUNTIME, Workshop, alive, zipped

IDENTITY = "def handler(event, context):\n    return event\n"
SEES = """
import json, os, sys
def handler(event, context):
    return {"environ": dict(os.environ), "cwd": os.getcwd(), "path": sys.path}
"""


def error(payload: bytes) -> tuple[str, str]:
    value = json.loads(payload)
    return value["errorType"], value["errorMessage"]


def test_the_event_goes_in_and_the_answer_comes_out(shop: Workshop) -> None:
    outcome = shop.invoke(shop.function(IDENTITY), {"ä": [1, None, "x"]})
    assert json.loads(outcome.payload) == {"ä": [1, None, "x"]}
    assert (outcome.status_code, outcome.function_error) == (200, None)
    assert outcome.executed_version == "$LATEST"
    assert outcome.init_ms is not None
    assert outcome.billed_ms >= outcome.duration_ms


def test_real_bytes_come_out(shop: Workshop) -> None:
    source = (
        "import base64\ndef handler(event, context):\n"
        "    return base64.b64encode(base64.b64decode(event)[::-1]).decode()\n"
    )
    data = bytes(range(256))
    answer = shop.answer(shop.function(source), base64.b64encode(data).decode())
    assert isinstance(answer, str)
    assert base64.b64decode(answer) == data[::-1]


def test_an_environment_is_used_again(shop: Workshop) -> None:
    source = "n = 0\ndef handler(event, context):\n    global n; n += 1\n    return n\n"
    spec = shop.function(source)
    assert [shop.answer(spec) for _ in range(3)] == [1, 2, 3]
    assert shop.invoke(spec).init_ms is None


def test_the_context_is_the_invocations(shop: Workshop) -> None:
    source = """
def handler(event, context):
    return [context.aws_request_id, context.invoked_function_arn, context.function_name,
            context.function_version, context.memory_limit_in_mb, context.log_group_name,
            context.client_context.custom, 0 < context.get_remaining_time_in_millis() <= 20000]
"""
    arn = "arn:aws:lambda:us-east-1:123456789012:function:ProcessImages:live"
    client_context = json.dumps({"custom": {"a": "b"}})
    found = shop.answer(
        shop.function(source, version="7"),
        request_id="3b9f2b0e-8f6b-4c0e-9a51-2d8f2ad2c111",
        invoked_arn=arn,
        client_context=client_context,
    )
    assert found == [
        "3b9f2b0e-8f6b-4c0e-9a51-2d8f2ad2c111",
        arn,
        "ProcessImages",
        "7",
        "128",
        "/aws/lambda/ProcessImages",
        {"a": "b"},
        True,
    ]


@pytest.mark.parametrize("early", [False, True])
def test_the_environment_is_lambdas_and_nothing_leaks(
    shop: Workshop,
    monkeypatch: pytest.MonkeyPatch,
    early: bool,  # noqa: FBT001
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("DATABASE_PASSWORD", "hunter2")
    own = {"TABLE": "images", **({"PYTHONHASHSEED": "0"} if early else {})}
    found = shop.answer(shop.function(SEES, environment=own))
    assert isinstance(found, dict)
    environ = found["environ"]
    task = environ["LAMBDA_TASK_ROOT"]
    assert {name: environ[name] for name in own} == own
    assert environ["AWS_ACCESS_KEY_ID"] == "ASIAEXAMPLE"
    assert environ["AWS_SECRET_ACCESS_KEY"] == "the-secret"
    assert environ["AWS_SESSION_TOKEN"] == "the-token"
    assert environ["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"
    assert environ["AWS_REGION"] == environ["AWS_DEFAULT_REGION"] == "us-east-1"
    assert environ["AWS_EXECUTION_ENV"] == "AWS_Lambda_" + RUNTIME
    assert environ["AWS_LAMBDA_INITIALIZATION_TYPE"] == "on-demand"
    assert environ["TZ"] == ":UTC"
    assert environ["_HANDLER"] == "app.handler"
    assert found["cwd"] == found["path"][0] == task
    assert not {"AWS_PROFILE", "DATABASE_PASSWORD", "VIRTUAL_ENV", "USER"} & set(environ)
    assert environ["HOME"] != os.environ.get("HOME")


def test_the_sdk_is_there_and_clearance_is_not(shop: Workshop) -> None:
    source = """
import boto3, importlib.util
def handler(event, context):
    session = boto3.session.Session()
    client = session.client("sts")
    found = importlib.util.find_spec("clearance") or importlib.util.find_spec("typer")
    return [session.get_credentials().access_key, client.meta.endpoint_url, found is None]
"""
    found = shop.answer(shop.function(source))
    assert found == ["ASIAEXAMPLE", "http://127.0.0.1:4566", True]


def test_own_packages_and_layers_import(shop: Workshop) -> None:
    first = zipped({"python/shared.py": "x = 1", "python/first.py": "y = 1"})
    second = zipped({"python/shared.py": "x = 2"})
    files = {
        "src/app.py": "import own.part, shared, first\n"
        "def handler(event, context):\n    return [own.part.z, shared.x, first.y]\n",
        "own/part.py": "z = 3",
    }
    spec = shop.function(files=files, handler="src/app.handler", layers=(first, second))
    assert shop.answer(spec) == [3, 2, 1]


def test_a_raised_error_is_unhandled_and_the_environment_lives_on(shop: Workshop) -> None:
    source = "n = 0\ndef handler(event, context):\n    global n; n += 1\n    raise KeyError(n)\n"
    spec = shop.function(source)
    outcome = shop.invoke(spec, request_id="11111111-2222-3333-4444-555555555555")
    value = json.loads(outcome.payload)
    assert outcome.function_error == "Unhandled"
    assert (value["errorType"], value["errorMessage"]) == ("KeyError", "1")
    assert value["requestId"] == "11111111-2222-3333-4444-555555555555"
    assert "in handler\n" in value["stackTrace"][0]
    assert b"[ERROR] KeyError: 1" in outcome.log_tail
    assert error(shop.invoke(spec).payload) == ("KeyError", "2")


@pytest.mark.parametrize(
    ("source", "handler", "kind", "message"),
    [
        (
            "import nope",
            "app.handler",
            "Runtime.ImportModuleError",
            "Unable to import module 'app': No module named 'nope'",
        ),
        (
            IDENTITY,
            "app.other",
            "Runtime.HandlerNotFound",
            "Handler 'other' missing on module 'app'",
        ),
        (
            IDENTITY,
            "gone.handler",
            "Runtime.ImportModuleError",
            "Unable to import module 'gone': No module named 'gone'",
        ),
        ("raise ValueError('at import')", "app.handler", "ValueError", "at import"),
    ],
)
def test_initialization_errors_are_the_answer(
    shop: Workshop, source: str, handler: str, kind: str, message: str
) -> None:
    outcome = shop.invoke(shop.function(source, handler=handler))
    assert outcome.function_error == "Unhandled"
    assert error(outcome.payload) == (kind, message)
    said = [event.message for event in outcome.log_events if "INIT_REPORT" in event.message]
    assert len(said) == 1
    assert f"\tPhase: init\tStatus: error\tError Type: {kind}\t" in said[0]


@pytest.mark.parametrize(
    ("last", "how"),
    [
        ("sys.exit(3)", "Runtime exited with error: exit status 3"),
        ("os._exit(0)", "Runtime exited without providing a reason"),
        ("os.kill(os.getpid(), 9)", "Runtime exited with error: signal: killed"),
        ("os.kill(os.getpid(), 11)", "Runtime exited with error: signal: segmentation fault"),
    ],
)
def test_a_process_that_ends_is_an_exit_error(shop: Workshop, last: str, how: str) -> None:
    spec = shop.function(f"import os, sys\ndef handler(event, context):\n    {last}\n")
    outcome = shop.invoke(spec, request_id="r-1")
    assert outcome.function_error == "Unhandled"
    assert error(outcome.payload) == ("Runtime.ExitError", f"RequestId: r-1 Error: {how}")
    assert b"Runtime.ExitError\nEND RequestId: r-1\nREPORT RequestId: r-1" in outcome.log_tail
    assert error(shop.invoke(spec, request_id="r-2").payload)[1].startswith("RequestId: r-2")


def test_a_timeout_kills_the_grandchildren_too(shop: Workshop, tmp_path: Path) -> None:
    note = tmp_path / "pids"
    source = f"""
import os, subprocess, time
def handler(event, context):
    sleeper = ["sleep", "300"]
    same = subprocess.Popen(sleeper)
    other = subprocess.Popen(sleeper, start_new_session=True)
    open({str(note)!r}, "w").write(f"{{os.getpid()}} {{same.pid}} {{other.pid}}")
    print("before the end", flush=True)
    time.sleep(300)
"""
    began = time.monotonic()
    outcome = shop.invoke(shop.function(source, timeout=1), request_id="r-1")
    assert time.monotonic() - began < 20
    assert error(outcome.payload) == (
        "Sandbox.Timedout",
        "RequestId: r-1 Error: Task timed out after 1.00 seconds",
    )
    tail = outcome.log_tail.decode()
    assert re.search(r"before the end\n[0-9T:.-]+Z r-1 Task timed out after 1.00 seconds\n", tail)
    assert "Status: timeout" in tail
    pids = [int(pid) for pid in note.read_text().split()]
    deadline = time.monotonic() + 20
    while any(alive(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert [pid for pid in pids if alive(pid)] == []


def test_an_answer_above_six_megabytes_is_refused(shop: Workshop) -> None:
    spec = shop.function("def handler(event, context):\n    return 'x' * event\n")
    outcome = shop.invoke(spec, 6 * 1024 * 1024 + 101)
    message = "Response payload size exceeded maximum allowed payload size (6291556 bytes)."
    assert error(outcome.payload) == ("Function.ResponseSizeTooLarge", message)
    assert outcome.function_error == "Unhandled"
    assert len(shop.invoke(spec, 6 * 1024 * 1024).payload) == 6 * 1024 * 1024 + 2


def test_memory_is_limited(shop: Workshop) -> None:
    source = """
import time
def handler(event, context):
    hold = []
    for _ in range(event):
        hold.append(b"x" * (8 << 20)); time.sleep(0.005)
    time.sleep(0.1)
    return "done"
"""
    spec = shop.function(source)
    assert shop.answer(spec, 8) == "done"
    outcome = shop.invoke(spec, 100, request_id="r-1")
    assert error(outcome.payload) == (
        "Runtime.OutOfMemory",
        "RequestId: r-1 Error: Runtime exited with error: signal: killed",
    )
    assert b"Error Type: Runtime.OutOfMemory" in outcome.log_tail
    assert outcome.max_memory_mb == 128
    assert shop.answer(shop.function(source, memory_mb=512), 30) == "done"


def test_the_log_holds_what_was_printed_between_start_and_report(shop: Workshop) -> None:
    source = """
import os, sys
def handler(event, context):
    print("to stdout"); print("to stderr", file=sys.stderr); os.write(1, b"no line end")
"""
    outcome = shop.invoke(shop.function(source), request_id="r-1")
    lines = [event.message for event in outcome.log_events]
    assert lines[:5] == [
        "START RequestId: r-1 Version: $LATEST",
        "to stdout",
        "to stderr",
        "no line end",
        "END RequestId: r-1",
    ]
    assert re.fullmatch(
        r"REPORT RequestId: r-1\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\tMemory Size: "
        r"128 MB\tMax Memory Used: \d+ MB\tInit Duration: [\d.]+ ms\t",
        lines[5],
    )
    assert outcome.log_tail.decode().splitlines() == lines
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", outcome.log_stream)


def test_the_tail_is_four_kilobytes(shop: Workshop) -> None:
    source = "def handler(event, context):\n    for n in range(50_000): print('line', n)\n"
    outcome = shop.invoke(shop.function(source))
    assert len(outcome.log_tail) == 4096
    assert len(outcome.log_events) == 50_003
    assert outcome.log_tail.endswith(b" MB\tInit Duration: %.2f ms\t\n" % (outcome.init_ms or 0))


def test_only_the_functions_processes_may_use_its_runtime_api(
    shop: Workshop, tmp_path: Path
) -> None:
    """Another process of the machine, even of the same user, is hung up on."""
    import http.client
    import threading

    note = tmp_path / "api"
    source = f"""
import os, subprocess, sys, time
def handler(event, context):
    with open({str(note)!r} + ".new", "w") as file:
        file.write(os.environ["AWS_LAMBDA_RUNTIME_API"])
    os.rename({str(note)!r} + ".new", {str(note)!r})
    while not os.path.exists({str(note)!r} + ".done"):
        time.sleep(0.01)
    return "genuine"
"""
    answers: list[object] = []
    spec = shop.function(source)
    thread = threading.Thread(target=lambda: answers.append(shop.answer(spec, request_id="r-1")))
    thread.start()
    deadline = time.monotonic() + 20
    while not note.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    thief = http.client.HTTPConnection(note.read_text(), timeout=10)

    def steal() -> None:
        thief.request("POST", "/2018-06-01/runtime/invocation/r-1/response", '"forged"')
        thief.getresponse()

    with pytest.raises((ConnectionError, http.client.HTTPException)):
        steal()
    thief.close()
    Path(f"{note}.done").touch()
    thread.join(30)
    assert answers == ["genuine"]


NODE = {
    "async.mjs": "export const handler = async (event, context) => {\n"
    "  console.log('hello', event); return { event, name: context.functionName } }",
    "callback.js": "exports.handler = (event, context, callback) => {\n"
    "  setTimeout(() => callback(null, event.n + 1), 5) }",
    "fails.cjs": "exports.handler = async () => { throw new TypeError('boom') }",
    "refuses.js": "exports.handler = (event, context, callback) => callback('no')",
    "silent.js": "exports.handler = () => {}",
    "imports.js": "require('nope')",
    "exits.js": "exports.handler = async () => process.exit(4)",
    "crashes.js": "exports.handler = (event, context, callback) => {\n"
    "  setTimeout(() => { throw new RangeError('later') }, 5) }",
}


@pytest.mark.parametrize(
    ("handler", "kind", "value"),
    [
        ("async.handler", None, {"event": {"n": 1}, "name": "ProcessImages"}),
        ("callback.handler", None, 2),
        ("silent.handler", None, None),
        ("fails.handler", "TypeError", "boom"),
        ("refuses.handler", "string", "no"),
        ("crashes.handler", "RangeError", "later"),
        ("async.gone", "Runtime.HandlerNotFound", "async.gone is undefined or not exported"),
        ("imports.handler", "Runtime.ImportModuleError", "Error: Cannot find module 'nope'"),
        ("exits.handler", "Runtime.ExitError", "RequestId: r-1 Error: Runtime exited with"),
    ],
)
def test_node_functions(shop: Workshop, handler: str, kind: str | None, value: object) -> None:
    runtime = node(shop)
    spec = shop.function(files=NODE, runtime=runtime, handler=handler)
    outcome = shop.invoke(spec, {"n": 1}, request_id="r-1")
    if kind is None:
        assert json.loads(outcome.payload) == value
        assert outcome.function_error is None
    else:
        found, message = error(outcome.payload)
        assert found == kind
        assert message.startswith(str(value))
        assert outcome.function_error == "Unhandled"


def node(shop: Workshop) -> str:
    names = [name for name in shop.call(shop.pool.available()) if name.startswith("node")]
    if not names:
        pytest.skip("Node.js is not installed")
    return names[0]


BOOTSTRAP = """#!/bin/sh
set -e
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation"
exec /usr/bin/env python3 - "$api" <<'PYTHON'
import sys, urllib.request
api = sys.argv[1]
while True:
    with urllib.request.urlopen(api + "/next") as event:
        request_id, body = event.headers["Lambda-Runtime-Aws-Request-Id"], event.read()
    parts = iter([b'["custom", ', body, b"]"])  # sent in chunks, as streaming runtimes do
    urllib.request.urlopen(urllib.request.Request(api + f"/{request_id}/response", parts)).close()
PYTHON
"""


def test_a_custom_runtime_brings_its_own_program(shop: Workshop) -> None:
    spec = shop.function(files={"bootstrap": BOOTSTRAP}, runtime="provided.al2023")
    assert shop.answer(spec, {"n": 1}) == ["custom", {"n": 1}]
    assert shop.answer(spec, 2) == ["custom", 2]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"other": ""}, "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"),
        ({"bootstrap": "no program"}, "bootstrap: exec format error"),
    ],
)
def test_a_custom_runtime_without_a_program(
    shop: Workshop, files: dict[str, str], message: str
) -> None:
    outcome = shop.invoke(shop.function(files=files, runtime="provided.al2023"))
    kind, found = error(outcome.payload)
    assert kind == "Runtime.InvalidEntrypoint"
    assert found.endswith(message)

"""The environment variables a function sees: Lambda's, its own, and nothing of the server's."""

from dataclasses import dataclass
from pathlib import Path

from clearance.server.runtime.spec import Credentials, FunctionSpec

__all__ = ["Folders", "search_path", "started_with", "variables"]


@dataclass(frozen=True, slots=True)
class Folders:
    """Where `/var/task`, `/opt`, `/var/runtime` and `/tmp` are for one environment.

    A process without a container cannot have them at those paths: functions find them through
    `LAMBDA_TASK_ROOT`, `TMPDIR` and the search paths, as most libraries do anyway.
    """

    task: Path
    opt: Path
    runtime: Path
    tmp: Path
    home: Path


# "Environment variables ... PATH, LANG, LD_LIBRARY_PATH, NODE_PATH, PYTHONPATH ... unreserved
# can be extended in your function configuration" (configuration-envvars, Lambda guide)
def variables(
    spec: FunctionSpec,
    folders: Folders,
    credentials: Credentials,
    *,
    endpoint_url: str,
    api: str,
    log_stream: str,
    started: str = "on-demand",
) -> dict[str, str]:
    """All of them; ``started`` says why, as ``AWS_LAMBDA_INITIALIZATION_TYPE`` has it."""
    task, opt = folders.task, folders.opt
    extendable = {
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "LANG": "en_US.UTF-8",
        "LD_LIBRARY_PATH": f"{task}:{task}/lib:{opt}/lib",
        "NODE_PATH": f"{opt}/nodejs/node_modules:{task}/node_modules",
        "PATH": f"/usr/local/bin:/usr/bin:/bin:{opt}/bin",
        "PYTHONPATH": f"{folders.runtime}",
        "TZ": ":UTC",
        # Not Lambda's: the function's own calls come back here, and are authorized here.
        "AWS_ENDPOINT_URL": endpoint_url,
        "HOME": f"{folders.home}",  # else the SDK would read the developer's ~/.aws
        "TMPDIR": f"{folders.tmp}",
    }
    reserved = {
        "AWS_ACCESS_KEY_ID": credentials.access_key_id,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
        "AWS_SESSION_TOKEN": credentials.session_token,
        "AWS_DEFAULT_REGION": spec.region,
        "AWS_REGION": spec.region,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(spec.memory_mb),
        "AWS_LAMBDA_FUNCTION_NAME": spec.name,
        "AWS_LAMBDA_FUNCTION_VERSION": spec.version,
        "AWS_LAMBDA_INITIALIZATION_TYPE": started,
        "AWS_LAMBDA_LOG_GROUP_NAME": spec.log_group or f"/aws/lambda/{spec.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        "AWS_LAMBDA_RUNTIME_API": api,
        "LAMBDA_RUNTIME_DIR": f"{folders.runtime}",
        "LAMBDA_TASK_ROOT": f"{task}",
        "_HANDLER": spec.handler,
    }
    if spec.log_format == "JSON":
        reserved["AWS_LAMBDA_LOG_FORMAT"] = "JSON"
        reserved["AWS_LAMBDA_LOG_LEVEL"] = spec.log_level or "INFO"
    if not spec.runtime.startswith("provided"):
        # "isn't defined for OS-only runtimes" (configuration-envvars, Lambda guide)
        reserved["AWS_EXECUTION_ENV"] = f"AWS_Lambda_{spec.runtime}"
    return {**extendable, **spec.environment, **reserved}


# Read by the loader, libc or the interpreter before any code of ours runs.
EARLY = ("LD_", "GLIBC_", "MALLOC_", "PYTHON", "NODE_", "LC_", "LANG", "UV_", "OPENSSL_")


def started_with(spec: FunctionSpec) -> bool:
    """True when the process must be started with the function's own variables.

    Otherwise an interpreter that is already waiting can take them over.
    """
    return bool(spec.layers) or any(name.startswith(EARLY) for name in spec.environment)


def search_path(folders: Folders, spec: FunctionSpec) -> list[str]:
    """Python's `sys.path` before the standard library, as in Lambda."""
    own = spec.environment.get("PYTHONPATH")
    if own is not None:
        return [f"{folders.task}", *own.split(":")]
    opt = folders.opt / "python"
    packages_of_layers = opt / "lib" / spec.runtime / "site-packages"
    return [f"{folders.task}", f"{packages_of_layers}", f"{opt}"]

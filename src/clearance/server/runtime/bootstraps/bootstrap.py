"""The Python process of an environment: waits for its function, then becomes Lambda's runtime.

``python -S -B bootstrap.py RUNTIME_DIR`` imports what Lambda's runtime interface client needs,
reads one line of JSON from standard input (``environ``, ``path``, ``cwd``, ``handler``), and
runs `awslambdaric`. The import of `awslambdaric` itself waits for the line, since it reads
variables and connects when imported. Each process serves one function and nothing was
forked, so no state is shared.

It must run on every Python that Lambda offers, without site-packages and without Clearance.
"""

import sys

__all__ = ["main"]


def main(runtime_dir: str) -> None:
    """Wait, adopt the function, run it."""
    # The folder of this file is not the function's business, nor is the environment's path.
    standard = [entry for entry in sys.path[1:] if entry != runtime_dir]
    sys.path[:] = [*standard, runtime_dir]

    import importlib  # noqa: PLC0415 (the path comes first)
    import json  # noqa: PLC0415
    import os  # noqa: PLC0415
    import site  # noqa: PLC0415
    import time  # noqa: PLC0415

    # What the client imports, its compiled half included; by name, since it may be missing
    # where this file is only read.
    for name in ("logging", "traceback", "runtime_client", "simplejson"):
        importlib.import_module(name)

    site.setquit()  # `exit()` exists in Lambda; -S left it out
    line = sys.stdin.readline()
    if not line:
        sys.exit(0)  # the server went away before there was a function
    assigned = json.loads(line)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)

    os.environ.clear()
    os.environ.update(assigned["environ"])
    time.tzset()
    os.chdir(assigned["cwd"])
    first = assigned["path"]
    sys.path[:] = [*first, *(entry for entry in sys.path if entry not in first)]
    sys.argv = ["bootstrap.py", assigned["handler"]]

    from awslambdaric.__main__ import main as run  # noqa: PLC0415

    run(sys.argv)


if __name__ == "__main__":
    main(sys.argv[1])

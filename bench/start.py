"""How long a command takes to start: CPU time (user and system) of the process, medians.

python bench/start.py [--runs 15]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.cli.somebody import BOB, FUNCTION, saved

CLEARANCE = [sys.executable, "-m", "clearance"]
DENIED = (
    f"User: {BOB} is not authorized to perform: lambda:InvokeFunction on resource: {FUNCTION} "
    "because no identity-based policy allows the lambda:InvokeFunction action"
)


def cpu(words: list[str], folder: Path) -> float:
    """Milliseconds of one run."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(words, cwd=folder, capture_output=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return 1000 * spent


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--runs", type=int, default=15)
    runs = arguments.parse_args().runs
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        estate = saved(folder).name
        statement = {"Effect": "Allow", "Action": "lambda:*", "Resource": "*"}
        policy = folder / "policy.json"
        policy.write_text(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
        asked = [BOB, "lambda:InvokeFunction", FUNCTION]
        commands = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "python -c 'import typer'": [sys.executable, "-c", "import typer"],
            "clearance --help": [*CLEARANCE, "--help"],
            "clearance check --help": [*CLEARANCE, "check", "--help"],
            "check, policy file": [*CLEARANCE, "check", *asked, "-p", policy.name],
            "check, estate file": [*CLEARANCE, "check", *asked, "-e", estate],
            "who-can": [*CLEARANCE, "who-can", *asked[1:], "-e", estate],
            "explain": [*CLEARANCE, "explain", DENIED, "-e", estate],
            "validate": [*CLEARANCE, "validate", policy.name],
            "prove diff": [*CLEARANCE, "prove", "diff", policy.name, policy.name],
        }
        print(f"load {os.getloadavg()[0]:.1f}, {runs} runs each, CPU time in ms")
        for title, words in commands.items():
            cpu(words, folder)  # what is read from the disk, and compiled, once
            found = [cpu(words, folder) for _ in range(runs)]
            print(f"  {title:<26} {statistics.median(found):6.0f}   least {min(found):.0f}")


if __name__ == "__main__":
    main()

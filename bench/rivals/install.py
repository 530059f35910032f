"""Puts the rivals into a folder of their own: nothing of them touches this project."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

PYTHON = ("cedarpy==4.12.2", "moto==5.2.5", "principalmapper==1.1.5")
NODE = ("@cloud-copilot/iam-simulate@0.1.173",)


def installed(folder: Path) -> Path:
    """The folder with a virtual environment and node modules; made when they are missing."""
    folder.mkdir(parents=True, exist_ok=True)
    python = folder / "venv" / "bin" / "python"
    if not python.exists():
        print(f"installing {', '.join(PYTHON)} into {folder}", file=sys.stderr)
        venv.create(folder / "venv", with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", *PYTHON], check=True)
    if not (folder / "node_modules").exists():
        print(f"installing {', '.join(NODE)} into {folder}", file=sys.stderr)
        command = ["npm", "install", "--no-audit", "--no-fund", "--silent", "--prefix", str(folder)]
        subprocess.run(
            [*command, *NODE], check=True, env={**os.environ, "npm_config_loglevel": "error"}
        )
    return folder

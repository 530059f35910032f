"""A function to work with."""

from __future__ import annotations

import pytest
from tests.operations.stage import A, Stage, archive

from clearance.operations.lambda_ import OPERATIONS

ROLE = f"arn:aws:iam::{A}:role/exec"


@pytest.fixture
def functions() -> Stage:
    """Lambda without any function."""
    return Stage("lambda", OPERATIONS)


@pytest.fixture
def one(functions: Stage) -> Stage:
    """Lambda with a function `f`."""
    functions(
        "CreateFunction",
        FunctionName="f",
        Runtime="python3.12",
        Handler="app.handler",
        Role=ROLE,
        Code={"ZipFile": archive()},
    )
    return functions

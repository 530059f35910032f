"""A function to work with."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.operations.stage import ADMIN, A, Stage, archive

from clearance.operations.lambda_ import OPERATIONS

ROLE = f"arn:aws:iam::{A}:role/exec"


@pytest.fixture
def functions() -> Stage:
    """Lambda without any function, whose execution role may do everything."""
    stage = Stage("lambda", OPERATIONS)
    account = stage.account
    role = replace(account.roles["exec"], attached=(ADMIN,))
    stage.estate = stage.estate.with_account(
        replace(account, roles={**account.roles, "exec": role})
    )
    return stage


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

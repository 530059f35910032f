"""What commands print with --json: types, from which docs/schemas is generated.

A member that is not here is not promised; ``tests/docs/test_schemas.py`` holds real output to them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from outputs import decisions, estates, findings, logs, proofs

__all__ = ["OUTPUTS", "schemas"]

# The name of each schema, what prints it, and its type.
OUTPUTS: Final[dict[str, tuple[str, Any]]] = {
    "check": ("`check --json`", decisions.Decision),
    "check-requests": ("`check --requests FILE --json`", list[decisions.DecidedLine]),
    "who-can": ("`who-can --json`", decisions.WhoCan),
    "what-can": ("`what-can --json`", list[decisions.Can]),
    "actions": ("`actions --json`", list[decisions.Action]),
    "prove-diff": ("`prove diff --json`", proofs.Comparison),
    "prove-no-new-access": ("`prove no-new-access --json`", proofs.Change),
    "prove-answer": (
        "`prove within`, `equivalent`, `access-not-granted`, `no-public-access` with `--json`",
        proofs.Answer,
    ),
    "prove-unreachable": ("`prove unreachable --json`", list[proofs.Unreachable]),
    "prove-shrink": ("`prove shrink --json`", proofs.Shrunk),
    "diff": ("`diff --json`", proofs.EstateDiff),
    "validate": ("`validate --format json`", findings.ValidateReport),
    "demo": ("`demo --json`", estates.Demo),
    "env": ("`env --shell json`", estates.Environment),
    "unused": ("`unused --json`", logs.UnusedReport),
    "history-logs": ("`history --logs LOGS --json`", list[logs.LoggedChange]),
    "logs-coverage": ("`logs coverage --json`", logs.LogCoverage),
    "logs-ingest": ("`logs ingest --json`", logs.Ingested),
    "review": ("`review --format json`", proofs.Review),
    "doctor": ("`doctor --json`", list[estates.Diagnosis]),
    "least-privilege": ("`least-privilege --json`", logs.LeastPrivilegeReport),
    "test": ("`test --json`", estates.TestReport),
    "escalations": ("`escalations --json`", estates.Escalations),
    "estate": ("`estate --json`", estates.EstateSummary),
    "history": ("`history --json`", list[estates.HistoryRecord]),
    "replay": ("`replay --json`", logs.ReplayReport),
}


def schemas() -> Iterator[tuple[str, str]]:
    """Each schema's file and text."""
    for name, (_, kind) in OUTPUTS.items():
        schema = {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": f"urn:clearance:{name}:1",
            "title": name,
            **msgspec.json.schema(kind),
        }
        text = msgspec.json.format(msgspec.json.encode(schema), indent=2).decode()
        yield f"{name}.schema.json", f"{text}\n"

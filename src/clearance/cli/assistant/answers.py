"""What the tools answer; the keys are those that `--json` prints."""

from __future__ import annotations

from typing import Any, Literal

from typing_extensions import TypedDict

__all__ = [
    "Actions",
    "Changes",
    "Decided",
    "Explained",
    "Findings",
    "Permissions",
    "WhoCan",
]

Proof = Literal["proven", "refuted", "unknown"]


class Layer(TypedDict):
    """What one layer of policies said."""

    checkType: str
    evaluatedEffect: str
    targetArn: str | None
    because: str
    matchedPolicies: list[dict[str, Any]]


class OpenKey(TypedDict):
    """A context key that nobody told, read as absent, and the tests that would change."""

    key: str
    tests: list[str]


class Decided(TypedDict):
    """One decision."""

    verdict: Literal["ALLOWED", "DENIED"]
    evaluatedEffect: Literal["ALLOW", "IMPLICIT_DENY", "EXPLICIT_DENY"]
    principal: str
    action: str
    resource: str
    why: str
    checks: list[Layer]
    undecidedKeys: list[OpenKey]
    notes: list[dict[str, Any]]
    warnings: list[str]
    missing: list[str]


class Explained(TypedDict):
    """Why a request was denied, and the fix."""

    outcome: Literal["proven fix", "no proven fix", "not enough evidence"]
    text: str
    causes: list[dict[str, Any]]
    fixes: list[dict[str, Any]]
    nextSteps: list[str]
    explanation: dict[str, Any] | None


class Who(TypedDict):
    """One principal that can."""

    principal: str
    kind: str
    certain: bool
    undecidedKeys: list[str]
    through: list[str]


class WhoCan(TypedDict):
    """Everybody who can do one thing."""

    action: str
    resource: str
    principals: list[Who]
    total: int
    outside: list[str]
    warnings: list[str]
    missing: list[str]


class Permission(TypedDict):
    """One thing a principal can do."""

    action: str
    resource: str
    accessLevel: str
    certain: bool
    undecidedKeys: list[str]
    narrowed: bool


class Permissions(TypedDict):
    """What one principal can do."""

    principal: str
    permissions: list[Permission]
    total: int
    missing: list[str]


class Changes(TypedDict):
    """What changes from one policy, or one estate, to another."""

    nothingChanges: Proof
    detail: dict[str, Any]


class Finding(TypedDict):
    """One finding about a policy."""

    file: str
    line: int
    column: int
    path: str
    findingType: str
    issueCode: str
    findingDetails: str
    why: str
    fix: str | None
    learnMoreLink: str


class Findings(TypedDict):
    """What is wrong with policies."""

    policies: int
    findings: list[Finding]
    total: int


class Actions(TypedDict):
    """The actions that a pattern stands for."""

    actions: list[dict[str, Any]]
    total: int
    didYouMean: list[str]

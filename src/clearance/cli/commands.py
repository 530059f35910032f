"""The commands: where each is, and what the first page of help says of it.

To add one: write ``cli/NAME.py`` with a function whose docstring is its help, with an ``Example:``
in it, and add a row below that repeats the docstring's first sentence, of at most 59 characters
(a test compares them). Nothing is imported before it is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

__all__ = ["COMMANDS", "SECTIONS", "Command"]


@dataclass(frozen=True, slots=True)
class Command:
    """A command; ``home`` is ``module:name`` of a function, or of a Typer with commands of its own.

    ``passes_on``: all that follows its first word belongs to another command.
    """

    name: str
    home: str
    help: str
    passes_on: bool = False


SECTIONS: Final[Mapping[str, tuple[Command, ...]]] = {
    "Start here": (
        Command("demo", "demo:demo",
            "Play five denials: why, the smallest fix, the call again."),
        Command("serve", "serve:serve",
            "Run the local AWS endpoint until Ctrl-C."),
        Command("env", "env:env",
            "Print the exports that lead a client to a running endpoint."),
        Command("init", "init:init",
            "Make a small project with policies, tests and CI."),
        Command("doctor", "doctor:doctor",
            "Look at this installation and say what stands in the way."),
    ),
    "Decide": (
        Command("check", "check:check",
            "Decide one request offline and show every layer."),
        Command("who-can", "who_can:who_can",
            "List everybody who can do one thing."),
        Command("what-can", "what_can:what_can",
            "List what one principal can do."),
        Command("actions", "actions:actions",
            "List the actions that a pattern stands for."),
    ),
    "Explain": (
        Command("explain", "explain:explain",
            "Explain a denial: all blockers, the smallest fix, a proof."),
        Command("run", "run:run",
            "Run a command and explain the denials that it prints.", passes_on=True),
        Command("mcp", "mcp:mcp",
            "Let coding assistants ask, over the Model Context Protocol."),
    ),
    "Check policies and changes": (
        Command("validate", "validate:validate",
            "Check policies with the issue codes of IAM Access Analyzer."),
        Command("test", "test:test",
            "Run policy tests: who can, who cannot, who must never."),
        Command("diff", "diff:diff",
            "Show what principals gain or lose between two estates."),
        Command("review", "review:review",
            "Show what policies changed since a commit newly allow."),
        Command("prove", "prove:app",
            "Prove what a policy change does, or show a counterexample."),
        Command("escalations", "escalations:escalations",
            "Find paths to permissions that principals were not given."),
    ),
    "Estates": (
        Command("collect", "collect:collect",
            "Copy what decides in an AWS account, with read-only calls."),
        Command("estate", "estate:estate",
            "Show what an estate holds and what its source leaves out."),
        Command("history", "history:history",
            "Show who changed what, newest last."),
        Command("at", "at:at",
            "Run a command in the estate as it was at a moment.", passes_on=True),
    ),
    "Logs": (
        Command("replay", "replay:replay",
            "Replay recorded calls against a proposed change."),
        Command("least-privilege", "least_privilege:least_privilege",
            "Write the least policies for what was used, verified."),
        Command("unused", "unused:unused",
            "Report access that nobody uses, with when it last was."),
        Command("logs", "logs:app",
            "Convert CloudTrail logs, see what they tell, make some up."),
        Command("trail", "trail:trail",
            "Export the audit trail as CloudTrail's log files."),
    ),
}  # fmt: skip

COMMANDS: Final[Mapping[str, Command]] = {
    command.name: command for section in SECTIONS.values() for command in section
}

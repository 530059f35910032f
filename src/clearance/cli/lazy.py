"""The command tree: a command is imported when it runs or when its own help is asked for.

Typer keeps the classes of click that it builds on to itself, hence ``Any`` for them.
"""

from __future__ import annotations

import difflib
from importlib import import_module
from typing import Any, Final

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from clearance.cli import helptext
from clearance.cli.commands import COMMANDS, SECTIONS, Command

__all__ = ["SETTINGS", "LazyGroup", "PlainCommand", "PlainGroup", "load"]

SETTINGS: Final = {
    "help_option_names": ["-h", "--help"],
    "max_content_width": helptext.WIDTH,
}


class PlainCommand(TyperCommand):
    """A command whose help speaks of PATH and NAME rather than of Python's types."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:  # noqa: ANN401
        """What may follow the command's name."""
        return helptext.usage(self.get_params(ctx))

    def format_options(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401
        """Arguments, then options."""
        for title, rows in helptext.tables(self.get_params(ctx), ctx):
            with formatter.section(title):
                formatter.write_dl(rows)


class PlainGroup(TyperGroup):
    """A group that lists its commands by their whole first sentence, and knows typing errors."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401
        """The command that the first word names; another word is told what it may have meant."""
        known = self.list_commands(ctx)
        if args and args[0] not in known and not args[0].startswith("-"):
            near = " or ".join(f"`{name}`" for name in difflib.get_close_matches(args[0], known))
            ctx.fail(f"no such command `{args[0]}`" + (f"; did you mean {near}?" if near else ""))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401
        """Section by section."""
        del ctx
        sections = self.sections()
        width = max(len(name) for rows in sections.values() for name, _ in rows)
        for title, rows in sections.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(width), text) for name, text in rows])

    def sections(self) -> dict[str, list[tuple[str, str]]]:
        """The commands and what each does, by title."""
        rows = [(name, helptext.first_sentence(c.help or "")) for name, c in self.commands.items()]
        return {"Commands": rows}


class LazyGroup(PlainGroup):
    """The commands of the table."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401
        """Their names, in the table's order."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401
        """The command, imported now."""
        del ctx
        if cmd_name in COMMANDS and cmd_name not in self.commands:
            self.commands[cmd_name] = load(COMMANDS[cmd_name])
        return self.commands.get(cmd_name)

    def sections(self) -> dict[str, list[tuple[str, str]]]:
        """The table; no command is imported for it."""
        return {title: [(row.name, row.help) for row in rows] for title, rows in SECTIONS.items()}

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:  # noqa: ANN401
        """Names that go on like this, and the options; no command is imported for them."""
        self.commands = {
            each.name: TyperCommand(each.name, help=each.help) for each in COMMANDS.values()
        }
        return super().shell_complete(ctx, incomplete)


def load(command: Command) -> Any:  # noqa: ANN401
    """The command itself; a Typer becomes a group."""
    module, _, name = command.home.partition(":")
    group = getattr(import_module(f"clearance.cli.{module}"), name)
    if isinstance(group, typer.Typer):
        group.info.cls = PlainGroup
    else:
        found, group = group, typer.Typer()
        group.command(command.name)(found)
    group.rich_markup_mode = None
    for each in group.registered_commands:
        each.cls = PlainCommand
        each.context_settings = SETTINGS | (
            {"allow_interspersed_args": False} if command.passes_on else {}
        )
    group.info.context_settings = SETTINGS
    made = get_command(group)
    made.params = [each for each in made.params if not each.name.endswith("_completion")]
    for each in (made, *getattr(made, "commands", {}).values()):
        each.help = helptext.with_examples(each.help or "")
    return made

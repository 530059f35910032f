"""What to replay: where the calls come from, and which change is proposed."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Final

from nicegui import ui
from nicegui.element import Element
from nicegui.elements.input import Input
from nicegui.events import UploadEventArguments

from clearance import wiring
from clearance.model.errors import UsageError
from clearance.model.policy import PolicyType
from clearance.server.console.jobs import Job
from clearance.server.console.page import Desk
from clearance.server.console.pages.replay import work
from clearance.server.console.parts import suggest
from clearance.server.console.parts.editor import Editor
from clearance.server.console.parts.text import tag
from clearance.store.port import EventQuery

__all__ = ["MOST_BYTES", "Question"]

MOST_BYTES: Final = 48 << 20  # of all files of one reader; larger logs are pointed to
MOST_FILES: Final = 50
OFFERED: Final = 5_000
_SOURCES: Final = {
    "trail": "This endpoint",
    "files": "Files on disk",
    "upload": "Upload",
}
_CHANGES: Final = {
    "replace": "Replace a policy",
    "attach": "Add a policy",
    "estate": "Another estate",
}


class Question:
    """The two cards, and what was put into them."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._source, self._change = "trail", "replace"
        self._paths: Input | None = None
        self._target: Input | None = None
        self._estate: Input | None = None
        self._editor: Editor | None = None
        self._offered = ""
        self._folder = tempfile.TemporaryDirectory(prefix="clearance-console-")
        self._uploaded: list[Path] = []
        self._bytes = 0
        ui.context.client.on_delete(self._folder.cleanup)

    def draw(self) -> None:
        """Both cards, beside each other where there is room."""
        with tag("div", classes="twins"):
            with tag("section", classes="card stack"):
                tag("h2", "Which calls")
                self._choice("Which calls", _SOURCES, "trail", self._draw_source)
            with tag("section", classes="card stack"):
                tag("h2", "Which change")
                self._choice("Which change", _CHANGES, "replace", self._draw_change)

    @staticmethod
    def _choice(
        label: str, choices: dict[str, str], first: str, draw: Callable[[str, Element], None]
    ) -> None:
        made = ui.toggle(choices, value=first)
        made.props("no-caps unelevated padding='6px 12px'")
        made.props["aria-label"] = label
        place = tag("div", classes="stack")
        made.on_value_change(lambda event: draw(str(event.value), place))
        draw(first, place)

    # --- the calls ---

    def _draw_source(self, source: str, place: Element) -> None:
        self._source, self._paths = source, None
        place.clear()
        with place:
            if source == "files":
                self._paths = _field("Files, folders or globs", "/var/log/AWSLogs  *.json.gz")
                tag(
                    "p",
                    "CloudTrail as it lies: JSON, gzip, Parquet, or a dataset.",
                    "soft",
                )
            elif source == "upload":
                self._draw_upload()
            else:
                tag("p", "Its audit trail: every call it has answered so far.", "soft")

    def _draw_upload(self) -> None:
        upload = ui.upload(
            multiple=True,
            auto_upload=True,
            max_files=MOST_FILES,
            max_total_size=MOST_BYTES,
            label="CloudTrail files",
            on_rejected=lambda: ui.notify("Too many or too large: point to files instead"),
        )
        upload.props("flat bordered")
        upload.classes("upload")
        told = tag("p", self._told(), "soft")
        told.props["role"] = "status"

        async def taken(event: UploadEventArguments) -> None:
            size = event.file.size()
            if self._bytes + size > MOST_BYTES or len(self._uploaded) >= MOST_FILES:
                ui.notify("That would be too much: point to files on this machine instead")
                return
            # Its name is the reader's: only what it ends with is of use here.
            ending = "".join(s for s in Path(event.file.name).suffixes[-2:] if s in _ENDINGS)
            path = Path(self._folder.name) / f"{len(self._uploaded)}{ending or '.json'}"
            self._bytes += size
            self._uploaded.append(path)
            await event.file.save(path)
            told.text = self._told()

        upload.on_upload(taken)

    def _told(self) -> str:
        most = f"up to {MOST_BYTES >> 20} MB"
        if not self._uploaded:
            return f"Nothing was uploaded yet; {most}. Files are deleted when you leave."
        number = "1 file" if len(self._uploaded) == 1 else f"{len(self._uploaded)} files"
        return f"{number}, {self._bytes:,} bytes; {most}."

    # --- the change ---

    def _draw_change(self, change: str, place: Element) -> None:
        self._change, self._target, self._estate, self._editor = change, None, None, None
        place.clear()
        with place:
            if change == "estate":
                self._estate = _field("A file, a folder or a plan", "./proposed/estate.json")
                tag("p", "Anything that --estate takes, on this machine.", "soft")
                return
            attach = change == "attach"
            label = "To whom: a user, group, role, OU or account" if attach else "Which policy"
            self._target = _field(label, "arn:aws:iam::…")
            self._target.props["list"] = "offer-targets"
            estate = self._desk.view.estate
            suggest.offer("targets", islice(work.targets(estate, attach=attach), OFFERED))
            self._offered = work.present_text(estate, "")
            kind = PolicyType.IDENTITY
            editor = Editor(self._desk.view, self._offered, kind, label="The proposed policy")
            self._editor = editor
            self._target.on("change", lambda: self._aimed(editor, attach=attach))

    async def _aimed(self, editor: Editor, *, attach: bool) -> None:
        """Show what would be replaced, unless somebody has begun to write."""
        target, estate = _text(self._target), self._desk.view.estate
        if not attach and editor.text == self._offered:
            self._offered = editor.text = work.present_text(estate, target)
        await editor.judge_as(work.kind_for(estate, target) if target else PolicyType.IDENTITY)

    # --- the answer ---

    def asked(self) -> Callable[[Job], work.Done]:
        """The work to be done.

        Raises:
            UsageError: something is missing.
        """
        view, current = self._desk.view, self._desk.view.estate
        source, uploaded, folder = self._source, tuple(self._uploaded), Path(self._folder.name)
        paths = _text(self._paths).split()
        change, target, file = self._change, _text(self._target), _text(self._estate)
        text = self._editor.text if self._editor is not None else ""
        if source == "files" and not paths:
            raise UsageError("Say which files the calls are in.")
        if any("://" in path for path in paths):
            raise UsageError("Only files on this machine: `clearance replay` reads from S3.")
        if source == "upload" and not uploaded:
            raise UsageError("Upload some files first.")
        if change == "estate" and not file:
            raise UsageError("Say where the other estate is.")
        if change != "estate" and not target:
            raise UsageError("Say which policy is to change, or who gets one.")

        def run(job: Job) -> work.Done:
            if change == "estate":
                job.says = "Reading the other estate"
                proposed, title = wiring.load_estate(Path(file)), f"If the estate were {file}"
            else:
                proposed = work.changed(current, target, text, attach=change == "attach")
                title = f"If {target} {'got' if change == 'attach' else 'were'} the proposed policy"
            places: tuple[str | Path, ...] = tuple(paths) if source == "files" else uploaded
            if source == "trail":
                places = (work.trail(view.trail(_TRAIL), folder, job),)
            return work.replayed(places, current, proposed, view.catalog, job, title=title)

        return run


_TRAIL: Final = EventQuery(limit=500_000)  # the newest
_ENDINGS: Final = frozenset({".json", ".jsonl", ".ndjson", ".gz", ".parquet", ".csv"})


def _field(label: str, hint: str) -> Input:
    made = ui.input(placeholder=hint)
    made.props("outlined dense spellcheck=false autocomplete=off")
    made.props["label"] = label
    made.props["aria-label"] = label
    made.classes("mono")
    return made


def _text(field: Input | None) -> str:
    return (field.value or "").strip() if field is not None else ""

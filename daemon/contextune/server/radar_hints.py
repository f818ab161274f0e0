"""What the Radar sees, on the lines of the user's own files."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from lsprotocol import types

from contextune.core.errors import ContextuneError
from contextune.core.overlap.clash_lines import moved_lines
from contextune.core.overlap.radar import LineRange, LiveOverlap
from contextune.core.runs.run import Run
from contextune.protocol.courses import course_choices
from contextune.protocol.params import RadarChooseParams
from contextune.protocol.radar_view import live_overlaps, overlap_cost, overlap_text
from contextune.server.actions import wanted
from contextune.server.diagnostics import Publish
from contextune.server.marks import Marks
from contextune.server.names import FIX, command

BaseText = Callable[[str, str], Awaitable[bytes | None]]
"""A file, by its path, as the Base of a Run has it."""
Text = Callable[[Path], str]
"""What the user sees in a file now."""

TOP = (LineRange(first=1, last=1),)
"""Where an overlap stands in a file that the Base has not."""


class Hint(NamedTuple):
    """An overlap, and where it is in a file of the user's."""

    run_id: str
    overlap: LiveOverlap
    lines: tuple[LineRange, ...]


class RadarHints:
    """Keeps the editor's diagnostics equal to what the Radar sees; sends only what changed."""

    def __init__(self, marks: Marks, base_text: BaseText, text: Text, publish: Publish) -> None:
        self._marks = marks
        self._base_text = base_text
        self._text = text
        self._publish = publish
        self._bases: dict[tuple[str, str], str] = {}
        self._hints: dict[Path, list[Hint]] = {}
        self._shown: dict[Path, list[types.Diagnostic]] = {}
        self._busy = asyncio.Lock()

    @property
    def is_idle(self) -> bool:
        """Whether nothing is shown and there is nothing to show."""
        return not self._shown and not any(live_overlaps(run) for run in self._marks.runs.values())

    async def refresh(self) -> None:
        """Publish what is seen now where it differs from what is shown."""
        async with self._busy:
            hints: dict[Path, list[Hint]] = {}
            for run in list(self._marks.runs.values()):
                for overlap in live_overlaps(run):
                    file = Path(run.repository, overlap.path)
                    hints.setdefault(file, []).append(Hint(run.id, overlap, await self._lines(run, overlap)))
            self._hints = hints
            found = {file: self._diagnostics(ones) for file, ones in hints.items()}
            for file in {*found, *self._shown}:
                if found.get(file, []) != self._shown.get(file, []):
                    self._publish(file, found.get(file, []))
            self._shown = found

    def hover(self, file: Path, line: int) -> types.Hover | None:
        """Who and what overlaps on a line, counted from 0, with what that has cost so far."""
        said = [
            # What overlaps is the diagnostic's to say, which every editor shows there, too.
            overlap_cost(run, hint.overlap)
            for hint in self._hints.get(file, [])
            if any(one.first - 1 <= line <= one.last - 1 for one in hint.lines)
            and (run := self._marks.runs.get(hint.run_id)) is not None
        ]
        if not said:
            return None
        content = types.MarkupContent(kind=types.MarkupKind.PlainText, value="\n\n".join(said))
        return types.Hover(contents=content)

    def actions(
        self, file: Path, where: types.Range, context: types.CodeActionContext, *, extension: bool
    ) -> list[types.CodeAction]:
        """What can be done about Tasks that overlap on these lines."""
        if not wanted(context, FIX):
            return []
        found: dict[RadarChooseParams, types.CodeAction] = {}
        for hint in self._hints.get(file, []):
            run = self._marks.runs.get(hint.run_id)
            if run is None or not any(_meets(one, where) for one in hint.lines):
                continue
            text = overlap_text(run, hint.overlap)
            told = [one for one in context.diagnostics if one.message == text]
            for task_id, course, title in course_choices(run, hint.overlap):
                target = RadarChooseParams(run_id=run.id, task_id=task_id, course=course)
                found[target] = types.CodeAction(
                    title=title,
                    kind=FIX,
                    diagnostics=told or None,
                    command=command("chooseCourse", title, target, extension=extension),
                )
        return list(found.values())

    async def _lines(self, run: Run, overlap: LiveOverlap) -> tuple[LineRange, ...]:
        if not overlap.lines:
            return TOP
        key = (run.base.commit, overlap.path)
        if key not in self._bases:
            try:
                content = await self._base_text(run.id, overlap.path)
            except ContextuneError:
                return overlap.lines
            self._bases[key] = (content or b"").decode("utf-8", "replace")
        now = await asyncio.to_thread(self._text, Path(run.repository, overlap.path))
        return await asyncio.to_thread(moved_lines, overlap.lines, self._bases[key], now)

    def _diagnostics(self, hints: Sequence[Hint]) -> list[types.Diagnostic]:
        return [
            types.Diagnostic(
                range=types.Range(
                    start=types.Position(line=one.first - 1, character=0),
                    end=types.Position(line=one.last, character=0),
                ),
                message=overlap_text(self._marks.runs[hint.run_id], hint.overlap),
                severity=_severity(hint.overlap),
                source="contextune",
                code="radar",
            )
            for hint in hints
            for one in hint.lines
        ]


def _meets(lines: LineRange, where: types.Range) -> bool:
    return lines.first - 1 <= where.end.line and where.start.line <= lines.last - 1


def _severity(overlap: LiveOverlap) -> types.DiagnosticSeverity:
    """What the user edits at this moment is more than news of others."""
    if overlap.other == "user":
        return types.DiagnosticSeverity.Warning
    return types.DiagnosticSeverity.Information


class Shared:
    """Puts together what several sources have to say of a file: an editor takes one list of it."""

    def __init__(self, publish: Publish) -> None:
        self._publish = publish
        self._of: dict[str, dict[Path, Sequence[types.Diagnostic]]] = {}

    def of(self, source: str) -> Publish:
        """The way in of one source."""
        mine = self._of.setdefault(source, {})

        def publish(file: Path, diagnostics: Sequence[types.Diagnostic]) -> None:
            mine[file] = diagnostics
            self._publish(file, [one for files in self._of.values() for one in files.get(file, ())])

        return publish

"""The Radar on the lines of the user's files: where, in whose words, and gone when it is over."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
from lsprotocol import types

from contextune.core.overlap.radar import LineRange, LiveOverlap, OverlapFound, OverlapGone
from contextune.core.runs import events as ev
from contextune.core.runs.run import Run, advance
from contextune.server.marks import Marks
from contextune.server.radar_hints import RadarHints, Shared
from tests.protocol import samples

BASE = "one\ntwo\nthree\nfour\n"
FILE = Path(samples.REPOSITORY, "parcel/sizes.py")
WITH_USER = LiveOverlap(
    kind="textual",
    task_id="round-up",
    other="user",
    path="parcel/sizes.py",
    lines=(LineRange(first=3, last=4),),
    reason="Both change the same lines of parcel/sizes.py.",
)
WITH_TASK = LiveOverlap(
    kind="semantic",
    task_id="round-up",
    other="task",
    other_id="add-kilos",
    path="new.py",
    symbol="f",
    reason="Both add `f` to new.py.",
)


class Editor:
    """What is shown, the marks, and the user's text."""

    def __init__(self) -> None:
        self.marks = Marks()
        self.shown: dict[Path, Sequence[types.Diagnostic]] = {}
        self.sent = 0
        self.text = BASE
        self.shared = Shared(self._publish)
        self.hints = RadarHints(self.marks, self._base, lambda _: self.text, self.shared.of("radar"))
        self.run: Run = samples.make_run(*samples.started("round-up"))

    async def hears(self, event: ev.AnyEvent) -> None:
        self.run = advance(self.run, event)
        self.marks.put(self.run)
        await self.hints.refresh()

    def _publish(self, file: Path, diagnostics: Sequence[types.Diagnostic]) -> None:
        self.sent += 1
        self.shown[file] = diagnostics

    async def _base(self, run_id: str, path: str) -> bytes | None:
        assert (run_id, path) == (self.run.id, "parcel/sizes.py")
        return BASE.encode()


def found(overlap: LiveOverlap) -> OverlapFound:
    return OverlapFound(run_id="r_1", at=1, task_id="round-up", overlap=overlap)


async def test_an_overlap_with_the_user_stands_on_the_lines_as_they_are_now() -> None:
    here = Editor()
    here.text = f"zero\n{BASE}"
    await here.hears(found(WITH_USER))
    (shown,) = here.shown[FILE]
    assert (shown.range.start.line, shown.range.end.line) == (3, 5)
    assert (shown.severity, shown.code) == (types.DiagnosticSeverity.Warning, "radar")
    said = "“round up” overlaps with your own unfinished work. Both change the same lines of parcel/sizes.py."
    assert shown.message == said
    assert here.hints.hover(FILE, 2) is None
    hover = here.hints.hover(FILE, 4)
    assert hover is not None
    assert isinstance(hover.contents, types.MarkupContent)
    assert hover.contents.value.startswith("“round up”: ")
    assert hover.contents.value.endswith(" so far.")
    await here.hints.refresh()
    assert here.sent == 1
    await here.hears(OverlapGone(run_id="r_1", at=2, overlap=WITH_USER))
    assert here.shown[FILE] == []
    assert here.hints.is_idle


async def test_a_file_that_the_base_has_not_is_marked_at_its_top() -> None:
    here = Editor()
    await here.hears(found(WITH_TASK))
    (shown,) = here.shown[Path(samples.REPOSITORY, "new.py")]
    assert shown.range.start.line == 0
    assert shown.severity == types.DiagnosticSeverity.Information
    assert shown.message == "“round up” overlaps with “add kilos”. Both add `f` to new.py."


async def test_it_leaves_what_others_say_of_a_file() -> None:
    here = Editor()
    place = types.Range(types.Position(0, 0), types.Position(0, 1))
    other = types.Diagnostic(range=place, message="other")
    here.shared.of("overlaps")(FILE, [other])
    await here.hears(found(WITH_USER))
    assert other in here.shown[FILE]
    assert len(here.shown[FILE]) == 2


async def test_the_choices_stand_where_two_tasks_overlap() -> None:
    here = Editor()
    await here.hears(found(WITH_USER))
    both = msgspec.structs.replace(WITH_TASK, path="parcel/sizes.py", lines=(LineRange(first=2, last=2),))
    await here.hears(found(both))
    shown = [one for one in here.shown[FILE] if one.range.start.line == 1]

    def offered(line: int, *kinds: str) -> list[types.CodeAction]:
        where = types.Range(types.Position(line, 0), types.Position(line, 0))
        asked = types.CodeActionContext(diagnostics=here.shown[FILE], only=kinds or None)
        return here.hints.actions(FILE, where, asked, extension=False)

    assert offered(3) == offered(0) == offered(1, "source.organizeImports") == []
    first, *others = offered(1, "quickfix")
    assert [one.title for one in others] == [
        "Have “add kilos” wait for “round up”, then build on it",
        "Have “round up” wait for “add kilos”",
        "Have “round up” wait for “add kilos”, then build on it",
    ]
    assert first.diagnostics == shown
    assert first.command == types.Command(
        title="Have “add kilos” wait for “round up”",
        command="contextune.lsp.chooseCourse",
        arguments=[{"runId": here.run.id, "taskId": "add-kilos", "course": "wait"}],
    )

"""The application played from prepared values, for what the real one does too rarely to wait for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, cast

from contextune.adapters.models.prices import PriceTable
from contextune.core.bundle import Member
from contextune.core.check import Check
from contextune.core.errors import UsageProblem
from contextune.core.model.editor_models import EditorModels
from contextune.core.model.money import Bill
from contextune.core.permission import OtherAgents
from contextune.core.planning.quote import Quote
from contextune.core.runs import events as ev
from contextune.core.runs.endings import Restore, RunAccepted, RunCancelled, RunDiscarded, RunUndone
from contextune.core.runs.run import Run, advance
from contextune.core.runs.transcript import Entry
from contextune.core.settings import DEFAULT_LADDER, Settings
from contextune.core.spending.costs import total
from contextune.core.spending.history import History
from contextune.core.states import Driver
from contextune.core.todos.todo import Todo
from contextune.core.worktrees.worktree import Finding, SalvageRef, Worktree
from contextune.engine.application import Application
from contextune.engine.desk.retrying import RetryOffer, RetryRung
from contextune.engine.desk.rungs import WaitingOffer, WaitingRung
from contextune.engine.desk.todo_facts import TodoFacts
from contextune.engine.desk.transcripts import Attempted
from contextune.engine.desk.worktree_desk import Mended, Overview, Restored
from contextune.engine.money.pricing import Pricer
from contextune.engine.quotes.open_quotes import OpenQuote, OpenQuotes
from contextune.engine.quotes.quote import QuoteRequest
from contextune.engine.runs.lookout import Left
from tests.core.past import past
from tests.protocol import samples as s

Listener = Callable[[Run, ev.AnyEvent], None]
NO_OVERRIDES: Mapping[str, Any] = {}


class PlayedBoard:
    """Todos that do not change by themselves."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.buffers: list[tuple[Path, bytes | None]] = []
        self.opened: list[Path] = []
        self.listeners: list[Callable[[Path, tuple[Todo, ...]], None]] = []
        self.buffered = asyncio.Event()

    async def open(self, folder: Path) -> None:
        self.opened.append(folder)

    def is_open(self, folder: Path) -> bool:
        return folder in self.opened

    async def list(self, folder: Path) -> tuple[Todo, ...]:
        return s.TODOS if folder == self.folder else ()

    def of_file(self, file: Path) -> tuple[Todo, ...]:
        return tuple(todo for todo in s.TODOS if self.folder / todo.path == file)

    async def lines(self, folder: Path, path: str) -> tuple[str, ...] | None:
        file = folder / path
        return tuple(file.read_text().splitlines()) if file.exists() else None

    def set_buffer(self, file: Path, content: bytes | None) -> None:
        self.buffers.append((file, content))
        self.buffered.set()

    def subscribe(self, listener: Callable[[Path, tuple[Todo, ...]], None]) -> Callable[[], None]:
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)


class PlayedFacts:
    """Nothing is known of Todos beyond their comments."""

    async def of(self, folder: Path, todos: Sequence[Todo]) -> list[TodoFacts]:
        del folder
        return [
            TodoFacts(todo_id=todo.id, price=None, writing=None, age="uncommitted", doubt=None)
            for todo in todos
        ]


class Played:
    """Quotes one prepared Quote; its Run goes where the test takes it by `happen` and `end`."""

    def __init__(self, folder: Path) -> None:
        self.todos = PlayedBoard(folder)
        self.prepared: Quote | Exception = s.make_quote(str(folder))
        self.known: dict[str, Run] = {}
        self.open_quotes = OpenQuotes()
        self.calls: list[tuple[Any, ...]] = []
        self.called = asyncio.Event()
        self.past = past()
        """What costs are told from."""
        self.hold: asyncio.Event | None = None
        """Set by a test to keep a Quote in the making."""
        self._listeners: list[Listener] = []
        self._ended = asyncio.Event()
        self.desk = PlayedDesk(self.call)
        self.facts = PlayedFacts()
        self.forge = PlayedForge(self.call)
        self.lookout = PlayedLookout()
        self.by_itself: bool | None = True
        self.lack = ""
        self.bundles = PlayedBundles(self.call)
        self.permissions = OtherAgents()

    async def compose(self) -> Application:
        return cast(Application, self)

    def call(self, *what: Any) -> None:
        self.calls.append(what)
        self.called.set()

    async def until(self, *what: Any) -> None:
        """Wait for a call."""
        while what not in self.calls:
            self.called.clear()
            await asyncio.wait_for(self.called.wait(), 20)

    def happen(self, *events: ev.AnyEvent) -> Run:
        run: Run | None = None
        for event in events:
            run = advance(self.known.get(event.run_id), event)
            self.known[run.id] = run
            for listener in list(self._listeners):
                listener(run, event)
        assert run is not None
        return run

    def end(self) -> None:
        self._ended.set()

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def root(self, folder: Path) -> Path:
        return folder

    async def settings(self, folder: Path) -> Settings:
        return Settings(other_agents=self.permissions)

    async def scan(self, folder: Path) -> list[Todo]:
        return list(await self.todos.list(folder))

    async def quote(
        self,
        request: QuoteRequest,
        *,
        on_stage: Callable[[str], None] = lambda _: None,
        overrides: Mapping[str, Any] = NO_OVERRIDES,
        shown: bool = False,
    ) -> Quote:
        self.call("quote", request)
        on_stage("Taking the base")
        if self.hold is not None:
            await self.hold.wait()
        if isinstance(self.prepared, Exception):
            raise self.prepared
        pricer = Pricer(DEFAULT_LADDER, PriceTable({}))
        self.open_quotes.keep(OpenQuote(self.prepared, Settings(), pricer, ()))
        return self.prepared

    async def leave(self, quote_id: str) -> None:
        self.call("leave", quote_id)

    async def start(
        self,
        quote_id: str,
        *,
        edits: Any = (),
        budget: Any = None,
        agents: Any = None,
        issues: bool | None = None,
    ) -> Run:
        self.call("start", quote_id, list(edits), budget, agents)
        self.forge.wanted = issues
        assert isinstance(self.prepared, Quote)
        return self.happen(s.created(self.prepared))

    async def run(self, run_id: str) -> Run:
        if run_id not in self.known:
            raise UsageProblem(f"{run_id!r} is no run. `contextune runs` lists them.")
        return self.known[run_id]

    async def runs(self, folder: Path | None) -> list[Run]:
        return [run for run in self.known.values() if folder is None or run.repository == str(folder)]

    async def fence_lack(self, folder: Path) -> str:
        return self.lack

    async def allow_unfenced(self, folder: Path, name: str) -> Path:
        self.call("allow_unfenced", folder, name)
        return folder

    async def follow(self, folder: Path) -> list[Run]:
        return await self.runs(folder)

    def goes_on_by_itself(self, run: Run) -> bool | None:
        return self.by_itself

    async def take_over(self, run_id: str) -> None:
        self.call("take_over", run_id)

    async def wait(self, run_id: str) -> Run:
        await self._ended.wait()
        return self.known[run_id]

    async def pause(self, run_id: str) -> None:
        self.call("pause", run_id)

    async def resume(self, run_id: str, budget: Decimal | None) -> None:
        self.call("resume", run_id, budget)

    async def cancel(self, run_id: str) -> None:
        self.call("cancel", run_id)
        self.happen(RunCancelled(run_id=run_id, at=9_000))
        self.end()

    async def accept(
        self,
        run_id: str,
        mode: Literal["merge", "squash", "pr", "none"],
        *,
        seen: Sequence[str] = (),
        without: Sequence[str] = (),
        onto_protected: bool = False,
        here: bool = False,
    ) -> Run:
        chosen = [("without", *without)] if without else []
        chosen += [(name,) for name, on in (("onto_protected", onto_protected), ("here", here)) if on]
        self.call("accept", run_id, mode, *([tuple(seen)] if seen else []), *chosen)
        restore = Restore(head="h0", index_tree="i0", worktree="w0", after_worktree="w1")
        return self.happen(
            RunAccepted(
                run_id=run_id, at=5_000, mode=mode, branch="main", before="h0", after="h1", restore=restore
            )
        )

    async def rebase(self, run_id: str) -> Run:
        self.call("rebase", run_id)
        return self.known[run_id]

    async def rewind(
        self, run_id: str, task_id: str, turn: int, text: str, *, attempt: int | None = None
    ) -> None:
        self.call("rewind", run_id, task_id, turn, text, attempt)

    async def undo(self, run_id: str) -> Run:
        self.call("undo", run_id)
        return self.happen(RunUndone(run_id=run_id, at=6_000, branch="main", after="h0"))

    async def discard(self, run_id: str) -> Run:
        self.call("discard", run_id)
        return self.happen(RunDiscarded(run_id=run_id, at=6_000, salvage=("refs/contextune/salvage/r_1",)))

    async def cancel_task(self, run_id: str, task_id: str) -> None:
        self.call("cancel_task", run_id, task_id)

    @property
    def steering(self) -> PlayedSteering:
        return PlayedSteering(self)

    @property
    def retrying(self) -> Played:
        return self

    async def retry(self, run_id: str, task_id: str, start: int | None = None) -> None:
        self.call("retry", run_id, task_id, start)

    async def rungs(self, run_id: str, task_id: str) -> RetryOffer:
        self.call("rungs", run_id, task_id)
        return RetryOffer((RetryRung(0, s.LOW, s.PRICE, True),), Decimal("1.25"))

    async def tell(self, run_id: str, task_id: str, text: str) -> None:
        self.call("tell", run_id, task_id, text)

    async def answer(self, run_id: str, task_id: str, text: str) -> None:
        self.call("answer", run_id, task_id, text)

    @property
    def transcripts(self) -> PlayedTranscripts:
        return PlayedTranscripts()

    async def file_at(self, run_id: str, task_id: str | None, path: str, side: str) -> bytes | None:
        return {"text.py": b"\xef\xbb\xbfa = 1\n", "latin.txt": b"gr\xfc\xdf", "nul.bin": b"\0"}.get(path)

    def set_key(self, key: str | None) -> None:
        self.call("set_key", key)

    def set_editor_models(self, editor: EditorModels) -> None:
        self.editor_models = editor

    def credential(self) -> Literal["editor", "none"]:
        return "editor" if any(call[0] == "set_key" and call[1] for call in self.calls) else "none"

    def trust(self, folder: Path, trusted: bool) -> None:
        self.call("trust", folder, trusted)

    def configure(self, folder: Path | None, editor_settings: Mapping[str, Any]) -> None:
        self.call("configure", folder, dict(editor_settings))
        if "agents" in editor_settings and not isinstance(editor_settings["agents"], int):
            raise UsageProblem("VS Code: setting 'agents': Expected `int`, got `str`.")

    async def costs(self, folder: Path | None, *, since: int, until: int | None) -> History:
        self.call("costs", folder, since, until)
        return self.past

    async def spent(self, since: int) -> Bill:
        return total(entry for entry in self.past.entries if entry.at >= since)

    async def doctor(self, folder: Path | None) -> list[Check]:
        return [Check(name="git", state="ok", detail=str(folder))]

    async def warm(self) -> None:
        self.call("warm")

    async def close(self) -> None:
        self.call("close")


class PlayedLookout:
    """Tells what the test has it tell."""

    def __init__(self) -> None:
        self.drivers: dict[str, Driver] = {}
        self.left: Left | None = None
        self.changed: Callable[[str], None] | None = None

    def begin(self, *, left: Left, changed: Callable[[str], None]) -> None:
        self.left, self.changed = left, changed

    def driver(self, run_id: str) -> Driver:
        return self.drivers.get(run_id, "here")


class PlayedSteering:
    """Stands in for engine.desk.steering.Steering."""

    def __init__(self, played: Played) -> None:
        self._played = played

    async def pause_task(self, run_id: str, task_id: str) -> Run:
        self._played.call("pause_task", run_id, task_id)
        await self._played.run(run_id)
        return self._played.happen(ev.TaskPaused(run_id=run_id, at=5_000, task_id=task_id))

    async def resume_task(self, run_id: str, task_id: str) -> Run:
        self._played.call("resume_task", run_id, task_id)
        await self._played.run(run_id)
        return self._played.happen(ev.TaskResumed(run_id=run_id, at=5_000, task_id=task_id))

    async def adjust(self, run_id: str, **changed: Any) -> Run:
        self._played.call("adjust", run_id, changed)
        return await self._played.run(run_id)

    async def rungs(self, run_id: str, task_ids: Sequence[str] = ()) -> WaitingOffer:
        self._played.call("waiting_rungs", run_id, tuple(task_ids))
        rungs = (WaitingRung(0, s.LOW, s.PRICE, True, ""), WaitingRung(1, s.LOW, s.PRICE, False, "Too dear."))
        return WaitingOffer(("add-kilos",), rungs, Decimal("1.25"))


class PlayedTranscripts:
    """Stands in for `Application.transcripts`."""

    async def of(self, run_id: str, task_id: str, attempt: int | None) -> Attempted:
        return Attempted(attempt or 1, [Entry(kind="task", name=f"{run_id} {task_id}", body="Do.")])

    async def changes(self, run_id: str, task_id: str, attempt: int, turn: int) -> str:
        return "" if turn == 9 else f"diff of {run_id} {task_id} {attempt} {turn}"


class PlayedBundles:
    """Stands in for engine.desk.debug_bundle.DebugBundles."""

    def __init__(self, call: Callable[..., None]) -> None:
        self.call = call

    async def gather(self, folder: Path | None, run_id: str | None, **chosen: Any) -> list[Member]:
        self.call("gather", folder, run_id, chosen)
        return [Member("README.txt", "what is in it", b"words")]

    async def write(self, path: Path, members: Sequence[Member]) -> None:
        self.call("write", path, members)


class PlayedForge:
    """`engine.desk.forge_desk`: nothing is signed in but by the editor."""

    host = "github.com"

    def __init__(self, call: Callable[..., None]) -> None:
        self._call = call
        self.token: str | None = None
        self.asked = False
        """Whether the user wants to be asked about issues."""
        self.wanted: bool | None = None
        """What the last Run was started with."""

    def set_token(self, token: str | None) -> None:
        self.token = token

    async def source(self) -> Literal["editor", "none"]:
        return "none" if self.token is None else "editor"

    def asks(self, repository: str) -> bool:
        return self.asked

    async def sync(self, runs: list[Run]) -> list[Run]:
        self._call("sync", *(run.id for run in runs))
        return runs


class PlayedDesk:
    """Stands in for engine.desk.worktree_desk.WorktreeDesk."""

    def __init__(self, call: Callable[..., None]) -> None:
        self.call = call

    async def overview(self, folder: Path | None) -> Overview:
        self.call("overview", folder)
        return Overview(worktrees=(TREE,), findings=(FINDING,), size_bytes=1, bound_bytes=2_000_000)

    async def clean(
        self, folder: Path | None, *, dry_run: bool, names: Sequence[str]
    ) -> tuple[list[Worktree], list[str]]:
        self.call("clean", folder, dry_run, tuple(names))
        return [TREE], ["refs/contextune/salvage/r_1/a"]

    async def salvages(self, folder: Path | None) -> tuple[list[SalvageRef], int]:
        return [SALVAGE], 1

    async def restore(self, folder: Path | None, name: str) -> Restored:
        return Restored(path="/worktrees/restored/a", branch="contextune/restored/a", ref=name)

    async def mend(self, folder: Path | None, *, dry_run: bool) -> list[Mended]:
        return [Mended(finding=FINDING, done=not dry_run, text="The lock file is removed.")]


FINDING = Finding(
    kind="stale_lock", place="/l.lock", text="A lock was left.", remedy="It is removed.", repair="drop_lock"
)
TREE = Worktree(
    path="/worktrees/a",
    branch="contextune/r/a",
    run_id="r_1",
    task_id="a",
    dirty=False,
    in_use=False,
    size_bytes=1,
    removable=True,
)
SALVAGE = SalvageRef(
    ref="refs/contextune/salvage/r_1/a", commit="c", run_id="r_1", name="a", at=1, files=1, paths=("a.txt",)
)

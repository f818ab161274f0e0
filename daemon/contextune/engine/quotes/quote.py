"""Makes a Quote: Base, Gate on the Base, Plan, and the price of it."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from contextune.agents.planning_facts import PlanInput
from contextune.agents.roles import own_roles
from contextune.core.base import Value
from contextune.core.errors import NothingToDo, UsageProblem
from contextune.core.model.ledger import PLANNING
from contextune.core.overlap.touches import TaskFacts
from contextune.core.plain_text import source_lines
from contextune.core.planning.plan import Plan, Task, faults
from contextune.core.planning.quote import Quote, TaskQuote, unpriced_warning
from contextune.core.planning.record import Forecast
from contextune.core.ports import Overlays, Repository
from contextune.core.proof.evidence import Baseline
from contextune.core.role_source import OURS
from contextune.core.routing.calibration import forecast
from contextune.core.routing.router import Chance
from contextune.core.settings import Settings
from contextune.core.todos.todo import Todo, with_ids
from contextune.core.worktrees.snapshot import Base
from contextune.engine.money.account import budgets_of, requests_of
from contextune.engine.money.price_books import prices_under
from contextune.engine.money.pricing import Pricer, in_all
from contextune.engine.money.records import history
from contextune.engine.proof.detect import detect_gate, instructions
from contextune.engine.proof.gate import SLOW_MS, Gate
from contextune.engine.quotes.planning import Arrangement, Planning
from contextune.engine.quotes.task_ids import misnamed
from contextune.engine.surroundings.world import World
from contextune.engine.worktrees.ahead import give_back_abandoned
from contextune.engine.worktrees.leases import BASE, Leases
from contextune.engine.worktrees.room import make_room

MOST_TODOS = 60
"""Todos of one Quote: more do not fit one plan that a person can read."""


class QuoteRequest(Value, frozen=True, kw_only=True):
    """What to quote: Todo ids, all of them, a Goal, or a ready Plan.

    The order of the ids is the one that its user wishes for: of Tasks that may begin at the same time, or of
    which either could go first, those of earlier Todos do. With `all`, the Todos that are named come first.
    """

    folder: Path
    todo_ids: tuple[str, ...] = ()
    all: bool = False
    goal: str | None = None
    base: str | None = None
    plan: Plan | None = None


class Quoter:
    """Makes one Quote."""

    def __init__(
        self,
        world: World,
        repository: Repository,
        settings: Settings,
        *,
        gate: Gate,
        gateway: Callable[[], Any],
        on_stage: Callable[[str], None],
    ) -> None:
        self._world = world
        self._repository = repository
        self._settings = settings
        self._gate = gate
        self._stage = on_stage
        self._id = "r_" + secrets.token_hex(4)
        self._planning = Planning(world, repository, settings, self._id, gateway)
        self._problems: list[str] = []
        self._roles = own_roles()
        self.pricer: Pricer
        """What priced the Quote, once it is made."""
        self.facts: tuple[TaskFacts, ...] = ()
        """What its Tasks touch, once it is made."""
        self.sizes: dict[str, int] = {}
        """Bytes of the files that its Tasks name, by path, once it is made; new files have none."""
        self.forecast: Forecast | None = None

    async def make(self, request: QuoteRequest, overlays: Overlays) -> Quote:
        """The Quote. Raises ContextuneError with a sentence for people."""
        with self._world.mailbox.own(PLANNING + self._id):
            return await self._make(request, overlays)

    async def _make(self, request: QuoteRequest, overlays: Overlays) -> Quote:
        self._stage("Taking the base")
        await give_back_abandoned(self._world, self._repository, self._settings)
        self._planning.roles = self._roles = await self._world.roles(self._repository.root)
        base = await asyncio.to_thread(
            self._repository.take_base, overlays, request.base or self._settings.base
        )
        todos = await self._todos(request, overlays)
        said = _faults_of_given(request.plan, todos)
        for task in request.plan.tasks if request.plan else ():
            self._roles.worker(task.role)
        if said:
            raise UsageProblem("The plan cannot be used: " + " ".join(said))
        files = tuple(await asyncio.to_thread(self._repository.list_files, base.commit))
        text = self._reader(base)
        gate = self._settings.gate or await asyncio.to_thread(detect_gate, files, text, self._repository.root)
        # The import of the model's SDK takes seconds; the Gate on the Base runs meanwhile.
        warming = asyncio.create_task(self._world.warm(), name="warm")
        try:
            baseline = await self._baseline(base, gate) if gate else None
            plan = await self._plan(request, todos, files, gate, text)
            self._stage("Comparing what the Tasks touch")
            arranged = await self._planning.arrange(
                plan, todos, files, base.commit, settle=request.plan is None
            )
        finally:
            await asyncio.wait([warming])
        self.facts = arranged.facts
        named = sorted({path for task in arranged.plan.tasks for path in task.files} & set(files))
        contents = await asyncio.to_thread(self._repository.read_files, base.commit, named)
        self.sizes = {path: len(content) for path, content in contents.items()}
        await self._look_back(arranged.plan)
        return self._priced(request, base, todos, arranged, gate, baseline)

    async def _look_back(self, plan: Plan) -> None:
        """Learn from what earlier Tasks of this repository cost and came to."""
        settings = self._settings
        records = await history(self._world.journal, self._repository, offline=settings.offline)
        self.forecast = forecast(records)
        self.pricer = Pricer(
            settings.ladder,
            prices_under(settings, self._world.prices),
            records,
            routing=settings.routing,
            # A script has no chance in it: an offline Run explores nothing.
            chance=None if settings.offline else chance_of(self._id),
            sharers=min(len(plan.tasks), settings.agents),
        )

    async def _todos(self, request: QuoteRequest, overlays: Overlays) -> tuple[Todo, ...]:
        if request.goal and not (request.todo_ids or request.all or request.plan):
            return ()
        self._stage("Reading the Todos")
        found = await asyncio.to_thread(
            self._world.scanner.scan,
            self._repository.root,
            markers=self._settings.markers,
            exclude=self._settings.exclude,
            overlays=overlays,
        )
        known = seen_from(found, self._repository.root, request.folder.resolve())
        named = [known.get(todo_id, todo_id) for todo_id in request.todo_ids]
        if request.all:
            chosen = in_order(below(found, self._repository.root, request.folder.resolve()), named)
        else:
            planned = request.plan.tasks if request.plan else ()
            wanted = set(named) or {todo_id for task in planned for todo_id in task.todo_ids}
            chosen = in_order([todo for todo in found if todo.id in wanted], named)
            gone = sorted(wanted - {todo.id for todo in chosen})
            if gone:
                raise UsageProblem(
                    f"No Todo has the id {', '.join(gone)}. It may have been edited or removed; "
                    "list the Todos again."
                )
        if not chosen and not request.plan:
            raise NothingToDo("There are no Todos to work on. Add a TODO comment, or give a goal.")
        if len(chosen) > MOST_TODOS:
            raise UsageProblem(
                f"{len(chosen)} Todos are too many for one Run; choose at most {MOST_TODOS}, "
                "such as those of one folder."
            )
        return tuple(chosen)

    async def _baseline(self, base: Base, gate: str) -> Baseline:
        root, fence = self._repository.root, (await asyncio.to_thread(self._world.fence)).name
        # Tests that need a host may pass once it is allowed.
        fence = " ".join((fence, *self._settings.allowed_hosts))
        known = await asyncio.to_thread(self._world.baselines.find, root, base.tree, gate, fence)
        if known is not None:
            self._stage(f"The tests passed on this very base lately: {gate}")
            return known
        self._stage(f"Running the tests on the base: {gate}")

        async def waits(_worktree: str, is_waiting: bool) -> None:
            if is_waiting:
                self._stage("The tests on the base wait for a processor")
            else:
                self._stage(f"Running the tests on the base: {gate}")

        leases = Leases(self._world, self._repository, self._id, self._settings, room=self._make_room)
        leases.waits = waits
        try:
            lease = await leases.take(BASE, base.commit)
            baseline = await self._gate.baseline(
                gate, lease.shell, cwd=lease.path, tree=base.tree, environment={}
            )
            await asyncio.to_thread(self._world.baselines.keep, root, fence, baseline)
            return baseline
        finally:
            await leases.give_back(BASE)
            leases.close()
            self._problems += leases.problems

    async def _make_room(self) -> None:
        self._problems += await make_room(self._world, self._repository, self._settings, needed=True)

    async def _plan(
        self,
        request: QuoteRequest,
        todos: tuple[Todo, ...],
        files: tuple[str, ...],
        gate: str | None,
        text: Callable[[str], str | None],
    ) -> Plan:
        if request.plan is not None:
            return request.plan
        self._stage("Planning")

        def lines(path: str) -> list[str] | None:
            content = text(path)
            return None if content is None else source_lines(content)

        given = PlanInput(
            todos=todos,
            goal=request.goal,
            files=files,
            gate=gate,
            instructions=await asyncio.to_thread(instructions, text),
            lines=lines,
        )
        return await self._planning.plan(given)

    def _reader(self, base: Base) -> Callable[[str], str | None]:
        def read(path: str) -> str | None:
            content = self._repository.read_file(base.commit, path)
            return None if content is None else content.decode(errors="replace")

        return read

    def _priced(
        self,
        request: QuoteRequest,
        base: Base,
        todos: tuple[Todo, ...],
        arranged: Arrangement,
        gate: str | None,
        baseline: Baseline | None,
    ) -> Quote:
        plan = arranged.plan
        tasks = tuple(
            self._where_its_role_begins(plan.task(one.task_id), one)
            for one in self.pricer.quotes(plan.tasks, todos)
        )
        return Quote(
            id=self._id,
            repository=str(self._repository.root),
            title=_title(request, todos, plan),
            base=base,
            todos=todos,
            plan=plan,
            waves=plan.waves(),
            overlaps=arranged.overlaps,
            tasks=tasks,
            price=in_all([task.price for task in tasks], self.forecast),
            planning=self._planning.costs,
            budget=self._settings.budget,
            agents=self._settings.agents,
            gate=gate,
            baseline=baseline,
            warnings=(
                *_warnings(base, gate, baseline),
                *_unpriced(self._settings),
                *self._planning.problems,
                *self._problems,
                *self._roles_left_out(),
            ),
            offline=self._settings.offline,
            ladder=self._settings.ladder,
            forecast=self.forecast,
            budgets=budgets_of(self._settings),
            server="" if self._settings.offline else self._world.models.place(self._settings.provider),
        )

    def _where_its_role_begins(self, task: Task, quoted: TaskQuote) -> TaskQuote:
        """The price of a Task from the rung that a role names that is not the product's own."""
        who = self._roles.worker(task.role)
        models = [rung.model for rung in self._settings.ladder]
        if who.owner == OURS or not who.pinned or who.rung.model not in models:
            return quoted
        pinned = self.pricer.pinned(quoted, task.complexity, models.index(who.rung.model))
        return msgspec.structs.replace(pinned, reason=f"The role {who.name} begins there.")

    def _roles_left_out(self) -> list[str]:
        return [f"The product's own role is used. {said}" for said in self._roles.stand_ins_left_out]


def chance_of(quote_id: str) -> Chance:
    """What decides which Tasks of a Quote explore a rung; the same for the same Quote."""
    return Random(quote_id).random  # noqa: S311 - a choice among rungs is no secret


def below(todos: Sequence[Todo], root: Path, place: Path) -> list[Todo]:
    """The Todos in a folder or file of the repository at `root`, both paths resolved."""
    if place == root or not place.is_relative_to(root):
        return list(todos)
    part = place.relative_to(root).as_posix()
    return [todo for todo in todos if todo.path == part or todo.path.startswith(f"{part}/")]


def seen_from(todos: Sequence[Todo], root: Path, folder: Path) -> dict[str, str]:
    """The ids that the Todos of a folder have in an editor that opened just that folder, to our own ids."""
    if folder == root or not folder.is_relative_to(root):
        return {}
    start = folder.relative_to(root).as_posix() + "/"
    found: dict[str, str] = {}
    for _, group in groupby(below(todos, root, folder), key=lambda todo: todo.path):
        of_file = list(group)
        shown = [msgspec.structs.replace(todo, path=todo.path.removeprefix(start)) for todo in of_file]
        found |= {there.id: here.id for there, here in zip(with_ids(shown), of_file, strict=True)}
    return found


def in_order(todos: Sequence[Todo], ids: Sequence[str]) -> list[Todo]:
    """The Todos whose ids are named, in that order, then the others as they were."""
    places = {todo_id: place for place, todo_id in reversed(list(enumerate(ids)))}
    return sorted(todos, key=lambda todo: places.get(todo.id, len(ids)))


def _faults_of_given(plan: Plan | None, todos: Sequence[Todo]) -> list[str]:
    """What makes a Plan that the user brought unusable, a sentence each."""
    return [] if plan is None else [*misnamed(plan), *faults(plan, todos, _is_inside)]


def _is_inside(path: str) -> bool:
    parts = path.split("/")
    return bool(path) and not path.startswith("/") and not {"..", ".git"} & set(parts)


def _title(request: QuoteRequest, todos: Sequence[Todo], plan: Plan) -> str:
    if request.goal:
        return " ".join(request.goal.split())[:80]
    if len(plan.tasks) == 1:
        return plan.tasks[0].title
    return f"{plan.tasks[0].title} and {len(plan.tasks) - 1} more" if not todos else f"{len(todos)} Todos"


def _warnings(base: Base, gate: str | None, baseline: Baseline | None) -> tuple[str, ...]:
    said = []
    if gate is None:
        said.append(
            "No test command was found: nothing will prove the work. Name the command that runs your tests "
            "with the setting `gate`, or with --gate."
        )
    if baseline is not None:
        said += _baseline_warnings(baseline)
    if base.behind:
        said.append(f"The base is {base.behind} commits behind {base.upstream}, as last fetched.")
    if base.branch is None:
        said.append("HEAD is detached: Accept will move HEAD itself.")
    said += [f"{path} is left out of the base: it is too large." for path in base.skipped]
    return tuple(said)


def _unpriced(settings: Settings) -> tuple[str, ...]:
    if settings.provider != "vscode" or settings.offline:
        return ()
    return (unpriced_warning(requests_of(settings)),)


def _baseline_warnings(baseline: Baseline) -> list[str]:
    said = []
    if baseline.timed_out:
        said.append("The tests did not end in time on the base. Raise `gate_timeout` or choose another gate.")
    elif not baseline.usable:
        said.append(
            "The test command already fails on the base and names no failing test, so it can prove nothing: "
            + (baseline.output.strip().splitlines() or ["it printed nothing"])[-1]
        )
    elif baseline.failing:
        count = len(baseline.failing)
        said.append(
            f"{count} tests fail on the base already and will not count: {', '.join(baseline.failing[:5])}."
        )
    if baseline.flaky:
        said.append(f"Flaky on the base, will not count: {', '.join(baseline.flaky[:5])}.")
    if baseline.duration_ms > SLOW_MS:
        said.append(f"The tests take {baseline.duration_ms / 1000:.0f} s each time.")
    return said

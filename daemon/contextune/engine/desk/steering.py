"""What a person changes of a Run that goes on: its terms, where Tasks begin, which of them stand still."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal

from contextune.core.errors import UsageProblem
from contextune.core.model.budget import Limits
from contextune.core.process_ports import Letter
from contextune.core.runs.run import Run
from contextune.core.settings import MOST_AGENTS
from contextune.core.spending.wording import dollars_text
from contextune.core.states import CLOSED_RUN
from contextune.engine.desk.rungs import WaitingOffer, WaitingRungs, require_rung
from contextune.engine.drive.change import Change
from contextune.engine.money.account import budgets_of, require_requests, require_room
from contextune.engine.quotes.terms import require_limits
from contextune.engine.repositories.places import Places
from contextune.engine.runs.drives import Drives
from contextune.engine.surroundings.world import World
from contextune.engine.tasks.pausing import paused, resumed


class Steering:
    """Changes Runs under way, wherever they are driven."""

    def __init__(
        self,
        world: World,
        places: Places,
        drives: Drives,
        run: Callable[[str], Awaitable[Run]],
        run_with: Callable[[str, str], Awaitable[Run]],
    ) -> None:
        """`run_with` gives a Run that has a Task of this id, and raises UsageProblem if there is none."""
        self._world = world
        self._places = places
        self._drives = drives
        self._run = run
        self._run_with = run_with
        self.waiting = WaitingRungs(world, places)

    async def adjust(
        self,
        run_id: str,
        *,
        budget: Decimal | None = None,
        agents: int | None = None,
        limits: Limits = Limits(),  # noqa: B008 a frozen value
        start: int | None = None,
        task_ids: Sequence[str] = (),
    ) -> Run:
        """Give a Run another budget in dollars, other agents, or other limits; what is None stays.

        `limits` are what each Task and each request may cost, and how many requests without a price the Run
        may send. A Task that has cost more asks before its next request; one that waits at what is raised
        goes on.
        `start` is a place on its ladder, from 0, where these Tasks begin that wait for their first agent,
        all of those if none is named. A parked Run stays so until it is resumed; one that has ended may have
        a Task done again. Raises UsageProblem.
        """
        run = await self._run(run_id)
        if run.state in CLOSED_RUN:
            raise UsageProblem(f"Run {run.id} is {run.state}: nothing of it can be changed any more.")
        if budget is None and agents is None and start is None and limits == Limits():
            raise UsageProblem("There is nothing to change: give a budget, a number of agents, or a rung.")
        if agents is not None and not 1 <= agents <= MOST_AGENTS:
            raise UsageProblem(f"agents: {agents} was given; expected 1 to {MOST_AGENTS}.")
        if budget is not None and budget <= 0:
            raise UsageProblem(f"budget: {budget} was given; expected dollars above 0, such as 2.00.")
        require_limits(limits)
        wanted = run.budget if budget is None else budget
        require_room(run.id, wanted, run.bill.dollars, run.reserved)
        self._require_use(run, limits, wanted)
        moved = () if start is None else await self._moved(run, start, task_ids, wanted)
        change = Change(wanted, agents or run.agents, start, moved, limits)
        if self._drives.driver(run.id) == "nobody":
            return await self._drives.record(change.event(run, self._world.clock.now()))
        await self._drives.ask(run, Letter(verb="adjust", text=change.as_letter()))
        return await self._run(run.id)

    async def rungs(self, run_id: str, task_ids: Sequence[str] = ()) -> WaitingOffer:
        """Where these Tasks of a Run can begin, all that wait if none is named. Raises UsageProblem."""
        return await self.waiting.offer(await self._run(run_id), task_ids)

    async def pause_task(self, run_id: str, task_id: str) -> Run:
        """Take no further turn on one Task until it resumes; the others go on.

        The reply in flight is paid and kept, its worktree stays, and its place is left to others. One that
        has not begun does not begin. Raises UsageProblem if it has ended.
        """
        run = await self._run_with(run_id, task_id)
        events = paused(run, task_id, self._world.clock.now())
        if self._drives.driver(run.id) == "nobody":
            return await self._drives.record(*events) if events else run
        await self._drives.ask(run, Letter(verb="pause_task", task_id=task_id))
        return await self._run(run.id)

    async def resume_task(self, run_id: str, task_id: str) -> Run:
        """Go on with a paused Task where it stood, in a Run that is paused once that resumes as well.

        Raises UsageProblem if it is not paused.
        """
        run = await self._run_with(run_id, task_id)
        events = resumed(run, task_id, self._world.clock.now())
        if self._drives.driver(run.id) != "nobody":
            await self._drives.ask(run, Letter(verb="resume_task", task_id=task_id))
            return await self._run(run.id)
        run = await self._drives.record(*events)
        if run.state == "running":
            self._drives.begin(await self._places.of_run(run), run, self._places.settings_of(run))
        return run

    def _require_use(self, run: Run, limits: Limits, budget: Decimal) -> None:
        """Raise UsageProblem, which names both figures, for a limit that would be none."""
        under_way = sum(one.worst_case is None for one in run.in_flight)
        require_requests(run.id, limits.requests, run.bill.unpriced, under_way)
        if limits.task is not None and limits.task > budget:
            raise UsageProblem(
                f"A Task cannot cost {dollars_text(limits.task)}: the budget of run {run.id} is "
                f"{dollars_text(budget)} in all. Raise that first."
            )
        task = run.limits.after(limits).over(budgets_of(self._places.settings_of(run))).task
        if limits.request is not None and task is not None and limits.request > task:
            raise UsageProblem(
                f"A request cannot cost {dollars_text(limits.request)}: its Task may cost "
                f"{dollars_text(task)} in all. Raise that first."
            )
        if limits.request is not None and limits.request > budget:
            raise UsageProblem(
                f"A request cannot cost {dollars_text(limits.request)}: the budget of run {run.id} is "
                f"{dollars_text(budget)} in all. Raise that first."
            )

    async def _moved(self, run: Run, start: int, task_ids: Sequence[str], budget: Decimal) -> tuple[str, ...]:
        """The Tasks that are to begin there. Raises UsageProblem if the budget does not suffice."""
        require_rung(run, start)
        offer = await self.waiting.offer(run, task_ids, budget)
        if offer.rungs[start].lack:
            raise UsageProblem(offer.rungs[start].lack)
        return offer.task_ids

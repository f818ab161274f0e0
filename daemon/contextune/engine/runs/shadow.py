"""Shadow samples: accepted Tasks done once more on other rungs, to tell what they would have cost there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal

from contextune.agents.roles import EXECUTOR, Roles
from contextune.core.errors import Asked, BudgetReached, ContextuneError
from contextune.core.model.budget import Budgets, Cap
from contextune.core.model.conversation import ModelReply, ModelRequest, Rung
from contextune.core.model.ledger import SHADOW
from contextune.core.model.money import Bill
from contextune.core.planning.record import TaskRecord
from contextune.core.ports import Repository
from contextune.core.runs import events as ev
from contextune.core.runs.run import Run
from contextune.core.runs.task_run import TaskRun
from contextune.core.settings import OPUS, SONNET, Settings
from contextune.engine.attempts.attempt import AttemptWork, Outside
from contextune.engine.attempts.context_pack import ContextPacks
from contextune.engine.attempts.words import Words
from contextune.engine.money.account import Account, requests_of
from contextune.engine.money.gateway import Gateway, Keep
from contextune.engine.proof.gate import Gate
from contextune.engine.proof.stand import NAME, Stand
from contextune.engine.surroundings.world import World
from contextune.engine.worktrees.leases import Leases

CONTROLS = (Rung(model=SONNET, effort="medium"), Rung(model=OPUS, effort="low"))
"""What a sample is done on: the tier that savings are stated against, at the effort at which people use it;
and the strongest model at its cheapest, which may need so few turns that its price does not matter."""


class Shadow:
    """Makes the samples of one Run that is over. They join nothing, and have an account of their own."""

    def __init__(
        self,
        world: World,
        repository: Repository,
        run: Run,
        *,
        settings: Settings,
        gateway: Gateway,
        gate: Gate,
        roles: Roles,
        record: Callable[[ev.AnyEvent], Awaitable[object]],
    ) -> None:
        self.world = world
        self.repository = repository
        self.run = run
        self.settings = settings
        self.gate = gate
        self.roles = roles
        self.packs = ContextPacks(repository, world.outliner, run)
        self._gateway = gateway
        self._record = record
        self._leases = Leases.of(world, repository, run, settings)
        self.stand = Stand(repository, gate, self._leases, name=f"{NAME}.shadow")
        most = requests_of(settings)
        # A Task's own budget is for work that the user gets; the Run's is for the Run.
        self._account = Account(
            SHADOW + run.id,
            settings.shadow_budget,
            self._journal,
            repository=run.repository,
            budgets=Budgets(
                request=settings.request_budget,
                day=settings.day_budget,
                month=settings.month_budget,
                requests=None if most is None else max(0, most - run.bill.unpriced),
            ),
        )

    def now(self) -> int:
        """Milliseconds since the epoch."""
        return self.world.clock.now()

    async def sample(self) -> None:
        """Make the samples that are due. A problem is noted, and fails nothing."""
        try:
            journal, offline = self.world.journal, self.run.offline
            history = await journal.history(self.run.repository, offline=offline)
            shadows = await journal.shadows(self.run.repository, offline=offline)
            chosen = due(self.run, history, shadows, self.settings.shadow)
            if chosen:
                await self._open_account()
            for task_id in chosen:
                for rung in CONTROLS:
                    await self._record(await self._done_on(self.run.task(task_id), rung))
        except BudgetReached as reached:
            await self._note(f"The shadow samples end here. {reached}")
        except ContextuneError as problem:
            await self._note(f"A shadow sample could not be made: {problem}")
        finally:
            await self._leases.give_back(self.stand.name)
            self._leases.close()

    async def _done_on(self, task: TaskRun, rung: Rung) -> ev.ShadowFinished:
        """Do a Task once more from the start that it had, in a worktree of its own."""
        name = f"{task.id}.shadow"
        start = task.start if task.task.depends_on else None
        await self._leases.give_back(name)  # what a process that died left there
        lease = await self._leases.take(name, start or self.run.base.commit)
        before = self._account.bill
        try:
            work = AttemptWork(
                self,
                task.task,
                lease,
                self._outside(task.id),
                name=task.task.role or EXECUTOR,
                rung=rung,
                number=0,
            )
            done = await work.work(())
            await work.settle()
            if done.outcome == "failed":
                raise ContextuneError(done.summary)  # it says nothing of the rung
        finally:
            await self._leases.give_back(name)
        spent, unpriced = self._account.bill, self._account.bill.unpriced > before.unpriced
        return ev.ShadowFinished(
            run_id=self.run.id,
            at=self.now(),
            task_id=task.id,
            rung=rung,
            green=done.outcome == "green",
            turns=work.turns,
            dollars=None if unpriced else spent.dollars - before.dollars,
        )

    def _outside(self, task_id: str) -> Outside:
        async def send(request: ModelRequest, keep: Keep) -> ModelReply:  # noqa: ARG001 only its cost counts
            return await self._gateway.send(self._account, request, role=EXECUTOR, task_id=task_id)

        async def tell(event: ev.AnyEvent) -> None:
            """Nothing of a sample is part of the Run's own story."""

        async def ask(asked: Asked) -> None:
            """Nobody is asked about work that nobody gets."""

        return Outside(send=send, tell=tell, words=Words(), ask=ask)

    async def _open_account(self) -> None:
        """What earlier samples of this Run spent counts."""
        entries = await self.world.journal.ledger(since=self.run.created_at, repository=self.run.repository)
        spent = [entry.counted for entry in entries if entry.stream == self._account.stream]
        self._account.bill = Bill(requests=len(spent), dollars=sum(spent, Decimal(0)))

    async def _journal(self, *events: ev.AnyEvent, caps: Sequence[Cap] = ()) -> None:
        await self.world.journal.append(events, caps=caps)

    async def _note(self, text: str) -> None:
        await self._record(ev.Noted(run_id=self.run.id, at=self.now(), text=text))


def due(
    run: Run, history: Sequence[TaskRecord], shadows: Sequence[ev.ShadowFinished], every: int
) -> list[str]:
    """The accepted Tasks of a Run that are to be done again: one of `every` accepted ones of its repository.

    Counted from the last Task that was, in the order in which they were accepted: neither a restart nor the
    end of what the history holds skews that. `history` is newest first.
    """
    sampled = {(shadow.run_id, shadow.task_id) for shadow in shadows}
    since: set[tuple[str, str]] = set()
    for record in history:
        key = (record.run_id, record.task_id)
        if key in sampled:
            break
        if record.state == "accepted" and record.run_id != run.id:
            since.add(key)
    chosen, count = [], len(since)
    for task_id in run.joined:
        count += 1
        if (run.id, task_id) in sampled:
            count = 0
        elif every and count >= every:
            chosen.append(task_id)
            count = 0
    return chosen

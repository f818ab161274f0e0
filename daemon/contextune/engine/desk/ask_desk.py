"""Plain words: read by rules, else by one question to a model; then the Runs and Tasks that they name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from contextune.agents import errand
from contextune.agents.intent_recognition import MOST_CHOICES, ROLE, WORDS_LIMIT, Reading, reading_of
from contextune.core.errors import ContextuneError, PlaceProblem, UsageProblem
from contextune.core.language.intent import Days, Intent
from contextune.core.language.kinds import KINDS, Kind, Wish, intent_for, kind_of
from contextune.core.language.nearest import nearest
from contextune.core.language.rules import intent_of, is_negated
from contextune.core.language.run_reference import reference_text, runs_meant
from contextune.core.language.understanding import Option, ReadBy, Understanding
from contextune.core.plain_text import one_line
from contextune.core.runs.run import Run
from contextune.core.states import LIVE_RUN
from contextune.engine.desk.agent_desk import AgentDesk
from contextune.engine.desk.questions import Questions
from contextune.engine.repositories.places import Places
from contextune.engine.surroundings.world import World

RunsOf = Callable[[Path], Awaitable[list[Run]]]
TITLE_LIMIT = 60
OF_RUNS = frozenset({"show", "accept", "undo", "discard", "pause", "resume", "cancel", "rebase"})
OF_TASKS = frozenset({"retry", "pause", "resume", "cancel", "tell", "answer"})
UNCLEAR = "It is not clear which command is meant."


class _Asked(NamedTuple):
    """What came of the question to the model, and why there is no answer if there is none."""

    reading: Reading | None = None
    problem: str = ""
    paid: Decimal | None = None


class AskDesk:
    """Reads plain words. Starts nothing; spends at most what the setting `ask_budget` allows."""

    def __init__(self, world: World, places: Places, agents: AgentDesk, runs: RunsOf) -> None:
        self._world = world
        self._questions = Questions(world, places, kind="i", budget=None)
        self._agents = agents
        self._runs = runs

    def days(self) -> Days:
        """What "yesterday" and the like mean now."""
        today = self._day(self._world.clock.now())
        return Days(
            today=today.isoformat(),
            yesterday=(today - timedelta(days=1)).isoformat(),
            monday=(today - timedelta(days=today.weekday())).isoformat(),
            first=today.replace(day=1).isoformat(),
        )

    async def understand(
        self, folder: Path, words: str, *, overrides: Mapping[str, Any] | None = None
    ) -> Understanding:
        """What words stand for, for the repository of a folder. Raises UsageProblem if there are none."""
        words = words.strip()
        if not words:
            raise UsageProblem("TEXT: say what you want to know or to have done.")
        days = self.days()
        intent = intent_of(words, days) if len(words) <= WORDS_LIMIT else None
        if intent is not None:
            return await self._resolved(folder, words, intent, "rules")
        if len(words) > WORDS_LIMIT:
            said = f"That has {len(words):,} characters, and is too long for a command."
            return Understanding(words=words[:WORDS_LIMIT], by="nobody", text=said)
        asked = await self._ask(folder, words, overrides or {})
        if asked.reading is None:
            text = f"The rules do not understand that. {asked.problem}"
            return self._nearest(words, text, asked)
        found = [one for wish in asked.reading.wishes if (one := _option(wish, days))]
        # What words forbid is never followed, whatever a model makes of them.
        if asked.reading.sure and found and not is_negated(words):
            read = await self._resolved(folder, words, found[0].intent, "model")
            return _paid(read, asked)
        if found:
            shown = Understanding(words=words, by="model", options=tuple(found), text=UNCLEAR)
            return _paid(shown, asked)
        return self._nearest(words, UNCLEAR, asked)

    async def chosen(self, folder: Path, words: str, arguments: Sequence[str]) -> Understanding:
        """The same where the user chose one of the options. Raises UsageProblem for what is none."""
        intent = Intent(arguments=tuple(arguments))
        if not arguments or kind_of(intent) is None:
            raise UsageProblem(f"{' '.join(arguments)!r} is no command that plain words can stand for.")
        return await self._resolved(folder, words, intent, "rules")

    async def _ask(self, folder: Path, words: str, overrides: Mapping[str, Any]) -> _Asked:
        """One question within its budget. What stands in the way of it is a sentence."""
        if self._world.settings.load(None, overrides).ask_budget == 0:
            return _Asked(problem="No model is asked: the setting `ask_budget` is 0.")
        try:
            who = (await self._agents.roles(folder)).get(ROLE)
            async with self._questions.asking(folder, who.name, overrides) as asking:
                said = await errand.ask(who, words, send=asking.send)
        except ContextuneError as problem:
            return _Asked(problem=f"No model could tell: {problem}")
        bill = asking.account.bill
        return _Asked(reading_of(said, words), paid=None if bill.unpriced else bill.dollars)

    def _nearest(self, words: str, text: str, asked: _Asked) -> Understanding:
        kinds = nearest(words, MOST_CHOICES) or (KINDS["intent-recognition"],)
        days = self.days()
        wishes = (Wish(kind=kind.name, text=words if kind.name == "run-goal" else "") for kind in kinds)
        options = tuple(one for wish in wishes if (one := _option(wish, days)))
        return _paid(Understanding(words=words, by="nobody", options=options, text=text), asked)

    async def _resolved(self, folder: Path, words: str, intent: Intent, by: ReadBy) -> Understanding:
        """With the Run and the Task that are named as this repository knows them."""
        verb, *rest = intent.arguments
        if not rest or verb not in OF_RUNS | OF_TASKS:
            return Understanding(words=words, by=by, intent=intent)
        try:
            runs = await self._runs(folder)
        except PlaceProblem:
            runs = []
        named = rest[0]
        if verb in OF_RUNS and (named.isdecimal() or named.startswith(("@", "r_"))):
            return self._with_run(words, intent, by, runs)
        return (
            self._with_task(words, intent, by, runs)
            if verb in OF_TASKS
            else Understanding(words=words, by=by, intent=intent)
        )

    def _with_run(self, words: str, intent: Intent, by: ReadBy, runs: Sequence[Run]) -> Understanding:
        verb, named, *rest = intent.arguments
        day_of: Callable[[int], str] = lambda at: self._day(at).isoformat()  # noqa: E731
        found = runs_meant(named, verb, runs, self.days(), day_of)
        if len(found) == 1:
            return Understanding(words=words, by=by, intent=Intent(arguments=(verb, found[0].id, *rest)))
        if not runs:
            return Understanding(words=words, by=by, text="This repository has no Runs yet.")
        if found:
            text = "Which Run is meant?"
        elif named.isdecimal():
            text = f"There is no run {named}: `contextune runs` lists {len(runs)}."
        elif named in ("@the", "@last"):
            text = f"There is no Run that `{verb}` can be used on."
        else:
            text = f"There is no {reference_text(named).removeprefix('a ')} here."
        options = tuple(
            Option(title=self._run_title(run), intent=Intent(arguments=(verb, run.id, *rest)))
            for run in (found or (runs if verb == "show" else ()))[:MOST_CHOICES]
        )
        return Understanding(words=words, by=by, options=options, text=text)

    def _with_task(self, words: str, intent: Intent, by: ReadBy, runs: Sequence[Run]) -> Understanding:
        verb, named, *rest = intent.arguments
        run_id, _, task_id = named.rpartition("/")
        having = [
            run for run in runs if run.id.startswith(run_id) and any(task.id == task_id for task in run.tasks)
        ]
        live = [run for run in having if run.state in LIVE_RUN]
        found = live or having[:1]
        options = tuple(
            Option(
                title=self._run_title(run),
                intent=Intent(arguments=(verb, f"{run.id}/{task_id}", *rest)),
            )
            for run in found[:MOST_CHOICES]
        )
        if len(options) == 1:
            return Understanding(words=words, by=by, intent=options[0].intent)
        text = (
            "Which Run's Task is meant?" if options else f"No Run here has a Task that is called {task_id}."
        )
        return Understanding(words=words, by=by, options=options, text=text)

    def _run_title(self, run: Run) -> str:
        at = datetime.fromtimestamp(run.created_at / 1000, tz=UTC).astimezone().strftime("%Y-%m-%d %H:%M")
        return f"{run.id}  {one_line(run.title)[:TITLE_LIMIT]} ({run.state}, {at})"

    def _day(self, at: int) -> date:
        return datetime.fromtimestamp(at / 1000, tz=UTC).astimezone().date()


def _option(wish: Wish, days: Days) -> Option | None:
    kind: Kind = KINDS[wish.kind]
    intent = intent_for(wish, days)
    return None if intent is None else Option(title=kind.title, intent=intent)


def _paid(read: Understanding, asked: _Asked) -> Understanding:
    return msgspec.structs.replace(read, asked=asked.reading is not None, paid=asked.paid)

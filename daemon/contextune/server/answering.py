"""Answers to what only reads, as Markdown for an editor; for all else, what the command would do."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from contextune.core.advice.advice import Step
from contextune.core.language.intent import Intent
from contextune.core.runs.halted import halted
from contextune.core.runs.run import Run
from contextune.core.runs.state_words import AWAITING, RUN_STATES, TASK_STATES
from contextune.core.spending.agents import agent_rows
from contextune.engine.application import Application
from contextune.protocol.ask import advice_markdown, command_text, title_of
from contextune.protocol.convert import reason_text
from contextune.protocol.costs import cost_view
from contextune.protocol.days import day_of, next_day_start, start_of, today
from contextune.protocol.markdown import literal, row
from contextune.protocol.shown import bill_shown
from contextune.protocol.task_words import task_state_text
from contextune.protocol.wording import dollars_text
from contextune.protocol.words import counted, mark, meaning_text, shown, state_text, t

MOST_ROWS = 15
"""Rows of a list in an answer: the views hold them all."""


class Told(NamedTuple):
    """An answer, and commands that follow from it."""

    markdown: str
    steps: tuple[Step, ...] = ()


Answer = Callable[[Application, Path, Sequence[str]], Awaitable[Told]]


async def answer(application: Application, folder: Path, intent: Intent) -> Told:
    """What a command that only reads would show; of another one, what it is. Raises ContextuneError."""
    verb, *rest = intent.arguments
    if intent.only_reads:
        return await ANSWERS[verb](application, folder, rest)
    asks = t("It is priced first, and you are asked before agents begin.") if verb in ("run", "quote") else ""
    return Told(f"{title_of(intent)}: {literal(command_text(intent.arguments))}\n\n{asks}".strip())


async def _skill(application: Application, folder: Path, rest: Sequence[str]) -> Told:
    advice = await application.skills.advise(folder, rest[0] if rest else "intent-recognition")
    return Told(advice_markdown(advice), advice.steps)


async def _worktrees(application: Application, folder: Path, rest: Sequence[str]) -> Told:
    del rest
    return await _skill(application, folder, ("git-worktree-master",))


async def _todos(application: Application, folder: Path, rest: Sequence[str]) -> Told:
    del rest
    found = await application.scan(folder)
    lines = [
        f"- {row(todo.text)} ({row(todo.path)}, {t('line {number}', number=todo.line)})"
        for todo in found[:MOST_ROWS]
    ]
    return Told(_list(counted(len(found), mark("1 Todo."), mark("{count} Todos.")), lines, len(found)))


async def _runs(application: Application, folder: Path, rest: Sequence[str]) -> Told:
    del rest
    runs = await application.runs(folder)
    lines = [
        f"{number}. {row(run.title)} ({state_text(run.state)}, {bill_shown(run.bill)}, {literal(run.id)})"
        for number, run in enumerate(runs[:MOST_ROWS], 1)
    ]
    return Told(_list(_runs_in_all(len(runs)), lines, len(runs)))


def _runs_in_all(count: int) -> str:
    return counted(count, mark("1 Run, newest first."), mark("{count} Runs, newest first."))


async def _show(application: Application, folder: Path, rest: Sequence[str]) -> Told:
    del folder
    run = await application.run(rest[0])
    reason = f" {row(reason_text(run))}" if run.reason else ""
    means = meaning_text(RUN_STATES[run.state])
    head = f"**{row(run.title)}**: {state_text(run.state)}.{reason} {means}"
    return Told(_list(head, [line for task in run.tasks for line in _task(run, task.id)], len(run.tasks)))


def _task(run: Run, task_id: str) -> list[str]:
    task = run.task(task_id)
    said = [f"- {row(task.task.title)}: {task_state_text(run, task)}. {row(shown(task.reason))}".rstrip()]
    if task.question is not None:
        said.append(f"  - {t('It asks: {question}', question=row(shown(task.question.text)))}")
    elif task.awaiting and halted(run, task) is None:
        said.append(f"  - {meaning_text(AWAITING)}")
    elif task.state in ("failed", "skipped"):
        said.append(f"  - {meaning_text(TASK_STATES[task.state])}")
    return said


async def _cost(application: Application, folder: Path, rest: Sequence[str]) -> Told:
    given = dict(zip(rest[::2], rest[1::2], strict=False))
    since = start_of(given["--since"]) if "--since" in given else 0
    until = next_day_start(given["--until"]) if "--until" in given else None
    past = await application.costs(folder, since=since, until=until)
    view = await asyncio.to_thread(cost_view, past, day_of=day_of, today=today())
    lines = [f"- {row(one)}" for one in view.patterns]
    dearest = sorted(view.runs, key=lambda one: -one.bill.dollars)[:3]
    lines += [f"- Run {row(one.title)}: {one.bill.text} ({state_text(one.state)})" for one in dearest]
    lines += [f"- {row(one.sentence)} {one.weekly_text}".rstrip() for one in view.suggestions[:3]]
    return Told(_list(t("**{cost}** was spent.", cost=view.total.text), lines, len(lines)))


async def _agents(application: Application, folder: Path, rest: Sequence[str]) -> Told:
    del rest
    found = await application.agents.roles(folder)
    rows = agent_rows(await application.costs(folder))
    lines = []
    for one in found.by_name.values():
        spent = rows.get(one.name)
        calls = counted(spent.calls, mark("1 call"), mark("{count} calls")) if spent else ""
        cost = f" ({calls}, {dollars_text(spent.dollars)})" if spent else ""
        lines.append(f"- {row(one.name)}, {one.tier}: {row(one.description)}{cost}")
    return Told(_list(counted(len(lines), mark("1 agent."), mark("{count} agents.")), lines, len(lines)))


async def _doctor(application: Application, folder: Path, rest: Sequence[str]) -> Told:
    del rest
    checks = await application.doctor(folder)
    wrong = [one for one in checks if one.state != "ok"]
    lines = [
        f"- {row(shown(one.name))}: {row(shown(one.detail))} {row(shown(one.remedy))}".rstrip()
        for one in wrong
    ]
    head = t("Everything is in order.")
    if wrong:
        head = counted(len(wrong), mark("1 thing to look at."), mark("{count} things to look at."))
    return Told(_list(head, lines, len(lines)))


def _list(head: str, lines: Sequence[str], count: int) -> str:
    more = (
        [f"- {t('and {count} more', count=count - MOST_ROWS)}"]
        if count > MOST_ROWS and len(lines) == MOST_ROWS
        else []
    )
    return "\n".join([head, *([""] if lines else []), *lines, *more])


ANSWERS: dict[str, Answer] = {
    "skills": _skill,
    "worktrees": _worktrees,
    "todos": _todos,
    "runs": _runs,
    "show": _show,
    "cost": _cost,
    "agents": _agents,
    "doctor": _doctor,
}
"""By the verb of a command that only reads."""

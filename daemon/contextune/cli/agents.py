"""`agents`: who works here, on which tier, with which tools, at what cost and success; and one by hand."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from contextune.agents.digest import run_words
from contextune.agents.roles import Role, Roles
from contextune.cli import work
from contextune.cli.issue_by_hand import offer
from contextune.cli.output import Output
from contextune.cli.question import put
from contextune.cli.suite_run import run_tests
from contextune.cli.tables import table, under
from contextune.cli.timing import analyze
from contextune.cli.worktrees import worktrees
from contextune.core.errors import UsageProblem
from contextune.core.plain_text import one_line
from contextune.core.planning.default_plan import slug
from contextune.core.planning.plan import Plan, Task
from contextune.core.role_source import OURS
from contextune.core.spending.agents import AgentRow, agent_rows
from contextune.engine.application import Application
from contextune.engine.forge.drafts import written_issue
from contextune.engine.quotes.quote import QuoteRequest
from contextune.protocol.wording import dollars_text, rung_text

Action = Callable[[Application, Namespace, Output], Awaitable[int]]
ByHand = Callable[[Application, Role, Namespace, Output], Awaitable[int]]

FAILED = 2
TITLE_LIMIT = 80


async def agents(app: Application, given: Namespace, out: Output) -> int:
    """The command, by its action."""
    return await ACTIONS[given.action](app, given, out)


async def _list(app: Application, given: Namespace, out: Output) -> int:
    found = await app.agents.roles(given.path)
    rows = agent_rows(await app.costs(None))
    listed = table("Agent", "Begins on", "Calls", "Cost", "Success", right=(2, 3, 4))
    for one in found.by_name.values():
        row = rows.get(one.name, AgentRow(role=one.name))
        if out.as_json:
            out.line(_as_line(one, row))
            continue
        said = [one.description, f"tools: {', '.join(one.tools) or 'none'}"]
        if one.owner != OURS:
            said.append(f"{'stands in for ours' if one.stands_in else 'joined'}: {one.source}")
        if row.failure:
            said.append(f"fails most often as {row.failure}: {row.outcomes[row.failure]} of {row.judged}")
        listed.add_row(
            under(one.name, said), rung_text(one.rung), f"{row.calls:,}", _cost(row), _success(row)
        )
    out.show(listed)
    _tell_problems(found, out)
    return 0


def _as_line(one: Role, row: AgentRow) -> dict[str, Any]:
    return {
        "name": one.name,
        "description": one.description,
        "tier": one.tier,
        "model": one.rung.model,
        "effort": one.rung.effort,
        "tools": one.tools,
        "owner": one.owner,
        "file": one.source if one.owner != OURS else None,
        "standsIn": one.stands_in,
        "calls": row.calls,
        "errors": row.errors,
        "dollars": str(row.dollars),
        "unpriced": row.unpriced,
        "judged": row.judged,
        "success": None if row.success is None else round(float(row.success), 4),
        "outcomes": row.outcomes,
    }


def _cost(row: AgentRow) -> str:
    if not row.calls:
        return ""
    return dollars_text(row.dollars) + (f" and {row.unpriced} unpriced" if row.unpriced else "")


def _success(row: AgentRow) -> str:
    return "" if row.success is None else f"{row.success:.0%} of {row.judged}"


def _tell_problems(found: Roles, out: Output) -> None:
    for said in found.problems:
        out.note(f"Left out: {said}")


async def _check(app: Application, given: Namespace, out: Output) -> int:
    """Every role's file, or one file or folder; status 2 if one of them is wrong."""
    if given.name is None:
        found = await app.agents.roles(given.path)
        problems, fine = found.problems, [one for one in found.by_name.values() if one.owner != OURS]
    else:
        fine, problems = await app.agents.examine(Path(given.name))
    for one in fine:
        if out.as_json:
            out.line({"file": one.source, "name": one.name, "problem": None})
        out.say(f"{one.source}: {one.name}, {rung_text(one.rung)}, {', '.join(one.tools) or 'no tools'}")
    for said in problems:
        if out.as_json:
            out.line({"file": said.split(":", 1)[0], "name": None, "problem": said})
        out.say(said)
    if not fine and not problems:
        out.say("There are no agents but ours.")
    return FAILED if problems else 0


async def _run(app: Application, given: Namespace, out: Output) -> int:
    if given.name is None:
        raise UsageProblem("NAME: say which agent. `contextune agents` lists them.")
    if not given.path.exists():
        raise UsageProblem(f"--path: {given.path} does not exist. Give a folder of a git repository.")
    who = (await app.agents.roles(given.path)).get(given.name)
    by_hand = BY_HAND.get(who.name, _as_task if who.works else _asked)
    return await by_hand(app, who, given, out)


async def _as_task(app: Application, who: Role, given: Namespace, out: Output) -> int:
    """A Run of one Task: a worktree of its own, a quote before, the Gate after."""
    words = _words(who, given)
    title = one_line(words)[:TITLE_LIMIT]
    task = Task(id=slug(title), title=title, brief=words, role=who.name)
    request = QuoteRequest(folder=given.path, plan=Plan(tasks=(task,)))
    given.agents = 1
    return await work.run(app, given, out, request)


async def _planned(app: Application, who: Role, given: Namespace, out: Output) -> int:
    """The orchestrator's work is a Quote; nothing is started."""
    given.agents = None
    await work.quote(app, given, out, QuoteRequest(folder=given.path, goal=_words(who, given)))
    return 0


async def _coordinated(app: Application, who: Role, given: Namespace, out: Output) -> int:
    """The merge-coordinator is told of a Run; what it advises is for the person to do."""
    run = await app.run(_words(who, given))
    return 1 if await put(app, who, run_words(run), given, out) is None else 0


async def _diagnosed(app: Application, who: Role, given: Namespace, out: Output) -> int:
    """What code finds wrong with worktrees; the agent is asked about what has no name."""
    del who
    given.action, given.ask = "diagnose", True
    return await worktrees(app, given, out)


async def _reported(app: Application, who: Role, given: Namespace, out: Output) -> int:
    """The words of an issue; with --issue it is made, once the person agrees to them."""
    words = _words(who, given)
    answer = await put(app, who, words, given, out)
    if answer is None:
        return 1
    if given.issue and not answer.get("question"):
        return 0 if await offer(app, written_issue(answer, words), given, out) else 1
    return 0


async def _asked(app: Application, who: Role, given: Namespace, out: Output) -> int:
    """One question and its answer, once the person agrees to the price."""
    answer = await put(app, who, _words(who, given), given, out)
    return 1 if answer is None else 0


def _words(who: Role, given: Namespace) -> str:
    if not given.text.strip():
        what = "do" if who.works else "answer"
        raise UsageProblem(f"TEXT: say what {who.name} is to {what}.")
    words: str = given.text
    return words


BY_HAND: dict[str, ByHand] = {
    "orchestrator": _planned,
    "issue-orchestrator": _reported,
    "merge-coordinator": _coordinated,
    "worktree-manager": _diagnosed,
    "test-runner": run_tests,
    "performance-analyzer": analyze,
}
"""Agents that are more than a question: most of what they do is code."""

ACTIONS: dict[str, Action] = {"list": _list, "check": _check, "run": _run}

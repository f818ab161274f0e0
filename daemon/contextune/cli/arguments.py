"""The whole command line as data for argparse. Imports nothing that costs: `--help` answers at once."""

from __future__ import annotations

import argparse
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TypeAlias

from contextune import __version__
from contextune.cli.help_texts import (
    ABOUT,
    AGENTS_HELP,
    COST_HELP,
    COURSES,
    DISCARD_HELP,
    EPILOG,
    GITHUB_HELP,
    MCP_HELP,
    PLAN_HELP,
    RUN_HELP,
)
from contextune.cli.plain_arguments import ASK_HELP, of_ask, of_skills
from contextune.core.errors import UsageProblem
from contextune.core.pool_name import EXPECTED, is_pool

POOL_TEXT = "where commands and tests run: local, ray, or ray://HOST:PORT"

Commands: TypeAlias = "argparse._SubParsersAction[Parser]"


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence and how to get help, with exit status 2."""

    def error(self, message: str) -> None:  # type: ignore[override]
        """Raise a UsageProblem."""
        sentence = message.removeprefix("argument ")
        sentence = sentence[:1].upper() + sentence[1:]
        raise UsageProblem(f"{sentence.rstrip('.')}. See `{self.prog} --help`.")


class _Help(argparse.RawDescriptionHelpFormatter):
    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=28)


def parser() -> Parser:
    """The parser of all commands. The chosen one is `command`."""
    top = Parser(prog="contextune", description=ABOUT, epilog=EPILOG, formatter_class=_Help)
    top.add_argument("--version", action="version", version=f"contextune {__version__}")
    commands: Commands = top.add_subparsers(
        dest="command", metavar="COMMAND", title="commands", parser_class=Parser
    )
    for group in (_work, _look, _steer, _settle, _machine):
        group(commands)
    return top


def _command(
    commands: Commands, name: str, text: str, *, more: str | None = None, json: bool = True
) -> Parser:
    added = commands.add_parser(
        name,
        help=text,
        description=text,
        epilog=more,
        formatter_class=_Help,
    )
    if json:
        added.add_argument("--json", action="store_true", help="print one JSON object a line")
    return added


def _worktrees(commands: Commands) -> None:
    trees = _command(commands, "worktrees", "The worktrees of Tasks, and what is kept of those that went.")
    actions = ("list", "open", "clean", "restore", "diagnose", "mend")
    trees.add_argument("action", nargs="?", choices=actions, default="list")
    trees.add_argument("names", nargs="*", metavar="NAME", help="a Task's id, RUN/TASK, a path, or a ref")
    trees.add_argument("--yes", action="store_true", help="clean, mend: do it, not only tell what")
    trees.add_argument("--older", metavar="AGE", help="clean: Salvages that are older, such as 30d, for good")
    trees.add_argument("--into", type=Path, metavar="DIR", help="restore: a new folder for it")
    trees.add_argument(
        "--ask", action="store_true", help="diagnose, mend: ask an agent about what code has no name for"
    )
    trees.add_argument("--offline", action="store_true", help="--ask: use the offline model")


def _agents(commands: Commands) -> None:
    agents = _command(
        commands, "agents", "The agents: what each does, costs and comes to; one by hand.", more=AGENTS_HELP
    )
    agents.add_argument("action", nargs="?", choices=("list", "check", "run"), default="list")
    agents.add_argument("name", nargs="?", metavar="NAME", help="run: the agent; check: a file or a folder")
    agents.add_argument(
        "text", nargs="?", default="", metavar="TEXT", help="run: what it is to do or answer; a Run"
    )
    how = agents.add_argument_group("run")
    how.add_argument(
        "--path", type=Path, default=Path(), metavar="PATH", help="the repository; this folder if not given"
    )
    how.add_argument("--budget", type=_dollars, metavar="USD", help="the most that it may cost")
    how.add_argument("--gate", metavar="CMD", help="the command that tests; detected if not given")
    how.add_argument("--accept", choices=("none", "merge", "squash"), help="what to do at the end")
    how.add_argument("--repeat", type=_count, metavar="N", help="test-runner: run the tests N times")
    report = "performance-analyzer: write the report as Markdown, to a new file"
    how.add_argument("--output", type=Path, metavar="FILE", help=report)
    how.add_argument("--words", action="store_true", help="have the agent put what code found into words")
    issue = "test-runner, issue-orchestrator: make an issue of it on GitHub, once you agree"
    how.add_argument("--issue", action="store_true", help=issue)
    how.add_argument("--offline", action="store_true", help="use the offline model: scripted, no AI, free")
    how.add_argument("--yes", action="store_true", help="agree to the price, and to the issue")


def _with_path(added: Parser, text: str = "a folder of the repository; this one if none is given") -> None:
    added.add_argument("path", nargs="?", type=Path, default=Path(), metavar="PATH", help=text)


def _with_selection(added: Parser) -> None:
    chosen = added.add_argument_group("what to work on, one of")
    chosen.add_argument(
        "--todo",
        nargs="+",
        action="extend",
        default=[],
        metavar="ID",
        help="these Todos, as `contextune todos` names them",
    )
    chosen.add_argument("--all", action="store_true", help="every Todo below PATH")
    chosen.add_argument("--goal", metavar="TEXT", help="a goal in plain words, in place of Todos")
    chosen.add_argument("--plan", type=Path, metavar="FILE", help="a plan as JSON, in place of the planner")
    how = added.add_argument_group("how")
    how.add_argument("--base", metavar="COMMIT", help="start from this commit, not from what you see")
    how.add_argument("--budget", type=_dollars, metavar="USD", help="the most that the Run may cost")
    how.add_argument("--agents", type=_count, metavar="N", help="agents at the same time")
    how.add_argument("--gate", metavar="CMD", help="the command that accepts a Task; detected if not given")
    how.add_argument("--pool", type=_pool, metavar="POOL", help=POOL_TEXT)
    how.add_argument("--offline", action="store_true", help="use the offline model: scripted, no AI, free")


def _work(commands: Commands) -> None:
    todos = _command(commands, "todos", "List the Todos.")
    _with_path(todos, "a folder or a file; this folder if none is given")
    quote = _command(commands, "quote", "Plan and price, without starting.", more=PLAN_HELP)
    _with_path(quote)
    _with_selection(quote)
    run = _command(
        commands, "run", "Plan, price, and after your consent do the work.", more=RUN_HELP + PLAN_HELP
    )
    _with_path(run)
    _with_selection(run)
    run.add_argument("--accept", choices=("none", "merge", "squash", "pr"), help="what to do at the end")
    run.add_argument("--yes", action="store_true", help="start without asking")


def _look(commands: Commands) -> None:
    _ask(commands)
    runs = _command(commands, "runs", "List the Runs of a repository, newest first.")
    _with_path(runs)
    runs.add_argument("--all", action="store_true", help="those of every repository")
    show = _command(commands, "show", "One Run: Tasks, Evidence, bill.")
    show.add_argument("run", nargs="?", metavar="RUN", help="the newest if none is given")
    show.add_argument("--review", action="store_true", help="the Tasks, riskiest first, with each change")
    show.add_argument("--diff", action="store_true", help="the whole diff as well")
    show.add_argument(
        "--transcript", metavar="TASK", help="only what its agents were told, did, saw and cost"
    )
    show.add_argument(
        "--journal", action="store_true", help="only its events, one JSON object a line, secrets masked"
    )
    _cost(
        _command(commands, "cost", "What was spent, on what, what was saved, what could be.", more=COST_HELP)
    )


def _cost(cost: Parser) -> None:
    text = "a folder of the repository; every repository if none is given"
    cost.add_argument("path", nargs="?", type=Path, metavar="PATH", help=text)
    cost.add_argument("--all", action="store_true", help="every repository, as without PATH")
    cost.add_argument("--since", metavar="DATE", help="from this day on, such as 2026-11-01")
    cost.add_argument("--until", metavar="DATE", help="up to this day, itself included")
    keys = ("day", "run", "role", "model", "repository", "task")
    cost.add_argument("--by", choices=keys, help="only the sums by this")
    cost.add_argument("--compare", nargs=2, metavar=("A", "B"), help="two periods, two Runs or two models")
    cost.add_argument("--csv", action="store_true", help="one row a request, or with --by one a group")


def _ask(commands: Commands) -> None:
    about = "Plain words become a command or an answer; what only reads is done at once."
    of_ask(_command(commands, "ask", about, more=ASK_HELP))
    of_skills(_command(commands, "skills", "What to do in parallel, worktrees, costs, plain words: answers."))


def _steer(commands: Commands) -> None:
    tasks = "TASK is a Task's id, or RUN/TASK where several Runs have one of that name."
    about = "Go on with an interrupted, paused or parked Run, or with a paused Task."
    resume = _command(commands, "resume", about, more=tasks)
    newest = "the newest unfinished Run if none is given"
    resume.add_argument("what", nargs="?", metavar="RUN|TASK", help=newest)
    resume.add_argument("--budget", type=_dollars, metavar="USD", help="a new budget, what is spent included")
    resume.add_argument("--pool", type=_pool, metavar="POOL", help=POOL_TEXT)
    about = "Change a Run's budgets, its number of agents, or where its Tasks begin, while it goes on."
    adjust = _command(commands, "set", about)
    adjust.add_argument("run", metavar="RUN")
    adjust.add_argument("--budget", type=_dollars, metavar="USD", help="in all, what is spent included")
    each = "what each Task may cost before it asks you; one that waits at less goes on"
    adjust.add_argument("--task-budget", type=_dollars, metavar="USD", help=each)
    one = "what one request may cost before its Task asks you"
    adjust.add_argument("--request-budget", type=_dollars, metavar="USD", help=one)
    most = "requests without a price that it may send in all"
    adjust.add_argument("--max-requests", type=_count, metavar="N", help=most)
    adjust.add_argument("--agents", type=_count, metavar="N", help="agents at the same time")
    where = "the place on the ladder, from 0, where Tasks begin that wait for their first agent"
    adjust.add_argument("--rung", type=int, metavar="N", help=where)
    only = "with --rung: these Tasks alone"
    adjust.add_argument("--task", nargs="+", action="extend", default=[], metavar="TASK", help=only)
    about = "Take no further turn on a Run, or on one of its Tasks, until it resumes."
    pause = _command(commands, "pause", about, more=tasks)
    pause.add_argument("what", metavar="RUN|TASK")
    cancel = _command(commands, "cancel", "Stop a Run or a Task for good.", more=tasks)
    cancel.add_argument("what", metavar="RUN|TASK")
    retry = _command(commands, "retry", "Do an ended Task again.", more=tasks)
    retry.add_argument("task", metavar="TASK")
    retry.add_argument("--rung", type=int, metavar="N", help="its place on the ladder, from 0")
    tell = _command(commands, "tell", "Send words that reach a Task's agent with its next turn.", more=tasks)
    tell.add_argument("task", metavar="TASK")
    tell.add_argument("text", metavar="TEXT")
    rebase = _command(commands, "rebase", "Have a Run follow its branch, which has moved since it began.")
    rebase.add_argument("run", metavar="RUN")
    rewind = _command(
        commands, "rewind", "Take a Task back to a turn of its work, and on by other words.", more=tasks
    )
    rewind.add_argument("task", metavar="TASK")
    rewind.add_argument("turn", type=int, metavar="TURN", help="the last turn that stays; 0 for the start")
    rewind.add_argument("text", metavar="TEXT", help="what its agent is told there")
    rewind.add_argument("--attempt", type=int, metavar="N", help="of this attempt; the newest if not given")
    course = _command(
        commands,
        "course",
        "Say what a Task does about others that it overlaps with.",
        more=f"{COURSES}\n{tasks}",
    )
    course.add_argument("task", metavar="TASK")
    course.add_argument("course", choices=("wait", "rebase", "go-on"))
    answer = _command(commands, "answer", "Answer a Task's question.", more=tasks)
    answer.add_argument("task", metavar="TASK")
    answer.add_argument("text", metavar="TEXT", help="the words, or the number of one of the choices")


def _settle(commands: Commands) -> None:
    accept = _command(commands, "accept", "Move your branch once, to the result of a Run.")
    accept.add_argument("run", metavar="RUN")
    how = accept.add_mutually_exclusive_group()
    how.add_argument("--squash", action="store_true", help="one commit in place of one for each Task")
    how.add_argument(
        "--pr", action="store_true", help="push a branch and open a pull request; your branch stays"
    )
    accept.add_argument(
        "--seen",
        action="store_true",
        help="you have looked at files that ask for it, such as CI",
    )
    accept.add_argument(
        "--without", nargs="+", action="extend", default=[], metavar="TASK", help="leave these Tasks out"
    )
    accept.add_argument(
        "--onto-protected",
        action="store_true",
        help="move a protected branch itself, in place of making a branch beside it",
    )
    accept.add_argument(
        "--here", action="store_true", help="onto the branch that is checked out, if the Run began on another"
    )
    undo = _command(commands, "undo", "Move your branch back to where it was before it was accepted.")
    undo.add_argument("run", metavar="RUN")
    discard = _command(
        commands, "discard", "Drop a Run's result, or a change in it; it is kept.", more=DISCARD_HELP
    )
    discard.add_argument("run", metavar="RUN")
    discard.add_argument("change", nargs="*", metavar="CHANGE", help="only these changes of Tasks")
    discard.add_argument(
        "--take-back", nargs="+", default=[], metavar="CHANGE", help="have these in the result again"
    )


def _github(commands: Commands) -> None:
    github = _command(
        commands,
        "github",
        "Send to GitHub what waits, and see what has become of pull requests.",
        more=GITHUB_HELP,
    )
    github.add_argument("run", nargs="?", metavar="RUN", help="all Runs of this repository if none is given")


def _debug_bundle(commands: Commands) -> None:
    bundle = _command(commands, "debug-bundle", "Pack what a bug report needs into a .zip, secrets masked.")
    bundle.add_argument("run", nargs="?", metavar="RUN", help="the three newest if none is given")
    bundle.add_argument("--output", type=Path, metavar="FILE", help="a new file; here if not given")
    bundle.add_argument("--dry-run", action="store_true", help="only list what would be in it")
    bundle.add_argument(
        "--with-content",
        action="store_true",
        help="prompts, replies and output as well, with what they quote of your files",
    )


def _machine(commands: Commands) -> None:
    _worktrees(commands)
    _github(commands)
    _agents(commands)
    _with_path(_command(commands, "doctor", "What is in order, what is missing, and what to do about it."))
    _debug_bundle(commands)
    trust = _command(
        commands,
        "trust",
        "Let a repository's own .contextune.toml name commands, raise the budget and accept.",
    )
    _with_path(trust)
    trust.add_argument(
        "--unfenced",
        metavar="NAME",
        help="instead, let agents run commands without a Fence there; NAME is the name of the folder",
    )
    trust.add_argument("--revoke", action="store_true", help="trust it no longer")
    demo = _command(commands, "demo", "The main job end to end on a real project, with the offline model.")
    demo.add_argument("--into", type=Path, default=Path(".demo"), metavar="DIR", help="where to work")
    demo.add_argument("--sample", choices=("boltons", "parcel"), default="boltons", help="which project")
    demo.add_argument("--prepare", action="store_true", help="only make the repository")
    bench = _command(commands, "bench", "Measure, and compare in the same run; spends nothing.")
    bench.add_argument("suite", nargs="?", default="all", metavar="SUITE", help="one suite, or all")
    bench.add_argument("--full", action="store_true", help="with all: no fewer draws than a suite alone has")
    serve = _command(commands, "serve", "The language server, for editors.", json=False)
    how = serve.add_mutually_exclusive_group()
    how.add_argument("--stdio", action="store_true", help="over stdin and stdout (default)")
    how.add_argument("--socket", type=_port, metavar="PORT", help="over a TCP port of this machine")
    _mcp(commands)
    offline = _command(
        commands, "offline-model", "A server of the Messages API that plays scripts and is no AI.", json=False
    )
    offline.add_argument("--port", type=_port, default=0, metavar="N", help="any free one if not given")
    offline.add_argument(
        "--script", type=Path, action="append", default=[], metavar="FILE", help="a script; may be repeated"
    )
    offline.add_argument("--log", type=Path, metavar="FILE", help="write each request as a JSON line")


def _mcp(commands: Commands) -> None:
    text = "The tools for other agents: a Model Context Protocol server over stdio."
    door = _command(commands, "mcp", text, more=MCP_HELP, json=False)
    _with_path(door)
    door.add_argument("--offline", action="store_true", help="use the offline model: scripted, no AI, free")


def _dollars(text: str) -> Decimal:
    try:
        amount = Decimal(text.removeprefix("$"))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount < 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no amount of dollars, such as 0.50")
    return amount


def _count(text: str) -> int:
    return _whole(text, 1, 100, "expected a whole number from 1 to 100")


def _pool(text: str) -> str:
    if not is_pool(text):
        raise argparse.ArgumentTypeError(EXPECTED)
    return text


def _port(text: str) -> int:
    return _whole(text, 0, 65_535, "expected a port, 0 to 65535")


def _whole(text: str, least: int, most: int, expected: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = least - 1
    if not least <= number <= most:
        raise argparse.ArgumentTypeError(f"{text!r}: {expected}")
    return number

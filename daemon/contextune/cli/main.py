"""The `contextune` command: reads the arguments and hands over to one function a command."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TypeAlias

from contextune import __version__
from contextune.core.errors import ContextuneError, UsageProblem

INTERRUPTED = 130

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence and how to get help, with exit status 2."""

    def error(self, message: str) -> None:  # type: ignore[override]
        """Raise a UsageProblem."""
        raise UsageProblem(f"{message}. See `{self.prog} --help`.")


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = _Parser(prog="contextune", description="Turns TODO comments into finished, tested, merged work.")
    top.add_argument("--version", action="version", version=f"contextune {__version__}")
    commands: Commands = top.add_subparsers(dest="command", metavar="COMMAND")
    for group in (_work, _runs, _steering, _machine):
        group(commands)
    return top


def _command(commands: Commands, name: str, text: str, *, json: bool = True) -> argparse.ArgumentParser:
    added = commands.add_parser(name, help=text, description=text)
    if json:
        added.add_argument("--json", action="store_true", help="one JSON object a line on stdout")
    return added


def _with_path(added: argparse.ArgumentParser) -> None:
    added.add_argument("path", nargs="?", type=Path, default=Path(), metavar="PATH")


def _with_selection(added: argparse.ArgumentParser) -> None:
    chosen = added.add_mutually_exclusive_group()
    chosen.add_argument("--todo", nargs="+", default=[], metavar="ID", help="these Todos")
    chosen.add_argument("--all", action="store_true", help="every Todo")
    chosen.add_argument("--goal", metavar="TEXT", help="a goal in plain words")
    added.add_argument("--base", metavar="COMMIT", help="start from this commit, not from what you see")
    added.add_argument("--budget", type=_dollars, metavar="USD", help="the most that the Run may cost")
    added.add_argument("--agents", type=int, metavar="N", help="agents at the same time")
    added.add_argument("--gate", metavar="CMD", help="the command that accepts a Task")
    added.add_argument("--offline", action="store_true", help="the offline model: scripted, no AI, free")


def _work(commands: Commands) -> None:
    _with_path(_command(commands, "todos", "List the Todos."))
    quote = _command(commands, "quote", "Plan and price, without starting.")
    _with_path(quote)
    _with_selection(quote)
    run = _command(commands, "run", "Plan, price, and after your consent do the work.")
    _with_path(run)
    _with_selection(run)
    run.add_argument("--plan", type=Path, metavar="FILE", help="a plan as JSON, in place of the planner")
    run.add_argument("--accept", choices=("none", "merge", "squash", "pr"), help="what to do at the end")
    run.add_argument("--yes", action="store_true", help="start without asking")


def _runs(commands: Commands) -> None:
    _with_path(_command(commands, "runs", "List the Runs."))
    show = _command(commands, "show", "One Run: Tasks, Evidence, bill.")
    show.add_argument("run", metavar="RUN")
    show.add_argument("--diff", action="store_true", help="the whole diff as well")
    resume = _command(commands, "resume", "Go on with an interrupted, paused or parked Run.")
    resume.add_argument("run", nargs="?", metavar="RUN")
    resume.add_argument("--budget", type=_dollars, metavar="USD", help="a new budget")
    for name, text in (
        ("pause", "Take no further turn until the Run resumes."),
        ("undo", "Move your branch back to where it was before Accept."),
        ("discard", "Drop a Run's result; Salvage refs keep it."),
    ):
        _command(commands, name, text).add_argument("run", metavar="RUN")
    accept = _command(commands, "accept", "Move your branch once, to the result of a Run.")
    accept.add_argument("run", metavar="RUN")
    accept.add_argument("--squash", action="store_true", help="one commit in place of one for each Task")


def _steering(commands: Commands) -> None:
    _command(commands, "cancel", "Stop a Run or a Task.").add_argument("what", metavar="RUN|TASK")
    _command(commands, "retry", "Do an ended Task again.").add_argument("task", metavar="TASK")
    for name, text in (
        ("tell", "Words that reach a Task's agent with its next turn."),
        ("answer", "Answer a Task's question."),
    ):
        added = _command(commands, name, text)
        added.add_argument("task", metavar="TASK")
        added.add_argument("text", metavar="TEXT")


def _machine(commands: Commands) -> None:
    serve = _command(commands, "serve", "The language server.", json=False)
    how = serve.add_mutually_exclusive_group()
    how.add_argument("--stdio", action="store_true", help="over stdin and stdout (default)")
    how.add_argument("--socket", type=int, metavar="PORT", help="over a TCP port of this machine")
    cost = _command(commands, "cost", "What was spent.")
    cost.add_argument("--since", metavar="DATE", help="such as 2026-11-01")
    trees = _command(commands, "worktrees", "The worktrees of Tasks.")
    trees.add_argument("action", nargs="?", choices=("list", "clean"), default="list")
    trees.add_argument("--yes", action="store_true", help="clean: remove, not only tell")
    _command(commands, "agents", "The roles and what they may do.")
    _with_path(_command(commands, "doctor", "What is in order and what is missing."))
    demo = _command(commands, "demo", "The main job end to end on a real project, with the offline model.")
    demo.add_argument("--into", type=Path, default=Path(".demo"), metavar="DIR", help="where to work")
    demo.add_argument("--sample", choices=("boltons", "parcel"), default="boltons", help="which project")
    demo.add_argument("--prepare", action="store_true", help="only make the repository")
    offline = _command(commands, "offline-model", "A scripted Messages API server, no AI.", json=False)
    offline.add_argument("--port", type=int, default=0, metavar="N")
    offline.add_argument("--script", type=Path, action="append", default=[], metavar="FILE")
    offline.add_argument("--log", type=Path, metavar="FILE", help="each request as a JSON line")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit status: 0 done, 1 failed, 2 usage, 3 budget, 4 environment."""
    try:
        given = parser().parse_args(argv)
        if given.command is None:
            parser().print_help()
            return 2
        return _dispatch(given)
    except ContextuneError as problem:
        sys.stderr.write(f"contextune: {problem}\n")
        return problem.exit_status
    except KeyboardInterrupt:
        sys.stderr.write("contextune: interrupted. `contextune resume` goes on.\n")
        return INTERRUPTED
    except BrokenPipeError:
        return 0


def _dispatch(given: argparse.Namespace) -> int:
    # Each module is imported when its command is called: `--version` and `--help` answer at once.
    if given.command == "serve":
        from contextune.server.server import serve_socket, serve_stdio

        return serve_stdio() if given.socket is None else serve_socket(given.socket)
    if given.command == "offline-model":
        from contextune.offline.server import serve

        asyncio.run(serve(given.port, given.script, given.log))
        return 0
    if given.command == "demo":
        from contextune.cli.demo import demo

        return asyncio.run(demo(given))
    from contextune.cli.commands import COMMANDS

    return asyncio.run(COMMANDS[given.command](given))


def _dollars(text: str) -> Decimal:
    try:
        amount = Decimal(text.removeprefix("$"))
    except InvalidOperation:
        raise argparse.ArgumentTypeError(f"{text!r} is no amount of dollars, such as 0.50") from None
    if not amount.is_finite() or amount < 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no amount of dollars, such as 0.50")
    return amount


if __name__ == "__main__":
    raise SystemExit(main())

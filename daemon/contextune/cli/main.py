"""The `contextune` command: reads the arguments and hands over to one function a command."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Coroutine, Sequence
from typing import Any

from contextune.cli.arguments import parser
from contextune.core.errors import ContextuneError, UsageProblem
from contextune.core.plain_text import plain

FAILED, USAGE, INTERRUPTED = 1, 2, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Returns its exit status; `contextune --help` lists them."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # What a terminal cannot show is spelled out; it never ends a command.
            stream.reconfigure(errors="backslashreplace")
    try:
        given = parser().parse_args(argv)
        if given.command is None:
            parser().print_help()
            return USAGE
        return _dispatch(given)
    except ContextuneError as problem:
        return _fail(str(problem), problem.exit_status)
    except KeyboardInterrupt:
        return _fail("interrupted.", INTERRUPTED)
    except BrokenPipeError:
        from contextune.cli.output import silence

        silence()  # the reader has gone, as `head` does
        return 0
    except OSError as problem:
        where = f"{problem.filename}: " if problem.filename else ""
        return _fail(f"{where}{problem.strerror or problem}.", FAILED)


def _dispatch(given: Namespace) -> int:
    # Each module is imported when its command is called: `--version` and `--help` answer at once.
    if given.command == "serve":
        from contextune.server.server import serve_socket, serve_stdio

        return serve_stdio() if given.socket is None else serve_socket(given.socket)
    if given.command == "offline-model":
        return _until_done(_offline_model(given))
    if given.command == "demo":
        from contextune.cli.demo import demo

        return _until_done(demo(given))
    if given.command == "bench":
        from contextune.cli.bench import bench

        return _until_done(bench(given))
    if given.command == "mcp":
        return _until_done(_mcp(given))
    from contextune.cli.commands import COMMANDS

    return _until_done(COMMANDS[given.command](given))


async def _offline_model(given: Namespace) -> int:
    import asyncio

    from contextune.offline.script import BadScript
    from contextune.offline.server import serve

    try:
        await serve(given.port, given.script, given.log)
    except BadScript as problem:
        raise UsageProblem(f"--script: {problem}.") from None
    except asyncio.CancelledError:
        pass  # the one way in which a server ends
    return 0


async def _mcp(given: Namespace) -> int:
    if not given.path.exists():
        raise UsageProblem(f"PATH: {given.path} does not exist. Give a folder of a git repository.")
    from contextune.mcp.server import serve

    return await serve(given.path, offline=given.offline)


def _until_done(work: Coroutine[Any, Any, int]) -> int:
    """Run a command. Ctrl-C, a closed terminal and SIGTERM all stop it in order, once."""
    import asyncio
    import signal

    def heard(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        # Where several Tasks met the same problem, such as a full disk, one has said it for all.
        if not isinstance(context.get("exception"), ContextuneError):
            loop.default_exception_handler(context)

    async def stoppable() -> int:
        loop, this = asyncio.get_running_loop(), asyncio.current_task()
        loop.set_exception_handler(heard)
        if this is not None:
            for sign in (signal.SIGTERM, signal.SIGHUP):
                loop.add_signal_handler(sign, this.cancel)
        return await work

    try:
        return asyncio.run(stoppable())
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


def _fail(sentence: str, status: int) -> int:
    sys.stderr.write(f"contextune: {plain(sentence)}\n")
    return status


if __name__ == "__main__":
    raise SystemExit(main())

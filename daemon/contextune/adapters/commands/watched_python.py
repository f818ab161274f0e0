"""Copied into a worktree as `sitecustomize`, it notes which changed statements of Python files are run.

It stands alone and works with every Python from 3.8 on. Changed files are compiled with a call before each
changed statement; all others are left as they are, so that tests run as fast as ever, and tracers of the
project's own, such as coverage.py, see what they always see.
"""

from __future__ import annotations

import ast
import builtins
import importlib.machinery
import importlib.util
import json
import os
import sys
from types import CodeType
from typing import Any

NAME = "__contextune_ran__"
HERE = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 — this runs in every Python of a test
ROOT = os.path.realpath(os.path.dirname(HERE))  # noqa: PTH120
ISOLATED = ("-I", "-E", "-S")


def _begin() -> None:
    with open(os.path.join(HERE, "wanted.json"), encoding="utf-8") as file:  # noqa: PTH118, PTH123
        wanted = {os.path.join(ROOT, path): frozenset(lines) for path, lines in json.load(file).items()}  # noqa: PTH118
    log = os.path.join(HERE, "python.log")  # noqa: PTH118
    noted = set()

    def note(*words: object) -> None:
        if words in noted:
            return
        noted.add(words)
        # Opened anew each time: tests fork, close what is open, and end without a word.
        handle = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(handle, (json.dumps(words) + "\n").encode())
        finally:
            os.close(handle)

    setattr(builtins, NAME, lambda path, line: note("ran", path, line))
    _mark_on_import(wanted)
    sys.addaudithook(_Hook(wanted, note))


class _Hook:
    """Notes which files of the repository are run, and which changed ones unmarked."""

    def __init__(self, wanted: dict[str, frozenset[int]], note: Any) -> None:
        self._wanted = wanted
        self._note = note

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        try:
            if event == "exec":
                self._run(arguments[0])
            elif event == "cpython.run_file":
                self._file(os.path.realpath(os.fsdecode(arguments[0])), marked=False)
            elif event == "subprocess.Popen":
                self._started(arguments[0] or arguments[1][0], arguments[1], arguments[3])
        except Exception:  # noqa: BLE001 — a test must not fail for being watched
            return

    def _run(self, code: Any) -> None:
        if isinstance(code, CodeType) and code.co_filename.endswith(".py"):
            self._file(os.path.realpath(code.co_filename), marked=NAME in code.co_names)

    def _file(self, path: str, *, marked: bool) -> None:
        if path.startswith(ROOT + os.sep):
            self._note("file", path[len(ROOT) + 1 :])
            if path in self._wanted and not marked:
                self._note("blind", path[len(ROOT) + 1 :])

    def _started(self, program: Any, arguments: Any, environment: Any) -> None:
        """A process that is started without what brings this module to it escapes, unless it is git."""
        given = environment is None or HERE in str(environment.get("PYTHONPATH", ""))
        isolated = not isinstance(arguments, str | bytes) and any(one in ISOLATED for one in arguments)
        if (not given or isolated) and os.path.basename(os.fsdecode(program)) != "git":  # noqa: PTH119
            self._note("escaped")


def _mark_on_import(wanted: dict[str, frozenset[int]]) -> None:
    loader = importlib.machinery.SourceFileLoader
    original = loader.get_code

    def get_code(self: importlib.machinery.SourceFileLoader, fullname: str) -> CodeType | None:
        path = os.path.realpath(self.get_filename(fullname))
        if path in wanted:
            try:
                return _marked(self.get_data(path), self.get_filename(fullname), path, wanted[path])
            except Exception:  # noqa: BLE001 — then it is run unmarked, and noted so
                return original(self, fullname)
        return original(self, fullname)

    loader.get_code = get_code  # type: ignore[method-assign, assignment]


def _marked(source: bytes, filename: str, path: str, lines: frozenset[int]) -> CodeType:
    module = ast.parse(source, filename)
    short = path[len(ROOT) + 1 :]
    for node in ast.walk(module):
        for field in ("body", "orelse", "finalbody"):
            body = getattr(node, field, None)
            if isinstance(body, list):
                setattr(node, field, [new for old in body for new in _with_mark(old, short, lines)])
    at = next((i for i, one in enumerate(module.body) if not _stays_first(one)), len(module.body))
    module.body[at:at] = [_mark(module.body[max(at - 1, 0)], short, 0)] if module.body else []
    code: CodeType = compile(ast.fix_missing_locations(module), filename, "exec", dont_inherit=True)
    return code


def _with_mark(statement: ast.stmt, path: str, lines: frozenset[int]) -> list[ast.stmt]:
    is_wanted = isinstance(statement, ast.stmt) and statement.lineno in lines
    if not is_wanted or _stays_first(statement):
        return [statement]
    return [_mark(statement, path, statement.lineno), statement]


def _stays_first(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.ImportFrom):
        return statement.module == "__future__"
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _mark(near: ast.stmt, path: str, line: int) -> ast.stmt:
    call = ast.Call(
        func=ast.Name(id=NAME, ctx=ast.Load()),
        args=[ast.Constant(value=path), ast.Constant(value=line)],
        keywords=[],
    )
    marked = ast.copy_location(ast.Expr(value=call), near)
    marked.end_lineno, marked.end_col_offset = marked.lineno, marked.col_offset
    return marked


def _hand_on() -> None:
    """Run the `sitecustomize` that this one stands before, and leave no trace on `sys.path`."""
    sys.path[:] = [entry for entry in sys.path if os.path.realpath(entry or ".") != os.path.realpath(HERE)]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", sys.path)
    if spec is not None and spec.loader is not None:
        module = importlib.util.module_from_spec(spec)
        sys.modules["sitecustomize"] = module
        spec.loader.exec_module(module)


if os.path.isfile(os.path.join(HERE, "wanted.json")):  # noqa: PTH113, PTH118
    try:  # noqa: SIM105
        _begin()
    except Exception:  # noqa: BLE001, S110 — nothing is known then, and nothing is claimed
        pass
    _hand_on()

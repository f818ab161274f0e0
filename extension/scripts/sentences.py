"""Prints, as JSON, what the daemon says below the layers that show it: problems, checks, stages.

Each is a template with numbered places, `{0}`, read off the f-string that makes it; for `npm run generate`.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

PROBLEMS = re.compile(r"(?:\w+Problem|NothingToDo|ContextuneError|BudgetReached|KeyRefused|ModelRefusal)")
"""Errors whose words a person reads; a ToolProblem is an agent's to read."""

ADAPTERS = ("git", "files", "forge", "journal", "machine", "models", "source")
FOR_PEOPLE = ("core", "engine", "server", *(f"adapters/{name}" for name in ADAPTERS))
"""Folders whose problems reach an editor."""

TELLING = (
    *("core/worktrees/findings", "core/overlap/overlaps", "core/planning/quote"),
    *("core/overlap/moved", "core/planning/rearranged", "core/planning/split"),
    *("engine/desk/doctor", "engine/quotes/quote"),
    *("core/runs/held", "core/runs/ladder", "core/runs/merged", "core/runs/unproved"),
    *("core/routing/router", "core/timing/comparison", "core/allow_list", "core/overlap/semantic_overlap"),
    *("engine/attempts/allowance", "engine/desk/ask_desk", "engine/desk/worktree_desk", "engine/drive/*"),
    *("engine/forge/forging", "engine/forge/writing", "engine/integration/*", "engine/money/*"),
    *("engine/proof/gate", "engine/quotes/planning", "engine/radar/comparing", "engine/runs/drives"),
    *("engine/runs/rewinding", "engine/surroundings/*", "engine/tasks/*", "engine/worktrees/room"),
)
"""Modules of which every whole sentence is for people, however it gets there."""

CLAUSES = re.compile(r"\S.* .*\S", re.DOTALL)
"""What counts in modules whose words stand beside the name of what they are about, or below each other."""

IN_CLAUSES = (
    *("engine/desk/doctor", "core/runs/bounced", "core/runs/forge_text", "core/worktrees/checkout_look"),
    *("core/advice/*", "core/spending/*_advice", "core/spending/suggestion"),
    *("core/spending/comparison", "core/spending/wording"),
)
"""Modules of which clauses are told, too."""

ROWS = re.compile(r"(?:[a-z]|\{0\} )[^`]* [^`]*[^.`:]", re.DOTALL)
"""What counts in modules whose sentences are for who reads the source, and whose clauses for people."""

IN_ROWS = ("core/runs/amendments", "core/runs/review", "core/proof/flags", "core/timing/phases")
"""Modules of which only clauses are told."""

SENTENCE = re.compile(r"(?:[A-Z“]|\{0\} ).* .*\.", re.DOTALL)

ENOUGH = 8
"""Letters from which on a template can be told from other text."""


def texts(package: Path) -> Iterator[str]:
    """Every template, as often as it is made."""
    for folder in FOR_PEOPLE:
        for file in sorted((package / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call):
                    for made in _made(node):
                        yield from _templates(made)


def told(package: Path) -> Iterator[str]:
    """Every whole sentence of the modules that tell, their docstrings apart."""
    patterns = {
        file: whole
        for modules, whole in ((TELLING, SENTENCE), (IN_CLAUSES, CLAUSES), (IN_ROWS, ROWS))
        for module in modules
        for file in sorted(package.glob(f"{module}.py"))
    }
    for file, whole in patterns.items():
        tree = ast.parse(file.read_text(encoding="utf-8"))
        nodes = list(ast.walk(tree))
        inner = {id(part) for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values}
        notes = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
        notes |= {id(node.args[1]) for node in nodes if isinstance(node, ast.Call) and any(_counted(node))}
        for node in nodes:
            if isinstance(node, ast.Constant | ast.JoinedStr) and id(node) not in inner | notes:
                yield from filter(whole.fullmatch, map(str.strip, _templates(node)))
            elif isinstance(node, ast.Call):
                yield from _counted(node)


def _counted(call: ast.Call) -> Iterator[str]:
    """What a call counts, for one and for many."""
    match call:
        case ast.Call(func=ast.Name(id="count_text" | "_count"), args=[_, ast.Constant(value=str(noun))]):
            yield from (f"1 {noun}", f"{{0}} {noun}s")


def _made(call: ast.Call) -> Iterator[ast.expr]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if PROBLEMS.fullmatch(name) and name != "ToolProblem":
        yield from call.args[:1]
    elif name == "Check":
        yield from (word.value for word in call.keywords if word.arg in {"name", "detail", "remedy"})
    elif name == "_stage":
        yield from call.args[:1]
    elif name == "Kind":
        yield from call.args[1:2]


def _templates(made: ast.expr) -> Iterator[str]:
    match made:
        case ast.Constant(value=str(text)):
            template = text
        case ast.JoinedStr(values=values):
            template, places = "", 0
            for part in values:
                if isinstance(part, ast.Constant):
                    template += str(part.value)
                else:
                    template += f"{{{places}}}"
                    places += 1
        case ast.IfExp(body=one, orelse=other):
            yield from _templates(one)
            yield from _templates(other)
            return
        case _:
            return
    if not re.search("[A-Za-z]", template):
        return
    if "{0}" not in template or len(re.findall(r"[A-Za-z]", re.sub(r"\{\d+\}", "", template))) >= ENOUGH:
        yield template


def main() -> int:
    """Print them in order, each once."""
    package = Path(sys.argv[1])
    found = sorted({*texts(package), *told(package)} - {""})
    sys.stdout.write(json.dumps({text: text for text in found}, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""What people read in an editor is said by way of its language: nothing of ours is in English alone."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

import contextune
from contextune.core.advice.advice import Advice
from contextune.core.advice.asking import asking_advice
from contextune.core.advice.parallel import ParallelFacts, parallel_advice
from contextune.core.advice.tuning import tuning_advice
from contextune.core.advice.upkeep import worktree_advice
from contextune.core.model.money import PriceRange
from contextune.core.planning.plan import Plan
from contextune.core.runs.ladder import PINNED
from contextune.core.spending.agents import AgentRow
from contextune.core.timing.comparison import compared
from contextune.core.timing.phases import Phase, PhaseName, RunTiming
from contextune.protocol.ask import action_view
from contextune.protocol.convert import quote_view, run_view
from contextune.protocol.costs import cost_view
from contextune.protocol.dashboard import dashboard_view
from contextune.protocol.meter import meter_view
from contextune.protocol.words import ENGLISH, shown, speak
from tests.brackets import bracketed, outside, untranslated
from tests.core import past as p
from tests.protocol import samples

PACKAGE = Path(contextune.__file__).parent


@pytest.fixture(autouse=True)
def _brackets() -> Iterator[None]:
    speak(bracketed())
    yield
    speak(ENGLISH)


def test_a_run_and_its_quote_are_told_in_the_editors_language() -> None:
    run = samples.reviewed()
    assert untranslated(run_view(run)) == []
    assert untranslated(quote_view(run.quote)) == []
    assert untranslated(meter_view([run], run.bill, offline=False)) == []
    assert shown(PINNED) == f"⟦{PINNED}⟧"


def test_costs_and_the_dashboard_are_told_in_the_editors_language() -> None:
    entries = [p.planned("r_1", "0.05"), p.planned("r_never", "0.01"), p.entry("r_1", expired=1_000)]
    climbed = [p.record(p.step(p.LOW, "red", "0.01"), p.step(p.HIGH, "green", "0.02")) for _ in range(30)]
    made = p.past(entries, [p.created(), *p.joined()], climbed)
    assert untranslated(cost_view(made, day_of=lambda _: "2026-11-22", today="2026-11-22")) == []
    assert untranslated(dashboard_view(made, "all", "2026-11-22")) == []


def _advice() -> Iterator[Advice]:
    yield asking_advice()
    todos = (p.a_task("a", 2), p.a_task("b", after=("a",)), p.a_task("c"))
    unpriced = PriceRange(low=None, likely=None, high=None, at_sonnet=None)
    for tasks in ((), todos[:1], todos, todos[::2]):
        prices = (p.PRICE, unpriced, p.PRICE)[: len(tasks)]
        facts = ParallelFacts(
            plan=Plan(tasks=tasks), overlaps=(), prices=prices, price=p.PRICE, left_out=len(tasks) // 3
        )
        yield parallel_advice(facts)
    took: tuple[tuple[PhaseName, int], ...] = (("model", 9_000), ("gate", 4_000), ("review", 5_000))
    phases = tuple(
        Phase(name=name, total_ms=ms, count=1, longest_ms=ms, longest_of=None) for name, ms in took
    )
    timing = RunTiming(
        run_id="r_1", title="Parcel", at=1, offline=False, tasks=2, wall_ms=12_000, phases=phases
    )
    faster = RunTiming(
        run_id="r_0", title="Parcel", at=0, offline=False, tasks=2, wall_ms=2_000, phases=phases[:1]
    )
    agents = (
        AgentRow(role="orchestrator", calls=1, dollars=Decimal("0.02")),
        AgentRow(role="parallel-task-executor", calls=3, dollars=Decimal("0.01"), judged=2, good=1),
    )
    yield tuning_advice(None, (), ())
    yield tuning_advice(compared(timing, ()), (), agents)
    yield tuning_advice(compared(timing, (faster,)), (), agents)
    yield worktree_advice((), ())


def test_what_skills_say_is_told_in_the_editors_language() -> None:
    for advice in _advice():
        said = [advice.summary, *(step.title for step in advice.steps)]
        for point in advice.points:
            said += [point.text, *point.details]
        # What stands in quotation marks is to be said as it is: the rules read English.
        told = [re.sub(r"“[^”]*”", "", outside(shown(text))) for text in said]
        assert [text for text in told if re.search(r"[a-z]{2,} [a-z]{2,}", text)] == [], advice.skill
        for step in advice.steps:
            action = action_view(step.title, step.arguments, "/code")
            assert action is None or action.title.startswith("⟦")


SPOKEN = re.compile(r"t|mark|shown|StateWords|counted|spoken")
UNSEEN = re.compile(r".*(?:Problem|Error|Exception)|info|warning|debug|error|compile|getLogger|Literal")
"""Calls whose words are problems, which the catalogue of sentences has, or nobody's to read."""
WORDS = re.compile(r"[A-Za-z]{2,}[ ,:]+[a-z]{2,}")
WITHOUT = {
    "protocol/generate.py": "what developers read",
    "protocol/methods.py": "what developers read",
    "protocol/compared.py": "part of a problem",
    "server/envelope.py": "of a client that does not speak JSON-RPC",
    "server/frames.py": "of a client that does not speak JSON-RPC",
    "server/hello.py": "of a client that does not speak LSP",
    "server/pipes.py": "for the log: there is nobody left who reads",
    "server/protocol.py": "of a client that asks too much at a time",
    "server/server.py": "on the console of who starts it",
    "server/flow.py": "a command of git",
}


def _bare(file: Path) -> Iterator[str]:
    """The words of a module that are not said by way of a language."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    known: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            known.add(id(node.value))
        elif isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if SPOKEN.fullmatch(name) or UNSEEN.fullmatch(name):
                known.update(id(part) for part in ast.walk(node))
        elif isinstance(node, ast.Subscript | ast.Raise):
            known.update(id(part) for part in ast.walk(node))
    for node in ast.walk(tree):
        text = node.value if isinstance(node, ast.Constant) and id(node) not in known else None
        if isinstance(text, str) and WORDS.search(text):
            yield f"{file.relative_to(PACKAGE).as_posix()}: {text}"


def test_every_word_of_the_layers_that_show_is_said_by_way_of_a_language() -> None:
    files = [file for folder in ("protocol", "server") for file in sorted((PACKAGE / folder).rglob("*.py"))]
    shown_ones = [file for file in files if file.relative_to(PACKAGE).as_posix() not in WITHOUT]
    assert [words for file in shown_ones for words in _bare(file)] == []
    assert [name for name in WITHOUT if not any(_bare(PACKAGE / name))] == [], "no longer needed"

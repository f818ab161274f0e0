"""Puts labelled words that rules leave alone to intent-recognition, and grades what it reads out of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from contextune.agents import errand
from contextune.agents.intent_recognition import ROLE, Reading, reading_of
from contextune.core.errors import ContextuneError
from contextune.core.language.kinds import intent_for
from contextune.core.language.rules import intent_of, is_negated
from contextune.engine.desk.questions import Questions
from contextune.engine.repositories.places import Places
from contextune.engine.surroundings.world import World
from tests.core.language.test_rules import PARTS, TODAY, is_right, rows

FIGURES = "<!-- words: written by the live tests -->"
"""What stands between it and the next mark on the page is replaced by each measurement."""


class Graded(NamedTuple):
    """One phrase."""

    label: str
    words: str
    read: str
    """right, offered (the right one is among choices), left alone, wrong, or why there is no answer."""
    started: bool
    """Whether a command that spends or changes was read, for certain, out of words that ask for none."""


class Recognised(NamedTuple):
    """One measurement."""

    day: str
    model: str
    graded: tuple[Graded, ...]
    dollars: Decimal

    def count(self, *read: str) -> int:
        """How many phrases came to one of these."""
        return sum(one.read in read for one in self.graded)


def left_by_rules() -> list[tuple[str, str]]:
    """Labels and phrases of the tables in which rules read nothing."""
    return [row for part in PARTS for row in rows(part) if intent_of(row[1], TODAY) is None]


async def measure(
    world: World,
    root: Path,
    phrases: Sequence[tuple[str, str]],
    *,
    day: str,
    budget: Decimal,
    overrides: Mapping[str, Any] = {},
) -> Recognised:
    """Ask about each phrase until the budget, in dollars, might not suffice for one more."""
    places = Places(world)
    questions = Questions(world, places, kind="i", budget=None)
    who = (await world.roles(root)).get(ROLE)
    most = world.settings.load(root, overrides).ask_budget
    graded: list[Graded] = []
    spent = Decimal(0)
    for label, words in phrases:
        if spent + most > budget:
            break
        async with questions.asking(root, ROLE, overrides) as asking:
            try:
                reading = reading_of(await errand.ask(who, words, send=asking.send), words)
                graded.append(grade(label, words, reading))
            except ContextuneError as problem:
                graded.append(Graded(label, words, f"no answer: {problem}", started=False))
            spent += asking.account.bill.dollars
    return Recognised(day, who.rung.model, tuple(graded), spent)


def grade(label: str, words: str, reading: Reading) -> Graded:
    """What a reading is worth. Words that forbid something are never followed without a choice."""
    found = [intent for wish in reading.wishes if (intent := intent_for(wish, TODAY)) is not None]
    sure = reading.sure and not is_negated(words)
    fits = [intent for intent in found if label != "none" and is_right(label, intent.arguments, words)]
    if label == "none":
        read = "wrong" if found and sure else "right"
    elif not found:
        read = "left alone"
    elif fits:
        read = "right" if sure else "offered"
    else:
        read = "wrong" if sure else "left alone"
    return Graded(label, words, read, started=read == "wrong" and not found[0].only_reads)


def written(page: str, measured: Recognised) -> str:
    """The page with these figures in place of those below the mark."""
    head, mark, rest = page.partition(FIGURES)
    if not mark:
        raise ValueError(f"expected a line {FIGURES!r}")
    below = rest.find("\n## ")
    wrong = [one for one in measured.graded if one.read not in ("right", "offered", "left alone")]
    started = sum(one.started for one in measured.graded)
    lines = [
        f"{head}{FIGURES}",
        "",
        f"Measured on {measured.day} with {measured.model}: of {len(measured.graded)} phrases "
        f"{measured.count('right')} right, {measured.count('offered')} with the right one among the choices, "
        f"{measured.count('left alone')} left alone, {len(wrong)} wrong or without an answer. "
        f"{started} would have proposed a command that spends or changes, "
        f"though the words ask for another or none. ${measured.dollars:.4f}.",
        "",
        *(f"- {one.words}: {one.read}, expected {one.label}" for one in wrong),
        *([""] if wrong else []),
    ]
    return "\n".join(lines) + (rest[below:] if below >= 0 else "")

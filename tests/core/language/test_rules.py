"""What plain words stand for, on phrasings that the rules were not written from."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from time import perf_counter

import pytest

from contextune.core.language.intent import Days
from contextune.core.language.kinds import KINDS
from contextune.core.language.rules import intent_of

TODAY = Days(today="2026-11-27", yesterday="2026-11-26", monday="2026-11-23", first="2026-11-01")
SINCE = {
    "yesterday": ("--since", "2026-11-26", "--until", "2026-11-26"),
    "today": ("--since", "2026-11-27"),
    "week": ("--since", "2026-11-23"),
    "month": ("--since", "2026-11-01"),
}
PARTS = ("dev", "held_out")


def rows(part: str) -> list[tuple[str, str]]:
    text = (Path(__file__).parent / f"phrasings_{part}.tsv").read_text(encoding="utf-8")
    return [tuple(line.split("\t")) for line in text.splitlines()]  # type: ignore[misc]


def is_right(label: str, found: tuple[str, ...], phrase: str) -> bool:
    if label == "run-goal":
        return found[:2] == ("run", "--goal") and found[2] in phrase
    named = {"run-all": ("run", "--all"), "quote-all": ("quote", "--all")}
    if label in named:
        return found == named[label]
    verb, _, rest = label.partition(" ")
    if verb in ("tell", "answer"):
        task, _, text = rest.partition(" ")
        return found == (verb, task, text)
    return found == (verb, *(SINCE[rest] if verb == "cost" and rest else rest.split()))


def claimed(part: str) -> list[tuple[str, str, tuple[str, ...]]]:
    asked = [(label, phrase, intent_of(phrase, TODAY)) for label, phrase in rows(part)]
    return [(label, phrase, intent.arguments) for label, phrase, intent in asked if intent]


def test_the_table_has_at_least_300_different_phrasings() -> None:
    assert len({phrase for part in PARTS for _, phrase in rows(part)}) >= 300


@pytest.mark.parametrize("part", PARTS)
def test_of_what_the_rules_claim_95_in_100_are_right(part: str) -> None:
    found = claimed(part)
    wrong = [row for row in found if not is_right(row[0], row[2], row[1])]
    assert len(found) >= len(rows(part)) // 2
    assert len(wrong) <= 0.05 * len(found), wrong


@pytest.mark.parametrize("part", PARTS)
def test_nothing_that_spends_is_done_without_its_quote(part: str) -> None:
    for _, phrase in rows(part):
        intent = intent_of(phrase, TODAY)
        if intent is not None and intent.arguments[0] in (
            "run",
            "quote",
            "resume",
            "retry",
            "tell",
            "answer",
        ):
            assert intent.effect == "spends"
            assert not intent.only_reads
            assert "--yes" not in intent.arguments


def test_the_tables_are_kept_apart_from_the_rules_own_examples() -> None:
    own = {example for kind in KINDS.values() for example in kind.examples}
    assert own.isdisjoint({phrase for part in PARTS for _, phrase in rows(part)})


def test_a_goal_keeps_its_capitals() -> None:
    intent = intent_of("Please refactor OrderService and Zones in parallel", TODAY)
    assert intent is not None
    assert intent.arguments == ("run", "--goal", "refactor OrderService and Zones in parallel")


@pytest.mark.parametrize("words", ["", "don't run all todos", "do not cancel run 3", "hello"])
def test_what_is_no_command_is_left_alone(words: str) -> None:
    assert intent_of(words, TODAY) is None


def test_rules_take_less_than_a_millisecond() -> None:
    phrases = [phrase for part in PARTS for _, phrase in rows(part)] + ["x " * 1_000, "run " * 500]
    took = []
    for phrase in phrases:
        began = perf_counter()
        intent_of(phrase, TODAY)
        took.append(perf_counter() - began)
    assert median(took) < 0.001
    # The longest words that are read at all; a machine that is busy takes its time.
    assert max(took) < 0.1

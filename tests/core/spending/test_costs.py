"""Sums from the Ledger: by any key, where the money went, misses and cliffs; rates, economy, comparison."""

from __future__ import annotations

import random
from collections.abc import Callable
from decimal import Decimal
from typing import Literal

import msgspec
import pytest

from contextune.core.model.ledger import LedgerEntry, run_of
from contextune.core.model.money import Bill, CacheMiss, Charge, ModelPrice, Tier, Usage
from contextune.core.model.requests import CliffAvoided
from contextune.core.runs import events as ev
from contextune.core.runs.endings import Restore, RunAccepted, RunDiscarded, RunReady, RunUndone
from contextune.core.settings import HAIKU, SONNET, Settings
from contextune.core.spending.chance import share
from contextune.core.spending.comparison import compare
from contextune.core.spending.costs import (
    Cliffs,
    Held,
    MissLine,
    Spread,
    cliffs,
    held,
    misses,
    spread,
    summed,
    total,
)
from contextune.core.spending.economy import per_todo
from contextune.core.spending.history import History, history
from contextune.core.spending.rates import Climb, Rate, climbs, rates, visits
from tests.core import past as p


def test_a_sum_is_what_adding_one_by_one_comes_to() -> None:
    chance = random.Random(3)
    entries = [
        p.entry(
            chance.choice(["r_1", "r_2", "plan_r_1"]),
            dollars=chance.choice(["0.0001234", "0.1", None]),
            rung=chance.choice([p.LOW, p.MIDDLE]),
            usage=Usage(
                input_tokens=chance.randrange(99), output_tokens=chance.randrange(99), web_searches=1
            ),
            estimated=chance.random() < 0.1,
            settled=chance.random() < 0.9,
        )
        for _ in range(200)
    ]
    keys: list[Callable[[LedgerEntry], object]] = [
        lambda entry: run_of(entry.stream),
        lambda entry: (entry.role, entry.rung.model),
    ]
    for key in keys:
        expected: dict[object, Bill] = {}
        for entry in entries:
            if entry.settled:
                charge = Charge(
                    usage=entry.usage,
                    dollars=entry.dollars,
                    at_sonnet=entry.at_sonnet,
                    estimated=entry.estimated,
                )
                expected[key(entry)] = expected.get(key(entry), Bill()).plus(charge)
        assert summed(entries, key) == expected
        whole = Bill()
        for bill in expected.values():
            whole = whole.join(bill)
        assert total(entries) == whole


def test_what_is_not_settled_is_held_and_not_spent() -> None:
    entries = [p.entry(), p.entry(settled=False, dollars=None), p.entry(settled=False, worst_case=None)]
    assert held(entries) == Held(requests=2, dollars=Decimal("0.10"))
    assert total(entries).requests == 1


def test_where_the_money_went() -> None:
    entries = [
        p.planned("r_1", "0.20"),
        p.planned("r_never", "0.05"),
        p.entry("r_1", "a", "0.30"),
        p.entry("r_1", "b", "0.25"),
        p.entry("shadow_r_1", "a", "0.20"),
    ]
    tasks = (p.a_task("a"), p.a_task("b"))
    told = [p.created("r_1", tasks), *p.failed("r_1", "b"), *p.joined("r_1", "a")]
    assert spread(p.past(entries, told)) == Spread(
        planning=Decimal("0.25"),
        unstarted=Decimal("0.05"),
        failed=Decimal("0.25"),
        shadow=Decimal("0.20"),
        cached=Decimal("0.9"),
    )
    assert spread(p.past()) == Spread(planning=None, unstarted=None, failed=None, shadow=None, cached=None)


def test_misses_cost_what_reading_would_have_saved() -> None:
    tools = CacheMiss(reason="tools_changed", tokens=10_000)
    fresh = Usage(input_tokens=10_000)
    entries = [
        p.entry(expired=40_000),
        p.entry(expired=40_000, rung=p.MIDDLE),
        p.entry(miss=tools, usage=fresh),
        p.entry(miss=tools, usage=Usage(cache_write_1h_tokens=10_000)),
        p.entry(miss=tools, usage=fresh, rung=p.TOP),
        p.entry(miss=CacheMiss(reason="", tokens=5), usage=fresh, rung=p.TOP),
    ]
    # Haiku at 0.1: written again 0.125 less 0.01; sent uncached 0.1 less 0.01; for an hour 0.2 less 0.01.
    assert misses(p.past(entries)) == (
        MissLine(reason="expired", count=2, tokens=80_000, dollars=Decimal("0.0966")),
        MissLine(
            reason="tools_changed", count=3, tokens=30_000, dollars=Decimal("0.0009") + Decimal("0.0019")
        ),
        MissLine(reason="unexplained", count=1, tokens=5, dollars=Decimal(0)),
    )


def test_cliffs_avoided_and_passed() -> None:
    base = p.PRICES[HAIKU]
    steep = ModelPrice(model=HAIKU, rates=base.rates, tiers=(Tier(above=100_000, rates=base.rates),))

    def avoided(how: Literal["pruned", "handed_over"], dollars: str | None) -> CliffAvoided:
        paid = None if dollars is None else Decimal(dollars)
        return CliffAvoided(
            run_id="r_1", at=1, task_id="a", attempt=1, how=how, tokens=101, limit=100, dollars=paid
        )

    told: list[ev.AnyEvent] = [
        p.created(),
        avoided("pruned", "0.05"),
        avoided("pruned", None),
        avoided("handed_over", "0.01"),
    ]
    entries = [p.entry(usage=Usage(input_tokens=size)) for size in (100_000, 100_001)]
    made = history(entries, told, Settings(), lambda model: steep)
    assert cliffs(made) == Cliffs(pruned=2, handed_over=1, dollars=Decimal("0.06"), passed=1)


def test_a_period_holds_what_happened_in_it() -> None:
    records = [p.record(p.step(p.LOW, "green", "0.01"), at=at) for at in (10_000, 20_000)]
    told = [p.created("r_1", at=5_000), p.created("r_2", at=15_000)]
    made = p.past([], told, records, since=15_000, until=30_000)
    assert [run.id for run in made.runs] == ["r_2"]
    assert made.records == (records[1],)
    spent = p.past([p.entry("plan_r_1", None, at=16_000)], told, since=15_000)
    assert [run.id for run in spent.runs] == ["r_1", "r_2"], (
        "a Run of before counts if it spent in the period"
    )


def test_only_the_last_record_of_a_task_counts_and_those_of_runs_that_were_undone_are_reverted() -> None:
    first = p.record(p.step(p.LOW, "red", "0.01"))
    again = msgspec.structs.replace(first, steps=(*first.steps, p.step(p.HIGH, "green", "0.02")), at=3_000)
    undone = RunUndone(run_id="r_1", at=9_000, branch="main", after="h0")
    restore = Restore(head="h", index_tree="i", worktree="w", after_worktree="w")
    accepted = RunAccepted(
        run_id="r_1", at=8_000, mode="merge", branch="main", before="h", after="i", restore=restore
    )
    told = [p.created(), *p.joined(), accepted]
    assert p.past([], told, [first, again]).records == (again,)
    (reverted,) = p.past([], [*told, undone], [first, again]).records
    assert reverted.reverted


def test_played_tasks_count_only_where_there_are_no_others() -> None:
    told = p.record(p.step(p.LOW, "green", "0.01"))

    def recorded(offline: bool) -> ev.TaskRecorded:
        name = f"t_{offline}"
        one = msgspec.structs.replace(told, task_id=name)
        return ev.TaskRecorded(run_id="r_1", at=1, task_id=name, record=one, offline=offline)

    played = p.past([], [p.created(), recorded(True)])
    assert (played.played, [one.task_id for one in played.records]) == (True, ["t_True"])
    both = p.past([], [p.created(), recorded(True), recorded(False)])
    assert (both.played, [one.task_id for one in both.records]) == (False, ["t_False"])


# Rates.


def test_attempts_in_a_row_on_one_rung_are_one_stay() -> None:
    made = [
        p.record(p.step(p.LOW, "handed_over", "0.01"), p.step(p.LOW, "green", "0.02")),
        p.record(
            p.step(p.LOW, "red", "0.03"), p.step(p.HIGH, "outdone", "0.04"), p.step(p.HIGH, "green", "0.05")
        ),
        p.record(p.step(p.LOW, "cancelled", None)),
        p.record(p.step(p.LOW, "green", "0.01"), reverted=True),
        p.record(p.step(p.LOW, "green", "0.01"), p.step(p.HIGH, "green", "0.09"), kind="docs"),
    ]
    told = [(v.rung, v.passed, v.first, v.dollars, v.rest) for v in visits(made)]
    d = Decimal
    assert told == [
        (p.LOW, True, True, d("0.03"), d("0.03")),
        (p.LOW, False, True, d("0.03"), d("0.12")),
        (p.HIGH, True, False, d("0.09"), d("0.09")),
        (p.LOW, None, True, None, None),
        (p.LOW, False, True, d("0.01"), d("0.01")),
        (p.LOW, True, True, d("0.01"), d("0.10")),
    ]
    assert rates(made) == (
        Rate(kind="tests", rung=p.LOW, passed=share(1, 3), cut_off=1, each=d("0.07") / 3),
        Rate(kind="tests", rung=p.HIGH, passed=share(1, 1), cut_off=0, each=d("0.09")),
        Rate(kind="docs", rung=p.LOW, passed=share(1, 1), cut_off=0, each=d("0.01")),
    )
    assert climbs(made) == (
        Climb(kind="docs", climbed=share(1, 1), accepted=share(1, 1), dollars=d("0.10")),
        Climb(kind="tests", climbed=share(1, 4), accepted=share(2, 4), dollars=d("0.16")),
    )


# Dollars for each accepted Todo.


def test_planning_failures_and_quotes_that_never_started_are_in_the_price_of_a_todo() -> None:
    entries = [
        *(p.planned(f"r_{n}", "0.05") for n in range(6)),
        *(p.entry(f"r_{n}", "a", "0.10") for n in range(5)),
        p.entry("r_live", "a", "9"),
        p.entry("shadow_r_0", "a", "9"),
        p.entry("r_6", "a", None),
    ]
    told: list[ev.AnyEvent] = [p.created("r_live"), p.created("r_6"), *p.joined("r_6")]
    for n in range(3):
        told += [p.created(f"r_{n}", (p.a_task("a", todos=2),)), *p.joined(f"r_{n}")]
    told += [p.created("r_3"), *p.failed("r_3"), RunReady(run_id="r_3", at=3_000, ghost=None, files=())]
    told += [p.created("r_4"), *p.joined("r_4"), RunDiscarded(run_id="r_4", at=4_000, salvage=())]
    (done,) = per_todo(p.past(entries, told))
    assert (done.arm, done.dollars, done.todos, done.left_out) == ("done", Decimal("0.80"), 6, 1)
    assert done.each is not None
    assert (done.each.value, done.each.units) == (Decimal("0.80") / 6, 6)
    assert done.each.low is not None
    assert done.each.low < done.each.value


def test_shadow_samples_are_compared_with_the_same_tasks_as_they_were_done() -> None:
    told: list[ev.AnyEvent] = []
    entries = []
    for n in range(6):
        tasks = (p.a_task("a", todos=2), p.a_task("b"))
        told += [p.created(f"r_{n}", tasks), *p.joined(f"r_{n}", "a", "b")]
        entries += [
            p.planned(f"r_{n}", "0.04"),
            p.entry(f"r_{n}", "a", "0.01"),
            p.entry(f"r_{n}", "b", "0.50"),
        ]
        for rung, dollars, green in ((p.MIDDLE, "0.20", n > 0), (p.TOP, "0.40", True)):
            told.append(
                ev.ShadowFinished(
                    run_id=f"r_{n}",
                    at=5_000,
                    task_id="a",
                    rung=rung,
                    green=green,
                    turns=4,
                    dollars=None if (n, rung) == (1, p.TOP) else Decimal(dollars),
                )
            )
    _, sampled, middle, top = per_todo(p.past(entries, told))
    share_of_planning = Decimal("0.02")
    assert (sampled.arm, sampled.rung, sampled.todos) == ("sampled", None, 12)
    assert sampled.dollars == 6 * (Decimal("0.01") + share_of_planning)
    assert (middle.arm, middle.rung, middle.todos) == ("shadow", p.MIDDLE, 10)
    assert middle.dollars == 6 * (Decimal("0.20") + share_of_planning)
    assert (top.rung, top.todos, top.left_out) == (p.TOP, 10, 1)
    assert middle.each is not None
    assert middle.each.value == Decimal("1.32") / 10


# Comparison.


def _two_models(count: int, dear: str = "0.30") -> History:
    told: list[ev.AnyEvent] = []
    entries = []
    for n in range(count):
        cheap, other = f"r_{n}", f"s_{n}"
        told += [p.created(cheap), *p.attempted(cheap, rung=p.LOW), *p.joined(cheap)]
        told += [p.created(other), *p.attempted(other, rung=p.MIDDLE), *p.joined(other)]
        entries += [p.entry(cheap, "a", f"0.0{n % 3 + 1}"), p.entry(other, "a", dear, rung=p.MIDDLE)]
    return p.past(entries, told)


def _of(model: str) -> Callable[[LedgerEntry], bool]:
    return lambda entry: entry.rung.model == model


def test_two_models_side_by_side() -> None:
    told = compare(_two_models(12), ("Haiku", _of(HAIKU)), ("Sonnet", _of(SONNET)), model=True)
    assert [(side.tasks, side.accepted) for side in (told.one, told.other)] == [(12, 12), (12, 12)]
    dollars, per_task, *_ = told.changes
    assert (dollars.one, dollars.other, dollars.difference) == (
        Decimal("0.24"),
        Decimal("3.60"),
        Decimal("3.36"),
    )
    assert (per_task.measure, per_task.relative) == ("dollars a Task", Decimal(14))
    assert told.remark == "An accepted Task cost more in Sonnet than in Haiku, beyond what chance would do."


@pytest.mark.parametrize(
    ("count", "dear", "remark"),
    [
        (4, "0.30", "4 against 4 Tasks are too few to tell a difference from chance."),
        (12, "0.02", "The intervals of dollars an accepted Task overlap: the difference may be chance."),
        (0, "0.30", "Nothing was spent in Haiku."),
    ],
)
def test_a_comparison_says_when_it_tells_nothing(count: int, dear: str, remark: str) -> None:
    assert compare(_two_models(count, dear), ("Haiku", _of(HAIKU)), ("Sonnet", _of(SONNET))).remark == remark


def test_a_task_counts_as_accepted_on_the_model_that_it_was_accepted_on() -> None:
    told = [p.created(), *p.attempted("r_1", rung=p.LOW), *p.attempted("r_1", rung=p.MIDDLE), *p.joined()]
    entries = [
        p.planned("r_1", "0.10"),
        p.entry("r_1", "a", "0.01"),
        p.entry("r_1", "a", "0.20", rung=p.MIDDLE),
    ]
    made = p.past(entries, told)
    haiku = compare(made, ("Haiku", _of(HAIKU)), ("Sonnet", _of(SONNET)), model=True)
    assert (haiku.one.accepted, haiku.other.accepted) == (0, 1)
    assert haiku.one.each is None
    both = compare(made, ("r_1", lambda entry: True), ("none", lambda entry: False))
    assert (both.one.bill.dollars, both.one.per_accepted) == (Decimal("0.31"), Decimal("0.31"))
    assert [change.difference for change in both.changes][1:] == [None] * 5

"""Sums, rates and suggestions as an editor sees them."""

from __future__ import annotations

import json
from decimal import Decimal

import msgspec

from contextune.core.model.conversation import Rung
from contextune.core.model.money import CacheMiss, Usage
from contextune.core.model.requests import CliffAvoided
from contextune.core.runs import events as ev
from contextune.core.settings import Settings
from contextune.core.spending.comparison import compare
from contextune.core.spending.history import History
from contextune.protocol import cost_views as c
from contextune.protocol.convert import SAVING_METHOD, rung_view
from contextune.protocol.costs import (
    PER_TODO_METHOD,
    SHADOW_METHOD,
    comparison_view,
    cost_view,
    setting_change,
)
from tests.core import past as p


def day_of(at: int) -> str:
    return f"2026-11-{21 + at // 86_400_000}"


def view(made: History) -> c.CostView:
    return cost_view(made, day_of=day_of, today="2026-11-22")


def test_a_request_counts_on_its_day_whatever_it_was_for() -> None:
    late = 90_000_000
    entries = [
        p.planned("r_1", "0.05"),
        p.entry("r_1", dollars="0.01"),
        p.entry("r_1", dollars="0.02", at=late),
        p.entry("shadow_r_1", dollars="0.30", at=late, rung=p.MIDDLE),
        p.planned("r_never", "0.04", at=late),
        p.entry("r_1", settled=False, dollars=None, at=late),
    ]
    told = view(p.past(entries, [p.created(at=2_000), *p.joined()]))
    assert (told.total.text, told.today.text) == ("$0.4200", "$0.3600")
    assert [(day.key, day.bill.text) for day in told.days] == [
        ("2026-11-22", "$0.3600"),
        ("2026-11-21", "$0.0600"),
    ]
    (run,) = told.runs
    assert (run.run_id, run.state, run.tasks, run.accepted) == ("r_1", "review", 1, 1)
    assert (run.bill.text, run.quoted.likely_text) == ("$0.3800", "$0.0200")
    assert (told.unstarted.quotes, told.unstarted.bill.text) == (1, "$0.0400")
    assert [(line.role, line.model, line.bill.text) for line in told.roles] == [
        ("orchestrator", "claude-sonnet-5-5", "$0.0900"),
        ("parallel-task-executor", "claude-haiku-5-5", "$0.0300"),
        ("parallel-task-executor", "claude-sonnet-5-5", "$0.3000"),
    ]
    assert [(group.name, group.bill.text) for group in told.models] == [
        ("Sonnet 5.5", "$0.3900"),
        ("Haiku 5.5", "$0.0300"),
    ]
    assert [(group.key, group.name) for group in told.repositories] == [(p.REPOSITORY, "parcel")]
    assert told.method == SAVING_METHOD
    assert told.remarks == ("1 request not settled yet, at most $0.1000 more.",)


def test_nothing_has_a_view_too() -> None:
    told = view(p.past())
    assert (told.total.requests, told.days, told.runs, told.patterns, told.suggestions) == (0, (), (), (), ())
    assert [(one.text, one.detail) for one in told.per_todo] == [
        ("no Todo was accepted", "0 Todos of 0 Runs, unstarted Quotes counted as Runs, $0.00 in all")
    ]


def test_where_it_went_in_words() -> None:
    miss = CacheMiss(reason="tools_changed", tokens=10_000)
    entries = [
        p.planned("r_1", "0.04"),
        p.planned("r_never", "0.01"),
        p.entry("r_1", dollars="0.15", miss=miss, usage=Usage(input_tokens=30_000, cache_read_tokens=10_000)),
    ]
    cliff = CliffAvoided(
        run_id="r_1",
        at=1_500,
        task_id="a",
        attempt=1,
        how="pruned",
        tokens=101_000,
        limit=100_000,
        dollars=Decimal("0.05"),
    )
    climbed = [p.record(p.step(p.LOW, "red", "0.01"), p.step(p.HIGH, "green", "0.02")) for _ in range(5)]
    told = view(p.past(entries, [p.created(), cliff, *p.failed()], climbed))
    assert told.patterns == (
        "Planning is 25 % of the bill, 5 % for Quotes that never started.",
        "Tasks that were not accepted took 75 %.",
        "28 % of prompt tokens came from the cache.",
        "Of 5 Tasks of kind tests, 5 climbed and 5 were accepted, for $0.1500.",
    )
    assert told.misses == (
        c.MissView(
            reason="tools_changed",
            count=1,
            tokens=10_000,
            dollars=Decimal("0.0009"),
            text="1 prompt missed the cache (tools changed): 10,000 tokens paid for again, $0.0009 more",
        ),
    )
    assert told.cliffs == c.CliffsView(
        avoided=1, passed=0, dollars=Decimal("0.05"), text="1 price cliff avoided, $0.0500 less"
    )
    assert told.rates[1] == c.RateView(
        kind="tests",
        rung=rung_view(p.HIGH),
        passed=5,
        of=5,
        text="5 of 5",
        bounds="65 to 100 %",
        each=Decimal("0.02"),
        each_text="$0.0200",
    )


def test_a_suggestion_can_be_applied_as_it_is() -> None:
    records = [
        *(p.record(p.step(p.LOW, "green", "0.01")) for _ in range(20)),
        *(p.record(p.step(p.HIGH, "green", "0.10")) for _ in range(10)),
    ]
    told = view(p.past([], [], records, settings=Settings(ladder=(p.HIGH, p.MIDDLE))))
    (one,) = told.suggestions
    assert (one.id, one.weekly_text, one.evidence) == ("start-rung:tests:simple", "$0.78 a week", "20 of 20")
    assert one.apply is not None
    assert one.apply.key == "contextune.ladder"
    assert one.apply.text == "ladder = Haiku 5.5, low, then Haiku 5.5, high, then Sonnet 5.5, medium"
    ladder = msgspec.convert(json.loads(one.apply.value_json), tuple[Rung, ...])
    assert ladder == (p.LOW, p.HIGH, p.MIDDLE)


def test_every_kind_of_value_becomes_json_that_an_editor_takes() -> None:
    values = [
        (setting_change("gate_retries", 0), "contextune.gateRetries", 0, "gate_retries = 0"),
        (setting_change("budget", Decimal("0.40")), "contextune.budget", 0.4, "budget = 0.40"),
        (setting_change("routing", "learn"), "contextune.routing", "learn", "routing = learn"),
        (
            setting_change("orchestrator", p.HIGH),
            "contextune.orchestrator",
            {"model": "claude-haiku-5-5", "effort": "high", "tries": 1},
            "orchestrator = Haiku 5.5, high",
        ),
    ]
    for change, key, value, text in values:
        assert (change.key, json.loads(change.value_json), change.text) == (key, value, text)


def test_the_price_of_a_todo_is_told_with_its_method() -> None:
    told: list[ev.AnyEvent] = []
    entries = []
    for n in range(6):
        run_id = f"r_{n}"
        told += [p.created(run_id, (p.a_task("a", todos=2),)), *p.joined(run_id)]
        entries += [p.planned(run_id, "0.02"), p.entry(run_id, dollars=f"0.0{n + 1}")]
    (alone,) = view(p.past(entries, told)).per_todo
    assert (alone.label, alone.rung, alone.each) == ("As it was done", None, Decimal("0.0275"))
    assert (alone.text, alone.detail) == (
        "$0.0275, 95 %: $0.0177 to $0.0373",
        "12 Todos of 6 Runs, unstarted Quotes counted as Runs, $0.3300 in all",
    )
    assert view(p.past(entries, told)).per_todo_method == PER_TODO_METHOD
    sample = ev.ShadowFinished(
        run_id="r_0", at=9_000, task_id="a", rung=p.MIDDLE, green=False, turns=3, dollars=Decimal("0.20")
    )
    sampled = view(p.past(entries, [*told, sample]))
    assert [(one.label, one.text) for one in sampled.per_todo[1:]] == [
        ("The sampled Tasks as they were done", "$0.0150, too few for an interval"),
        ("The same Tasks on Sonnet 5.5, medium", "no Todo was accepted"),
    ]
    assert sampled.per_todo_method == f"{PER_TODO_METHOD} {SHADOW_METHOD}"


def test_the_offline_model_is_named_where_it_played() -> None:
    recorded = p.record(p.step(p.LOW, "green", "0.01"))
    played = msgspec.structs.replace(p.created(), offline=True)
    told = ev.TaskRecorded(run_id="r_1", at=2_000, task_id="a", record=recorded, offline=True)
    assert view(p.past([], [played, told])).remarks == (
        "The Tasks behind rates and suggestions were played by the offline model.",
        "1 Run used the offline model: nothing was paid for, and the prices are those of the models that it "
        "stands for.",
    )


def test_a_comparison_in_words() -> None:
    entries = [p.entry("r_1", dollars="0.04"), p.entry("r_2", dollars="0.03"), p.entry("r_2", dollars="0")]
    made = p.past(entries, [p.created("r_1"), *p.joined("r_1"), p.created("r_2")])
    told = comparison_view(
        compare(made, ("r_1", lambda e: e.stream == "r_1"), ("r_2", lambda e: e.stream == "r_2"))
    )
    assert (told.one.interval, told.other.interval) == (
        "$0.0400, too few for an interval",
        "no Task was accepted",
    )
    rows = [
        (one.measure, one.one_text, one.other_text, one.difference_text, one.relative_text)
        for one in told.changes
    ]
    assert rows == [
        ("dollars", "$0.0400", "$0.0300", "-$0.0100", "-25 %"),
        ("dollars a Task", "$0.0400", "$0.0300", "-$0.0100", "-25 %"),
        ("dollars an accepted Task", "$0.0400", "", "", ""),
        ("requests a Task", "1.0", "2.0", "1.0", "+100 %"),
        ("share of Tasks accepted", "100 %", "0 %", "-100 %", "-100 %"),
        ("share read from the cache", "90 %", "90 %", "0 %", "0 %"),
    ]
    assert told.remark == "1 against 1 Tasks are too few to tell a difference from chance."

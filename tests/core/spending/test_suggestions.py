"""Each rule with data that make it speak, and with data that just do not."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise

import msgspec
import pytest

from contextune.core.model.conversation import Rung
from contextune.core.model.ledger import LedgerEntry
from contextune.core.model.money import CacheMiss, Usage
from contextune.core.planning.record import TaskRecord
from contextune.core.runs import events as ev
from contextune.core.settings import SONNET, Settings
from contextune.core.spending.history import WEEK_MS, History
from contextune.core.spending.suggestion import LEAST, Suggestion
from contextune.core.spending.suggestions import suggestions
from contextune.protocol.words import ENGLISH, shown, speak
from tests.brackets import bracketed, outside
from tests.core import past as p

FIXED = Settings(routing="fixed")


def of_rule(made: History, rule: str) -> Suggestion | None:
    """The one suggestion of a rule, of which no word is left in English; None if it says nothing."""
    found = [one for one in suggestions(made) if one.id.split(":")[0] == rule]
    assert len(found) <= 1
    speak(bracketed())
    try:
        said = [outside(shown(text)) for one in found for text in (one.sentence, one.computed)]
    finally:
        speak(ENGLISH)
    assert [text for text in said if text.strip()] == []
    return found[0] if found else None


def test_nothing_is_suggested_from_nothing() -> None:
    assert suggestions(p.past()) == ()


# Where a kind of Task begins.


def _starts(low: int, low_red: int, high: int, low_dollars: str = "0.01") -> list[TaskRecord]:
    """Tasks that began on Haiku low and passed or climbed, then others that began on Haiku high."""
    passed = [p.record(p.step(p.LOW, "green", low_dollars)) for _ in range(low)]
    climbed = [
        p.record(p.step(p.LOW, "red", low_dollars), p.step(p.HIGH, "green", "0.10")) for _ in range(low_red)
    ]
    return [*passed, *climbed, *(p.record(p.step(p.HIGH, "green", "0.10")) for _ in range(high))]


HIGH_FIRST = Settings(ladder=(p.HIGH, p.MIDDLE))


def test_a_kind_that_passes_on_a_cheaper_rung_should_start_there() -> None:
    told = of_rule(p.past([], [], _starts(19, 1, 10), settings=HIGH_FIRST), "start-rung")
    # 0.10 a Task now; there 0.01 and, at Wilson's 80.35 % of passing, 0.10 in 19.65 % of cases: 0.0703 saved.
    assert told is not None
    assert Decimal("0.70") < told.weekly < Decimal("0.71")
    assert told == Suggestion(
        id="start-rung:tests:simple",
        sentence=(
            "Tasks of kind tests (simple) pass on Haiku 5.5, low 19 of 20 times: start them there, about "
            "$0.70 a week."
        ),
        weekly=told.weekly,
        computed=(
            "Passed 19 of 20, in the long run 80 to 99 %. A Task costs $0.1000 from Haiku 5.5, high on, and "
            "at most $0.0296 from Haiku 5.5, low on, failures and climbing included; 10 Tasks in 7 days."
        ),
        setting="ladder",
        value=(p.LOW, p.HIGH, p.MIDDLE),
        hits=19,
        of=20,
    )


@pytest.mark.parametrize(
    "records",
    [
        _starts(LEAST - 1, 0, 10),
        _starts(LEAST, 0, LEAST - 1),
        _starts(6, 6, 10, low_dollars="0.08"),
        [*_starts(19, 1, 0), *(p.record(p.step(p.HIGH, "green", "0.10"), kind="docs") for _ in range(10))],
        [
            *_starts(19, 1, 0),
            *(p.record(p.step(p.HIGH, "green", "0.10"), complexity="hard") for _ in range(10)),
        ],
    ],
    ids=["few passes", "few starts", "no saving at the bound", "another kind", "another complexity"],
)
def test_a_start_is_not_suggested_without_evidence(records: list[TaskRecord]) -> None:
    assert of_rule(p.past([], [], records, settings=HIGH_FIRST), "start-rung") is None


def _always_red(count: int, last: str = "0.10") -> list[TaskRecord]:
    return [p.record(p.step(p.LOW, "red", "0.05"), p.step(p.HIGH, "green", last)) for _ in range(count)]


def test_a_kind_that_always_climbs_should_start_higher_and_learning_does_so() -> None:
    told = of_rule(p.past([], [], _always_red(10), settings=FIXED), "start-rung")
    assert told is not None
    assert (told.setting, told.value, told.weekly) == ("routing", "learn", Decimal("0.50"))
    assert "pass on Haiku 5.5, high 10 of 10 times" in told.sentence
    # The router does it by itself already.
    assert of_rule(p.past([], [], _always_red(10)), "start-rung") is None


def test_a_higher_start_must_save_at_the_upper_end_of_its_interval() -> None:
    spread = [*_always_red(5, "0.01"), *_always_red(5, "0.19")]
    assert of_rule(p.past([], [], spread, settings=FIXED), "start-rung") is None
    assert of_rule(p.past([], [], _always_red(LEAST - 1), settings=FIXED), "start-rung") is None


def test_the_saving_is_per_week_and_a_short_time_is_not_blown_up() -> None:
    records = _always_red(10)
    late = [msgspec.structs.replace(one, at=2_000 + n * 4 * WEEK_MS // 9) for n, one in enumerate(records)]
    told = of_rule(p.past([], [], late, settings=FIXED), "start-rung")
    assert told is not None
    assert told.weekly == Decimal("0.125")


# Rungs that never helped.


def _through_high(passed: int, red: int, high: str = "0.05") -> list[TaskRecord]:
    first, last = p.step(p.LOW, "red", "0.01"), p.step(p.MIDDLE, "green", "0.10")
    helped = [p.record(first, p.step(p.HIGH, "green", high)) for _ in range(passed)]
    return [*helped, *(p.record(first, p.step(p.HIGH, "red", high), last) for _ in range(red))]


def test_a_rung_that_never_helped_should_go() -> None:
    told = of_rule(p.past([], [], _through_high(0, 12)), "useless-rung")
    # 0.05 a stay, less 0.10 at Wilson's upper bound of passing, 18.4 %.
    assert told is not None
    assert Decimal("0.37") < told.weekly < Decimal("0.39")
    assert told.sentence == (
        "Haiku 5.5, high has helped 0 of 12 times: take it off the ladder, about $0.38 a week."
    )
    assert (told.setting, told.value) == ("ladder", (p.LOW, p.MIDDLE, p.TOP))


@pytest.mark.parametrize(
    "records",
    [_through_high(0, LEAST - 1), _through_high(5, 8), _through_high(0, 12, high="0.015")],
    ids=["few stays", "it helps", "so cheap that it may"],
)
def test_a_rung_stays_that_may_help(records: list[TaskRecord]) -> None:
    assert of_rule(p.past([], [], records), "useless-rung") is None


def test_the_last_rung_goes_only_if_it_never_passed() -> None:
    two = Settings(ladder=(p.LOW, p.HIGH))

    def ended(green: int) -> list[TaskRecord]:
        reds = [
            p.record(p.step(p.LOW, "red", "0.01"), p.step(p.HIGH, "red", "0.05")) for _ in range(12 - green)
        ]
        return [*reds, *_always_red(green)]

    told = of_rule(p.past([], [], ended(0), settings=two), "useless-rung")
    assert told is not None
    assert (told.value, told.weekly) == ((p.LOW,), Decimal("0.60"))
    helped_once = of_rule(p.past([], [], ended(1), settings=two), "useless-rung")
    assert helped_once is not None
    assert helped_once.value == (p.HIGH,), "the first rung never did, and goes by itself"
    alone = [p.record(p.step(p.LOW, "red", "0.05")) for _ in range(12)]
    assert of_rule(p.past([], [], alone, settings=Settings(ladder=(p.LOW,))), "useless-rung") is None


# Planning.


def _planned_runs(
    count: int,
    planning: str,
    *,
    tasks: int = 2,
    todos: int = 1,
    chained: bool = False,
    rung: Rung = p.PLANNER,
) -> tuple[list[LedgerEntry], list[ev.AnyEvent]]:
    entries, told = [], list[ev.AnyEvent]()
    for n in range(count):
        run_id = f"r_{rung.effort}_{n}"
        names = [chr(97 + k) for k in range(tasks)]
        chain = {name: (before,) for before, name in pairwise(names)} if chained else {}
        told.append(p.created(run_id, [p.a_task(name, todos, chain.get(name, ())) for name in names]))
        told += p.joined(run_id, *names)
        entries += [p.planned(run_id, planning, rung=rung)]
        entries += [p.entry(run_id, name, "0.01") for name in names]
    return entries, told


def test_todos_that_need_no_plan_are_named_where_planning_is_dear() -> None:
    told = of_rule(p.past(*_planned_runs(10, "0.04")), "lone-todos")
    # 0.04 of planning a Run, less 6,000 tokens that are written again: at 0.125 in place of 0.01 a million.
    assert told is not None
    assert told.weekly == 10 * (Decimal("0.04") - Decimal("0.00069"))
    assert told.sentence == (
        "Planning is 67 % of the bill: delegate Todos that do not depend on each other one at a time, which "
        "needs no plan, about $0.39 a week."
    )
    assert (told.setting, told.hits, told.of) == (None, 10, 10)


@pytest.mark.parametrize(
    ("entries", "told"),
    [
        _planned_runs(10, "0.0066"),
        _planned_runs(LEAST - 1, "0.04"),
        _planned_runs(10, "0.04", tasks=4),
        _planned_runs(10, "0.04", todos=2),
        _planned_runs(10, "0.04", chained=True),
    ],
    ids=["a quarter at most", "few plans", "too many Todos", "Todos that belong together", "in order"],
)
def test_planning_that_pays_is_left_alone(
    entries: Sequence[LedgerEntry], told: Sequence[ev.AnyEvent]
) -> None:
    assert of_rule(p.past(entries, told), "lone-todos") is None


CHEAP = Rung(model=SONNET, effort="low")


def _two_planners(cheap: str = "0.02", count: int = 13, failing: int = 0) -> History:
    dear_entries, dear_told = _planned_runs(13, "0.06")
    entries, told = _planned_runs(count, cheap, rung=CHEAP)
    fails: list[ev.AnyEvent] = []
    for n in range(failing):
        fails += p.failed(f"r_low_{n}", at=4_000)
    return p.past(
        [*dear_entries, *entries],
        [*dear_told, *told, *fails],
        settings=Settings(orchestrator=p.PLANNER),
    )


def test_a_cheaper_orchestrator_that_plans_as_well_is_named() -> None:
    told = of_rule(_two_planners(), "orchestrator")
    assert told is not None
    assert (told.setting, told.value, told.weekly) == ("orchestrator", CHEAP, Decimal("0.52"))
    assert told.sentence == (
        "Plans made on Sonnet 5.5, low turned out as well as those on Sonnet 5.5, medium, 26 of 26 Tasks "
        "accepted: plan there, about $0.52 a week."
    )


@pytest.mark.parametrize(
    "made",
    [_two_planners(count=LEAST - 1), _two_planners(failing=1), _two_planners(cheap="0.06")],
    ids=["few plans", "a Task less accepted", "no cheaper"],
)
def test_an_orchestrator_is_not_suggested_that_may_plan_worse(made: History) -> None:
    assert of_rule(made, "orchestrator") is None


# Prompts that expire.


def _crowds(at_four: int, at_two: int | None, reason: str = "expired") -> History:
    """200 requests of Runs with four agents and with two; so many had expired."""
    told: list[ev.AnyEvent] = [p.created("r_four", agents=4), p.created("r_two", agents=2)]

    def entries(run_id: str, expired: int) -> list[LedgerEntry]:
        miss = CacheMiss(reason=reason, tokens=40_000)
        usage = Usage(cache_write_5m_tokens=40_000)
        gone = [p.entry(run_id, miss=miss, usage=usage) for _ in range(expired)]
        return [*gone, *(p.entry(run_id) for _ in range(200 - expired))]

    return p.past(
        [*entries("r_four", at_four), *(entries("r_two", at_two) if at_two is not None else [])], told
    )


def test_fewer_agents_where_prompts_expire() -> None:
    told = of_rule(_crowds(40, 2), "expired-prompts")
    assert told is not None
    # 40 times 40,000 tokens at 0.115 a million are 0.184; at most 3 % expire with two agents, 16 % with four.
    assert Decimal("0.14") < told.weekly < Decimal("0.16")
    assert (told.setting, told.value) == ("agents", 2)
    assert told.sentence == (
        "40 of 200 prompts had expired from the cache before the agent's next turn: let fewer agents work at "
        "a time, about $0.15 a week."
    )


def test_without_other_runs_it_is_said_to_be_the_most_that_can_be_saved() -> None:
    told = of_rule(_crowds(40, None), "expired-prompts")
    assert told is not None
    assert (told.weekly, told.value) == (Decimal("0.184"), 2)
    assert "up to $0.18 a week" in told.sentence


@pytest.mark.parametrize(
    "made",
    [_crowds(4, 0), _crowds(40, 30), _crowds(40, 2, reason="messages_changed"), _crowds(40, 40)],
    ids=["few", "within chance", "for another reason", "fewer agents do not help"],
)
def test_agents_are_left_alone_where_that_would_not_help(made: History) -> None:
    assert of_rule(made, "expired-prompts") is None


# The Gate.


def _retried(
    helped: int, in_vain: int, *, retry: str = "0.09", above: str = "0.10", count: int = 12
) -> History:
    """Attempts on Haiku low with one retry each; Haiku high costs `above` from there on."""
    told: list[ev.AnyEvent] = []
    entries = []
    for n in range(helped + in_vain):
        run_id, second = f"r_{n}", "green" if n < helped else "red"
        told.append(p.created(run_id))
        first = p.gate(run_id, "a", "red", 1_600)
        last = p.gate(run_id, "a", "green" if second == "green" else "red", 2_400)
        told += p.attempted(run_id, first, last)
        entries += [p.entry(run_id, at=1_550), p.entry(run_id, dollars=retry, at=2_000)]
    records = [p.record(p.step(p.LOW, "red", "0.10"), p.step(p.HIGH, "green", above)) for _ in range(count)]
    return p.past(entries, told, records)


def test_retries_that_do_not_pay_are_named() -> None:
    told = of_rule(_retried(0, 12), "gate-retries")
    # 0.09 a retry, less 0.10 at Wilson's upper bound of helping, 18.4 %: 0.0716, twelve times.
    assert told is not None
    assert Decimal("0.85") < told.weekly < Decimal("0.87")
    assert (told.setting, told.value, told.hits, told.of) == ("gate_retries", 0, 0, 12)
    assert told.sentence == (
        "Sent back with the output of a red gate, 0 of 12 attempts passed on their last retry: climb without "
        "it, about $0.86 a week."
    )


@pytest.mark.parametrize(
    "made",
    [
        _retried(0, LEAST - 1),
        _retried(9, 3),
        _retried(0, 12, retry="0.015"),
        _retried(0, 12, count=0),
        msgspec.structs.replace(_retried(0, 12), settings=Settings(gate_retries=0)),
        msgspec.structs.replace(_retried(0, 12), settings=Settings(gate_retries=2)),
    ],
    ids=["few", "they help", "so cheap that they may", "nothing to compare with", "none", "another count"],
)
def test_retries_stay_that_may_pay(made: History) -> None:
    assert of_rule(made, "gate-retries") is None


def _flaky(runs: int, wrong: int, newly: tuple[str, ...] = ("test_net",)) -> History:
    told: list[ev.AnyEvent] = []
    entries = []
    for n in range(8):
        run_id = f"r_{n}"
        told.append(p.created(run_id, flaky=("test_net",) if n < runs else ()))
        if n < wrong:
            told += p.attempted(run_id, p.gate(run_id, "a", "red", 1_600, newly))
            entries.append(p.entry(run_id, dollars="0.05", at=2_000))
    return p.past(entries, told)


def test_tests_that_are_flaky_are_named_with_what_they_cost() -> None:
    told = of_rule(_flaky(3, 2), "flaky-tests")
    assert told is not None
    assert (told.weekly, told.setting, told.hits, told.of) == (Decimal("0.10"), None, 3, 8)
    assert told.sentence == (
        "test_net passes and fails on the same code, in 3 of 8 Runs: mend it or leave it out of the gate, "
        "about $0.10 a week."
    )
    free = of_rule(_flaky(3, 0), "flaky-tests")
    assert free is not None
    assert (free.weekly, free.sentence.endswith("leave it out of the gate.")) == (Decimal(0), True)


@pytest.mark.parametrize(
    "made",
    [_flaky(2, 2), _flaky(0, 8), _flaky(1, 8, ("test_net", "test_own"))],
    ids=["few", "none", "own too"],
)
def test_tests_are_not_called_flaky_too_soon(made: History) -> None:
    assert of_rule(made, "flaky-tests") is None


def test_whose_gate_it_was_is_not_guessed_where_agents_try_side_by_side() -> None:
    told: list[ev.AnyEvent] = [p.created("r_0", flaky=("test_net",))]
    for n in range(9):
        run_id = f"r_{n}"
        red = p.gate(run_id, "a", "red", 1_600, ("test_net",))
        one, two = p.attempted(run_id, red), p.attempted(run_id)
        told += [*([p.created(run_id)] if n else []), one[0], two[0], *one[1:], two[-1]]
    assert of_rule(p.past([], told), "flaky-tests") is None


# The budget.


def _spent(
    amounts: Sequence[str], parked: int, *, budget: str = "0.20", expired: int = 0, scope: str = "run"
) -> History:
    told: list[ev.AnyEvent] = []
    entries = []
    for n, dollars in enumerate(amounts):
        run_id = f"r_{n}"
        told.append(p.created(run_id, budget=budget))
        entries.append(p.entry(run_id, dollars=dollars))
        if n < parked:
            paused = ev.RunPaused(run_id=run_id, at=1_500, state="parked", reason="The budget is reached.")
            told.append(msgspec.structs.replace(paused, scope=scope))
            entries.append(p.entry(run_id, dollars="0", at=1_600, expired=expired))
        told += p.joined(run_id)
    return p.past(entries, told, settings=Settings(budget=Decimal("0.20")))


TEN = ["0.10"] * 5 + ["0.30"] * 4 + ["0.90"]


def test_a_budget_at_which_runs_stop_is_too_tight() -> None:
    told = of_rule(_spent(TEN, 5, expired=100_000), "tight-budget")
    assert told is not None
    assert (told.setting, told.value, told.hits, told.of) == ("budget", Decimal("0.40"), 5, 10)
    assert told.weekly == 5 * Decimal("0.0115")
    assert told.sentence == (
        "5 of 10 Runs stopped at their budget of $0.2000; nine of ten have ended at $0.3000 or less: set it "
        "to $0.4000, which saves waiting and about $0.06 a week."
    )
    free = of_rule(_spent(TEN, 5), "tight-budget")
    assert free is not None
    assert (free.weekly, free.sentence.endswith("which saves waiting.")) == (Decimal(0), True)


@pytest.mark.parametrize(
    "made",
    [
        _spent(TEN[:7], 5),
        _spent(TEN, 2),
        _spent(["0.10"] * 10, 5),
        _spent(TEN, 5, budget="0.50"),
        _spent(TEN, 5, scope="day"),
    ],
    ids=["few Runs", "seldom", "it would be no wider", "under another budget", "of the day"],
)
def test_a_budget_is_not_too_tight_without_evidence(made: History) -> None:
    assert of_rule(made, "tight-budget") is None


def test_a_budget_far_above_every_run_bounds_nothing() -> None:
    told = of_rule(_spent(["0.01"] * 11 + ["0.02"], 0), "wide-budget")
    assert told is not None
    assert (told.setting, told.value, told.weekly) == ("budget", Decimal("0.10"), Decimal(0))
    assert told.sentence == (
        "None of 12 Runs cost more than $0.0200, and the budget is $0.2000: $0.1000 stops a Run that goes "
        "wrong $0.1000 earlier."
    )


@pytest.mark.parametrize(
    "made",
    [_spent(["0.01"] * 11, 0), _spent(["0.01"] * 11 + ["0.021"], 0), _spent(["0.01"] * 12, 1)],
    ids=["few Runs", "within ten times", "one stopped"],
)
def test_a_budget_is_not_too_wide_without_evidence(made: History) -> None:
    assert of_rule(made, "wide-budget") is None


def test_the_dearest_come_first() -> None:
    made = p.past([], [], [*_always_red(10), *_through_high(0, 12)], settings=FIXED)
    amounts = [one.weekly for one in suggestions(made)]
    assert len(amounts) > 1
    assert amounts == sorted(amounts, reverse=True)

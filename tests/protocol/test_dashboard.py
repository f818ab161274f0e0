"""What the dashboard shows of a History."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from contextune.core.errors import UsageProblem
from contextune.protocol.compared import compared
from contextune.protocol.dashboard import MOST_TASKS, begins, dashboard_view
from contextune.protocol.days import next_day_start, start_of
from tests.core import past as p

TODAY = "2026-11-22"
NOON = start_of(TODAY) + 12 * 3_600_000


def at(day: str, hour: int = 12) -> int:
    return start_of(day) + hour * 3_600_000


def test_periods_end_today() -> None:
    assert [begins(period, TODAY) for period in ("today", "week", "month", "quarter", "all")] == [
        *("2026-11-22", "2026-11-16", "2026-10-24", "2026-08-25"),
        None,
    ]


def test_days_have_no_gaps_and_add_up() -> None:
    entries = [
        p.entry("r_1", dollars="0.01", at=at("2026-11-20")),
        p.entry("r_1", dollars="0.30", at=at("2026-11-20"), rung=p.MIDDLE),
        p.entry("r_1", dollars="0.02", at=at(TODAY)),
        p.entry("r_1", dollars=None, settled=False, at=at(TODAY)),
    ]
    told = dashboard_view(p.past(entries, [p.created(at=at("2026-11-20")), *p.joined()]), "week", TODAY)
    assert [span.label for span in told.spans] == [
        *("Nov 16", "Nov 17", "Nov 18", "Nov 19", "Nov 20", "Nov 21", "Nov 22"),
    ]
    assert [one.key for one in told.series] == [p.MIDDLE.model, p.LOW.model]
    assert told.spans[4].dollars == (Decimal("0.30"), Decimal("0.01"))
    assert told.spans[5].dollars == (Decimal(0), Decimal(0))
    assert told.spans[5].bill.requests == 0
    assert sum(sum(span.dollars) for span in told.spans) == told.costs.total.dollars == Decimal("0.33")
    assert [(span.at, span.bill.text) for span in told.spans[-1:]] == [(start_of(TODAY), "$0.0200")]


def test_today_is_told_by_the_hour() -> None:
    entries = [
        p.entry("r_1", dollars="0.01", at=at(TODAY, 9)),
        p.entry("r_1", dollars="0.02", at=at(TODAY, 9) + 5),
    ]
    told = dashboard_view(p.past(entries, [p.created(at=at(TODAY, 9))]), "today", TODAY)
    assert len(told.spans) == (next_day_start(TODAY) - start_of(TODAY)) // 3_600_000
    assert [span.label for span in told.spans if span.bill.requests] == ["09:00"]


def test_a_long_time_is_told_by_weeks_that_begin_on_monday() -> None:
    first = (date.fromisoformat(TODAY) - timedelta(days=200)).isoformat()
    entries = [p.entry("r_1", dollars="0.01", at=at(first)), p.entry("r_1", dollars="0.02", at=at(TODAY))]
    told = dashboard_view(p.past(entries, [p.created(at=at(first))]), "all", TODAY)
    assert told.spans[0].label == "week of May 4"
    assert len(told.spans) == 29
    assert sum(sum(span.dollars) for span in told.spans) == Decimal("0.03")


def test_nothing_spent_has_no_bars_and_no_share() -> None:
    told = dashboard_view(p.past([], []), "month", TODAY)
    assert (told.spans, told.series, told.tasks, told.quoted) == ((), (), (), ())
    assert (told.cached, told.cached_text, told.kept_text) == (None, "", "")
    assert [choice.name for choice in told.choices] == ["This week", "Last week", "This month", "Last month"]


def test_a_run_stands_beside_its_quote_without_its_planning() -> None:
    def of(run_id: str, cost: str | None) -> list[object]:
        return [p.planned(run_id, "0.50", at=NOON), p.entry(run_id, dollars=cost, at=NOON)]

    entries = [*of("r_1", "0.02"), *of("r_2", "0.005"), *of("r_3", "0.08")]
    events = [
        event for run_id in ("r_1", "r_2", "r_3") for event in (p.created(run_id, at=NOON), *p.joined(run_id))
    ]
    told = dashboard_view(p.past(entries, events), "week", TODAY)  # type: ignore[arg-type]
    assert {one.run_id: (one.verdict, one.low, one.high, one.cost) for one in told.quoted} == {
        "r_1": ("as_said", Decimal("0.2500"), Decimal("1.0000"), Decimal("0.5000")),
        "r_2": ("less", Decimal("0.2500"), Decimal("1.0000"), Decimal("0.1250")),
        "r_3": ("more", Decimal("0.1250"), Decimal("0.5000"), Decimal("1.0000")),
    }
    assert told.quoted[0].text.startswith("Quoted $0.0100 to $0.0400, cost $")


def test_tasks_are_told_the_dearest_first_up_to_a_number() -> None:
    entries = [
        p.entry("r_1", task_id=f"t{number}", dollars=f"0.{number + 10}", at=NOON)
        for number in range(MOST_TASKS + 3)
    ]
    told = dashboard_view(p.past(entries, [p.created(at=NOON)]), "week", TODAY)
    assert [group.key for group in told.tasks[:2]] == [f"r_1/t{MOST_TASKS + 2}", f"r_1/t{MOST_TASKS + 1}"]
    assert (len(told.tasks), told.tasks_left_out) == (MOST_TASKS, 3)


def test_an_unpriced_model_is_said_to_be_so() -> None:
    entries = [p.entry("r_1", dollars=None, at=NOON)]
    told = dashboard_view(p.past(entries, [p.created(at=NOON)]), "week", TODAY)
    assert told.series[0].text == "1 unpriced request"
    assert told.spans[-1].bill.text == "1 unpriced request"


def test_each_choice_is_one_that_can_be_compared() -> None:
    entries = [
        p.entry("r_1", dollars="0.01", at=NOON),
        p.entry("r_2", dollars="0.02", at=NOON, rung=p.MIDDLE),
    ]
    made = p.past(entries, [p.created("r_1", at=NOON), p.created("r_2", at=NOON)])
    told = dashboard_view(made, "week", TODAY)
    kinds = {choice.kind for choice in told.choices}
    assert kinds == {"period", "run", "model"}
    for kind in kinds:
        one, other = [choice.word for choice in told.choices if choice.kind == kind][:2]
        assert compared(made, (one, other), "compare").one.name
    with pytest.raises(UsageProblem, match="Give two of one sort"):
        compared(made, ("r_1", p.LOW.model), "compare")

"""The dashboard's view of a History. Pure but for the local time zone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Literal

from contextune.core.model.ledger import LedgerEntry, run_of
from contextune.core.model.money import Bill
from contextune.core.routing.calibration import forecast
from contextune.core.runs.run import Run
from contextune.core.spending.costs import share_of, summed, total
from contextune.core.spending.history import History
from contextune.core.spending.suggestion import percent
from contextune.core.spending.wording import dollars_text, kept_text
from contextune.protocol.convert import bill_view
from contextune.protocol.cost_views import CostGroup
from contextune.protocol.costs import cost_view
from contextune.protocol.dashboard_views import (
    ChoiceView,
    DashboardView,
    Period,
    QuotedView,
    SeriesView,
    SpanView,
)
from contextune.protocol.days import day_of, next_day_start, start_of
from contextune.protocol.shown import forecast_shown
from contextune.protocol.wording import model_text
from contextune.protocol.words import mark, shown, spoken, t

DAYS: dict[Period, int] = {"today": 1, "week": 7, "month": 30, "quarter": 90}
"""How many days a period has, today among them; all time has no number."""

MOST_DAYS = 92
"""Bars of a day each; a longer time has bars of a week."""

_MONTHS = (
    *(mark("Jan"), mark("Feb"), mark("Mar"), mark("Apr"), mark("May"), mark("Jun")),
    *(mark("Jul"), mark("Aug"), mark("Sep"), mark("Oct"), mark("Nov"), mark("Dec")),
)

MOST_TASKS = 20
MOST_RUNS = 20

HOUR_MS = 3_600_000
_PLACE = Decimal("0.0001")


def begins(period: Period, today: str) -> str | None:
    """The first day of a period that ends today; None for all time."""
    days = DAYS.get(period)
    return None if days is None else (date.fromisoformat(today) - timedelta(days=days - 1)).isoformat()


def dashboard_view(past: History, period: Period, today: str) -> DashboardView:
    """What the dashboard shows of a period that ends today; `past` holds that period."""
    settled = [entry for entry in past.entries if entry.settled]
    models = summed(settled, lambda entry: entry.rung.model)
    ordered = sorted(models, key=lambda model: (-models[model].dollars, model))
    bill = total(settled)
    cached = share_of(Decimal(bill.usage.cache_read_tokens), Decimal(bill.usage.prompt_tokens))
    tasks = _tasks(past, settled)
    foretold = forecast(reversed(past.records))
    first = begins(period, today)
    return DashboardView(
        period=period,
        costs=cost_view(past, day_of=day_of, today=today),
        spans=tuple(_spans(settled, ordered, period, today)),
        series=tuple(
            SeriesView(key=model, name=model_text(model), text=bill_view(models[model]).text)
            for model in ordered
        ),
        tasks=tasks[:MOST_TASKS],
        tasks_left_out=max(0, len(tasks) - MOST_TASKS),
        cached=cached,
        cached_text="" if cached is None else percent(cached),
        quoted=tuple(_quoted(past, start_of(first) if first is not None else 0)),
        kept_text=forecast_shown(foretold) if foretold else "",
        choices=tuple(_choices(past, ordered, today)),
    )


def _tasks(past: History, settled: Iterable[LedgerEntry]) -> tuple[CostGroup, ...]:
    """The bill of each Task, the dearest first."""
    titles = {(run.id, task.id): task.task.title for run in past.runs for task in run.tasks}
    bills = summed(
        (entry for entry in settled if entry.task_id),
        lambda entry: (run_of(entry.stream), entry.task_id or ""),
    )
    dearest = sorted(bills, key=lambda key: (-bills[key].dollars, key))
    return tuple(
        CostGroup(key="/".join(key), name=titles.get(key, key[1]), bill=bill_view(bills[key]))
        for key in dearest
    )


def _spans(settled: list[LedgerEntry], models: list[str], period: Period, today: str) -> Iterator[SpanView]:
    if not settled:
        return
    first = begins(period, today) or day_of(min(entry.at for entry in settled))
    for start, end, label in _marks(first, today, hourly=period == "today"):
        entries = [entry for entry in settled if start <= entry.at < end]
        of_model = summed(entries, lambda entry: entry.rung.model)
        yield SpanView(
            at=start,
            label=label,
            dollars=tuple(of_model.get(model, Bill()).dollars for model in models),
            bill=bill_view(total(entries)),
        )


def _marks(first: str, last: str, *, hourly: bool) -> Iterator[tuple[int, int, str]]:
    """The beginning, the end and the name of each bar."""
    if hourly:
        at, end = start_of(last), next_day_start(last)
        while at < end:
            yield at, at + HOUR_MS, f"{datetime.fromtimestamp(at / 1000).astimezone():%H:%M}"
            at += HOUR_MS
        return
    day, until = date.fromisoformat(first), date.fromisoformat(last)
    step = 1 if (until - day).days < MOST_DAYS else 7
    if step == 7:
        day -= timedelta(days=day.weekday())
    while day <= until:
        end_day = day + timedelta(days=step)
        name = t("{month} {day}", month=spoken(_MONTHS[day.month - 1]), day=day.day)
        yield (
            start_of(day.isoformat()),
            start_of(end_day.isoformat()),
            name if step == 1 else t("week of {date}", date=name),
        )
        day = end_day


def _quoted(past: History, since: int) -> Iterator[QuotedView]:
    """What Runs that began in the period and have ended were quoted at, the newest first."""
    spent = summed((entry for entry in past.entries if entry.task_id), lambda entry: entry.stream)
    begun = (run for run in past.runs if run.created_at >= since and run.id in spent)
    ended = [run for run in begun if run.ended_at is not None]
    for run in sorted(ended, key=lambda run: -run.created_at)[:MOST_RUNS]:
        yield _quoted_view(run, spent[run.id].dollars)


def _quoted_view(run: Run, cost: Decimal) -> QuotedView:
    price = run.quote.price
    text = kept_text(price, cost)
    if text is None or price.low is None or price.likely is None or price.high is None:
        nothing = Decimal(0)
        said = t("Unpriced when it was quoted, cost {dollars}.", dollars=dollars_text(cost))
        return QuotedView(
            run_id=run.id,
            title=run.title,
            text=said,
            verdict="unpriced",
            low=nothing,
            likely=nothing,
            high=nothing,
            cost=nothing,
        )
    most = max(price.high, cost) or Decimal(1)
    verdict: Literal["less", "as_said", "more"] = "as_said"
    if cost < price.low:
        verdict = "less"
    elif cost > price.high:
        verdict = "more"

    def place(amount: Decimal) -> Decimal:
        return (amount / most).quantize(_PLACE)

    return QuotedView(
        run_id=run.id,
        title=run.title,
        text=shown(text),
        verdict=verdict,
        low=place(price.low),
        likely=place(price.likely),
        high=place(price.high),
        cost=place(cost),
    )


def _choices(past: History, models: Iterable[str], today: str) -> Iterator[ChoiceView]:
    """Sides to compare: this and the last week and month, the newest Runs, the models."""
    now = date.fromisoformat(today)
    monday, first = now - timedelta(days=now.weekday()), now.replace(day=1)
    last_first = (first - timedelta(days=1)).replace(day=1)
    for name, begin, end in (
        (t("This week"), monday, now),
        (t("Last week"), monday - timedelta(days=7), monday - timedelta(days=1)),
        (t("This month"), first, now),
        (t("Last month"), last_first, first - timedelta(days=1)),
    ):
        yield ChoiceView(word=f"{begin.isoformat()}..{end.isoformat()}", name=name, kind="period")
    for run in sorted(past.runs, key=lambda run: -run.created_at)[:MOST_RUNS]:
        yield ChoiceView(word=run.id, name=f"{run.title} ({run.id})", kind="run")
    for model in models:
        yield ChoiceView(word=model, name=model_text(model), kind="model")

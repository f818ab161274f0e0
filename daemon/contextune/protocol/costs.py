"""The core's sums, rates and suggestions as views. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal

import msgspec

from contextune.core.model.conversation import Rung
from contextune.core.model.ledger import run_of
from contextune.core.model.money import Bill, CostLine
from contextune.core.model.naming import model_text, rung_text
from contextune.core.runs.run import Run
from contextune.core.spending.chance import Ratio, Share
from contextune.core.spending.comparison import Change, Comparison, Side
from contextune.core.spending.costs import (
    Cliffs,
    MissLine,
    cliffs,
    held,
    is_planning,
    misses,
    spread,
    summed,
    total,
)
from contextune.core.spending.economy import PerTodo, per_todo
from contextune.core.spending.history import History
from contextune.core.spending.rates import Climb, Rate, climbs, rates
from contextune.core.spending.suggestion import SettingValue, Suggestion, cents, percent
from contextune.core.spending.suggestions import suggestions
from contextune.core.spending.wording import count_text, dollars_text
from contextune.protocol.convert import SAVING_METHOD, bill_view, cost_line_view, price_view, rung_view
from contextune.protocol.cost_views import (
    ChangeView,
    CliffsView,
    ComparisonView,
    CostGroup,
    CostRun,
    CostView,
    MissView,
    PerTodoView,
    RateView,
    SettingChange,
    SideView,
    SuggestionView,
    Unstarted,
)

PER_TODO_METHOD = (
    "Dollars of all ended Runs and of Quotes that never started, failures and planning included, for each "
    "Todo of a Task that was accepted and neither undone nor discarded. The interval is the ratio "
    "estimator's over Runs and Quotes, 95 %."
)
SHADOW_METHOD = (
    "Shadow samples do accepted Tasks again on another rung: what fails there counts, and so does the Task's "
    "part of the planning. Tasks that nobody accepted are not among them, so compare samples with samples."
)

LEAST_CLIMBS = 5
"""Tasks of a kind, for its climbing to be worth a sentence."""

_json = msgspec.json.Encoder(decimal_format="number").encode


def cost_view(past: History, *, day_of: Callable[[int], str], today: str) -> CostView:
    """Money over time. `day_of` tells the local date of a time in milliseconds, such as `2026-11-22`."""
    by_day = summed(past.entries, lambda entry: day_of(entry.at))
    by_run = summed(past.entries, lambda entry: run_of(entry.stream))
    by_role = summed(past.entries, lambda entry: (entry.role, entry.rung.model))
    by_model = summed(past.entries, lambda entry: entry.rung.model)
    by_repository = summed(past.entries, lambda entry: entry.repository)
    known = {run.id for run in past.runs}
    quoted_only = {run_of(e.stream) for e in past.entries if is_planning(e)} - known
    todos = per_todo(past)
    return CostView(
        total=bill_view(total(past.entries)),
        today=bill_view(by_day.get(today, Bill())),
        days=tuple(
            CostGroup(key=day, name=day, bill=bill_view(by_day[day])) for day in sorted(by_day, reverse=True)
        ),
        runs=tuple(
            _cost_run(run, by_run.get(run.id, Bill()))
            for run in sorted(past.runs, key=lambda run: run.created_at)[::-1]
        ),
        unstarted=Unstarted(
            quotes=len(quoted_only),
            bill=bill_view(total(e for e in past.entries if run_of(e.stream) in quoted_only)),
        ),
        roles=tuple(
            cost_line_view(CostLine(role=role, model=model, bill=bill))
            for (role, model), bill in by_role.items()
        ),
        models=_groups(by_model, model_text),
        repositories=_groups(by_repository, lambda folder: folder.rsplit("/", 1)[-1] or folder),
        rates=tuple(_rate_view(rate) for rate in rates(past.records)),
        misses=tuple(_miss_view(line) for line in misses(past)),
        cliffs=_cliffs_view(cliffs(past)),
        patterns=_patterns(past),
        suggestions=tuple(_suggestion_view(one) for one in suggestions(past)),
        per_todo=tuple(_per_todo_view(one) for one in todos),
        per_todo_method=PER_TODO_METHOD if len(todos) == 1 else f"{PER_TODO_METHOD} {SHADOW_METHOD}",
        remarks=_remarks(past),
        method=SAVING_METHOD,
    )


def _groups(bills: Mapping[str, Bill], name: Callable[[str], str]) -> tuple[CostGroup, ...]:
    dearest = sorted(bills.items(), key=lambda pair: (-pair[1].dollars, pair[0]))
    return tuple(CostGroup(key=key, name=name(key), bill=bill_view(bill)) for key, bill in dearest)


def _cost_run(run: Run, bill: Bill) -> CostRun:
    return CostRun(
        run_id=run.id,
        title=run.title,
        repository=run.repository,
        state=run.state,
        created_at=run.created_at,
        tasks=len(run.tasks),
        accepted=sum(task.state == "accepted" for task in run.tasks),
        offline=run.offline,
        bill=bill_view(bill),
        quoted=price_view(run.quote.price),
    )


def _rate_view(rate: Rate) -> RateView:
    return RateView(
        kind=rate.kind,
        rung=rung_view(rate.rung),
        passed=rate.passed.hits,
        of=rate.passed.of,
        text=f"{rate.passed.hits} of {rate.passed.of}",
        bounds=_bounds(rate.passed),
        each=rate.each,
        each_text=dollars_text(rate.each),
    )


def _bounds(share: Share) -> str:
    return f"{percent(share.low).removesuffix(' %')} to {percent(share.high)}"


def _miss_view(line: MissLine) -> MissView:
    reason = line.reason.replace("_", " ")
    return MissView(
        reason=line.reason,
        count=line.count,
        tokens=line.tokens,
        dollars=line.dollars,
        text=(
            f"{count_text(line.count, 'prompt')} missed the cache ({reason}): "
            f"{count_text(line.tokens, 'token')} paid for again, {dollars_text(line.dollars)} more"
        ),
    )


def _cliffs_view(seen: Cliffs) -> CliffsView:
    avoided = seen.pruned + seen.handed_over
    said = f"{count_text(avoided, 'price cliff')} avoided, {dollars_text(seen.dollars)} less"
    return CliffsView(
        avoided=avoided,
        passed=seen.passed,
        dollars=seen.dollars,
        text=said + (f"; {count_text(seen.passed, 'request')} passed one" if seen.passed else ""),
    )


def _patterns(past: History) -> tuple[str, ...]:
    """Where the money went, a sentence each."""
    went = spread(past)
    said = []
    if went.planning:
        never = f", {percent(went.unstarted)} for Quotes that never started" if went.unstarted else ""
        said.append(f"Planning is {percent(went.planning)} of the bill{never}.")
    if went.failed:
        said.append(f"Tasks that were not accepted took {percent(went.failed)}.")
    if went.shadow:
        said.append(f"Shadow samples took {percent(went.shadow)}.")
    if went.cached is not None:
        said.append(f"{percent(went.cached)} of prompt tokens came from the cache.")
    return (
        *said,
        *(_climb_text(climb) for climb in climbs(past.records) if climb.climbed.of >= LEAST_CLIMBS),
    )


def _climb_text(climb: Climb) -> str:
    climbed, accepted = climb.climbed, climb.accepted
    return (
        f"Of {climbed.of} Tasks of kind {climb.kind or 'unknown'}, {climbed.hits} climbed and "
        f"{accepted.hits} were accepted, for {dollars_text(climb.dollars)}."
    )


def _suggestion_view(one: Suggestion) -> SuggestionView:
    return SuggestionView(
        id=one.id,
        sentence=one.sentence,
        weekly=one.weekly,
        weekly_text=f"{cents(one.weekly)} a week" if one.weekly else "",
        computed=one.computed,
        evidence=f"{one.hits} of {one.of}",
        apply=setting_change(one.setting, one.value) if one.setting and one.value is not None else None,
    )


def setting_change(setting: str, value: SettingValue) -> SettingChange:
    """What to set, as an editor and as a person take it. `setting` is in snake_case."""
    first, *others = setting.split("_")
    camel = first + "".join(word.capitalize() for word in others)
    return SettingChange(
        key=f"contextune.{camel}", value_json=_json(value).decode(), text=f"{setting} = {_value_text(value)}"
    )


def _value_text(value: SettingValue) -> str:
    if isinstance(value, tuple):
        return ", then ".join(_value_text(rung) for rung in value)
    if isinstance(value, Rung):
        return rung_text(value)
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _per_todo_view(one: PerTodo) -> PerTodoView:
    each = one.each
    source = count_text(one.units, "Run") + ", unstarted Quotes counted as Runs"
    if one.arm != "done":
        source = count_text(one.units, "Task")
    counted = f"{count_text(one.todos, 'Todo')} of {source}"
    left_out = f", {one.left_out} unpriced left out" if one.left_out else ""
    return PerTodoView(
        label=_arm_text(one),
        rung=rung_view(one.rung) if one.rung else None,
        each=each.value if each else None,
        low=each.low if each else None,
        high=each.high if each else None,
        each_text=dollars_text(each.value) if each else "",
        text=_ratio_text(each, "no Todo was accepted"),
        detail=f"{counted}, {dollars_text(one.dollars)} in all{left_out}",
    )


def _arm_text(one: PerTodo) -> str:
    match one.arm:
        case "done":
            return "As it was done"
        case "sampled":
            return "The sampled Tasks as they were done"
        case "shadow":
            return f"The same Tasks on {rung_text(one.rung)}" if one.rung else ""


def _ratio_text(each: Ratio | None, nothing: str) -> str:
    if each is None:
        return nothing
    if each.low is None or each.high is None:
        return f"{dollars_text(each.value)}, too few for an interval"
    return f"{dollars_text(each.value)}, 95 %: {dollars_text(each.low)} to {dollars_text(each.high)}"


def _remarks(past: History) -> tuple[str, ...]:
    said = []
    waiting = held(past.entries)
    if waiting.requests:
        said.append(
            f"{count_text(waiting.requests, 'request')} not settled yet, at most "
            f"{dollars_text(waiting.dollars)} more."
        )
    if past.played:
        said.append("The Tasks behind rates and suggestions were played by the offline model.")
    played = sum(run.offline for run in past.runs)
    if played:
        said.append(
            f"{count_text(played, 'Run')} used the offline model: nothing was paid for, and the prices are "
            "those of the models that it stands for."
        )
    return tuple(said)


def comparison_view(told: Comparison) -> ComparisonView:
    """Two periods, Runs or models side by side."""
    return ComparisonView(
        one=_side_view(told.one),
        other=_side_view(told.other),
        changes=tuple(_change_view(change) for change in told.changes),
        remark=told.remark,
    )


def _side_view(side: Side) -> SideView:
    return SideView(
        name=side.name,
        bill=bill_view(side.bill),
        tasks=side.tasks,
        accepted=side.accepted,
        interval=_ratio_text(side.each, "no Task was accepted"),
    )


def _change_view(change: Change) -> ChangeView:
    def text(amount: Decimal | None) -> str:
        if amount is None:
            return ""
        if change.measure.startswith("dollars"):
            return dollars_text(amount)
        if change.measure.startswith("share"):
            return percent(amount)
        return f"{amount.quantize(Decimal('0.1'), ROUND_HALF_UP):,}"

    relative = "" if change.relative is None else percent(change.relative)
    return ChangeView(
        measure=change.measure,
        one=change.one,
        other=change.other,
        difference=change.difference,
        relative=change.relative,
        one_text=text(change.one),
        other_text=text(change.other),
        difference_text=text(change.difference),
        relative_text=f"+{relative}" if change.relative is not None and change.relative > 0 else relative,
    )

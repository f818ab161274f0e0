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
    EXPIRED,
    NO_REASON,
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
from contextune.core.spending.wording import dollars_text
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
from contextune.protocol.words import counted, mark, shown, spoken, t

PER_TODO_METHOD = mark(
    "Dollars of all ended Runs and of Quotes that never started, failures and planning included, for each "
    "Todo of a Task that was accepted and neither undone nor discarded. The interval is the ratio "
    "estimator's over Runs and Quotes, 95 %."
)
SHADOW_METHOD = mark(
    "Shadow samples do accepted Tasks again on another rung: what fails there counts, and so does the Task's "
    "part of the planning. Tasks that nobody accepted are not among them, so compare samples with samples."
)

_MISSED = {
    "model_changed": mark("model changed"),
    "system_changed": mark("system changed"),
    "tools_changed": mark("tools changed"),
    "messages_changed": mark("messages changed"),
    "previous_message_not_found": mark("previous message not found"),
    EXPIRED: mark("expired"),
    NO_REASON: mark("unexplained"),
}
"""Why prompts missed the cache; a reason that is not here is the server's own word."""

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
        per_todo_method=" ".join(map(spoken, (PER_TODO_METHOD, SHADOW_METHOD)[: len(todos)])),
        remarks=_remarks(past),
        method=spoken(SAVING_METHOD),
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
        text=t("{hits} of {all}", hits=rate.passed.hits, all=rate.passed.of),
        bounds=_bounds(rate.passed),
        each=rate.each,
        each_text=dollars_text(rate.each),
    )


def _bounds(share: Share) -> str:
    return t("{low} to {high}", low=percent(share.low).removesuffix(" %"), high=percent(share.high))


def _miss_view(line: MissLine) -> MissView:
    return MissView(
        reason=line.reason,
        count=line.count,
        tokens=line.tokens,
        dollars=line.dollars,
        text=t(
            "{prompts} missed the cache ({reason}): {tokens} paid for again, {dollars} more",
            prompts=counted(line.count, mark("1 prompt"), mark("{count} prompts")),
            reason=spoken(_MISSED.get(line.reason, line.reason.replace("_", " "))),
            tokens=counted(line.tokens, mark("1 token"), mark("{count} tokens")),
            dollars=dollars_text(line.dollars),
        ),
    )


def _cliffs_view(seen: Cliffs) -> CliffsView:
    avoided = seen.pruned + seen.handed_over
    cliffs_avoided = counted(avoided, mark("1 price cliff"), mark("{count} price cliffs"))
    said = [t("{cliffs} avoided, {dollars} less", cliffs=cliffs_avoided, dollars=dollars_text(seen.dollars))]
    if seen.passed:
        said.append(counted(seen.passed, mark("1 request passed one"), mark("{count} requests passed one")))
    return CliffsView(
        avoided=avoided,
        passed=seen.passed,
        dollars=seen.dollars,
        text="; ".join(said),
    )


def _patterns(past: History) -> tuple[str, ...]:
    """Where the money went, a sentence each."""
    went = spread(past)
    said = []
    if went.planning:
        part, never = percent(went.planning), percent(went.unstarted or Decimal(0))
        said.append(
            t(
                "Planning is {share} of the bill, {never} for Quotes that never started.",
                share=part,
                never=never,
            )
            if went.unstarted
            else t("Planning is {share} of the bill.", share=part)
        )
    if went.failed:
        said.append(t("Tasks that were not accepted took {share}.", share=percent(went.failed)))
    if went.shadow:
        said.append(t("Shadow samples took {share}.", share=percent(went.shadow)))
    if went.cached is not None:
        said.append(t("{share} of prompt tokens came from the cache.", share=percent(went.cached)))
    return (
        *said,
        *(_climb_text(climb) for climb in climbs(past.records) if climb.climbed.of >= LEAST_CLIMBS),
    )


def _climb_text(climb: Climb) -> str:
    climbed, accepted = climb.climbed, climb.accepted
    return t(
        "Of {tasks} Tasks of kind {kind}, {climbed} climbed and {accepted} were accepted, for {dollars}.",
        tasks=climbed.of,
        kind=climb.kind or t("unknown"),
        climbed=climbed.hits,
        accepted=accepted.hits,
        dollars=dollars_text(climb.dollars),
    )


def _suggestion_view(one: Suggestion) -> SuggestionView:
    return SuggestionView(
        id=one.id,
        sentence=shown(one.sentence),
        weekly=one.weekly,
        weekly_text=t("{dollars} a week", dollars=cents(one.weekly)) if one.weekly else "",
        computed=shown(one.computed),
        evidence=t("{hits} of {all}", hits=one.hits, all=one.of),
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
        return t(", then ").join(_value_text(rung) for rung in value)
    if isinstance(value, Rung):
        return rung_text(value)
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _per_todo_view(one: PerTodo) -> PerTodoView:
    each = one.each
    todos, dollars = counted(one.todos, mark("1 Todo"), mark("{count} Todos")), dollars_text(one.dollars)
    runs = counted(one.units, mark("of 1 Run"), mark("of {count} Runs"))
    tasks = counted(one.units, mark("of 1 Task"), mark("of {count} Tasks"))
    detail = (
        t(
            "{todos} {runs}, unstarted Quotes counted as Runs, {dollars} in all",
            todos=todos,
            runs=runs,
            dollars=dollars,
        )
        if one.arm == "done"
        else t("{todos} {tasks}, {dollars} in all", todos=todos, tasks=tasks, dollars=dollars)
    )
    left_out = t("{count} unpriced left out", count=one.left_out)
    return PerTodoView(
        label=_arm_text(one),
        rung=rung_view(one.rung) if one.rung else None,
        each=each.value if each else None,
        low=each.low if each else None,
        high=each.high if each else None,
        each_text=dollars_text(each.value) if each else "",
        text=_ratio_text(each, t("no Todo was accepted")),
        detail=f"{detail}, {left_out}" if one.left_out else detail,
    )


def _arm_text(one: PerTodo) -> str:
    match one.arm:
        case "done":
            return t("As it was done")
        case "sampled":
            return t("The sampled Tasks as they were done")
        case "shadow":
            return t("The same Tasks on {rung}", rung=rung_text(one.rung)) if one.rung else ""


def _ratio_text(each: Ratio | None, nothing: str) -> str:
    if each is None:
        return nothing
    if each.low is None or each.high is None:
        return t("{dollars}, too few for an interval", dollars=dollars_text(each.value))
    low, high = dollars_text(each.low), dollars_text(each.high)
    return t("{dollars}, 95 %: {low} to {high}", dollars=dollars_text(each.value), low=low, high=high)


def _remarks(past: History) -> tuple[str, ...]:
    said = []
    waiting = held(past.entries)
    if waiting.requests:
        requests = counted(waiting.requests, mark("1 request"), mark("{count} requests"))
        most = dollars_text(waiting.dollars)
        said.append(t("{requests} not settled yet, at most {dollars} more.", requests=requests, dollars=most))
    if past.played:
        said.append(t("The Tasks behind rates and suggestions were played by the offline model."))
    played = sum(run.offline for run in past.runs)
    if played:
        said.append(
            t(
                "{runs} used the offline model: nothing was paid for, and the prices are those of the models "
                "that it stands for.",
                runs=counted(played, mark("1 Run"), mark("{count} Runs")),
            )
        )
    return tuple(said)


def comparison_view(told: Comparison) -> ComparisonView:
    """Two periods, Runs or models side by side."""
    return ComparisonView(
        one=_side_view(told.one),
        other=_side_view(told.other),
        changes=tuple(_change_view(change) for change in told.changes),
        remark=shown(told.remark),
    )


def _side_view(side: Side) -> SideView:
    return SideView(
        name=side.name,
        bill=bill_view(side.bill),
        tasks=side.tasks,
        accepted=side.accepted,
        interval=_ratio_text(side.each, t("no Task was accepted")),
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
        measure=shown(change.measure),
        one=change.one,
        other=change.other,
        difference=change.difference,
        relative=change.relative,
        one_text=text(change.one),
        other_text=text(change.other),
        difference_text=text(change.difference),
        relative_text=f"+{relative}" if change.relative is not None and change.relative > 0 else relative,
    )

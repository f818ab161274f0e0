"""Core values to views, in one direction only. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from contextune.core.check import Check
from contextune.core.forge.writes import Written
from contextune.core.model.conversation import Rung
from contextune.core.model.money import Bill, CostLine, PriceRange
from contextune.core.plain_text import one_line, readable
from contextune.core.planning.quote import Quote, TaskQuote
from contextune.core.proof.evidence import Baseline, Evidence
from contextune.core.runs.bounced import bounced_text
from contextune.core.runs.forge_text import forge_lines, issues, pulls, standing_text
from contextune.core.runs.halted import halted, is_answering
from contextune.core.runs.held import Held, held_text
from contextune.core.runs.ladder import is_to_begin
from contextune.core.runs.merged import merged_text
from contextune.core.runs.rest import paused_titles
from contextune.core.runs.run import Run, planning_bill
from contextune.core.runs.state_words import RUN_STATES
from contextune.core.runs.task_run import Attempt, TaskRun
from contextune.core.states import CLOSED_RUN, Driver
from contextune.core.worktrees.checkout_look import look_text
from contextune.protocol.radar_view import overlap_views
from contextune.protocol.review_view import review_view
from contextune.protocol.shown import bill_shown, forecast_shown, price_shown, proof_shown, question_shown
from contextune.protocol.task_words import task_meaning_text
from contextune.protocol.views import (
    AttemptView,
    BaselineView,
    BillView,
    CheckView,
    CostLineView,
    EvidenceView,
    ForgeLinkView,
    PriceView,
    QuoteView,
    RungView,
    RunView,
    TaskQuoteView,
    TaskView,
)
from contextune.protocol.wording import (
    dollars_text,
    rung_text,
    saved_or_more,
)
from contextune.protocol.words import mark, meaning_text, shown, t

LINE_LIMIT = 1_000
"""Characters of one of them that are shown."""
TAIL_LINES = 40
"""How much of a command's output a view carries: what a person reads to see why it failed."""

SAVING_METHOD = mark(
    "The saving compares what was paid with the price of the same tokens, cached alike, on the "
    "orchestrator's model (Sonnet); it is left out where a request has no price."
)


def bill_view(bill: Bill) -> BillView:
    """Money that was spent."""
    return BillView(
        dollars=bill.dollars,
        text=bill_shown(bill),
        at_sonnet=bill.at_sonnet,
        at_sonnet_text=dollars_text(bill.at_sonnet),
        saving=saved_or_more(bill.saving),
        requests=bill.requests,
        unpriced=bill.unpriced,
        estimated=bill.estimated,
        input_tokens=bill.usage.prompt_tokens,
        cache_read_tokens=bill.usage.cache_read_tokens,
        output_tokens=bill.usage.output_tokens,
    )


def joined_bill(bills: Sequence[Bill]) -> Bill:
    """Several bills as one."""
    total = Bill()
    for bill in bills:
        total = total.join(bill)
    return total


def joined_lines(lines: Sequence[CostLine]) -> tuple[CostLine, ...]:
    """Cost lines with one line a role and model, in order of first appearance."""
    bills: dict[tuple[str, str], Bill] = {}
    for line in lines:
        key = (line.role, line.model)
        bills[key] = bills.get(key, Bill()).join(line.bill)
    return tuple(CostLine(role=role, model=model, bill=bill) for (role, model), bill in bills.items())


def price_view(price: PriceRange) -> PriceView:
    """Money that may be spent."""
    return PriceView(
        low=price.low,
        likely=price.likely,
        high=price.high,
        at_sonnet=price.at_sonnet,
        text=price_shown(price),
        likely_text=dollars_text(price.likely),
        at_sonnet_text=dollars_text(price.at_sonnet),
    )


def rung_view(rung: Rung) -> RungView:
    """A model and an effort."""
    return RungView(model=rung.model, effort=rung.effort, text=rung_text(rung))


def tail(output: str) -> str:
    """The last lines of a command's output."""
    return "\n".join(line[:LINE_LIMIT] for line in readable(output).splitlines()[-TAIL_LINES:])


def _names(tests: Sequence[str]) -> tuple[str, ...]:
    """Names of tests as a person is shown them: they may hold whatever a test is run with."""
    return tuple(one_line(name)[:LINE_LIMIT] for name in tests)


def evidence_view(evidence: Evidence) -> EvidenceView:
    """What the Gate saw."""
    return EvidenceView(
        verdict=evidence.verdict,
        command=evidence.command,
        exit_code=evidence.exit_code,
        tree=evidence.tree,
        duration_ms=evidence.duration_ms,
        newly_failing=_names(evidence.newly_failing),
        tests_removed=_names(evidence.tests_removed),
        tests_weakened=_names(evidence.tests_weakened),
        outdated=_names(evidence.outdated),
        rewritten=evidence.rewritten,
        output_tail=tail(evidence.output),
        whole=evidence.whole,
        reused=evidence.reused,
        proof=proof_shown(evidence.proof),
    )


def run_view(run: Run, driver: Driver = "nobody") -> RunView:
    """A Run, and which process drives it."""
    wave_of = {task_id: number for number, wave in enumerate(run.waves, 1) for task_id in wave}
    held = {one.task_id: one for one in run.held}
    budgets = run.limits.over(run.quote.budgets)
    return RunView(
        id=run.id,
        repository=run.repository,
        title=run.title,
        state=run.state,
        state_text=meaning_text(RUN_STATES[run.state]),
        reason=reason_text(run),
        parked_by=run.parked_by,
        created_at=run.created_at,
        updated_at=run.updated_at,
        ended_at=run.ended_at,
        branch=run.base.branch,
        base=run.base.commit,
        gate=run.gate,
        budget=run.budget,
        budget_text=dollars_text(run.budget),
        task_budget_text=_bound_text(budgets.task),
        request_budget_text=_bound_text(budgets.request),
        max_requests=budgets.requests,
        agents=run.agents,
        offline=run.offline,
        run_command=run.run_command,
        waves=run.waves,
        tasks=tuple(_task_view(run, task, wave_of[task.id], held.get(task.id)) for task in run.tasks),
        bill=bill_view(run.bill),
        costs=tuple(cost_line_view(line) for line in run.costs),
        ghost=run.ghost,
        ghost_evidence=evidence_view(run.ghost_evidence) if run.ghost_evidence else None,
        changes=run.changes,
        review=review_view(run),
        comments=run.comments,
        accepted_as=run.accepted.mode if run.accepted else None,
        made_branch=made_branch(run),
        pulls=forge_links(run, pulls(run)),
        issues=forge_links(run, issues(run)),
        forge_text="; ".join(map(shown, forge_lines(run))),
        forge_waits=shown(run.forge.waits[-1].reason) if run.forge.waits else "",
        undone_text=undone_text(run),
        notes=tuple(map(shown, run.notes)),
        live_overlaps=overlap_views(run),
        can_accept=can_accept(run),
        can_undo=can_undo(run),
        driver=driver,
        sequence=run.seq,
    )


def forge_links(run: Run, written: Sequence[Written]) -> tuple[ForgeLinkView, ...]:
    """Issues or pull requests, to be opened in a browser."""
    return tuple(
        ForgeLinkView(number=one.number, url=one.url, text=shown(standing_text(run, one)))
        for one in written
        if one.number is not None
    )


def can_accept(run: Run) -> bool:
    """Whether the user's branch can be moved to this Run's result."""
    return run.state == "review" and bool(run.joined)


def made_branch(run: Run) -> str | None:
    """The branch that Accept made for the result; None if it moved the user's, or is undone."""
    accepted = run.accepted if run.state == "accepted" else None
    beside = accepted is not None and accepted.restore is None and accepted.mode != "pr"
    return accepted.branch if accepted is not None and beside else None


def undone_text(run: Run) -> str:
    """What an Undo did, a sentence."""
    if run.undone is None or run.accepted is None:
        return ""
    where, after = run.undone.branch or "HEAD", run.undone.after[:12]
    if run.accepted.restore is None:
        return t("The branch {branch} is gone; its commits stay under refs of the Run.", branch=where)
    if run.undone.reverted:
        return t(
            "{branch} had moved on: commits on top of it take the Run's back. It is at {commit}.",
            branch=where,
            commit=after,
        )
    return t(
        "{branch} is back where it was, at {commit}, and so are files and index.", branch=where, commit=after
    )


def reason_text(run: Run) -> str:
    """Why a Run is in its state, a sentence; empty where that is plain."""
    if run.resting:
        return t("It waits for you to resume {tasks}.", tasks=paused_titles(run.tasks))
    return shown(run.reason)


def pausing_text(run: Run, task: TaskRun) -> str:
    """That the agent of a paused Task is in the midst of a turn, a sentence; empty if it is not."""
    is_in_turn = task.paused and is_answering(run, task)
    return t("It stops after the turn that its agent is in.") if is_in_turn else ""


def can_undo(run: Run) -> bool:
    """Whether the user's branch was moved by this Run and not moved back; pull requests move no branch."""
    return run.state == "accepted" and run.accepted is not None and run.accepted.mode in {"merge", "squash"}


def _task_view(run: Run, task: TaskRun, wave: int, held: Held | None) -> TaskView:
    attempt = task.attempt
    evidence = attempt.evidence if attempt else None
    return TaskView(
        id=task.id,
        title=task.task.title,
        brief=task.task.brief,
        wave=wave,
        todo_ids=task.task.todo_ids,
        depends_on=task.task.depends_on,
        state=task.state,
        halted=halted(run, task),
        state_text=task_meaning_text(run, task),
        waits_for_processor=bool(task.awaiting) and halted(run, task) is None,
        paused=task.paused,
        is_to_begin=run.state not in CLOSED_RUN and is_to_begin(task),
        reason=pausing_text(run, task) or shown(task.reason),
        rung=rung_view(attempt.rung) if attempt else None,
        turn=attempt.turns if attempt else 0,
        attempts=tuple(_attempt_view(one) for one in task.attempts),
        bill=bill_view(task.bill),
        files=task.files,
        changes=task.changes,
        evidence=evidence_view(evidence) if evidence else None,
        question=question_shown(task.question),
        to_merge=task.to_merge,
        worktree=task.worktree,
        branch=task.branch,
        port=task.port,
        commit=task.commit,
        held_text=shown(held_text(held)) if held else None,
        merged_text=shown(merged_text(task)),
        bounced_text=shown(bounced_text(run, task)),
        summary=task.summary,
        remaining=task.remaining,
        salvage=task.salvage,
        checkout_text=None
        if task.checkout_before is None
        else shown(look_text(task.checkout_before, task.checkout_after, task.checkout_changed)),
    )


def _attempt_view(attempt: Attempt) -> AttemptView:
    return AttemptView(
        number=attempt.number,
        role=attempt.role,
        rung=rung_view(attempt.rung),
        reason=shown(attempt.reason),
        started_at=attempt.started_at,
        ended_at=attempt.ended_at,
        turns=attempt.turns,
        outcome=attempt.outcome,
        summary=attempt.summary,
        bill=bill_view(attempt.bill),
        evidence=evidence_view(attempt.evidence) if attempt.evidence else None,
    )


def cost_line_view(line: CostLine) -> CostLineView:
    """What one role on one model cost."""
    return CostLineView(role=line.role, model=line.model, bill=bill_view(line.bill))


def _bound_text(dollars: Decimal | None) -> str:
    return "" if dollars is None else dollars_text(dollars)


def quote_view(quote: Quote) -> QuoteView:
    """A Plan with its price."""
    wave_of = {task_id: number for number, wave in enumerate(quote.waves, 1) for task_id in wave}
    priced = {task.task_id: task for task in quote.tasks}
    budgets = quote.limits.over(quote.budgets)
    return QuoteView(
        id=quote.id,
        repository=quote.repository,
        title=quote.title,
        todos=quote.todos,
        tasks=tuple(_task_quote_view(quote, priced[task_id], wave_of[task_id]) for task_id in wave_of),
        waves=quote.waves,
        overlaps=tuple(msgspec.structs.replace(one, reason=shown(one.reason)) for one in quote.shared),
        price=price_view(quote.price),
        planning_text=bill_shown(planning_bill(quote)),
        budget=quote.budget,
        budget_text=dollars_text(quote.budget),
        agents=quote.agents,
        task_budget_text=_bound_text(budgets.task),
        request_budget_text=_bound_text(budgets.request),
        max_requests=budgets.requests,
        gate=quote.gate,
        baseline=_baseline_view(quote.baseline) if quote.baseline else None,
        warnings=tuple(map(shown, quote.warnings)),
        offline=quote.offline,
        ladder=tuple(rung_view(rung) for rung in quote.ladder),
        forecast_text=forecast_shown(quote.forecast) if quote.forecast else None,
        sent_text=_sent_text(quote),
        sent_to="" if quote.offline else quote.server,
        left_out=quote.left_out,
    )


def _sent_text(quote: Quote) -> str:
    if quote.offline or not quote.server:
        return t("Nothing leaves this machine.")
    return t(
        "To {host}: the repository's file names, each Task with its files, what its agent reads and runs.",
        host=quote.server,
    )


def _task_quote_view(quote: Quote, priced: TaskQuote, wave: int) -> TaskQuoteView:
    task = quote.plan.task(priced.task_id)
    return TaskQuoteView(
        id=task.id,
        title=task.title,
        brief=task.brief,
        wave=wave,
        todo_ids=task.todo_ids,
        files=task.files,
        depends_on=task.depends_on,
        gate=task.gate,
        complexity=task.complexity,
        rung=rung_view(priced.rung),
        start=priced.start,
        reason=shown(priced.reason),
        kind=priced.kind,
        explored=priced.explored,
        pinned=priced.pinned,
        price=price_view(priced.price),
    )


def _baseline_view(baseline: Baseline) -> BaselineView:
    return BaselineView(
        command=baseline.command,
        exit_code=baseline.exit_code,
        duration_ms=baseline.duration_ms,
        failing=_names(baseline.failing),
        flaky=baseline.flaky,
        output_tail=tail(baseline.output),
        usable=baseline.usable,
    )


def check_view(check: Check) -> CheckView:
    """One thing that `doctor` looked at."""
    return CheckView(
        name=shown(check.name), state=check.state, detail=shown(check.detail), remedy=shown(check.remedy)
    )

"""Suggestions about the Gate: retries that do not pay, and tests that pass and fail on the same code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import pairwise

from contextune.core.base import Value
from contextune.core.model.conversation import Rung
from contextune.core.proof.evidence import Evidence
from contextune.core.runs import events as ev
from contextune.core.spending.chance import share
from contextune.core.spending.history import History
from contextune.core.spending.rates import mean, visits
from contextune.core.spending.suggestion import LEAST, WORTH, Suggestion, bounds, cents
from contextune.core.spending.wording import count_text, dollars_text

LEAST_FLAKY = 3
"""Runs in which one test was flaky, or red Gates that flaky tests explain."""


class _Trial(Value, frozen=True, kw_only=True):
    """One Gate of an attempt that was red, and what the attempt did until the next one."""

    repository: str
    rung: Rung
    red: int
    """How many Gates of this attempt were red, this one included."""
    evidence: Evidence
    dollars: Decimal
    """Spent by the attempt after it, until its next Gate or its end."""
    helped: bool
    """Whether the attempt's next Gate was green."""


def gate_retries(past: History) -> Iterator[Suggestion]:
    """Fewer retries where the last one seldom helps and costs more than the next rung would."""
    allowed = past.settings.gate_retries
    trials = [trial for trial in _trials(past) if trial.red == allowed and trial.dollars]
    helped = share(sum(trial.helped for trial in trials), len(trials))
    each = mean(trial.dollars for trial in trials)
    above = _cost_above(past, trials)
    if not allowed or helped.of < LEAST or each is None or above is None:
        return
    weekly = (each - helped.high * above) * helped.of / past.weeks
    if weekly < WORTH:
        return
    yield Suggestion(
        id="gate-retries",
        sentence=(
            f"Sent back with the output of a red gate, {helped.hits} of {helped.of} attempts passed on their "
            f"last retry: climb without it, about {cents(weekly)} a week."
        ),
        weekly=weekly,
        computed=(
            f"The last retry helped {bounds(helped)}, and costs {dollars_text(each)}. The rungs above, which "
            f"would do the work in its place, cost {dollars_text(above)}."
        ),
        setting="gate_retries",
        value=allowed - 1,
        hits=helped.hits,
        of=helped.of,
    )


def _cost_above(past: History, trials: Sequence[_Trial]) -> Decimal | None:
    """What a Task costs from the next rung on, averaged over those from which the trials would climb."""
    ladder = past.settings.ladder
    next_of = dict(pairwise(ladder))
    beyond: dict[Rung, list[Decimal]] = {}
    for visit in visits(past.records):
        if visit.rest is not None:
            beyond.setdefault(visit.rung, []).append(visit.rest)
    costs = [mean(beyond.get(next_of[trial.rung], ())) for trial in trials if trial.rung in next_of]
    return mean(costs) if costs and None not in costs else None


def flaky_tests(past: History) -> Iterator[Suggestion]:
    """Tests that pass and fail on the same code, by repository."""
    seen: dict[str, Counter[str]] = {}
    tested: Counter[str] = Counter()
    for run in past.runs:
        if run.baseline is not None:
            tested[run.repository] += 1
            seen.setdefault(run.repository, Counter()).update(set(run.baseline.flaky))
    trials = list(_trials(past))
    for repository, tests in seen.items():
        if not tests:
            continue
        name, count = tests.most_common(1)[0]
        wrong = [t for t in trials if t.repository == repository and _is_explained(t.evidence, set(tests))]
        if max(count, len(wrong)) < LEAST_FLAKY:
            continue
        weekly = sum((trial.dollars for trial in wrong), Decimal(0)) / past.weeks
        runs = tested[repository]
        told = (
            f"{name} passes and fails on the same code, in {count} of {runs} Runs: mend it or leave it out "
            f"of the gate, about {cents(weekly)} a week."
            if weekly >= WORTH
            else f"{name} passes and fails on the same code, in {count} of {runs} Runs: mend it or leave it "
            "out of the gate."
        )
        yield Suggestion(
            id=f"flaky-tests:{repository}",
            sentence=f"{told} So do {len(tests) - 1} other tests." if len(tests) > 1 else told,
            weekly=weekly if weekly >= WORTH else Decimal(0),
            computed=(
                f"{count_text(len(wrong), 'gate')} of {repository} went red by flaky tests alone; counted is "
                "what agents then spent until the next one."
            ),
            setting=None,
            value=None,
            hits=count,
            of=tested[repository],
        )


def _is_explained(evidence: Evidence, flaky: set[str]) -> bool:
    return bool(evidence.newly_failing) and flaky.issuperset(evidence.newly_failing)


def _trials(past: History) -> Iterator[_Trial]:
    """Every red Gate of an attempt."""
    repositories = {run.id: run.repository for run in past.runs}
    spent: dict[tuple[str, str], list[tuple[int, Decimal]]] = {}
    for entry in past.entries:
        if entry.task_id is not None:
            spent.setdefault((entry.stream, entry.task_id), []).append(
                (entry.at, entry.dollars or Decimal(0))
            )
    rungs: dict[tuple[str, str], Rung | None] = {}
    gates: dict[tuple[str, str], list[ev.GateFinished]] = {}
    for event in past.events:
        match event:
            case ev.AttemptStarted():
                # Whose Gate it was cannot be told where several agents try side by side.
                key = (event.run_id, event.task_id)
                rungs[key] = None if key in rungs else event.rung
                gates[key] = []
            case ev.GateFinished(task_id=str(task_id)):
                gates.setdefault((event.run_id, task_id), []).append(event)
            case ev.AttemptEnded():
                key = (event.run_id, event.task_id)
                rung, passed = rungs.pop(key, None), gates.pop(key, [])
                if rung is not None:
                    yield from _reds(repositories.get(key[0], ""), rung, passed, event.at, spent.get(key, []))
            case _:
                pass


def _reds(
    repository: str,
    rung: Rung,
    gates: Sequence[ev.GateFinished],
    ended_at: int,
    spent: Sequence[tuple[int, Decimal]],
) -> Iterator[_Trial]:
    red = 0
    for number, gate in enumerate(gates):
        if gate.evidence.verdict != "red":
            continue
        red += 1
        after = gates[number + 1] if number + 1 < len(gates) else None
        until = after.at if after else ended_at
        yield _Trial(
            repository=repository,
            rung=rung,
            red=red,
            evidence=gate.evidence,
            dollars=sum((dollars for at, dollars in spent if gate.at <= at <= until), Decimal(0)),
            helped=after is not None and after.evidence.verdict in ("green", "unproved"),
        )

"""What the words stand for that name two sides of a comparison: periods, Runs or models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from contextune.core.errors import UsageProblem
from contextune.core.model.ledger import run_of
from contextune.core.spending.comparison import Chosen, Comparison, compare
from contextune.core.spending.history import History
from contextune.protocol.days import day_named, next_day_start, start_of
from contextune.protocol.wording import model_text


def compared(past: History, words: Sequence[str], argument: str) -> Comparison:
    """The two sides that words name, compared. Raises UsageProblem that names `argument`."""
    one, other = (_side(past, word, argument) for word in words)
    if one.kind != other.kind:
        raise UsageProblem(
            f"{argument}: {words[0]} is a {one.kind} and {words[1]} a {other.kind}. Give two of one sort."
        )
    return compare(past, (one.name, one.chosen), (other.name, other.chosen), model=one.kind == "model")


class _Side(NamedTuple):
    kind: str
    name: str
    chosen: Chosen


def _side(past: History, word: str, argument: str) -> _Side:
    if word[:4].isdecimal():
        return _period(word, argument)
    ids = sorted({run_of(entry.stream) for entry in past.entries} | {run.id for run in past.runs})
    runs = [run_id for run_id in ids if word == run_id] or [
        run_id for run_id in ids if run_id.startswith((word, f"r_{word}"))
    ]
    models = {entry.rung.model for entry in past.entries}
    meant = [m for m in models if word.casefold() in (m.casefold(), model_text(m).casefold())]
    if meant:
        return _Side("model", model_text(meant[0]), lambda entry: entry.rung.model == meant[0])
    if len(runs) == 1:
        return _Side("run", runs[0], lambda entry: run_of(entry.stream) == runs[0])
    if runs:
        raise UsageProblem(f"{argument}: {word!r} is the beginning of {len(runs)} Runs. Give more of the id.")
    known = f" Models in use: {', '.join(sorted(models))}." if models else ""
    raise UsageProblem(
        f"{argument}: {word!r} is no period such as 2026-11-01..2026-11-07, no Run and no model that was "
        f"used. `contextune runs` lists Runs.{known}"
    )


def _period(word: str, argument: str) -> _Side:
    first, dots, last = word.partition("..")
    start = day_named(first, argument)
    end = day_named(last, argument) if dots else start
    if start > end:
        raise UsageProblem(f"{argument}: {word} ends before it begins.")
    begun, ended = start_of(start), next_day_start(end)
    return _Side("period", word, lambda entry: begun <= entry.at < ended)

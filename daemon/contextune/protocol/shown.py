"""Amounts and what is known of lines as an editor shows them, in its language; others read the core's own."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from contextune.core.model.money import Bill, PriceRange
from contextune.core.planning.record import Forecast
from contextune.core.proof.proof import LineSpan, Proof
from contextune.core.runs.task_run import Question
from contextune.protocol.wording import bill_text, dollars_text, price_text
from contextune.protocol.words import counted, mark, shown, t


def bill_shown(bill: Bill) -> str:
    """Such as `$0.0123`, `2 unpriced requests` if no request of it has a price, or the sum of both."""
    if not bill.unpriced:
        return bill_text(bill)
    unpriced = counted(bill.unpriced, mark("1 unpriced request"), mark("{count} unpriced requests"))
    if bill.unpriced == bill.requests:
        return unpriced
    return t("{dollars} + {unpriced}", dollars=dollars_text(bill.dollars), unpriced=unpriced)


def price_shown(price: PriceRange) -> str:
    """Such as `$0.0100 to $0.0400, likely $0.0200`; what has no range as the core spells it."""
    if price.low is None or price.likely is None or price.high is None or price.low == price.high:
        return price_text(price)
    return t(
        "{low} to {high}, likely {likely}",
        low=dollars_text(price.low),
        high=dollars_text(price.high),
        likely=dollars_text(price.likely),
    )


def forecast_shown(forecast: Forecast) -> str:
    """How earlier Quotes of a repository did, a sentence."""
    of = counted(forecast.tasks, mark("of 1 Task"), mark("of {count} Tasks"))
    return t("Earlier quotes here: {hits} {tasks} cost what was said.", hits=f"{forecast.hits:,}", tasks=of)


def question_shown(question: Question | None) -> Question | None:
    """What a Task asks: Contextune's own questions are known, an agent's are its words; so are choices."""
    return None if question is None else replace(question, text=shown(question.text))


MOST_SPANS = 5
"""Places that are named before the others are counted."""


def proof_shown(proof: Proof | None) -> str:
    """What is known of a change's lines, a short clause; empty if nothing is."""
    match proof:
        case Proof(state="unproved"):
            return t("no test runs {lines}", lines=_spans_shown(proof.unrun))
        case Proof(state="proved") if proof.run == proof.lines:
            return t("tests run every changed statement") if proof.lines > 1 else t("a test runs the change")
        case Proof(state="proved"):
            said = t("tests run {run} of {lines} changed statements", run=proof.run, lines=proof.lines)
            if not proof.unrun:
                return said
            return f"{said}; {t('none runs {lines}', lines=_spans_shown(proof.unrun))}"
        case Proof(state="unknown"):
            return t("no tool can tell which changed lines the tests run")
        case _:
            return ""


def _spans_shown(spans: Sequence[LineSpan]) -> str:
    by_path: dict[str, list[str]] = {}
    for span in spans[:MOST_SPANS]:
        where = str(span.first) if span.first == span.last else f"{span.first}–{span.last}"
        by_path.setdefault(span.path, []).append(where)
    said = [
        t("{path} line {number}", path=path, number=places[0])
        if places[0].isdecimal() and len(places) == 1
        else t("{path} lines {numbers}", path=path, numbers=", ".join(places))
        for path, places in by_path.items()
    ]
    left = len(spans) - MOST_SPANS
    return ", ".join([*said, t("{count} more places", count=left)] if left > 0 else said)

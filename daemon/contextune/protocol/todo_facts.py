"""Facts of Todos as an editor sees them."""

from __future__ import annotations

from collections.abc import Mapping

from contextune.core.model.money import PriceRange
from contextune.core.todos.doubt import Doubt
from contextune.core.todos.writing import Age, Writing
from contextune.protocol.todo_views import TodoFactView
from contextune.protocol.wording import UNPRICED, dollars_text, price_text
from contextune.protocol.words import mark, spoken, t

AGES: Mapping[Age, str] = {
    "uncommitted": mark("not committed"),
    "week": mark("in the last 7 days"),
    "month": mark("in the last 30 days"),
    "year": mark("in the last year"),
    "older": mark("more than a year ago"),
}

DOUBTS: Mapping[Doubt, str] = {
    "wordless": mark("It has no words: an agent would not know what to do."),
    "vague": mark("It says too little: an agent would have to guess."),
    "asks_a_person": mark("It puts a question that a person has to answer first."),
    "a_reference": mark("It only refers to something else, which an agent cannot read."),
    "not_by_hand": mark("Its file is generated, or comes from elsewhere: a change would be lost."),
}


def fact_view(
    todo_id: str, price: PriceRange | None, writing: Writing | None, age: Age, doubt: Doubt | None
) -> TodoFactView:
    """The facts of one Todo."""
    likely = price.likely if price else None
    return TodoFactView(
        id=todo_id,
        likely=likely,
        likely_text=about(price),
        price_text=price_text(price) if price else "",
        author=writing.author if writing else "",
        written_at=writing.at if writing else None,
        age=age,
        age_text=spoken(AGES[age]),
        doubt_text=spoken(DOUBTS[doubt]) if doubt else "",
    )


def about(price: PriceRange | None) -> str:
    """Such as `about $0.0154`; `unpriced` where a model has no price, empty where nothing is known."""
    if price is None:
        return ""
    return t("about {amount}", amount=dollars_text(price.likely)) if price.likely is not None else UNPRICED

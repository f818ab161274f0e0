"""What is asked about, how little is told, and what an answer may change."""

from __future__ import annotations

import msgspec
import pytest

from contextune.agents.dependency_analyzer import MOST_PAIRS, Doubt, doubts, judge, request
from contextune.core.errors import ContextuneError
from contextune.core.overlap.touches import TaskFacts
from contextune.core.planning.plan import Overlap, Plan, Task
from contextune.core.settings import HAIKU
from contextune.core.source.source_file import Place
from tests.agents.conftest import MakeModel
from tests.agents.scripted import reply


def task(task_id: str, title: str, *after: str, files: tuple[str, ...] = ()) -> Task:
    return Task(id=task_id, title=title, brief="As it says.", depends_on=after, files=files)


LOGIN = task("login", "Login page asks for the session token", files=("login.py",))
TOKEN = task("token", "Session token expires after an hour", files=("token.py",))
CHART = task("chart", "Draw the chart in colour", files=("chart.py",))
PLAN = Plan(tasks=(LOGIN, TOKEN, CHART))
KNOWN = [TaskFacts(name, changes=(Place(f"{name}.py", "main"),)) for name in ("login", "token", "chart")]
ASKED = (Doubt("login", "token", 2),)


def test_words_in_common_raise_a_doubt() -> None:
    assert doubts(PLAN, [], KNOWN, ()) == ASKED


def test_what_is_known_or_in_order_is_not_asked() -> None:
    known = Overlap(first="token", second="login", path="a.py", kind="calls")
    assert doubts(PLAN, [], KNOWN, [known]) == ()
    ordered = Plan(tasks=(LOGIN, msgspec.structs.replace(TOKEN, depends_on=("login",)), CHART))
    assert doubts(ordered, [], KNOWN, ()) == ()


def test_one_word_will_do_where_nothing_is_known_of_a_task() -> None:
    plan = Plan(tasks=(task("a", "Draw invoices"), task("b", "Number invoices")))
    vague, clear = TaskFacts("a"), TaskFacts("b", changes=(Place("b.py", "main"),))
    assert doubts(plan, [], [vague, clear], ()) == (Doubt("a", "b", 1),)
    clear_too = vague._replace(changes=(Place("a.py", "main"),))
    assert doubts(plan, [], [clear_too, clear], ()) == ()


def test_the_subject_of_the_whole_plan_tells_nothing() -> None:
    plan = Plan(tasks=tuple(task(f"t{n}", f"Invoice module number {'abcdefgh'[n] * 4}") for n in range(8)))
    assert doubts(plan, [], [TaskFacts(f"t{n}") for n in range(8)], ()) == ()


def test_the_question_is_bounded() -> None:
    words = ["alpha beta gamma", "alpha beta delta", "alpha gamma delta", "beta gamma delta"] * 10
    plan = Plan(tasks=tuple(task(f"t{n}", f"{said} {n} " + "x" * 900) for n, said in enumerate(words[:4])))
    asked = doubts(plan, [], [], ())
    assert len(asked) <= MOST_PAIRS
    sent = request(plan, [], asked, HAIKU)
    (text,) = [getattr(block, "text", "") for block in sent.messages[0].blocks]
    assert len(text) < 6_000
    assert sent.max_tokens <= 1_500
    assert (sent.rung.model, sent.rung.effort) == (HAIKU, "low")


def test_only_the_tasks_in_doubt_are_told() -> None:
    sent = request(PLAN, [], ASKED, HAIKU)
    (text,) = [getattr(block, "text", "") for block in sent.messages[0].blocks]
    assert "1. Login page asks for the session token [login.py]: " in text
    assert text.endswith("Pairs: 1-2")
    assert "chart" not in text


async def test_an_answer_adds_an_order_with_its_reason(model: MakeModel) -> None:
    said = '{"pairs": [{"first": 2, "second": 1, "relation": "order", "why": "the page reads the\\ntoken."}]}'
    (one,) = await judge(PLAN, [], ASKED, model=HAIKU, send=model(reply(said)).send)
    assert (one.kind, one.first, one.second, one.strong) == ("related", "token", "login", True)
    assert one.reason == (
        "“Login page asks for the session token” needs “Session token expires after an hour” first: "
        "the page reads the token."
    )


@pytest.mark.parametrize(
    "pairs",
    [
        "[]",
        '[{"first": 1, "second": 1, "relation": "same"}]',
        '[{"first": 1, "second": 9, "relation": "same"}]',
    ],
)
async def test_pairs_that_nobody_asked_about_are_dropped(model: MakeModel, pairs: str) -> None:
    assert await judge(PLAN, [], ASKED, model=HAIKU, send=model(reply(f'{{"pairs": {pairs}}}')).send) == ()


async def test_a_pair_counts_once(model: MakeModel) -> None:
    pair = '{"first": 1, "second": 2, "relation": "same"}'
    found = await judge(
        PLAN, [], ASKED, model=HAIKU, send=model(reply(f'{{"pairs": [{pair}, {pair}]}}')).send
    )
    assert [one.reason for one in found] == [
        "“Login page asks for the session token” and “Session token expires after an hour” would do the same."
    ]


async def test_an_answer_that_is_no_json_is_a_problem(model: MakeModel) -> None:
    with pytest.raises(ContextuneError, match="The answer of the dependency-analyzer cannot be used"):
        await judge(PLAN, [], ASKED, model=HAIKU, send=model(reply("All are independent.")).send)

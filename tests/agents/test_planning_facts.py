"""What the orchestrator is told: the Todos numbered, a few lines of code each, and the facts between them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from contextune.agents.planning_facts import (
    CODE_IN_ALL,
    CODE_LIMIT,
    GOAL_MAP_LIMIT,
    INSTRUCTIONS_LIMIT,
    TEXT_LIMIT,
    PlanInput,
    code_of,
    layout_of,
    request_text,
)
from contextune.core.todos.todo import Todo

MONEY = '''\
"""Amounts."""

RATE = 2  # TODO: take it from the settings


class Account:
    """What somebody has."""

    def rounded(self, amount):
        """`amount` in cents."""
        # TODO: rounded half up
        # as invoices are

        return round(amount, 2)

    def show(self):
        return "x"
'''
TEXTS = {
    "shop/__init__.py": "",
    "shop/money.py": MONEY,
    "shop/order.py": "from shop.money import Account\n\n\ndef total():\n    # TODO: sum\n    return 0\n",
    "tests/test_order.py": "from shop.order import total\nfrom shop import other\n",
    "tests/test_sums.py": "from shop.money import RATE\n",
    "docs/far/away.md": "",
}
ROUNDED = Todo(
    id="t_r",
    path="shop/money.py",
    line=11,
    column=11,
    end_line=12,
    marker="TODO",
    text="rounded half up\nas invoices are",
    owner="mira",
    symbol="Account.rounded",
)
RATE = Todo(
    id="t_c",
    path="shop/money.py",
    line=3,
    column=13,
    end_line=3,
    marker="TODO",
    text="take it from the settings",
)
SUM = Todo(
    id="t_s", path="shop/order.py", line=5, column=7, end_line=5, marker="FIXME", text="sum", symbol="total"
)


def asked(*todos: Todo, goal: str | None = None, **more: Any) -> PlanInput:
    given = PlanInput(
        todos=todos,
        goal=goal,
        files=tuple(TEXTS),
        gate="pytest -q",
        instructions="Write short functions.",
        lines=lambda path: TEXTS[path].splitlines() if path in TEXTS else None,
    )
    return msgspec.structs.replace(given, **more)


WHOLE = """\
<todos>
1. shop/money.py:3 (TODO, simple): take it from the settings
  | \"""Amounts.\"""
  | RATE = 2  # TODO: take it from the settings
  | class Account:
  |     \"""What somebody has.\"""
  |     def rounded(self, amount):
  |         \"""`amount` in cents.\"""
2. shop/money.py:11 in Account.rounded (TODO, of mira, simple): rounded half up as invoices are
  | def rounded(self, amount):
  |     \"""`amount` in cents.\"""
  |     return round(amount, 2)
3. shop/order.py:5 in total (FIXME, simple): sum
  | def total():
  |     return 0
</todos>

<repository>
shop/order.py imports shop/money.py
shop/: __init__.py money.py order.py
</repository>"""


def test_the_whole_request() -> None:
    assert request_text(asked(RATE, ROUNDED, SUM)) == WHOLE


def test_todos_of_one_symbol_are_said_to_be_one_task() -> None:
    twin = msgspec.structs.replace(ROUNDED, id="t_2")
    assert "One Task each already, as they share a symbol: 1 and 3." in request_text(
        asked(ROUNDED, SUM, twin)
    )


def test_a_goal_has_the_whole_map_the_gate_and_the_instructions() -> None:
    said = request_text(asked(goal="  sell abroad\n"))
    assert said == (
        "# Goal\nsell abroad\n\nTests run by: pytest -q\n\n"
        "<instructions>\nWrite short functions.\n</instructions>\n\n"
        "<repository>\ndocs/far/: away.md\nshop/: __init__.py money.py order.py\n"
        "tests/: test_order.py test_sums.py\n</repository>"
    )


@pytest.mark.parametrize("count", [1, 5, 20, 60])
def test_the_request_stays_small(count: int) -> None:
    long = " ".join(["word"] * 1_000)
    code = ["def f():"] + ["    call(with_many, arguments, and_more)"] * 400
    todos = [
        Todo(id=f"t_{n}", path="a.py", line=5 * n + 5, column=7, end_line=5 * n + 5, marker="TODO", text=long)
        for n in range(count)
    ]
    given = asked(*todos, files=tuple(f"file_{n}.py" for n in range(5_000)), lines=lambda path: code)
    code_room = min(CODE_LIMIT, CODE_IN_ALL // count)
    said = request_text(given)
    assert len(said) < count * (TEXT_LIMIT + 100 + 1.3 * code_room) + 300
    assert "./: 5000 files" in said


def test_a_large_repository_has_a_bounded_map() -> None:
    files = tuple(f"pkg_{n // 3}/module_{n}.py" for n in range(30_000))
    said = request_text(asked(goal="tidy up", files=files, instructions="word " * 5_000))
    assert len(said) < GOAL_MAP_LIMIT + INSTRUCTIONS_LIMIT + 300
    assert said.endswith(" more folders\n</repository>")
    assert "pkg_0/: 3 files" in said


@pytest.mark.parametrize("line", [1, 2, 40])
def test_a_todo_beyond_the_file_as_it_is_has_no_code(line: int) -> None:
    late = msgspec.structs.replace(SUM, line=line, end_line=line)
    assert code_of(late, [], CODE_LIMIT) == []
    assert code_of(late, ["x = 1"], CODE_LIMIT) in ([], ["x = 1"])


def test_files_without_a_test_of_their_name_are_looked_up_by_import() -> None:
    layout = layout_of(asked(ROUNDED, SUM))
    assert layout.sole_importer("shop/money.py") == "tests/test_sums.py"
    assert layout.named("shop/order.py") == "tests/test_order.py"


def test_many_test_files_are_not_read() -> None:
    def lines(path: str) -> list[str]:
        raise AssertionError(path)

    many = (*TEXTS, *(f"tests/test_{n}.py" for n in range(100)))
    assert layout_of(asked(ROUNDED, files=many, lines=lines)).sole_importer("shop/money.py") is None

"""Which tests a change can affect, read off imports; in doubt, all of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextune.core.source.imports import ImportGraph, narrowed

TEXTS = {
    "src/shop/__init__.py": "",
    "src/shop/money.py": "import decimal\n",
    "src/shop/order.py": "from .money import Money\nfrom . import names\n",
    "src/shop/names.py": "from shop import (\n    missing,\n)\n",
    "src/shop/alone.py": "",
    "tests/test_money.py": "import shop.money as m, os\n",
    "tests/test_order.py": "def f():\n    from shop.order import Order  # late\n",
    "tests/test_alone.py": "from shop.alone import x\n",
    "tests/test_none.py": "import json\n",
}
TESTS = [path for path in TEXTS if path.startswith("tests/")]


@pytest.mark.parametrize(
    ("changed", "users"),
    [
        ("src/shop/alone.py", {"tests/test_alone.py"}),
        ("src/shop/money.py", {"src/shop/order.py", "tests/test_money.py", "tests/test_order.py"}),
        ("src/shop/order.py", {"tests/test_order.py"}),
        ("src/shop/names.py", {"src/shop/order.py", "tests/test_order.py"}),
        ("tests/test_none.py", set()),
    ],
)
def test_whoever_imports_a_module_is_affected_by_it(changed: str, users: set[str]) -> None:
    assert ImportGraph(TEXTS).users_of([changed]) == users | {changed}


@pytest.mark.parametrize(
    ("command", "changed", "expected"),
    [
        ("python -m pytest -q", ["src/shop/alone.py"], "python -m pytest -q tests/test_alone.py"),
        ("pytest", ["src/shop/order.py"], "pytest tests/test_order.py"),
        ("/v/python3 -m pytest tests", ["tests/test_none.py"], "/v/python3 -m pytest tests/test_none.py"),
        ("pytest tests/test_order.py", ["src/shop/alone.py"], None),
        ("pytest", ["src/shop/__init__.py"], None),
        ("pytest", ["tests/conftest.py"], None),
        ("pytest", ["pyproject.toml"], None),
        ("pytest", ["data.json", "src/shop/alone.py"], None),
        ("pytest", ["src/shop/unused.py"], None),
        ("pytest", [], None),
        ("pytest -k money", ["src/shop/alone.py"], None),
        ("pytest --cov=shop", ["src/shop/alone.py"], None),
        ("make test", ["src/shop/alone.py"], None),
        ("pytest && rm -rf x", ["src/shop/alone.py"], None),
        ("pytest; true", ["src/shop/alone.py"], None),
    ],
)  # fmt: skip
def test_only_a_plain_pytest_is_narrowed_and_only_where_that_is_sure(
    command: str, changed: list[str], expected: str | None
) -> None:
    assert narrowed(command, changed, TEXTS, tests=TESTS) == expected


def test_a_path_that_a_shell_would_read_is_never_put_into_the_command() -> None:
    texts = {"tests/test_a b.py": "", "tests/test_$(x).py": ""}
    for path in texts:
        assert narrowed("pytest", [path], texts, tests=list(texts)) is None


NAMES = ["a", "b", "c", "d", "e"]


@given(st.dictionaries(st.sampled_from(NAMES), st.sets(st.sampled_from(NAMES)), min_size=1))
def test_users_are_all_that_reach_the_change_circles_included(graph: dict[str, set[str]]) -> None:
    texts = {f"{name}.py": "".join(f"import {other}\n" for other in sorted(graph[name])) for name in graph}

    def reaches(name: str, goal: str, seen: frozenset[str]) -> bool:
        return name == goal or any(
            reaches(other, goal, seen | {other}) for other in graph.get(name, set()) - seen if other in graph
        )

    for goal in graph:
        expected = {f"{name}.py" for name in graph if reaches(name, goal, frozenset({name}))}
        assert ImportGraph(texts).users_of([f"{goal}.py"]) == expected

"""Python source is parsed by several threads at once."""

from __future__ import annotations

import ast
import gc
from concurrent.futures import ThreadPoolExecutor

import pytest

from contextune.core.python_source import parsed

SOURCE = "\n".join(f"def f_{n}(a, b):\n    return [a * {n}, (b, {{'c': a}})]" for n in range(200))


@pytest.fixture
def collecting() -> object:
    """Garbage is collected often, and Python code runs then: the moment at which threads change."""

    def pause(_phase: str, _info: dict[str, int]) -> None:
        for _ in range(200):
            pass

    before = gc.get_threshold()
    gc.callbacks.append(pause)
    gc.set_threshold(50)
    yield
    gc.set_threshold(*before)
    gc.callbacks.remove(pause)


def test_threads_do_not_disturb_each_other(collecting: object) -> None:
    del collecting
    with ThreadPoolExecutor(8) as threads:
        trees = list(threads.map(lambda _: parsed(SOURCE), range(40)))
    assert {len(tree.body) for tree in trees} == {200}
    assert isinstance(trees[0], ast.Module)

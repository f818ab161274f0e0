"""Only Evidence decides: every row of the table from a command's result to a verdict."""

from __future__ import annotations

from typing import Any

import pytest

from contextune.core.proof.evidence import Baseline, CommandResult, judge


def baseline(exit_code: int, *failing: str, flaky: tuple[str, ...] = (), timed_out: bool = False) -> Baseline:
    return Baseline(
        command="test",
        exit_code=exit_code,
        tree="t0",
        duration_ms=1,
        output="",
        failing=failing,
        flaky=flaky,
        timed_out=timed_out,
    )


GREEN_BASE = baseline(0)
RED_BASE = baseline(1, "a")
FLAKY_BASE = baseline(1, "a", flaky=("f",))
MUTE_BASE = baseline(2)


@pytest.mark.parametrize(
    ("base", "exit_code", "failing", "more", "verdict", "new"),
    [
        (GREEN_BASE, 0, (), {}, "green", ()),
        (GREEN_BASE, 1, ("a",), {}, "red", ("a",)),
        (GREEN_BASE, 1, (), {}, "red", ()),
        (GREEN_BASE, 0, (), {"timed_out": True}, "red", ()),
        (GREEN_BASE, 0, (), {"tests_removed": ("x::test_x",)}, "red", ()),
        (GREEN_BASE, 0, (), {"tests_weakened": ("x.py",)}, "red", ()),
        (RED_BASE, 0, (), {}, "green", ()),
        (RED_BASE, 1, ("a",), {}, "green", ()),
        (RED_BASE, 1, ("a", "b"), {}, "red", ("b",)),
        (RED_BASE, 1, ("b",), {}, "red", ("b",)),
        (RED_BASE, 1, (), {}, "red", ()),
        (RED_BASE, 1, ("a",), {"timed_out": True}, "red", ()),
        (RED_BASE, 1, ("a",), {"tests_removed": ("x::test_x",)}, "red", ()),
        (FLAKY_BASE, 1, ("f",), {}, "green", ()),
        (FLAKY_BASE, 1, ("a", "f"), {}, "green", ()),
        (FLAKY_BASE, 1, ("g",), {}, "red", ("g",)),
        (MUTE_BASE, 2, (), {}, "red", ()),
        (MUTE_BASE, 0, (), {}, "green", ()),
    ],
)
def test_red_means_newly_red(
    base: Baseline,
    exit_code: int,
    failing: tuple[str, ...],
    more: dict[str, Any],
    verdict: str,
    new: tuple[str, ...],
) -> None:
    timed_out = more.pop("timed_out", False)
    result = CommandResult(
        command="test", exit_code=exit_code, output="said", duration_ms=7, timed_out=timed_out
    )
    evidence = judge(result, "t1", base, failing, **more)
    assert (evidence.verdict, evidence.newly_failing) == (verdict, new)
    assert (evidence.command, evidence.exit_code, evidence.tree) == ("test", exit_code, "t1")
    assert (evidence.output, evidence.duration_ms, evidence.reused) == ("said", 7, False)


@pytest.mark.parametrize(
    ("base", "usable"),
    [
        (GREEN_BASE, True),
        (RED_BASE, True),
        (MUTE_BASE, False),
        (baseline(124, "a", timed_out=True), False),
    ],
)
def test_a_red_base_can_be_used_if_it_names_what_fails(base: Baseline, usable: bool) -> None:
    assert base.usable is usable

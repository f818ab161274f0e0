"""`contextune bench`: the registry, the table, the JSON lines, and what the exit status says."""

from __future__ import annotations

import asyncio
import inspect
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from contextune.bench.figures import Against, Bench, Figure
from contextune.bench.suites import BRIEFLY, COUNTING, FIRST, SUITES, WAITING, WHOLE_SECONDS, suite
from contextune.cli.main import main

HELD = Figure(
    suite="tiny",
    metric="cost an agent",
    value=0.007,
    unit="USD",
    against=Against(name="by arithmetic", value=0.0069),
    reach=0.008,
    met=True,
)
MISSED = Figure(suite="tiny", metric="read from cache", value=80.5, unit="%", reach=85.0, met=False)
PLAIN = Figure(suite="tiny", metric="requests", value=1234.0, unit="requests")


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """A suite that reports what the test puts into this list."""
    figures: list[Figure] = []

    async def run(bench: Bench) -> None:
        bench.note("Measuring nothing")
        for figure in figures:
            bench.report(figure)

    module = ModuleType("contextune.bench.tiny")
    module.run = run  # type: ignore[attr-defined]  # a module made here has what it is given
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(SUITES, "tiny", "What a test wants to see")
    return figures


@pytest.mark.parametrize("name", sorted(SUITES))
def test_every_suite_can_be_run_and_says_what_it_measures(name: str) -> None:
    assert inspect.iscoroutinefunction(suite(name))
    assert SUITES[name].strip()


def test_json_is_one_object_a_line_with_every_field(
    tiny: list[Figure], capsys: pytest.CaptureFixture[str]
) -> None:
    tiny += [HELD, PLAIN]
    assert main(["bench", "tiny", "--json"]) == 0
    out, err = capsys.readouterr()
    assert [json.loads(line) for line in out.splitlines()] == [
        {
            "suite": "tiny",
            "metric": "cost an agent",
            "value": 0.007,
            "unit": "USD",
            "against": {"name": "by arithmetic", "value": 0.0069},
            "reach": 0.008,
            "met": True,
        },
        {
            "suite": "tiny",
            "metric": "requests",
            "value": 1234.0,
            "unit": "requests",
            "against": None,
            "reach": None,
            "met": None,
        },
    ]
    assert "tiny: What a test wants to see" in err
    assert "Measuring nothing" in err


def test_people_get_a_table(tiny: list[Figure], capsys: pytest.CaptureFixture[str]) -> None:
    tiny += [HELD, PLAIN]
    assert main(["bench", "tiny"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    for words in ("What Value Against Reach Met", "$0.007000", "$0.008000", "yes", "1,234 requests"):
        assert words in shown


def test_a_missed_figure_is_a_failure(tiny: list[Figure], capsys: pytest.CaptureFixture[str]) -> None:
    tiny += [HELD, MISSED]
    assert main(["bench", "tiny"]) == 1
    assert " no" in capsys.readouterr().out


def test_a_suite_that_is_unknown_is_bad_usage(tiny: list[Figure], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "teeny"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "There is no suite 'teeny'." in err
    assert "tiny" in err


def only(tiny: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in SUITES if name != tiny]:
        monkeypatch.delitem(SUITES, name)


def told(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_all_runs_every_suite_and_says_how_long_that_took(
    tiny: list[Figure], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    only("tiny", monkeypatch)
    tiny.append(MISSED)
    assert main(["bench", "--json"]) == 1
    missed, taken = told(capsys)
    assert missed["metric"] == "read from cache"
    assert (taken["suite"], taken["metric"], taken["met"]) == ("all", "time taken", True)
    assert 0 <= taken["value"] < taken["reach"] == WHOLE_SECONDS


def test_all_that_takes_too_long_is_a_failure(
    tiny: list[Figure], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    only("tiny", monkeypatch)
    monkeypatch.setattr("contextune.cli.bench.WHOLE_SECONDS", -1.0)
    assert main(["bench", "--json"]) == 1
    assert [figure["met"] for figure in told(capsys)] == [False]


def test_a_suite_draws_less_among_all_of_them_than_alone_or_in_full(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn: list[int] = []

    async def run(bench: Bench, draws: int = 500) -> None:
        drawn.append(draws)

    module = ModuleType("contextune.bench.drawing")
    module.run = run  # type: ignore[attr-defined]  # a module made here has what it is given
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(SUITES, "drawing", "What a test wants to draw")
    monkeypatch.setattr("contextune.cli.bench.BRIEFLY", {"drawing": {"draws": 20}})
    only("drawing", monkeypatch)
    assert main(["bench", "all", "--json"]) == 0
    assert "drawing: only 20 draws" in capsys.readouterr().err
    assert main(["bench", "all", "--full", "--json"]) == 0
    (taken,) = told(capsys)
    assert (taken["reach"], taken["met"]) == (None, None)
    assert main(["bench", "drawing"]) == 0
    assert drawn == [20, 500, 500]


@pytest.mark.parametrize("name", sorted(BRIEFLY))
def test_what_a_suite_is_given_in_brief_it_takes_and_it_is_less(name: str) -> None:
    takes = inspect.signature(suite(name)).parameters
    for what, number in BRIEFLY[name].items():
        assert what in takes
        assert number > 0
        if takes[what].default is not None:
            assert number < takes[what].default


def test_among_all_one_waits_and_files_go_while_others_count_and_the_rest_run_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told: list[str] = []
    second_counted = asyncio.Event()

    def put(name: str, run: Callable[..., Awaitable[None]]) -> None:
        module = ModuleType(f"contextune.bench.{name}")
        module.run = run  # type: ignore[attr-defined]  # a module made here has what it is given
        monkeypatch.setitem(sys.modules, module.__name__, module)

    async def litters(bench: Bench, **_: int) -> None:
        told.append("first")
        (tmp_path / "litter" / "files").mkdir(parents=True)
        await bench.remove(tmp_path / "litter")

    async def waits(bench: Bench) -> None:
        told.append("waiting")
        await asyncio.wait_for(second_counted.wait(), 30)
        told.append("waited")

    async def counts(bench: Bench, **_: int) -> None:
        told.append("counted")
        if told.count("counted") == len(COUNTING):
            second_counted.set()

    async def timed(bench: Bench, **_: int) -> None:
        assert not (tmp_path / "litter").exists()
        told.append("timed")

    odd = {FIRST: litters, WAITING: waits}
    for name in [*SUITES]:
        put(name, odd.get(name, counts if name in COUNTING else timed))
    assert main(["bench", "all", "--json"]) == 0
    assert told[:2] == ["first", "waiting"]
    assert told.index("waited") == 2 + len(COUNTING)
    assert told[3 + len(COUNTING) :] == ["timed"] * (len(SUITES) - 2 - len(COUNTING))

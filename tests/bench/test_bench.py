"""`contextune bench`: the registry, the table, the JSON lines, and what the exit status says."""

from __future__ import annotations

import inspect
import json
import sys
from types import ModuleType

import pytest

from contextune.bench.figures import Against, Bench, Figure
from contextune.bench.suites import SUITES, suite
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


def test_all_runs_every_suite(
    tiny: list[Figure], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [name for name in SUITES if name != "tiny"]:
        monkeypatch.delitem(SUITES, name)
    tiny.append(MISSED)
    assert main(["bench", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["metric"] == "read from cache"

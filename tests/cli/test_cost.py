"""`contextune cost` over a home whose journal the test wrote: what people, JSON and spreadsheets get."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from contextune.adapters.journal.store import SqliteJournal
from contextune.cli.main import main
from contextune.core.model.ledger import LedgerEntry
from contextune.core.model.money import CacheMiss, Charge
from contextune.core.model.requests import RequestReserved, RequestSettled
from contextune.core.runs import events as ev
from contextune.protocol.cost_csv import HEADER
from contextune.protocol.days import start_of
from tests.core import past as p

Command = Callable[..., str]

FIRST = start_of("2026-11-03") + 3_600_000
SECOND = start_of("2026-11-10") + 3_600_000


def requested(one: LedgerEntry) -> list[ev.AnyEvent]:
    """The events of one request."""
    reserved = RequestReserved(
        run_id=one.stream,
        at=one.at,
        request_id=one.request_id,
        task_id=one.task_id,
        role=one.role,
        rung=one.rung,
        prompt_tokens=1_000,
        worst_case=one.worst_case,
        attempt=one.attempt,
        repository=one.repository,
    )
    if not one.settled:
        return [reserved]
    charge = Charge(usage=one.usage, dollars=one.dollars, at_sonnet=one.at_sonnet, estimated=one.estimated)
    settled = RequestSettled(
        run_id=one.stream,
        at=one.at + 1,
        request_id=one.request_id,
        task_id=one.task_id,
        role=one.role,
        rung=one.rung,
        charge=charge,
        error=one.error,
        attempt=one.attempt,
        miss=one.miss,
    )
    return [reserved, settled]


def a_run(run_id: str, at: int, dollars: str, repository: str = p.REPOSITORY) -> list[ev.AnyEvent]:
    """A Run of one Task that climbed to Haiku high and was accepted, and its planning."""
    opened = p.created(run_id, at=at, repository=repository)
    work = [
        p.planned(run_id, "0.05", at=at - 1_000),
        p.entry(run_id, dollars=dollars, at=at + 1_000),
        p.entry(run_id, dollars="0.02", at=at + 2_000, rung=p.HIGH, expired=10_000),
    ]
    work = [msgspec.structs.replace(one, repository=repository) for one in work]
    record = p.record(p.step(p.LOW, "red", dollars), p.step(p.HIGH, "green", "0.02"), run_id=run_id, at=at)
    told = [event for one in work for event in requested(one)]
    recorded = ev.TaskRecorded(run_id=run_id, at=at, task_id="a", record=record, offline=False)
    tried = [*p.attempted(run_id, at=at), *p.attempted(run_id, at=at, rung=p.HIGH)]
    return [opened, *tried, *told, *p.joined(run_id, at=at + 3_000), recorded]


def two_weeks(parcel: Path) -> list[ev.AnyEvent]:
    """A Run in the first week, two in the second, one of them elsewhere, and a Quote that never started."""
    other = p.entry("r_aa01", dollars=None, at=FIRST + 9_000, settled=False, worst_case="0.25")
    miss = CacheMiss(reason="tools_changed", tokens=7)
    odd = p.entry("r_bb02", dollars=None, at=SECOND, error='It said "no", twice,\nthen left.', miss=miss)
    return [
        *a_run("r_aa01", FIRST, "0.10", str(parcel)),
        *requested(msgspec.structs.replace(other, worst_case=Decimal("0.25"), repository=str(parcel))),
        *a_run("r_bb02", SECOND, "0.01", str(parcel)),
        *requested(msgspec.structs.replace(odd, repository=str(parcel))),
        *a_run("r_cc03", SECOND, "0.30"),
        *requested(msgspec.structs.replace(p.planned("r_dd04", "0.04", at=SECOND), repository=str(parcel))),
    ]


def write(home: Path, events: Sequence[ev.AnyEvent]) -> None:
    async def written() -> None:
        journal = SqliteJournal(home / "journal.db")
        await journal.append(events)
        await journal.close()

    asyncio.run(written())


@pytest.fixture
def parcel(machine: Any) -> Path:
    root: Path = machine.small()
    return root.resolve()


@pytest.fixture
def cost(
    machine: Any, parcel: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """The command in this process, over two weeks of Runs; returns what it printed."""
    for name, value in machine.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(machine.folder)
    write(machine.home, two_weeks(parcel))

    def command(*arguments: str | Path, status: int = 0) -> str:
        capsys.readouterr()
        assert main(["cost", *map(str, arguments)]) == status
        out, err = capsys.readouterr()
        return err.splitlines()[-1] if status else out

    return command


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_people_see_runs_roles_rates_and_what_a_todo_costs(cost: Command) -> None:
    text = cost()
    said = " ".join(text.split())
    assert [line.split()[0] for line in text.splitlines()[2:5]] == ["r_cc03", "r_bb02", "r_aa01"]
    assert "$0.0400 $0.2000 80 % 1 Quote not started" in said
    assert "orchestrator Sonnet 5.5 4 $0.1900" in said
    assert "In all 11 $0.6600+ $2.20" in said
    assert "tests Haiku 5.5, low 0 of 3 0 to 47 %" in said
    assert "  Planning is 29 % of the bill, 6 % for Quotes that never started." in text
    assert "3 prompts missed the cache (expired): 30,000 tokens paid for again, $0.0035 more." in text
    assert "  As it was done: $0.2900, too few for an interval" in text
    assert "Note: + leaves out 1 request without a price." in text
    assert "Note: 1 request not settled yet, at most $0.2500 more." in text
    ruled = text[: text.index("Where it went")]
    assert max(len(line.rstrip()) for line in ruled.splitlines()) <= 80


def test_a_path_and_dates_choose(cost: Command, parcel: Path) -> None:
    assert [line["run"] for line in rows(cost(parcel, "--by", "run", "--csv"))] == [
        "r_aa01",
        "r_bb02",
        "r_dd04",
    ]
    week = rows(cost(parcel, "--since", "2026-11-10", "--until", "2026-11-10", "--by", "run", "--csv"))
    assert [(line["run"], line["dollars"], line["name"]) for line in week] == [
        ("r_bb02", "0.08", "Run r_bb02"),
        ("r_dd04", "0.04", "a Quote that never started"),
    ]
    assert rows(cost("--until", "2026-11-02", "--by", "day", "--csv")) == []
    assert cost("--until", "2026-11-02") == "Nothing was spent.\n"
    assert cost("--all") == cost()


def test_every_request_is_a_row_for_a_spreadsheet(cost: Command) -> None:
    text = cost("--csv")
    assert text.split("\r\n")[0] == ",".join(HEADER)
    assert text.endswith("\r\n")
    lines = rows(text)
    assert len(lines) == 12
    odd = next(line for line in lines if line["error"])
    assert (odd["error"], odd["dollars"], odd["settled"]) == ('It said "no", twice,\nthen left.', "", "true")
    assert (odd["miss_reason"], odd["miss_tokens"], odd["day"]) == ("tools_changed", "7", "2026-11-10")
    open_one = next(line for line in lines if line["settled"] == "false")
    assert (open_one["worst_case"], open_one["stream"], open_one["task"]) == ("0.25", "r_aa01", "a")
    planned = next(line for line in lines if line["stream"] == "plan_r_dd04")
    assert (planned["run"], planned["role"], planned["model"], planned["effort"], planned["task"]) == (
        *("r_dd04", "orchestrator", "claude-sonnet-5-5", "medium", ""),
    )
    assert sum(Decimal(line["dollars"] or 0) for line in lines) == Decimal("0.66")


@pytest.mark.parametrize(
    ("by", "keys"),
    [
        ("day", ["2026-11-10", "2026-11-03"]),
        ("role", ["parallel-task-executor", "orchestrator"]),
        ("model", ["claude-haiku-5-5", "claude-sonnet-5-5"]),
        ("repository", [p.REPOSITORY, "PARCEL"]),
        ("task", ["r_cc03/a", "r_aa01/a", "r_aa01", "r_bb02", "r_cc03", "r_dd04", "r_bb02/a"]),
    ],
)
def test_sums_by_each_key_make_up_the_whole(cost: Command, parcel: Path, by: str, keys: list[str]) -> None:
    lines = rows(cost("--by", by, "--csv"))
    assert [line[by].replace(str(parcel), "PARCEL") for line in lines] == keys
    assert sum(Decimal(line["dollars"]) for line in lines) == Decimal("0.66")
    objects = [json.loads(line) for line in cost("--by", by, "--json").splitlines()]
    assert [one["key"].replace(str(parcel), "PARCEL") for one in objects] == keys
    people = cost("--by", by)
    assert people.splitlines()[0].startswith(by.capitalize())


def test_json_is_one_object_with_all_of_it(cost: Command) -> None:
    (line,) = cost("--json").splitlines()
    told = json.loads(line)
    assert (told["total"]["dollars"], told["total"]["unpriced"]) == ("0.66", 1)
    assert [run["runId"] for run in told["runs"]] == ["r_cc03", "r_bb02", "r_aa01"]
    assert [(rate["kind"], rate["text"]) for rate in told["rates"]] == [
        ("tests", "0 of 3"),
        ("tests", "3 of 3"),
    ]


def test_two_of_one_sort_are_compared(cost: Command) -> None:
    told = json.loads(cost("--compare", "2026-11-03..2026-11-09", "2026-11-10", "--json"))
    assert [(told[side]["tasks"], told[side]["bill"]["dollars"]) for side in ("one", "other")] == [
        (1, "0.17"),
        (2, "0.49"),
    ]
    runs = json.loads(cost("--compare", "aa01", "r_bb", "--json"))
    assert [runs[side]["name"] for side in ("one", "other")] == ["r_aa01", "r_bb02"]
    assert runs["changes"][0]["difference"] == "-0.09"
    models = json.loads(cost("--compare", "claude-haiku-5-5", "sonnet 5.5", "--json"))
    assert [(models[side]["name"], models[side]["accepted"]) for side in ("one", "other")] == [
        ("Haiku 5.5", 3),
        ("Sonnet 5.5", 0),
    ]
    people = cost("--compare", "r_aa01", "r_bb02")
    assert "dollars an accepted Task $0.1700 $0.0800 -$0.0900 -53 %" in " ".join(people.split())
    assert people.endswith("1 against 1 Tasks are too few to tell a difference from chance.\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--since", "monday"], "--since: 'monday' is no date, such as 2026-11-01"),
        (["--until", "2026-13-01"], "--until: '2026-13-01' is no date"),
        (
            ["--since", "2026-11-02", "--until", "2026-11-01"],
            "--until: 2026-11-01 is before --since 2026-11-02",
        ),
        (["--by", "colour"], "--by: invalid choice: 'colour'"),
        (["--csv", "--json"], "Give one of --csv and --json"),
        (["nowhere"], "PATH: nowhere does not exist"),
        ([".", "--all"], "Give PATH or --all"),
        (
            ["--compare", "2026-11-09..2026-11-01", "2026-11-01"],
            "2026-11-09..2026-11-01 ends before it begins",
        ),
        (["--compare", "2026-11-01..soon", "2026-11-01"], "--compare: 'soon' is no date"),
        (["--compare", "r_aa01", "2026-11-01"], "r_aa01 is a run and 2026-11-01 a period"),
        (
            ["--compare", "r_zz", "r_aa01"],
            "'r_zz' is no period such as 2026-11-01..2026-11-07, no Run and no model",
        ),
        (["--compare", "r_", "r_aa01"], "'r_' is the beginning of 4 Runs"),
        (["--compare", "r_aa01", "r_bb02", "--since", "2026-11-01"], "--compare names its own periods"),
        (["--compare", "r_aa01", "r_bb02", "--csv"], "--compare stands alone"),
    ],
)
def test_what_is_wrong_is_named(cost: Command, arguments: list[str], words: str) -> None:
    assert words in cost(*arguments, status=2)


def test_nothing_was_spent_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setenv("CONTEXTUNE_HOME", str(tmp_path))
    assert main(["cost"]) == 0
    assert capsys.readouterr().out == "Nothing was spent.\n"
    assert main(["cost", "--csv"]) == 0
    assert capsys.readouterr().out == ",".join(HEADER) + "\r\n"


def test_the_ledger_of_a_real_run_comes_to_its_bill_to_the_last_digit(merged: Any) -> None:
    finished = next(event for event in merged.done.lines if event["kind"] == "run_finished")
    told = merged.machine.do("cost", merged.root, "--json").last
    assert Decimal(told["total"]["dollars"]) == Decimal(finished["dollars"]) > 0
    (run,) = told["runs"]
    assert (run["runId"], run["bill"]) == (finished["runId"], told["total"])
    assert run["accepted"] == run["tasks"]
    lines = rows(merged.machine.do("cost", "--csv").out)
    assert sum(Decimal(line["dollars"]) for line in lines) == Decimal(finished["dollars"])
    assert len(lines) == told["total"]["requests"]
    assert {line["repository"] for line in lines} == {str(merged.root.resolve())}
    assert "used the offline model: nothing was paid for" in " ".join(told["remarks"])

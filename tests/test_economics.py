"""docs/economics.md: every figure in its tables follows from the price table, or from the bills beside it."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from contextune.bench.job import Job
from contextune.bench.stated import Caching, agent_cost, input_tokens, saving
from contextune.compose import price_list
from contextune.core.model.money import ModelPrice, Usage
from contextune.core.settings import Settings

TEXT = (Path(__file__).parents[1] / "docs" / "economics.md").read_text(encoding="utf-8")
Row = dict[str, str]


def tables() -> list[list[Row]]:
    """Every table as rows, each a mapping from the column's heading to the cell."""
    found = []
    for block in re.findall(r"(?:^\|.*\n)+", TEXT, re.M):
        lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines()]
        found.append([dict(zip(lines[0], line, strict=True)) for line in lines[2:]])
    return found


def table(heading: str) -> list[Row]:
    """The one table with a column of this name."""
    (found,) = [rows for rows in tables() if heading in rows[0]]
    return found


IDS = {row["model"]: row["id"].strip("`") for row in table("cache read")}
JOB = Job()


def priced(name: str) -> ModelPrice:
    price = price_list().price(IDS[name])
    assert price is not None
    return price


def is_told(value: Decimal, cell: str) -> bool:
    """Whether a cell tells this value, rounded to the digits that it shows."""
    digits = re.sub(r"[^\d.]", "", cell)
    return round(value, len(digits.partition(".")[2])) == Decimal(digits)


def number(cell: str) -> Decimal:
    return Decimal(re.sub(r"[^\d.]", "", cell))


@pytest.mark.parametrize("row", table("cache read"), ids=lambda row: row["model"])
def test_prices(row: Row) -> None:
    rates = priced(row["model"]).rates
    assert is_told(rates.input, row["input"])
    assert is_told(rates.output, row["output"])
    assert is_told(rates.cache_write_5m, row["cache write, 5 min"])
    assert is_told(rates.cache_read, row["cache read"])


def test_the_cliff() -> None:
    haiku = priced("Haiku 5.5")
    assert haiku.cliff == 100_000
    assert haiku.rates_for(100_001).input == 5 * haiku.rates_for(100_000).input
    assert all(priced(name).cliff is None for name in ("Sonnet 5.5", "Opus 5.5"))


def test_agents_cost_90_to_95_percent_less_whatever_they_do() -> None:
    haiku, sonnet = priced("Haiku 5.5").rates, priced("Sonnet 5.5").rates
    assert sonnet.cache_read / haiku.cache_read == 10
    others = ("input", "output", "cache_write_5m", "cache_write_1h")
    assert {getattr(sonnet, name) / getattr(haiku, name) for name in others} == {20}
    assert "10 times\n  cheaper on Haiku 5.5 than on Sonnet 5.5, and everything else 20 times" in TEXT


def workflow(planner: ModelPrice, agents: ModelPrice, read: int, said: int) -> Decimal:
    """A planner of 8,000 tokens in and 2,000 out, and five agents of so many."""
    planning = planner.cost(Usage(input_tokens=8_000, output_tokens=2_000))
    return planning + 5 * agents.cost(Usage(input_tokens=read, output_tokens=said))


@pytest.mark.parametrize("row", table("saving at equal tokens"), ids=lambda row: row["agents"])
def test_the_first_designs_workflow(row: Row) -> None:
    planner, agents = priced(row["planner"]), priced(row["agents"])
    alone = workflow(planner, planner, 40_000, 10_000)
    mixed = workflow(planner, agents, 30_000, 5_000)
    equal = workflow(planner, agents, 40_000, 10_000)
    assert is_told(alone, row["all on the planner's model"])
    assert is_told(mixed, row["mixed"])
    assert is_told(100 * saving(mixed, alone), row["saving"])
    assert is_told(100 * saving(equal, alone), row["saving at equal tokens"])


def test_the_first_designs_year() -> None:
    assert round(100 * saving(1_200 * Decimal("0.27"), 1_200 * Decimal("1.40"))) == 81
    assert "$1,680 against $324 is 81 %" in TEXT


@pytest.mark.parametrize(
    ("row", "caching", "agents"),
    list(zip(table("caching"), ("none", "rolling", "primed", "primed"), (1, 1, 5, 10), strict=True)),
    ids=lambda value: str(value.get("caching", "")) if isinstance(value, dict) else None,
)
def test_one_agents_loop(row: Row, caching: Caching, agents: int) -> None:
    job = msgspec.structs.replace(JOB, tasks=agents)
    for name in ("Sonnet 5.5", "Haiku 5.5", "Haiku 4.5", "Sonnet 4.5"):
        assert is_told(agent_cost(priced(name), job, caching), row[name])
    assert f"{input_tokens(job):,} tokens of input" in TEXT


WAYS: dict[str, tuple[str, Caching]] = {
    "Haiku, cached and primed": ("Haiku 5.5", "primed"),
    "Haiku, cached, not primed": ("Haiku 5.5", "rolling"),
    "Haiku, uncached": ("Haiku 5.5", "none"),
    "all Sonnet, cached and primed": ("Sonnet 5.5", "primed"),
    "all Sonnet, uncached": ("Sonnet 5.5", "none"),
}
BILLS = {row["way"]: number(row["bill"]) for row in table("bill")}
FIGURES = {row["figure"]: row for row in table("figure")}
OURS = "Haiku, cached and primed"
PLANNING = BILLS[OURS] * number(FIGURES["planning, of the bill"]["measured"]) / 100
"""Dollars; the planner is sent the same in every way."""
ROUNDING = Decimal("0.00005")
"""Dollars: the bill has five digits behind the point, planning's share one."""


def test_every_way_is_told() -> None:
    assert list(BILLS) == list(WAYS)


@pytest.mark.parametrize("row", table("bill"), ids=lambda row: row["way"])
def test_the_arithmetic_of_the_bills(row: Row) -> None:
    name, caching = WAYS[row["way"]]
    stated = PLANNING + JOB.tasks * agent_cost(priced(name), JOB, caching)
    assert abs(stated - number(row["by arithmetic"])) < ROUNDING
    assert abs(number(row["bill"]) / number(row["by arithmetic"]) - 1) < Decimal("0.03")


def test_the_figures_follow_from_the_bills() -> None:
    told = {figure: row["measured"] for figure, row in FIGURES.items()}
    ours = BILLS[OURS]
    assert is_told(100 * saving(ours, BILLS["all Sonnet, uncached"]), told["below all-Sonnet uncached"])
    assert is_told(
        100 * saving(ours, BILLS["all Sonnet, cached and primed"]), told["below all-Sonnet cached"]
    )
    assert abs((ours - PLANNING) / JOB.tasks - number(told["cost an agent"])) < ROUNDING / JOB.tasks


@pytest.mark.parametrize(
    ("figure", "most"),
    [
        ("input read from cache", False),
        ("cost an agent", True),
        ("below all-Sonnet uncached", False),
        ("below all-Sonnet cached", False),
        ("planning, of the bill", True),
        ("longest prompt, tokens", True),
        ("requests on which Ledger and server differ", True),
    ],
)
def test_every_figure_holds_its_reach(figure: str, most: bool) -> None:
    measured, reach = number(FIGURES[figure]["measured"]), number(FIGURES[figure]["reach"])
    assert measured <= reach if most else measured >= reach


def test_how_long_a_planners_reply_may_be() -> None:
    rates = priced("Sonnet 5.5").rates
    quarter = (BILLS[OURS] - PLANNING) / 3
    read = number(FIGURES["planner's tokens in"]["measured"]) * rates.input / 1_000_000
    assert f"a reply of about {round((quarter - read) * 1_000_000 / rates.output, -2):,.0f} tokens" in TEXT


@pytest.mark.parametrize("row", table("done again"), ids=lambda row: row["done again"])
def test_escalation(row: Row) -> None:
    share = number(row["done again"]) / 100
    haiku, sonnet = (agent_cost(priced(name), JOB, "rolling") for name in ("Haiku 5.5", "Sonnet 5.5"))
    assert is_told(100 * saving(haiku + share * sonnet, sonnet), row["agents alone"])
    assert abs(number(row["measured"]) - number(row["by arithmetic"])) < 3


def test_one_task_on_sonnet_costs_as_much_as_so_many_on_haiku() -> None:
    ratio = agent_cost(priced("Sonnet 5.5"), JOB, "rolling") / agent_cost(priced("Haiku 5.5"), JOB, "rolling")
    assert f"costs as much as {round(ratio)} on Haiku" in TEXT


def test_every_setting_that_is_named_exists() -> None:
    named = {name for row in table("setting") for name in re.findall(r"`(\w+)`", row["setting"])}
    assert len(named) > 8
    assert named <= set(Settings.__struct_fields__)

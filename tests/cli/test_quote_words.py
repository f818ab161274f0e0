"""What a person reads of a Quote: where each Task begins and why, how earlier ones did, how this one did."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from contextune.cli.output import Output
from contextune.cli.pictures import show_quote, show_run
from contextune.core.planning.quote import Quote
from contextune.core.planning.record import Forecast
from contextune.core.settings import DEFAULT_LADDER
from tests.protocol import samples as s

PLAIN = Output(as_json=False)
REASON = "Hard Tasks begin on Haiku 5.5, high until this repository has a history."


def routed() -> Quote:
    """The first Task begins a rung higher; the second on the first rung, for a reason of its own."""
    made = s.make_quote()
    first = msgspec.structs.replace(made.tasks[0], rung=DEFAULT_LADDER[1], start=1, reason=REASON)
    second = msgspec.structs.replace(made.tasks[1], reason="19 of 20 Tasks of kind tests passed here.")
    return msgspec.structs.replace(made, tasks=(first, second))


def read(capsys: pytest.CaptureFixture[str]) -> str:
    """What was printed, a line."""
    return " ".join(capsys.readouterr().out.split())


def test_a_start_above_the_first_rung_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    show_quote(routed(), PLAIN)
    said = read(capsys)
    assert "Haiku 5.5, high" in said
    assert "until this" in said
    assert "19 of 20" not in said


def test_an_exploration_says_so_wherever_it_begins(capsys: pytest.CaptureFixture[str]) -> None:
    made = s.make_quote()
    tries = msgspec.structs.replace(made.tasks[0], reason="Tries it, to learn.", explored=True)
    show_quote(msgspec.structs.replace(made, tasks=(tries, made.tasks[1])), PLAIN)
    assert "Tries it, to learn." in read(capsys)


def test_how_earlier_quotes_did_stands_below_the_price(capsys: pytest.CaptureFixture[str]) -> None:
    show_quote(s.make_quote(), PLAIN)
    assert "Earlier quotes" not in read(capsys)
    show_quote(msgspec.structs.replace(s.make_quote(), forecast=Forecast(tasks=20, hits=17)), PLAIN)
    assert "Earlier quotes here: 17 of 20 Tasks cost what was said." in read(capsys)


def test_a_run_that_is_over_says_how_its_quote_did(capsys: pytest.CaptureFixture[str]) -> None:
    show_run(s.reviewed(), PLAIN)
    # Two Tasks of one request each; what planning cost was never part of the range.
    assert "Quoted $0.0100 to $0.0400, cost $0.0024: less than said." in read(capsys)
    dear = msgspec.structs.replace(s.PRICE, low=Decimal("0.002"))
    quote = msgspec.structs.replace(s.make_quote(), price=dear)
    show_run(s.reviewed(quote), PLAIN)
    assert "Quoted $0.0020 to $0.0400, cost $0.0024: as said." in read(capsys)


def test_a_run_that_goes_on_says_nothing_of_it_yet(capsys: pytest.CaptureFixture[str]) -> None:
    show_run(s.make_run(*s.started("round-up")), PLAIN)
    assert "Quoted" not in read(capsys)


def test_what_tasks_share_and_how_they_run_stands_below_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    made = s.make_quote()
    shared = msgspec.structs.replace(made.overlaps[0], reason="Both touch `parse()`.", in_order=True)
    show_quote(msgspec.structs.replace(made, overlaps=(shared,)), PLAIN)
    assert "Overlap: Both touch `parse()`. They go one after the other." in read(capsys)

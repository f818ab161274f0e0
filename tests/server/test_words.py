"""What the editor shows of the daemon's is in the editor's language; what is said elsewhere stays English."""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from lsprotocol import types

from contextune.core.check import Check
from contextune.core.model.money import PriceRange
from contextune.core.planning.record import Forecast
from contextune.protocol.convert import check_view, run_view
from contextune.protocol.meter import meter_view
from contextune.protocol.shown import forecast_shown, price_shown
from contextune.protocol.wording import bill_text, forecast_text, price_text
from contextune.protocol.words import ENGLISH, counted, mark, shown, speak, state_text, t
from contextune.server.flow import outcome_text, progress_text, quote_text
from contextune.server.hovers import hover
from contextune.server.languages import FOLDER, language_of
from contextune.server.marks import Marks
from tests.protocol import samples as s
from tests.server.editor import Editor, RpcError
from tests.server.played import Played

FILE = Path(s.REPOSITORY, "parcel/sizes.py")
PACKAGE = FOLDER.parent


@pytest.fixture
def german() -> Iterator[None]:
    speak(language_of("de-AT"))
    yield
    speak(ENGLISH)


async def test_an_editor_in_german_is_spoken_to_in_german_and_the_next_one_in_english(
    editor: Editor, app: Played, folder: Path
) -> None:
    await editor.open(folder, locale="de")
    await app.until("warm")
    assert await titles(editor, folder) == ["Delegieren", "Delegieren"]
    following = Editor(app.compose)
    try:
        await following.open(folder)
        following.tell("textDocument/didOpen", {"textDocument": document(folder, "# TODO: round up\n" * 40)})
        await following.hear("workspace/codeLens/refresh")
        assert await titles(following, folder) == ["Delegate", "Delegate"]
    finally:
        await following.hang_up()


def document(folder: Path, text: str = "") -> dict[str, object]:
    uri = (folder / "parcel/sizes.py").as_uri()
    return {"uri": uri, "languageId": "python", "version": 1, "text": text} if text else {"uri": uri}


async def titles(editor: Editor, folder: Path) -> list[str]:
    lenses = await editor.ask("textDocument/codeLens", {"textDocument": document(folder)})
    return [lens["command"]["title"] for lens in lenses]


@pytest.mark.parametrize("locale", [None, "", "en", "en-US", "tlh", "../de", "de/..", "x" * 3000])
def test_other_locales_are_spoken_to_in_english(locale: str | None) -> None:
    assert language_of(locale) is ENGLISH


def test_a_hover_tells_state_and_what_to_do_in_german(german: None) -> None:
    marks = Marks()
    marks.put(s.reviewed())
    told = hover(FILE, FOLDER, s.TODOS[0], marks)
    assert isinstance(told.contents, types.MarkupContent)
    said = told.contents.value
    passed = "Er hat bestanden, allein und mit den anderen. Seine Änderungen sind im Ergebnis des Runs."
    assert said.startswith(f"**TODO** · bereit zur Prüfung · $0.0012\n\n{passed}\n\n**round up**\n\n")
    assert "Gate grün: `" in said
    assert "Exit-Code 0" in said
    assert ": bereit zur Prüfung, bisher $" in said


def test_the_words_around_a_run_are_german_and_the_journals_own_english(german: None) -> None:
    run = s.reviewed()
    assert progress_text(run) == f"2 von 2 Tasks erledigt · {bill_text(run.bill)}"
    parked = msgspec.structs.replace(run, state="parked", reason="The budget of $2.00 is reached.")
    assert outcome_text(parked).endswith("The budget of $2.00 is reached.")
    assert quote_text(s.make_quote()).startswith(f"„{s.make_quote().title}“: 2 Tasks in 1 Welle, ")
    (line, *_) = meter_view(
        [s.make_run(*s.started("round-up"), *s.finished("round-up"))], run.bill, offline=False
    ).lines
    assert " auf " in line.label
    assert "Tokens gelesen" in line.detail


def test_counts_choose_their_words_and_values_are_no_patterns(german: None) -> None:
    one, many = mark("1 request"), mark("{count} requests")
    assert (counted(1, one, many), counted(1200, one, many)) == ("1 Anfrage", "1,200 Anfragen")
    assert t("Undo “{title}”", title="{state} {0}") == "„{state} {0}“ rückgängig machen"
    assert state_text("parked") == "Budget erreicht"


def test_what_is_no_text_of_ours_stays_as_it_is(german: None) -> None:
    assert t("never said before") == "never said before"


PRICES = [("0.01", "0.02", "1.5"), ("0.01", "0.01", "0.01"), (None, None, None)]


@pytest.mark.parametrize(("low", "likely", "high"), PRICES)
def test_in_english_an_editor_shows_what_others_are_told(
    low: str | None, likely: str | None, high: str | None
) -> None:
    bounds = [Decimal(amount) if amount else None for amount in (low, likely, high)]
    price = PriceRange(low=bounds[0], likely=bounds[1], high=bounds[2], at_sonnet=None)
    assert price_shown(price) == price_text(price)
    for tasks in (1, 1200):
        forecast = Forecast(tasks=tasks, hits=1)
        assert forecast_shown(forecast) == forecast_text(forecast)


def test_a_price_is_shown_in_german(german: None) -> None:
    price = PriceRange(low=Decimal("0.01"), likely=Decimal("0.02"), high=Decimal("1.5"), at_sonnet=None)
    assert price_shown(price) == "$0.0100 bis $1.50, wohl $0.0200"


async def test_a_problem_is_answered_in_german(editor: Editor, folder: Path) -> None:
    await editor.open(folder, locale="de")
    with pytest.raises(RpcError) as refused:
        await editor.ask("contextune/todo/list", {"folder": "nowhere"})
    assert refused.value.message == ("Ordner 'nowhere': Erwartet wird ein absoluter Pfad oder ein Datei-URI.")
    assert refused.value.data == {"kind": "usage_problem"}


def test_a_reason_of_the_journal_is_shown_in_german_and_kept_in_english(german: None) -> None:
    run = s.make_run(*s.started("round-up"))
    reason = "The budget of $2.00 is reached: $1.99 spent, and more."
    parked = msgspec.structs.replace(run, state="parked", reason=reason)
    assert run_view(parked, "here").reason == "Das Budget von $2.00 ist erreicht: $1.99 spent, and more."
    assert parked.reason == reason
    check = Check(name="git", state="problem", detail="", remedy="Install git 2.38 or newer, on PATH.")
    assert check_view(check).remedy == "Installieren Sie Git 2.38 oder neuer, im PATH."
    assert shown("A model's own words.") == "A model's own words."


def test_what_tasks_share_and_findings_of_worktrees_are_shown_in_german(german: None) -> None:
    assert shown("“a” and “b” both touch calc.py.") == "“a” und “b” berühren beide calc.py."
    assert shown("Its folder is gone.") == "Sein Ordner ist weg."
    assert shown("HEAD is detached: Accept will move HEAD itself.").startswith("HEAD ist losgelöst")


def calls() -> Iterator[tuple[str, ast.Call]]:
    for file in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "t":
                yield f"{file.relative_to(PACKAGE)}:{node.lineno}", node


def test_every_text_gets_the_values_that_it_names() -> None:
    seen = 0
    for where, call in calls():
        (text,) = call.args
        assert isinstance(text, ast.Constant), where
        named = {name for _, name, _, _ in string.Formatter().parse(str(text.value)) if name is not None}
        given = {keyword.arg for keyword in call.keywords}
        assert given == named or (None in given and given - {None} <= named), where
        seen += 1
    assert seen > 60

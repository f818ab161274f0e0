"""Sentences are recognised by their shape, what they quote stays as it is, and hostile text costs no time."""

from __future__ import annotations

import json
import re

import pytest

from contextune.core.errors import PlaceProblem, UsageProblem
from contextune.core.planning.plan import Plan, Task
from contextune.core.planning.rearranged import rearranged
from contextune.core.planning.split import split
from contextune.protocol.sentences import LONGEST, Sentences
from contextune.server.languages import FOLDER

GERMAN = Sentences(
    {
        "Run {0} has no task {1}.": "Run {0} hat keinen Task {1}.",
        "Run {0} has no task {1}. Tasks: {2}.": "Run {0} hat keinen Task {1}. Tasks: {2}.",
        "{0} could not be written: {1}.": "{0} konnte nicht geschrieben werden: {1}.",
        "The worktree {0} stays: {1}": "Der Worktree {0} bleibt: {1}",
        "The {0} command `{1}` failed.": "Der Befehl `{1}` ({0}) schlug fehl.",
        "Planning": "Es wird geplant",
        "none": "keiner",
    }
)


@pytest.mark.parametrize(
    ("english", "german"),
    [
        ("Planning", "Es wird geplant"),
        ("Run r_1 has no task x.", "Run r_1 hat keinen Task x."),
        ("Run r_1 has no task x. Tasks: a, b.", "Run r_1 hat keinen Task x. Tasks: a, b."),
        ("The set-up command `npm ci` failed.", "Der Befehl `npm ci` (set-up) schlug fehl."),
        (
            "The worktree w stays: /w/a could not be written: no space.",
            "Der Worktree w bleibt: /w/a konnte nicht geschrieben werden: no space.",
        ),
        ("The worktree Planning stays: none", "Der Worktree Planning bleibt: none"),
        ("The worktree {0} stays: {1} and {2}", "Der Worktree {0} bleibt: {1} and {2}"),
        ("Run  has no task .", "Run  has no task ."),
        ("What a model says.", "What a model says."),
        ("", ""),
    ],
)
def test_a_sentence_is_known_by_its_words(english: str, german: str) -> None:
    assert GERMAN.said(english) == german


def test_text_that_is_too_long_is_shown_as_it_is() -> None:
    text = f"The worktree {'x' * LONGEST} stays: no"
    assert GERMAN.said(text) == text


def test_hostile_text_is_read_once_from_front_to_back() -> None:
    """Something that goes back for another try would not come to an end within the time of a test."""
    sentences = Sentences({"a{0} b{1} b{2} b{3} b{4} b{5} b{6} c": "{0}{1}{2}{3}{4}{5}{6}"})
    text = "a" + "x b" * (LONGEST // 3 - 2) + "x d"
    assert sentences.said(text) == text


def test_the_translations_are_of_sentences_that_are_raised() -> None:
    german = Sentences(json.loads((FOLDER / "sentences.l10n.de.json").read_text(encoding="utf-8")))
    gone = UsageProblem(f"There is no Run {'r_1'}.")
    lost = PlaceProblem(f"{'/tmp/x'} does not exist. Give a folder inside a git repository.")
    assert german.said(str(gone)) == "Es gibt keinen Run r_1."
    assert german.said(str(lost)).startswith("/tmp/x gibt es nicht. Nennen Sie einen Ordner")


def test_what_cannot_be_done_with_tasks_of_a_quote_is_said_in_german() -> None:
    german = Sentences(json.loads((FOLDER / "sentences.l10n.de.json").read_text(encoding="utf-8")))
    one = Task(id="a", title="Round up", brief="Do it.")
    with pytest.raises(ValueError, match="cannot be split") as refused:
        split(Plan(tasks=(one,)), "a", [])
    assert german.said(str(refused.value)) == (
        "„Round up“ kann nicht geteilt werden: Der Task umfasst nicht mehrere Todos."
    )
    with pytest.raises(ValueError, match="two different Tasks") as refused:
        rearranged(Plan(tasks=(one,)), "merge", "a", "a")
    assert german.said(str(refused.value)) == "Nennen Sie zwei verschiedene Tasks."


def test_places_of_every_template_are_numbered_in_order() -> None:
    english = json.loads((FOLDER / "sentences.l10n.json").read_text(encoding="utf-8"))
    assert len(english) > 200
    for text in english:
        places = re.findall(r"\{(\d+)\}", text)
        assert places == [str(number) for number in range(len(places))], text

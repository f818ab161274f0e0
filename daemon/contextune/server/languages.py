"""The languages that the daemon's own words are kept in, beside the package's code."""

from __future__ import annotations

import json
from pathlib import Path

from contextune.protocol.sentences import Sentences
from contextune.protocol.words import ENGLISH, Language

FOLDER = Path(__file__).parents[1] / "l10n"


def language_of(locale: str | None) -> Language:
    """The language of a locale such as `de` or `de-AT`; English where it is that, or one that we lack."""
    name = (locale or "").replace("_", "-").split("-")[0].lower()
    # What a client says is looked up among the files that are there, never made into a path.
    for file in FOLDER.glob("bundle.l10n.*.json"):
        if file.name == f"bundle.l10n.{name}.json":
            return Language(_read(file), Sentences(_read(FOLDER / f"sentences.l10n.{name}.json")))
    return ENGLISH


def _read(file: Path) -> dict[str, str]:
    words: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
    return words

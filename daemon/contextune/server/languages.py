"""The languages that the daemon's own words are kept in, beside the package's code."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "l10n"


def words_of(locale: str | None) -> Mapping[str, str]:
    """The translations for a locale such as `de` or `de-AT`; none for English, and for those that we lack."""
    language = (locale or "").replace("_", "-").split("-")[0].lower()
    # What a client says is looked up among the files that are there, never made into a path.
    for file in FOLDER.glob("bundle.l10n.*.json"):
        if file.name == f"bundle.l10n.{language}.json":
            words: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
            return words
    return {}

"""What models and rungs are called in sentences for people."""

from __future__ import annotations

import re

from contextune.core.model.conversation import Rung

_MODEL = re.compile(r"claude-([a-z]+)-(\d{1,2})(?:-(\d{1,2}))?(?:-\d{8})?")


def model_text(model: str) -> str:
    """Such as `Haiku 5.5` for `claude-haiku-5-5`; an id of another form as it is."""
    match = _MODEL.fullmatch(model)
    if match is None:
        return model
    family, major, minor = match.groups()
    return f"{family.capitalize()} {major}.{minor}" if minor else f"{family.capitalize()} {major}"


def rung_text(rung: Rung) -> str:
    """Such as `Haiku 5.5, low`, or `Haiku 5.5, low × 3` where three agents try."""
    tries = f" × {rung.tries}" if rung.tries > 1 else ""
    return f"{model_text(rung.model)}, {rung.effort}{tries}"

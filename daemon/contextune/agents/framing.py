"""Data as an agent is shown it: between marks that nothing within can imitate."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape

from contextune.core.plain_text import one_line, plain

MARKS = (
    *("todo", "todos", "file", "output", "diff", "repository"),
    *("instructions", "failing", "goal", "said", "agents"),
)
"""The names of all marks. The roles say that what stands between them is data."""
NAME_LIMIT = 300
"""Characters of one name: a test's may hold whatever it is run with."""

_MARK = re.compile(rf"<(?=\s*/?\s*(?:{'|'.join(MARKS)})\b)", re.IGNORECASE)


def framed(mark: str, text: str, **attributes: object) -> str:
    """Data between `<mark attributes>` and `</mark>`, with what steers a reader spelled out.

    Where the data holds a mark itself, its `<` becomes `&lt;`. An attribute that is None is left out.
    """
    return f"{opening(mark, **attributes)}\n{unmarked(text)}\n</{mark}>"


def unmarked(text: str) -> str:
    """Words that stand between no marks, such as a Task's title, and so must hold none."""
    return _MARK.sub("&lt;", plain(text))


def named(names: Iterable[str]) -> str:
    """Names of files or tests in a sentence: each on the one line, short, and without a mark."""
    return ", ".join(row(name)[:NAME_LIMIT] for name in names)


def row(text: str) -> str:
    """Words without a mark that cannot pretend to be two lines; spaces stay, as a path needs them."""
    return unmarked(text).replace("\n", "\\x0a")


def opening(mark: str, **attributes: object) -> str:
    """The opening mark alone, for data whose lines are numbered and so can imitate none."""
    given = "".join(
        f' {name}="{_quoted(str(value))}"' for name, value in attributes.items() if value is not None
    )
    return f"<{mark}{given}>"


def _quoted(value: str) -> str:
    return escape(one_line(value))

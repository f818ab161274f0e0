"""Data as an agent is shown it: between marks that nothing within can imitate."""

from __future__ import annotations

import re
from html import escape

from contextune.core.plain_text import one_line, plain

MARKS = ("todo", "file", "output", "diff", "repository", "instructions", "failing", "goal")
"""The names of all marks. The roles say that what stands between them is data."""

_MARK = re.compile(rf"<(?=\s*/?\s*(?:{'|'.join(MARKS)})\b)", re.IGNORECASE)


def framed(mark: str, text: str, **attributes: object) -> str:
    """Data between `<mark attributes>` and `</mark>`, with what steers a reader spelled out.

    Where the data holds a mark itself, its `<` becomes `&lt;`. An attribute that is None is left out.
    """
    return f"{opening(mark, **attributes)}\n{_MARK.sub('&lt;', plain(text))}\n</{mark}>"


def opening(mark: str, **attributes: object) -> str:
    """The opening mark alone, for data whose lines are numbered and so can imitate none."""
    given = "".join(
        f' {name}="{_quoted(str(value))}"' for name, value in attributes.items() if value is not None
    )
    return f"<{mark}{given}>"


def _quoted(value: str) -> str:
    return escape(one_line(value))

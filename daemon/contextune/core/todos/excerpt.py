"""The code around a Todo, for somebody who looks at the list of them."""

from __future__ import annotations

from collections.abc import Sequence

from contextune.core.todos.todo import Todo

ABOVE = 3
BELOW = 8
"""Lines that are shown above and below a comment."""
MOST_LINES = 24
"""Lines of an excerpt, the comment's own among them."""
LONGEST = 160
"""Characters of a line beyond which it is cut."""
CUT = "…"


def excerpt(todo: Todo, lines: Sequence[str]) -> tuple[str, ...]:
    """The lines around a Todo, without the margin that all of them have; none if they are not there."""
    first, last = max(todo.line - ABOVE, 1), min(todo.end_line + BELOW, len(lines))
    if todo.line > len(lines):
        return ()
    shown = [line.expandtabs(4).rstrip() for line in lines[first - 1 : last]]
    own = todo.line - first
    # A comment of many lines leaves no room above and below; its beginning says most.
    shown = shown[: max(MOST_LINES, own + 1)]
    while len(shown) > own + 1 and not shown[-1]:
        shown.pop()
    while own > 0 and not shown[0]:
        shown.pop(0)
        own -= 1
    margin = min((len(line) - len(line.lstrip()) for line in shown if line), default=0)
    return tuple(_cut(line[margin:]) for line in shown)


def _cut(line: str) -> str:
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + CUT

"""What an agent is told of the user's comments on its work."""

from __future__ import annotations

from collections.abc import Sequence

from contextune.agents.framing import framed, row
from contextune.core.runs.comments import Comment

TAKEN_UP = (
    "# On top of the other Tasks\n"
    "This Task was finished, and the user has reviewed it. Your worktree holds your work together with that "
    "of the other Tasks. Do what the user's comments ask for, and keep the Gate green."
)


def comments_words(comments: Sequence[Comment]) -> str:
    """The user's words with the lines that they are about."""
    words = ["The user comments on your work. Do what each comment asks for:"]
    for one in comments:
        quoted = framed("file", one.quote, path=one.path, line=one.line)
        words.append(f"{row(one.path)}, line {one.line}:\n{quoted}\n{one.text}")
    return "\n\n".join(words)


def taken_up_words(comments: Sequence[Comment]) -> str:
    """The same, for an agent that takes a finished Task up again."""
    return f"{TAKEN_UP}\n\n{comments_words(comments)}"

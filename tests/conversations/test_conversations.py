"""Conversations with every role, plain, confused and hostile, against the code that talks to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from contextune.agents.roles import builtin_roles, role
from tests.conversations.played import Book, Conversation, after_the_first, books, play

BOOKS = list(books())
ALL = [(book, one) for book in BOOKS for one in book.conversation]


def test_every_role_has_plain_confused_and_hostile_ones() -> None:
    assert {book.role for book in BOOKS} == set(builtin_roles())
    for book in BOOKS:
        assert {one.kind for one in book.conversation} == {"plain", "confused", "hostile"}, book.role


@pytest.mark.parametrize(("book", "written"), ALL, ids=[f"{book.role}: {one.name}" for book, one in ALL])
async def test_it_ends_as_it_should(book: Book, written: Conversation, tmp_path: Path) -> None:
    outside = {path.name for path in tmp_path.parent.iterdir()}
    (tmp_path / "worktree").mkdir()
    came, model = await play(role(book.role), written, tmp_path / "worktree")
    expect = written.expect
    assert expect.problem is not None or came.problem is None, came.problem
    if expect.problem is not None:
        assert expect.problem in (came.problem or ""), came
    assert (expect.end, expect.answer, expect.tasks) == (came.end, came.answer, came.tasks)
    told, at = after_the_first(model), 0
    for words in expect.told:
        found = told.find(words, at)
        assert found >= 0, f"{words!r} was not told, or not in this order:\n{told}"
        at = found + len(words)
    for path, content in expect.files.items():
        assert (tmp_path / "worktree" / path).read_text(encoding="utf-8") == content
    assert {path.name for path in tmp_path.iterdir()} == {"worktree"}
    assert {path.name for path in tmp_path.parent.iterdir()} == outside
    model.assert_complete()


@pytest.mark.parametrize("book", BOOKS, ids=[book.role for book in BOOKS])
async def test_the_system_prompt_is_the_roles_alone(book: Book, tmp_path: Path) -> None:
    """No word of what a conversation begins with is in the system prompt, which is the role's."""
    for number, written in enumerate(book.conversation):
        folder = tmp_path / str(number)
        folder.mkdir()
        _, model = await play(role(book.role), written, folder)
        for request in model.requests:
            assert "".join(block.text for block in request.system) == role(book.role).prompt
            assert not request.tools or role(book.role).works

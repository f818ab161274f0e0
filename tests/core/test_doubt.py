"""What speaks against having an agent do a Todo."""

from __future__ import annotations

import pytest

from contextune.core.todos.doubt import doubt_of
from contextune.core.todos.todo import Todo


def todo(text: str, path: str = "calc/area.py") -> Todo:
    return Todo(id="t", path=path, line=1, column=1, end_line=1, marker="TODO", text=text)


@pytest.mark.parametrize(
    ("text", "doubt"),
    [
        ("", "wordless"),
        ("...", "wordless"),
        ("fix", "vague"),
        ("https://example.org/x/12", "a_reference"),
        ("PROJ-123", "a_reference"),
        ("#12, GH-7", "a_reference"),
        ("ask Mira whether this may go?", "asks_a_person"),
        ("should we round half up?", "asks_a_person"),
        ("Why is this 7?", "asks_a_person"),
        ("round half up, see PROJ-123", None),
        ("refuse negative sizes", None),
        ("四捨五入にして、請求書と合わせる", None),
        ("UTF-8", "vague"),
        ("asked again after a retry, is the lock kept?", None),
        ("why not return early", None),
        ("people also write 30 x 20?", None),
        ("what should happen for negative sizes? raise ValueError", None),
    ],
)
def test_the_words_of_a_todo(text: str, doubt: str | None) -> None:
    assert doubt_of(todo(text)) == doubt


@pytest.mark.parametrize(
    "path",
    [
        "vendor/lib/a.go",
        "web/node_modules/x/index.js",
        "api/user_pb2.py",
        "static/app.min.js",
        "src/generated/a.ts",
    ],
)
def test_files_that_nobody_writes_by_hand(path: str) -> None:
    assert doubt_of(todo("refuse negative sizes", path)) == "not_by_hand"


@pytest.mark.parametrize(
    "path",
    ["build/release.py", "gen/a.py", "src/vendors.py", "builder/a.py", "src/regenerate.py", "distance/a.py"],
)
def test_files_that_only_sound_like_it(path: str) -> None:
    assert doubt_of(todo("refuse negative sizes", path)) is None

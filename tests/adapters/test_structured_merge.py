"""Merging by syntax: the interface of mergiraf, played by a program that takes both sides."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from contextune.adapters.git.repository import GitRepository
from contextune.adapters.git.structured_merge import find_program
from contextune.core.ports import Merge
from tests.adapters.git_place import Place, new_place, work

BOTH = """#!/bin/sh
# mergiraf merge BASE LEFT RIGHT --path-name NAME --output FILE --timeout MS
[ "$1 $5 $7 $9" = "merge --path-name --output --timeout" ] || exit 2
[ -z "$ANTHROPIC_API_KEY" ] || exit 3
git merge-file -p --union "$3" "$2" "$4" > "$8"
"""
"""Takes the lines of both sides, as is right for lists."""
STARTED = "a\nz\n"

Change = dict[str, str | bytes | None]


def program(folder: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.mkdir(exist_ok=True)
    file = folder / "mergiraf"
    file.write_text(text)
    file.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = new_place(tmp_path / "user")
    place.write("list.py", STARTED)
    place.write("more.py", STARTED)
    place.commit("lists")
    return place


def conflict(place: Place, folder: Path, ours: Change, theirs: Change) -> Merge:
    """Merge two changes that git cannot, and go on by syntax."""
    repository: GitRepository = place.open()
    base = place.said("rev-parse", "HEAD")
    one, other = (work(repository, base, folder / "work", change, "x") for change in (ours, theirs))
    merge = repository.merge(one, other, base)
    assert merge.tree is None
    assert merge.marked is not None
    return repository.merge_by_syntax(merge, one, other, base)


def test_what_git_cannot_merge_is_merged(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / "bin", BOTH, monkeypatch)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-secret")
    before = place.state()
    merge = conflict(
        place,
        tmp_path,
        {"list.py": "a\nb\nz\n", "more.py": "a\n1\nz\n", "ours.py": "1\n"},
        {"list.py": "a\nc\nz\n", "more.py": "a\n2\nz\n", "theirs.py": "2\n"},
    )
    assert (merge.by, merge.conflicts) == ("mergiraf", ("list.py", "more.py"))
    assert place.git("show", f"{merge.tree}:list.py") == b"a\nb\nc\nz\n"
    assert place.git("show", f"{merge.tree}:more.py") == b"a\n1\n2\nz\n"
    assert place.git("show", f"{merge.tree}:ours.py") == b"1\n"
    assert place.git("show", f"{merge.tree}:theirs.py") == b"2\n"
    assert place.state() == before


@pytest.mark.parametrize(
    "text",
    [
        BOTH + "exit 1\n",
        "#!/bin/sh\nexit 0\n",
        '#!/bin/sh\nprintf "<<<<<<< LEFT\\na\\n>>>>>>> RIGHT\\n" > "$8"\n',
        "#!/no/such/interpreter\n",
    ],
    ids=["conflicts left", "nothing written", "markers written", "does not start"],
)
def test_what_it_cannot_merge_either_stays_as_git_left_it(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    program(tmp_path / "bin", text, monkeypatch)
    merge = conflict(place, tmp_path, {"list.py": "a\nb\nz\n"}, {"list.py": "a\nc\nz\n"})
    assert (merge.tree, merge.by, merge.conflicts) == (None, "", ("list.py",))
    assert b"<<<<<<<" in place.git("show", f"{merge.marked}:list.py")


def test_a_file_that_one_side_removed_is_no_question_of_syntax(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / "bin", BOTH, monkeypatch)
    merge = conflict(place, tmp_path, {"list.py": None}, {"list.py": "a\nc\nz\n"})
    assert (merge.tree, merge.by) == (None, "")


def test_a_program_of_the_repository_is_not_run(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / "bin", BOTH, monkeypatch)
    assert find_program() == str(tmp_path / "bin" / "mergiraf")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"bin{os.pathsep}{os.pathsep}/usr/bin{os.pathsep}/bin")
    assert find_program() is None
    merge = conflict(place, tmp_path, {"list.py": "a\nb\nz\n"}, {"list.py": "a\nc\nz\n"})
    assert merge.tree is None

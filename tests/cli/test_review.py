"""The review of a Run in a terminal: what asks for a look, changes left out and taken back."""

from __future__ import annotations

import re
from pathlib import Path

from tests.cli.conftest import Server
from tests.cli.place import SMALL, Machine

BLANK = "\n" * 8
FILES = {
    **SMALL,
    "app.py": "def one():\n    # TODO: in two places\n    return 1\n"
    + "\n" * 8
    + "def two():\n    return 2\n",
}
MADE = f"def one():\n    return 1\n\n\nTEN = 10\n{BLANK}def two():\n    return TEN - 8\n"


def _in_review(machine: Machine, server: Server) -> tuple[Path, str]:
    """A Run of one Task that waits for review: its repository, and its id."""
    root = machine.repository("shop", dict(FILES))
    todo = machine.todo(root, "in two places")
    done = machine.do("run", root, "--todo", todo, "--yes", "--json", env=server.keyed)
    assert done.status == 0, done.err
    return root, str(next(line["runId"] for line in done.lines if "runId" in line))


def _changes(machine: Machine, run_id: str) -> list[str]:
    """What `show --review` names, as `discard` takes it."""
    shown = machine.do("show", run_id, "--review")
    assert shown.status == 0, shown.err
    return re.findall(r"^ +(in-two-places:\S+?):?(?= |$)", shown.out, re.M)


def test_changes_are_left_out_by_name_and_taken_back(machine: Machine, server: Server) -> None:
    root, run_id = _in_review(machine, server)
    app, todo, ten, two, notes, new = _changes(machine, run_id)
    assert (app, notes) == ("in-two-places:app.py", "in-two-places:notes.txt")
    assert all(one.startswith(app + ":") for one in (todo, ten, two))
    assert new.startswith(notes + ":")

    rejected = machine.do("discard", run_id, two, notes)
    assert rejected.status == 0, rejected.err
    assert "All together: green" in rejected.out
    names = re.findall(r"Changed in review: (\S+)", rejected.out)
    assert len(names) == 2
    assert [one for one in _changes(machine, run_id) if one.count(":") == 2] == [todo, ten]

    back = machine.do("discard", run_id, "--take-back", names[0])
    assert back.status == 0, back.err
    assert re.findall(r"Changed in review: (\S+)", back.out) == names[1:]

    assert machine.do("accept", run_id).status == 0
    assert (root / "app.py").read_text() == MADE
    assert not (root / "notes.txt").exists()


def test_a_result_that_turns_red_says_so(machine: Machine, server: Server) -> None:
    root, run_id = _in_review(machine, server)
    before = machine.state(root)
    ten = _changes(machine, run_id)[2]
    red = machine.do("discard", run_id, ten)
    assert red.status == 1
    assert "All together: red" in red.out
    refused = machine.do("accept", run_id)
    assert refused.status == 2
    assert machine.state(root) == before


def test_names_that_mean_nothing_are_refused(machine: Machine, server: Server) -> None:
    root, run_id = _in_review(machine, server)
    before = _changes(machine, run_id), machine.state(root)
    for name, told in {
        "in-two-places:nowhere.py": "is no change",
        "nobody:app.py": "is no change",
        "app.py": "is no change",
        "in-two-places:app.py:abc": "has no change 'abc'",
    }.items():
        wrong = machine.do("discard", run_id, name)
        assert (wrong.status, wrong.out) == (2, "")
        assert told in " ".join(wrong.err.split())
    unknown = machine.do("discard", run_id, "--take-back", "in-two-places:app.py")
    assert unknown.status == 2
    assert "was made in review" in " ".join(unknown.err.split())
    assert (_changes(machine, run_id), machine.state(root)) == before


def test_a_task_of_which_all_is_left_out_is_not_in_the_result(machine: Machine, server: Server) -> None:
    root, run_id = _in_review(machine, server)
    before = machine.state(root)
    out = machine.do("discard", run_id, "in-two-places:app.py", "in-two-places:notes.txt")
    assert out.status == 0, out.err
    assert "is not in the result now" in " ".join(out.out.split())
    refused = machine.do("accept", run_id)
    assert refused.status == 2
    assert machine.state(root) == before

"""A whole Run by the command line, from the TODOs to a pull request and issues that are closed."""

from __future__ import annotations

import re
from pathlib import Path

from tests.cli.place import Machine
from tests.forge.github import TOKEN, GitHub


def cloned(machine: Machine, root: Path, github: GitHub) -> str:
    """The repository is a clone of one at GitHub; returns its name there."""
    name = github.new()
    bare = machine.folder / "remote.git"
    machine.git(root, "init", "-q", "--bare", str(bare))
    machine.git(root, "remote", "add", "origin", f"{github.url}/{name}.git")
    machine.git(root, "remote", "set-url", "--push", "origin", str(bare))
    return name


def signed_in(github: GitHub) -> dict[str, str]:
    return {"GITHUB_API_URL": github.url, "GITHUB_TOKEN": TOKEN}


def test_todos_become_a_pull_request_and_issues(machine: Machine, parcel: Path, github: GitHub) -> None:
    name = cloned(machine, parcel, github)
    machine.home.mkdir()
    (machine.home / "settings.toml").write_text('issues = "on"\n')
    before = machine.state(parcel)
    more = signed_in(github)
    done = machine.do("run", parcel, "--all", "--offline", "--yes", "--accept", "pr", env=more)
    assert done.status == 0, done.err
    (pull,) = github.pulls(name)
    assert f"Pull request #{pull['number']} is open: {github.url}/{name}/pull/{pull['number']}." in done.err
    assert machine.state(parcel) == before
    (issue,) = github.issues(name)
    assert (issue["state"], pull["draft"]) == ("open", False)
    assert f"Closes #{issue['number']}" in pull["body"]
    run_id = re.search(r"run `(r_\w+)`", pull["body"])
    assert run_id is not None
    github.call("PUT", f"/repos/{name}/pulls/{pull['number']}/merge", {})
    looked = machine.do("github", run_id[1], env=more)
    assert looked.status == 0, looked.err
    assert f"Pull request #{pull['number']} is merged" in looked.out
    assert [one["state"] for one in github.issues(name)] == ["closed"]
    undone = machine.do("undo", run_id[1], env=more)
    assert (undone.status, "Close it on GitHub" in undone.err) == (2, True)


def test_a_repository_cannot_turn_it_on_and_nobody_is_asked_before_the_money(
    machine: Machine, parcel: Path, github: GitHub
) -> None:
    name = cloned(machine, parcel, github)
    (parcel / ".contextune.toml").write_text('issues = "on"\naccept = "pr"\n')
    done = machine.do("run", parcel, "--all", "--offline", "--yes", env=signed_in(github))
    assert (done.status, github.pulls(name), github.issues(name)) == (0, [], [])
    refused = machine.do(
        *("run", parcel, "--all", "--offline", "--yes", "--accept", "pr"),
        env={"GITHUB_API_URL": github.url},
    )
    assert refused.status == 4
    assert "Nobody is signed in to GitHub" in refused.err
    assert len(machine.do("runs", parcel, "--json").lines) == 1


def test_what_waits_is_sent_by_the_next_look(machine: Machine, parcel: Path, github: GitHub) -> None:
    name = cloned(machine, parcel, github)
    gone = {"GITHUB_API_URL": "http://localhost:1", "GITHUB_TOKEN": TOKEN}
    machine.git(parcel, "remote", "set-url", "origin", f"http://localhost:1/{name}.git")
    done = machine.do("run", parcel, "--all", "--offline", "--yes", "--accept", "pr", "--json", env=gone)
    assert done.status == 0
    run_id = done.last["runId"]
    assert "was not reached" in done.err
    assert machine.do("github", run_id, env=gone).status == 1
    machine.git(parcel, "remote", "set-url", "origin", f"{github.url}/{name}.git")
    sent = machine.do("github", run_id, env=signed_in(github))
    assert (sent.status, len(github.pulls(name))) == (0, 1)


def test_failing_tests_become_one_issue_once_the_person_agrees(
    machine: Machine, parcel: Path, github: GitHub
) -> None:
    name = cloned(machine, parcel, github)
    (parcel / "tests" / "test_sizes.py").write_text(
        "import unittest\n\n\nclass Sizes(unittest.TestCase):\n"
        "    def test_wrong(self):\n        self.assertEqual(1, 2)\n"
    )
    command = ("agents", "run", "test-runner", "--path", parcel, "--gate", "python -m unittest", "--issue")
    asked = machine.do(*command, env=signed_in(github))
    assert (asked.status, github.issues(name)) == (2, [])
    assert f"This makes an issue in {name}: 1 test fails" in asked.err
    assert "Nobody is there to agree to that. Add --yes." in asked.err
    done = machine.do(*command, "--yes", env=signed_in(github))
    (issue,) = github.issues(name)
    assert done.status == 1, "the tests are red"
    assert f"Issue #{issue['number']} is made: {issue['html_url']}" in done.out
    assert "AssertionError: 1 != 2" in issue["body"]
    again = machine.do(*command, "--yes", env=signed_in(github))
    assert f"Issue #{issue['number']} says that already" in again.out
    assert len(github.issues(name)) == 1

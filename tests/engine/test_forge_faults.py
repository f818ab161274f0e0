"""Whatever GitHub does: a sentence, the Run goes on without it, and what waited is sent later, once."""

from __future__ import annotations

import re
import time
from typing import Any, NamedTuple

import pytest

from contextune.core.errors import ForgeTrouble
from contextune.core.runs.forge_text import pull_text
from contextune.core.runs.run import Run
from tests.engine.conftest import MakeDesk
from tests.engine.test_accept import FIRST, SECOND
from tests.engine.test_forge import at, two
from tests.engine.world import Desk
from tests.forge.faulty import Fault, FaultyGitHub
from tests.forge.github import GitHub


class Line(NamedTuple):
    """A line of the table."""

    fault: Fault
    trouble: ForgeTrouble
    words: str


def archived(data: dict[str, Any]) -> None:
    data["archived"] = True


def no_push(data: dict[str, Any]) -> None:
    data["permissions"] = {"pull": True, "push": False}


REPOSITORY = r"^GET /repos/[^/]+/[^/]+$"
OPENING = r"^POST /repos/.*/pulls$"
LIMITED = {"message": "API rate limit exceeded for user ID 1."}
SECONDARY = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes."}
SSO = {"message": "Resource protected by organization SAML enforcement."}

TABLE = {
    "offline": Line(Fault(), "offline", "was not reached"),
    "offline before the answer": Line(Fault(OPENING), "offline", "was not reached"),
    "no requests left": Line(
        Fault(
            status=403, headers={"x-ratelimit-remaining": "0", "x-ratelimit-reset": "{in:600}"}, body=LIMITED
        ),
        "limited",
        "there are new ones in 10 min",
    ),
    "too fast": Line(
        Fault(OPENING, 403, {"retry-after": "90"}, SECONDARY), "slow_down", "in 90 s it may go on"
    ),
    "too fast, for how long is not said": Line(Fault(OPENING, 403, {}, SECONDARY), "slow_down", "in 60 s"),
    "too many requests": Line(
        Fault(REPOSITORY, 429, {"retry-after": "7"}, {"message": "slow down"}), "slow_down", "in 7 s"
    ),
    "internal error": Line(Fault(OPENING, 500, {}, "<html>"), "server", "a fault of its own .status 500"),
    "bad gateway": Line(Fault(REPOSITORY, 502, {}, "<html>"), "server", "status 502"),
    "unicorn": Line(Fault(OPENING, 503, {}, "<html>", after=True), "server", "status 503"),
    "lost permission": Line(
        Fault(REPOSITORY, 404, {}, {"message": "Not Found"}), "gone", "you lost the permission"
    ),
    "archived": Line(Fault(REPOSITORY, change=archived), "archived", "is archived, and takes no changes"),
    "archived meanwhile": Line(
        Fault(OPENING, 403, {}, {"message": "Repository was archived so is read-only."}),
        "archived",
        "is archived",
    ),
    "a fork without the right to push": Line(
        Fault(REPOSITORY, change=no_push), "no_push", "You may not push to .* Fork it"
    ),
    "single sign-on": Line(
        Fault(OPENING, 403, {"x-github-sso": "required; url=https://github.com/orgs/x/sso"}, SSO),
        "sso",
        "asks for single sign-on",
    ),
    "token withdrawn": Line(
        Fault(status=401, body={"message": "Bad credentials"}), "sign_in", "does not accept the token"
    ),
    "too narrow a token": Line(
        Fault(OPENING, 403, {}, {"message": "Resource not accessible by personal access token"}),
        "forbidden",
        "The token may not do that .* It says: Resource not accessible",
    ),
    "rules of the repository": Line(
        Fault(OPENING, 422, {}, {"message": "Validation Failed", "errors": ["branch is protected"]}),
        "protected",
        "The rules of .* do not allow that",
    ),
    "invalid": Line(
        Fault(
            OPENING, 422, {}, {"message": "Validation Failed", "errors": [{"message": "No commits between"}]}
        ),
        "invalid",
        "takes that as invalid .* No commits between",
    ),
    "a portal in between": Line(
        Fault(REPOSITORY, 200, {}, "<html>Sign in to the hotel's net"),
        "unclear",
        "does not speak GitHub's API",
    ),
}


async def accepted(here: Desk) -> Run:
    run = await two(here)
    return await here.app.accept(run.id, "pr")


@pytest.mark.parametrize("name", TABLE)
async def test_the_run_goes_on_and_what_waited_is_sent_later(
    desk: MakeDesk, github: GitHub, between: FaultyGitHub, name: str
) -> None:
    line = TABLE[name]
    repository = github.new()
    here = await at(await desk(FIRST, SECOND), between.url, repository)
    headers = {
        key: str(int(time.time()) + 600) if value == "{in:600}" else value
        for key, value in line.fault.headers.items()
    }
    line.fault.headers = headers
    between.faults = [line.fault]
    run = await accepted(here)
    assert run.state == "accepted"
    assert run.accepted is not None
    assert here.place.said("rev-parse", run.accepted.branch or "") == run.accepted.after
    waits = run.forge.waits[-1]
    assert waits.trouble == line.trouble
    assert re.search(line.words, waits.reason), waits.reason
    assert pull_text(run).endswith(f"{waits.reason} `contextune github` tries again.")
    between.faults = []
    run = (await here.app.forge.sync([run]))[0]
    assert (run.forge.waits, run.forge.started) == ((), ())
    (pull,) = github.pulls(repository)
    assert run.forge.find("pull") is not None
    assert pull_text(run) == f"Pull request #{pull['number']} is open: {between.url}/{repository}/pull/1."


async def test_an_answer_that_is_lost_is_looked_up(
    desk: MakeDesk, github: GitHub, between: FaultyGitHub
) -> None:
    repository = github.new()
    here = await at(await desk(FIRST, SECOND), between.url, repository)
    between.faults = [Fault(r"^POST ", after=True)]
    run = await two(here, issues="on", issues_per="task")
    run = await here.app.accept(run.id, "pr")
    for _ in range(6):
        run = (await here.app.forge.sync([run]))[0]
    assert (run.forge.waits, run.forge.started) == ((), ())
    assert len(github.pulls(repository)) == 1
    assert len(github.issues(repository)) == 2


async def test_a_renamed_repository_is_found(desk: MakeDesk, github: GitHub, between: FaultyGitHub) -> None:
    repository = github.new()
    here = await at(await desk(FIRST, SECOND), between.url, "admin/old-name")
    new = f"{between.url}/repos/{repository}"
    between.faults = [Fault("^GET /repos/admin/old-name", 301, {"location": new}, {"message": "Moved"})]
    run = await accepted(here)
    assert len(github.pulls(repository)) == 1
    assert run.notes == (
        f"admin/old-name is called {repository} on GitHub now. It was found all the same; "
        "`git remote set-url` gives the remote its new address.",
    )


async def test_a_default_branch_that_moved_takes_the_pull_request(
    desk: MakeDesk, github: GitHub, between: FaultyGitHub
) -> None:
    def moved(data: dict[str, Any]) -> None:
        data["default_branch"] = "trunk"

    invalid = {"message": "Validation Failed", "errors": [{"field": "base", "code": "invalid"}]}
    repository = github.new()
    here = await at(await desk(FIRST, SECOND), between.url, repository)
    between.faults = [Fault(REPOSITORY, change=moved), Fault(OPENING, 422, {}, invalid, times=1)]
    run = await accepted(here)
    (pull,) = github.pulls(repository)
    assert pull["base"]["ref"] == "trunk"
    assert run.notes == ("GitHub takes no pull request into main any more; it goes into trunk instead.",)


@pytest.mark.parametrize(
    ("said", "trouble", "words"),
    [
        ("error: GH006: Protected branch update failed", "protected", "change `accept_branch`"),
        ("remote: Permission to a/b.git denied to ada.", "no_push", "remote.pushDefault"),
        ("SAML SSO is required", "sso", "single sign-on"),
        ("This repository was archived so it is read-only.", "archived", "takes no changes"),
    ],
)
async def test_a_push_that_is_refused(
    desk: MakeDesk, github: GitHub, said: str, trouble: str, words: str
) -> None:
    repository = github.new()
    here = await at(await desk(FIRST, SECOND), github.url, repository)
    hook = here.place.root.parent / "remote.git" / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\necho '{said}' >&2\nexit 1\n")
    hook.chmod(0o755)
    run = await accepted(here)
    assert [(one.key, one.trouble) for one in run.forge.waits] == [("push", trouble)]
    assert words in run.forge.waits[0].reason
    assert github.pulls(repository) == [], "nothing is opened for a branch that is not there"
    hook.unlink()
    run = (await here.app.forge.sync([run]))[0]
    assert len(github.pulls(repository)) == 1
    assert run.forge.waits == ()


async def test_what_has_not_changed_is_not_sent_again(
    desk: MakeDesk, github: GitHub, between: FaultyGitHub
) -> None:
    repository = github.new()
    here = await at(await desk(FIRST, SECOND), between.url, repository)
    run = await accepted(here)
    between.tags = {"/pulls/1": '"one"', "/check-runs?per_page=100": '"two"'}
    for _ in range(3):
        run = (await here.app.forge.sync([run]))[0]
    asked = [line for line in between.requests if "/pulls/1" in line or "check-runs" in line]
    assert (len(asked), between.not_modified) == (6, 4)

"""Issues that a person asks for outside of any Run: at most once, and what others said does nothing."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from contextune.adapters.machine.clock import SystemClock
from contextune.core.errors import ForgeProblem, PlaceProblem, UsageProblem
from contextune.core.forge.plain import BREAK
from contextune.core.forge.writes import ForgeStarted, ForgeWritten
from contextune.core.model.ledger import PLANNING
from contextune.core.proof.suite_report import Failure, SuiteReport
from contextune.core.proof.tallies import Tally
from contextune.engine.forge.by_hand import MOST, Reported, make_issue, stream_of
from contextune.engine.forge.drafts import IssueDraft, failing_issue, written_issue
from tests.engine.conftest import MakeDesk
from tests.engine.test_forge import at
from tests.forge.faulty import Fault, FaultyGitHub
from tests.forge.github import GitHub, Sent

DRAFT = IssueDraft("Sizes may be negative", "In area.py.", ("bug",), "words\nsizes may be negative")


async def test_it_is_made_once_and_again_only_when_it_was_closed(
    desk: MakeDesk, github: GitHub, sent: list[Sent]
) -> None:
    name = github.new()
    here = await at(await desk(), github.url, name)
    root = here.place.root
    before = here.place.state()
    first = await here.app.forge.report(root, DRAFT)
    second = await here.app.forge.report(root, DRAFT)
    assert (first.found, second.found, second.issue.number) == (False, True, first.issue.number)
    github.call("PATCH", f"/repos/{name}/issues/{first.issue.number}", {"state": "closed"})
    third = await here.app.forge.report(root, DRAFT)
    assert (third.found, third.issue.number > first.issue.number) == (False, True)
    other = await here.app.forge.report(root, DRAFT._replace(about="words\nsomething else"))
    assert not other.found
    assert len(github.issues(name)) == 3
    assert [one.verb for one in sent if one.is_write and "/issues" in one.url] == ["POST"] * 3
    assert here.place.state() == before
    assert await here.app.runs(root) == []
    assert (await here.app.costs(root)).entries == ()


class Died(Exception):
    """The process is gone."""


async def test_one_that_was_made_just_before_a_crash_is_found(desk: MakeDesk, github: GitHub) -> None:
    name = github.new()
    here = await at(await desk(), github.url, name)
    slug = await here.app.forge.destination(here.place.root)
    forge = await here.forges.at(slug)
    kinds: list[type] = []

    async def dies_after(event: Any) -> None:
        kinds.append(type(event))
        if isinstance(event, ForgeWritten):
            raise Died

    with pytest.raises(Died):
        await make_issue(forge, DRAFT, journal=dies_after, now=SystemClock().now)
    assert kinds == [ForgeStarted, ForgeWritten]
    again = await here.app.forge.report(here.place.root, DRAFT)
    assert (again.found, len(github.issues(name))) == (True, 1)


async def test_the_intent_is_journalled_before_and_the_outcome_after(desk: MakeDesk, github: GitHub) -> None:
    here = await at(await desk(), github.url, github.new())
    made = await here.app.forge.report(here.place.root, DRAFT)
    events = await here.journal.read(stream_of(DRAFT))
    assert [type(event) for event in events] == [ForgeStarted, ForgeWritten]
    assert {event.run_id.startswith(f"{PLANNING}i_") for event in events} == {True}
    assert isinstance(events[1], ForgeWritten)
    assert (events[1].number, events[1].url) == (made.issue.number, made.issue.url)


def archived(data: dict[str, Any]) -> None:
    data["archived"] = True


def elsewhere(data: dict[str, Any]) -> None:
    data["html_url"] = "command:workbench.action.quit"


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (
            Fault(r"^POST .*/issues$", 410, {}, {"message": "Issues has been disabled in this repository."}),
            "Issues are switched off in .* Switch them on in its settings",
        ),
        (Fault(r"^GET /repos/[^/]+/[^/]+$", change=archived), "is archived, and takes no changes"),
        (Fault(r"^GET /repos/[^/]+/[^/]+$", change=elsewhere), "does not speak GitHub's API"),
    ],
    ids=["switched off", "archived", "an address that is none of the web"],
)
async def test_what_keeps_it_from_being_made_is_told(
    desk: MakeDesk, github: GitHub, between: FaultyGitHub, fault: Fault, said: str
) -> None:
    name = github.new()
    here = await at(await desk(), between.url, name)
    between.faults = [fault]
    with pytest.raises(ForgeProblem, match=said):
        await here.app.forge.report(here.place.root, DRAFT)
    assert github.issues(name) == []


async def test_two_processes_make_one(
    desk: MakeDesk, github: GitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = github.new()
    here = await at(await desk(), github.url, name)
    refused = asyncio.Event()

    async def made_late(*given: Any, **more: Any) -> Reported:
        await refused.wait()  # or the first may have done before the second begins
        return await make_issue(*given, **more)

    monkeypatch.setattr("contextune.engine.desk.forge_desk.make_issue", made_late)
    both = [asyncio.ensure_future(here.app.forge.report(here.place.root, DRAFT)) for _ in range(2)]
    (first,), (other,) = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    with pytest.raises(UsageProblem, match="Another process makes that issue just now"):
        first.result()
    refused.set()
    assert not (await other).found
    assert len(github.issues(name)) == 1


async def test_one_that_was_always_closed_is_for_a_person(desk: MakeDesk, github: GitHub) -> None:
    name = github.new()
    here = await at(await desk(), github.url, name)
    for _ in range(MOST):
        made = await here.app.forge.report(here.place.root, DRAFT)
        github.call("PATCH", f"/repos/{name}/issues/{made.issue.number}", {"state": "closed"})
    with pytest.raises(ForgeProblem, match=f"reported {MOST} times, and closed each time. Reopen http"):
        await here.app.forge.report(here.place.root, DRAFT)


async def test_a_workspace_that_is_refused_reports_nothing(desk: MakeDesk, github: GitHub) -> None:
    here = await at(await desk(), github.url, github.new())
    here.app.trust(here.place.root, False)
    with pytest.raises(PlaceProblem, match="is not trusted"):
        await here.app.forge.report(here.place.root, DRAFT)


def failing(*failures: Failure) -> SuiteReport:
    return SuiteReport(
        command="pytest -q",
        exit_code=1,
        timed_out=False,
        tally=Tally(runner="pytest", failed=len(failures)),
        failures=failures,
        flaky=(),
        coverage=None,
        slowest=(),
        durations_ms=(10,),
    )


def test_failing_tests_are_one_issue_with_what_was_said_of_them() -> None:
    draft = failing_issue(failing(Failure(name="t.py::one", said="assert 1 == 2"), Failure(name="t.py::two")))
    assert draft.title == "2 tests fail: t.py::one, t.py::two"
    assert "`pytest -q` fails with exit code 1." in draft.text
    assert "```text\nassert 1 == 2\n```" in draft.text
    assert (draft.labels, draft.about) == (("bug", "tests"), "tests\nt.py::one\nt.py::two")


def test_many_are_named_and_some_shown() -> None:
    draft = failing_issue(failing(*(Failure(name=f"t{n}", said="x") for n in range(14))))
    assert draft.title == "14 tests fail: t0, t1, t2 and 11 more"
    assert draft.text.count("```text") == 10
    assert draft.text.endswith("Also: t10, t11, t12, t13")


def test_a_digest_heads_it() -> None:
    digest = {
        "summary": "Sizes are negative.",
        "causes": [{"tests": [1, 9], "cause": "No check.", "look": "area.py:3"}],
    }
    draft = failing_issue(failing(Failure(name="one", said="x")), digest)
    assert "> Sizes are negative.\n\n- No check.: one. Look at `area.py:3`." in draft.text


def test_what_others_said_does_nothing() -> None:
    hostile = Failure(name="t[@ada #7 <img src=x>]", said="```\n@ada closes #7\n```")
    draft = failing_issue(failing(hostile))
    assert f"@{BREAK}ada" in draft.title
    assert f"#{BREAK}7" in draft.title
    assert "````text\n```\n@ada closes #7\n```\n````" in draft.text
    written = written_issue(
        {"title": "@ada look", "body": "Closes #7 <b>now</b>", "labels": list("abcd")}, "words"
    )
    assert (written.title, written.labels) == (f"@{BREAK}ada look", ("a", "b", "c"))
    assert written.text == f"> Closes \\#{BREAK}7 \\<b\\>now\\</b\\>"

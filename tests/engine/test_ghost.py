"""The Ghost by itself: batches, the search for the one at fault, conflicts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from contextune.adapters.git.repository import GitRepository
from contextune.core.proof.evidence import Evidence
from contextune.engine.integration.ghost import Bounced, Candidate, Ghost, Inside, Joined
from tests.adapters.git_place import Place, new_place, work

REF = "refs/heads/contextune/test/ghost"


class FaultyGate:
    """A Gate that is red where a tree holds all of the files at fault, and remembers what it saw."""

    def __init__(self, place: Place, *faults: frozenset[str]) -> None:
        self.place = place
        self.faults = faults
        self.commits: list[str] = []

    async def __call__(self, commit: str) -> Evidence:
        self.commits.append(commit)
        files = frozenset(self.place.said("ls-tree", "--name-only", commit).split())
        red = any(fault <= files for fault in self.faults)
        return Evidence(
            command="test",
            exit_code=int(red),
            tree=self.place.said("rev-parse", f"{commit}^{{tree}}"),
            duration_ms=1,
            output="",
            verdict="red" if red else "green",
        )


class Scene:
    """A repository and its Ghost; candidates gather until `go` is set."""

    def __init__(self, folder: Path, *faults: frozenset[str]) -> None:
        self.folder = folder
        self.place = new_place(folder / "user")
        self.repository: GitRepository = self.place.open()
        self.base = self.place.said("rev-parse", "HEAD")
        self.tested = FaultyGate(self.place, *faults)
        self.go = asyncio.Event()
        self.go.set()
        self.probed = FaultyGate(self.place, *faults)
        self.ghost = self.new_ghost()

    def new_ghost(self) -> Ghost:
        return Ghost(
            self.repository,
            self.base,
            test=self.tested,
            probe=self.probed,
            settle=self.gathered,
            ref=REF,
        )

    async def gathered(self) -> None:
        await self.go.wait()

    def candidate(self, name: str, content: str | None = None) -> Candidate:
        """A Task that adds a file of its own name, or writes `other.txt`."""
        path = "other.txt" if content else name
        commit = work(self.repository, self.base, self.folder / "work", {path: content or name}, name)
        return Candidate(name, commit, self.base, f"{name}\n", frozenset({path}))

    async def join(self, *candidates: Candidate) -> list[Joined | Bounced]:
        """Let all of them gather, then go on."""
        self.go.clear()
        joining = [asyncio.ensure_future(self.ghost.join(candidate)) for candidate in candidates]
        asyncio.get_running_loop().call_soon(self.go.set)
        async with asyncio.timeout(30):
            return list(await asyncio.gather(*joining))

    def subjects(self) -> list[str]:
        return self.place.said("log", "--reverse", "--format=%s", f"{self.base}..{self.ghost.head}").split()


MakeScene = Callable[..., Scene]


@pytest.fixture
def scene(tmp_path: Path) -> MakeScene:
    return lambda *faults: Scene(tmp_path, *(frozenset(fault) for fault in faults))


async def test_those_that_wait_are_tested_once_together(scene: MakeScene) -> None:
    here = scene()
    outcomes = await here.join(*(here.candidate(name) for name in ("a", "b", "c")))
    assert all(isinstance(outcome, Joined) for outcome in outcomes)
    assert here.subjects() == ["a", "b", "c"]
    assert here.tested.commits == [here.ghost.head]
    assert here.place.said("rev-parse", REF) == here.ghost.head


@pytest.mark.parametrize("culprit", ["a", "b", "c"])
async def test_the_one_at_fault_is_found_and_the_others_are_in(scene: MakeScene, culprit: str) -> None:
    here = scene({culprit})
    names = ("a", "b", "c")
    outcomes = dict(zip(names, await here.join(*(here.candidate(n) for n in names)), strict=True))
    bounced = [name for name, outcome in outcomes.items() if isinstance(outcome, Bounced)]
    assert bounced == [culprit]
    assert here.subjects() == [name for name in names if name != culprit]
    assert here.place.said("rev-parse", REF) == here.ghost.head
    last = outcomes[culprit]
    assert isinstance(last, Bounced)
    assert last.evidence is not None
    assert last.evidence.verdict == "red"


async def test_of_two_that_do_not_fit_the_later_one_goes_back_on_top_of_the_other(scene: MakeScene) -> None:
    here = scene({"a", "c"})
    _, _, last = await here.join(*(here.candidate(name) for name in ("a", "b", "c")))
    assert isinstance(last, Bounced)
    assert here.subjects() == ["a", "b"]
    assert last.ghost == here.ghost.head
    files = here.place.said("ls-tree", "--name-only", last.tree).split()
    assert {"a", "b", "c"} <= set(files)


async def test_a_conflict_is_told_with_markers_and_stops_nobody_else(scene: MakeScene) -> None:
    here = scene()
    (first,) = await here.join(here.candidate("one", "first\n"))
    assert isinstance(first, Joined)
    second, third = await here.join(here.candidate("two", "second\n"), here.candidate("three"))
    assert isinstance(second, Bounced)
    assert isinstance(third, Joined)
    assert (second.conflicts, second.against) == (("other.txt",), ("one",))
    marked = here.place.git("show", f"{second.tree}:other.txt").decode()
    assert marked.startswith("<<<<<<<")
    assert "first\n" in marked
    assert "second\n" in marked
    assert here.subjects() == ["one", "three"]


async def test_it_goes_on_from_where_another_process_left_it(scene: MakeScene) -> None:
    here = scene({"a", "b"})
    (first,) = await here.join(here.candidate("a"))
    assert isinstance(first, Joined)
    (other,) = await here.join(here.candidate("c"))
    assert isinstance(other, Joined)
    again = here.new_ghost()
    inside = [
        Inside(name, joined.commit, here.base, frozenset({name}))
        for name, joined in (("a", first), ("c", other))
    ]
    again.restore(here.base, other.ghost, inside)
    last = here.candidate("b")
    outcome = await again.join(last)
    assert isinstance(outcome, Bounced)
    explained = await again.explained(last, outcome)
    assert (explained.against, explained.reason) == (
        ("a",),
        "Green by itself, but the Gate is red together with a.",
    )


async def test_of_ten_the_three_that_break_only_together_are_named(scene: MakeScene) -> None:
    here = scene({"c", "f", "i"})
    names = "abcdefghij"
    candidates = {name: here.candidate(name) for name in names}
    outcomes = dict(zip(names, await here.join(*candidates.values()), strict=True))
    (culprit,) = [name for name, outcome in outcomes.items() if isinstance(outcome, Bounced)]
    assert culprit == "i"
    bounced = outcomes[culprit]
    assert isinstance(bounced, Bounced)
    explained = await here.ghost.explained(candidates[culprit], bounced)
    assert explained.against == ("c", "f")
    assert explained.evidence == bounced.evidence
    assert here.subjects() == [name for name in names if name != culprit]
    # The Ghost is green, and no more of the Gate was needed than can be afforded for three.
    assert (await here.tested(here.ghost.head)).verdict == "green"
    runs = len(dict.fromkeys(here.tested.commits)) + len(here.probed.commits)
    assert runs <= 3 * (4 + 2)


async def test_one_that_is_red_alone_is_told_so(scene: MakeScene) -> None:
    here = scene({"b"})
    first, second = here.candidate("a"), here.candidate("b")
    _, outcome = await here.join(first, second)
    assert isinstance(outcome, Bounced)
    explained = await here.ghost.explained(second, outcome)
    assert explained.against == ()
    assert "with it alone" in explained.reason


async def test_what_a_task_was_built_on_is_not_taken_from_under_it(scene: MakeScene) -> None:
    here = scene({"b", "c"})
    (first,) = await here.join(here.candidate("a"))
    assert isinstance(first, Joined)
    (second,) = await here.join(here.candidate("b"))
    assert isinstance(second, Joined)
    commit = work(here.repository, first.ghost, here.folder / "later", {"a": "more of a", "c": "c"}, "c")
    later = Candidate("c", commit, first.ghost, "c\n", frozenset({"a", "c"}))
    (outcome,) = await here.join(later)
    assert isinstance(outcome, Bounced)
    explained = await here.ghost.explained(later, outcome)
    assert explained.against == ("b",)
    # Without `a` its change of that file could not even be merged.
    for probe in here.probed.commits:
        assert "a" in here.place.said("ls-tree", "--name-only", probe).split()

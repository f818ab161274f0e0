"""Issues that a person asks for outside of any Run: what is to stand in them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, NamedTuple

from contextune.core.forge.plain import code, fenced, inert, quoted, title
from contextune.core.proof.suite_report import SuiteReport

MOST_FAILURES = 10
"""Failing tests whose output stands in one issue; the others are named."""
SAID = 2_000
"""Characters of the output of one test, its end."""
MOST_LABELS = 3


class IssueDraft(NamedTuple):
    """An issue that is not made yet. What others said in it is inert."""

    title: str
    text: str
    labels: tuple[str, ...]
    about: str
    """What tells it from other issues: the same is not made twice while it is open."""

    @property
    def digest(self) -> str:
        """What it is about, in 16 letters and digits."""
        return sha256(self.about.encode()).hexdigest()[:16]


def failing_issue(found: SuiteReport, digest: Mapping[str, Any] | None = None) -> IssueDraft:
    """One issue for all tests that fail, with what was said of them; `digest` is the test-runner's."""
    names = [failure.name for failure in found.failures]
    first = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    parts = [f"{code(found.command)} fails with exit code {found.exit_code}."]
    if digest is not None:
        parts += _digest(digest, names)
    for failure in found.failures[:MOST_FAILURES]:
        parts += [f"### {inert(failure.name)}", fenced(failure.said, SAID)]
    if len(names) > MOST_FAILURES:
        parts.append("Also: " + ", ".join(map(inert, names[MOST_FAILURES:])))
    verb = "test fails" if len(names) == 1 else "tests fail"
    return IssueDraft(
        title=title(f"{len(names)} {verb}: {first}"),
        text="\n\n".join(parts),
        labels=("bug", "tests"),
        about="\n".join(["tests", *sorted(names)]),
    )


def written_issue(answer: Mapping[str, Any], words: str) -> IssueDraft:
    """The issue that the issue-orchestrator wrote of some words."""
    labels = tuple(str(one) for one in answer["labels"])[:MOST_LABELS]
    return IssueDraft(title(str(answer["title"])), quoted(str(answer["body"])), labels, f"words\n{words}")


def _digest(digest: Mapping[str, Any], names: list[str]) -> list[str]:
    said = [quoted(str(digest["summary"]))]
    for cause in digest["causes"]:
        of = [names[number - 1] for number in cause["tests"] if 1 <= number <= len(names)]
        look = f" Look at {code(str(cause['look']))}." if cause["look"] else ""
        said.append(f"- {inert(str(cause['cause']))}: {', '.join(map(inert, of))}.{look}")
    return [said[0], "\n".join(said[1:])] if len(said) > 1 else said

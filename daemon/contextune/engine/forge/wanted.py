"""What a Run should have at the forge by now, as data. What differs from what is there gets written."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

from contextune.core.forge.codeowners import Owners
from contextune.core.forge.forge import Closing, IssueState
from contextune.core.forge.plain import title
from contextune.core.forge.writes import ForgeState, WriteKind
from contextune.core.runs.answered import answered_comment, answered_pull
from contextune.core.runs.run import Run
from contextune.core.runs.task_run import TaskRun
from contextune.core.settings import ForgePer
from contextune.engine.forge.source import number_in
from contextune.engine.forge.templates import LABEL, Template
from contextune.engine.forge.texts import known_issue, pull_body, reply_text, run_issue, task_issue

BASE_WRITES, TASK_WRITES = 4, 3
"""A Run writes at most so often: 4 + 3 x Tasks."""


class Facts(NamedTuple):
    """What is known of the repository without asking the forge."""

    web_url: str
    template: Template
    owners: Owners
    pulls_per: ForgePer
    commits: tuple[str, ...] = ()
    """Of the branch that holds an accepted result, the oldest first."""


class Wanted(NamedTuple):
    """One thing that should be there."""

    key: str
    what: WriteKind
    text: str = ""
    title: str = ""
    state: IssueState = "open"
    closing: Closing | None = None
    number: int | None = None
    """Of an issue that is there already, by whoever made it."""
    branch: str = ""
    commit: str = ""
    onto: str = ""
    """The branch below a pull request; empty for the one that the Run started from."""
    draft: bool = False
    final: bool = True
    """Whether it stays as it is; what is overtaken soon may be left out, once it is there."""
    needed: bool = True
    """Whether it has to be there at all."""

    @property
    def after(self) -> str:
        """The key of what has to be there before; empty if nothing has."""
        if self.what == "reply":
            return "push"  # all that answers one pull request is pushed at once
        before = {"pull": "push", "ready": "push", "reviewers": "pull"}.get(self.what)
        return self.key.replace(self.what, before, 1) if before else ""

    @property
    def digest(self) -> str:
        """Of all that is written."""
        parts = (self.text, self.state, self.closing or "", self.branch, self.commit)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]


def wanted(run: Run, facts: Facts) -> list[Wanted]:
    """Everything that should be there, in the order in which it is written."""
    pulls = _pulls(run, facts)
    issues = _issues(run, facts)
    # GitHub makes a label that an issue names and nobody has made, without a colour.
    names = facts.template.labels
    labels = [Wanted(f"label:{name}", "label", text=name, needed=name == LABEL) for name in names]
    made = any(one.number is None for one in issues)
    return [*(labels if made else ()), *issues, *pulls]


def due(run: Run, everything: Sequence[Wanted]) -> list[Wanted]:
    """What is to be written now: what is not there as it should be, within what a Run may write."""
    state = run.forge
    missing = [one for one in everything if is_missing(state, one)]
    spare = BASE_WRITES + TASK_WRITES * len(run.tasks) - state.writes - _reserve(state, everything)
    chosen = []
    for one in missing:
        if one.what == "push" or _must(state, one):
            chosen.append(one)
        elif spare > 0:
            spare -= 1
            chosen.append(one)
    return chosen


def is_missing(state: ForgeState, one: Wanted) -> bool:
    """Whether it is not there, or differs; also where nobody knows."""
    there = state.find(one.key)
    begun = any(started.key == one.key for started in state.started)
    return there is None or begun or there.digest != one.digest


def _must(state: ForgeState, one: Wanted) -> bool:
    return one.needed and (one.final or state.find(one.key) is None)


def _reserve(state: ForgeState, everything: Sequence[Wanted]) -> int:
    """Writes that have to be possible yet: what is not there, and the end of each issue."""
    left = [one for one in everything if one.what != "push" and _must(state, one) and is_missing(state, one)]
    ends = sum(1 for one in everything if one.what == "issue" and not one.final)
    no_pull_yet = not any(one.what == "pull" for one in everything)
    return len(left) + ends + (3 if no_pull_yet else 0)


def _issues(run: Run, facts: Facts) -> list[Wanted]:
    if run.forge.issues is None:
        return []
    named = issues_named(run)
    found = [_known(run, number, tasks) for number, tasks in named.items()]
    own = [task for task in run.tasks if not any(task in tasks for tasks in named.values())]
    if run.forge.issues == "task":
        return [*found, *(_of_task(run, task, facts) for task in own)]
    return [*found, _of_run(run, facts)] if own else found


def issues_named(run: Run) -> dict[int, list[TaskRun]]:
    """Issues that Tasks are about, or that their Todos name, as in `TODO(#12)`; with these Tasks."""
    numbers = {todo.id: todo.issue for todo in run.todos if todo.issue}
    named: dict[int, list[TaskRun]] = {}
    for task in run.tasks:
        of_todos = [numbers[i] for i in task.task.todo_ids if i in numbers]
        own = number_in(task.id)
        for number in dict.fromkeys([*of_todos, *([own] if own else [])]):
            named.setdefault(number, []).append(task)
    return named


def _of_run(run: Run, facts: Facts) -> Wanted:
    done = all(_is_done(run, task) for task in run.tasks)
    state, closing = _outcome(run, done=done, pull="pull", ours=True)
    return Wanted(
        "issue",
        "issue",
        text=run_issue(run, facts.web_url),
        title=title(facts.template.prefix + run.title),
        state=state,
        closing=closing,
        final=_is_over(run),
    )


def _of_task(run: Run, task: TaskRun, facts: Facts) -> Wanted:
    state, closing = _outcome(run, done=_is_done(run, task), pull=f"pull:{task.id}", ours=True)
    return Wanted(
        f"issue:{task.id}",
        "issue",
        text=task_issue(run, task, facts.web_url),
        title=title(facts.template.prefix + task.task.title),
        state=state,
        closing=closing,
        final=_is_over(run),
    )


def _known(run: Run, number: int, tasks: list[TaskRun]) -> Wanted:
    done = all(_is_done(run, task) for task in tasks)
    state, closing = _outcome(run, done=done, pull=f"pull:{tasks[-1].id}", ours=False)
    return Wanted(
        f"issue:#{number}",
        "issue",
        text=known_issue(run, tasks),
        state=state,
        closing=closing,
        number=number,
        final=_is_over(run),
    )


def _is_done(run: Run, task: TaskRun) -> bool:
    return task.id in run.joined and not task.remaining.strip()


def _outcome(run: Run, *, done: bool, pull: str, ours: bool) -> tuple[IssueState, Closing | None]:
    seen = run.forge.pull(pull) or run.forge.pull()
    merged = seen is not None and seen.merged
    accepted = run.state == "accepted" and run.accepted is not None and run.accepted.restore is not None
    if done and (merged or accepted):
        return "closed", "completed"
    if ours and run.state in ("discarded", "cancelled"):
        return "closed", "not_planned"
    return "open", None


def _is_over(run: Run) -> bool:
    """Whether nothing of the Run changes any more but by its user's wish."""
    if run.state == "accepted" and run.accepted is not None and run.accepted.mode == "pr":
        return bool(run.forge.pulls) and all(one.state == "closed" for one in run.forge.pulls)
    return run.state in ("accepted", "undone", "discarded", "cancelled", "failed")


def closes(run: Run, task_ids: Sequence[str]) -> list[int]:
    """Issues that the work of these Tasks brings to an end."""
    tasks = [run.task(task_id) for task_id in task_ids]
    named = issues_named(run)
    numbers = [number for number, of in named.items() if all(t in tasks and _is_done(run, t) for t in of)]
    own = [run.forge.find(f"issue:{task.id}") for task in tasks if _is_done(run, task)]
    if all(task in tasks and _is_done(run, task) for task in run.tasks):
        own.append(run.forge.find("issue"))
    return [*numbers, *(one.number for one in own if one is not None and one.number is not None)]


def _pulls(run: Run, facts: Facts) -> list[Wanted]:
    accepted = run.accepted
    if run.state != "accepted" or accepted is None or accepted.mode != "pr" or accepted.branch is None:
        return []
    number = answered_pull(run)
    if number is not None:
        return _answers(run, number, accepted.after)
    if facts.pulls_per == "run" or len(facts.commits) != len(run.joined) or len(run.joined) < 2:
        return _pull(run, facts, "", run.joined, (accepted.branch, accepted.after, ""), run.title)
    found: list[Wanted] = []
    below = ""
    for at, (task_id, commit) in enumerate(zip(run.joined, facts.commits, strict=True), 1):
        branch = f"{accepted.branch}-{at}"
        what = run.task(task_id).task.title
        found += _pull(run, facts, f":{task_id}", (task_id,), (branch, commit, below), what)
        below = branch
    return found


def _answers(run: Run, number: int, commit: str) -> list[Wanted]:
    """Onto the pull request that the Run answers, and an answer to each comment that is done."""
    branch = (run.base.upstream or "").partition("/")[2] or run.base.branch or ""
    found = [Wanted("push", "push", branch=branch, commit=commit)]
    if _is_green(run):
        found.append(Wanted("ready", "ready", text=str(number)))
    for task in map(run.task, run.joined):
        if answered_comment(task.id) is not None:
            text = reply_text(task, commit)
            found.append(Wanted(f"reply:{task.id}", "reply", text=text, number=number))
    return found


def _is_green(run: Run) -> bool:
    evidence = run.ghost_evidence
    return evidence is not None and evidence.verdict in ("green", "unproved")


def _pull(
    run: Run, facts: Facts, suffix: str, task_ids: Sequence[str], where: tuple[str, str, str], name: str
) -> list[Wanted]:
    branch, commit, onto = where
    green = _is_green(run)
    key = f"pull{suffix}"
    found = [
        Wanted(f"push{suffix}", "push", branch=branch, commit=commit),
        Wanted(
            key,
            "pull",
            text=pull_body(run, task_ids, closes(run, task_ids), facts.web_url),
            title=title(name),
            branch=branch,
            onto=onto,
            draft=not green,
        ),
    ]
    seen = run.forge.pull(key)
    if seen is not None and seen.draft and green:
        found.append(Wanted(f"ready{suffix}", "ready", text=str(seen.number)))
    if facts.owners.users or facts.owners.teams:
        asked = " ".join((*(f"@{user}" for user in facts.owners.users), *facts.owners.teams))
        found.append(Wanted(f"reviewers{suffix}", "reviewers", text=asked, needed=not suffix))
    return found

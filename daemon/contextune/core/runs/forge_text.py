"""What a Run has at the forge, in words."""

from __future__ import annotations

from contextune.core.forge.writes import Written
from contextune.core.runs.answered import answered_pull
from contextune.core.runs.run import Run


def is_by_pull(run: Run) -> bool:
    """Whether the Run was accepted by a pull request."""
    return run.state == "accepted" and run.accepted is not None and run.accepted.mode == "pr"


def pulls(run: Run) -> list[Written]:
    """Its pull requests, in the order in which they were opened."""
    return sorted((one for one in run.forge.written if one.what == "pull"), key=lambda one: one.number or 0)


def issues(run: Run) -> list[Written]:
    """Its issues, in order of their numbers."""
    return sorted((one for one in run.forge.written if one.what == "issue"), key=lambda one: one.number or 0)


def pull_text(run: Run) -> str:
    """Where the pull request of an accepted Run stands."""
    opened = pulls(run)
    branch = run.accepted.branch if run.accepted is not None else None
    answered = answered_pull(run)
    if answered is not None and run.forge.find("push") is not None:
        return f"It was pushed onto pull request #{answered}. {waits_text(run)}".rstrip()
    if not opened:
        why = waits_text(run) or "It was not opened yet. `contextune github` opens it."
        return f"The branch {branch} holds the result here. The pull request waits: {why}"
    said = [f"{standing_text(run, one)}: {one.url}" for one in opened]
    return ". ".join([*said, waits_text(run)]).rstrip(". ") + "."


def waits_text(run: Run) -> str:
    """Why something waits for the forge, and what sends it; empty if nothing does."""
    if not run.forge.waits:
        return ""
    return f"{run.forge.waits[-1].reason} `contextune github` tries again."


def forge_text(run: Run) -> str:
    """All that there is at the forge, in one line; empty if there is nothing."""
    return "; ".join(forge_lines(run))


def forge_lines(run: Run) -> tuple[str, ...]:
    """The same, thing by thing."""
    said = [f"Issue #{one.number}: {one.url}" for one in issues(run)]
    said += [f"{standing_text(run, one)}: {one.url}" for one in pulls(run)]
    return tuple(filter(None, [*said, waits_text(run)]))


def standing_text(run: Run, pull: Written) -> str:
    """Such as `Pull request #3 is open (checks: 4 green)`, or `Issue #2`."""
    if pull.what == "issue":
        return f"Issue #{pull.number}"
    seen = run.forge.pull(pull.key)
    if seen is None:
        return f"Pull request #{pull.number} is open"
    if seen.merged:
        return f"Pull request #{pull.number} is merged"
    if seen.state == "closed":
        return f"Pull request #{pull.number} is closed"
    checked = bool(seen.checks) and seen.state == "open"
    if seen.draft:
        draft = f"Pull request #{pull.number} is a draft"
        return f"Pull request #{pull.number} is a draft (checks: {seen.checks})" if checked else draft
    if checked:
        return f"Pull request #{pull.number} is open (checks: {seen.checks})"
    return f"Pull request #{pull.number} is open"

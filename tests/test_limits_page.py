"""docs/limits.md names each limit with the default that holds."""

from __future__ import annotations

import re
from pathlib import Path

from contextune.agents import circles, toolbox
from contextune.core.settings import WIDENING, Settings
from contextune.delegation import inputs, words
from contextune.engine.attempts import allowance
from contextune.engine.desk import doctor
from contextune.engine.surroundings import limits
from contextune.mcp import pipes as mcp_pipes
from contextune.server import client, frames, pipes, protocol

PAGE = (Path(__file__).parents[1] / "docs" / "limits.md").read_text("utf-8")
OTHERS = frozenset(
    {"gate", "setup", "run", "teardown", "accept", "provider", "shadow", "resume", "git_signing"}
    | {"allowed_hosts", "prove", "merge_by_syntax", "protected_branches", "accept_branch", "other_agents"}
    | {"issues", "issues_per", "pull_requests", "pool"}
)
"""Widening settings that are no limits."""


def rows() -> dict[str, str]:
    """Each setting of the table, and its default as it stands there."""
    found = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \| (`[\d.]+`|none) \|", PAGE, re.MULTILINE)
    return {key: default.strip("`") for names, default in found for key in re.findall(r"\w+", names)}


def test_the_defaults_are_those_in_force() -> None:
    given = rows()
    standard = Settings()
    assert {key: str(getattr(standard, key)).replace("None", "none") for key in given} == given


def test_no_limit_is_left_out() -> None:
    assert rows().keys() >= WIDENING - OTHERS
    assert {"agents", "max_turns", "command_timeout", "gate_timeout"} <= rows().keys()


def test_what_is_fixed_is_as_told() -> None:
    for told in (
        f"| {limits.FLOOR // 1_000_000} MB |",
        f"below {doctor.ENOUGH_FILES:,} |",
        f"| {toolbox.OUTPUT_LIMIT:,} characters |",
        f"| {circles.STUCK_AFTER[1]} rounds, or {circles.STUCK_AFTER_ELSE} of a longer circle |",
        f"after {circles.TOLD_AFTER} the agent is told |",
        f"| {circles.BACK_STUCK_AFTER} writes |",
        f"after {circles.BACK_TOLD_AFTER} it is told |",
        f"| {circles.ERRORS_STUCK_AFTER} turns |",
        f"after {circles.ERRORS_TOLD_AFTER} it is told |",
        f"| {frames.MAX_BODY // 2**20} MiB, header {frames.MAX_HEADER // 1024} KiB |",
        f"| {frames.STALL:g} s |",
        f"| {protocol.MAX_OPEN:,} |",
        f"| {client.BEHIND // 2**20} MiB |",
        f"| {pipes.MOST_UNREAD // 2**20} MiB |",
        f"| {mcp_pipes.MOST_LINE // 2**20} MiB | one message of a client of `contextune mcp` |",
        f"| {inputs.LONGEST_WAIT} s | one call of another agent",
        f"| {words.DIFF:,} characters | a diff in an answer",
        f"every {allowance.LOOK_EVERY // 1000} s",
        f"every {allowance.LOOK_THROUGH_EVERY // 60_000} min",
    ):
        assert told in PAGE, told

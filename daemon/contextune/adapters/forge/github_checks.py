"""What GitHub's checks say of a commit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contextune.core.forge.forge import Checks, FailedCheck

RED = frozenset({"failure", "timed_out", "cancelled", "action_required", "startup_failure"})


def read_checks(data: Mapping[str, Any]) -> Checks:
    """The reply of `GET /repos/{owner}/{repo}/commits/{ref}/check-runs`."""
    passed, running = 0, 0
    failed: list[FailedCheck] = []
    for one in data["check_runs"]:
        if one["status"] != "completed":
            running += 1
        elif one.get("conclusion") in RED:
            told = one.get("output") or {}
            words = [str(told.get(name) or "") for name in ("title", "summary", "text")]
            url = str(one.get("html_url") or "")
            failed.append(FailedCheck(str(one["name"]), url, "\n".join(filter(None, words))))
        else:
            passed += 1
    return Checks(passed, running, tuple(failed))

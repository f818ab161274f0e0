"""What GitHub says when it does not do what was asked, as ForgeProblem: one sentence for each case.

Statuses and headers: https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api and
https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from contextune.core.errors import ForgeProblem, ForgeTrouble
from contextune.core.plain_text import one_line

LATER = "What waits for GitHub is sent later."
SECONDARY = 60.0
"""Seconds to wait after a secondary limit that names no time, as GitHub's documentation says."""
GIST = 200
"""Characters of GitHub's own words in a sentence."""


def answered(
    status: int, headers: Mapping[str, str], body: object, name: str, *, now: float | None = None
) -> ForgeProblem:
    """A refusal that GitHub sent about the repository `name`. `now` in seconds since the epoch."""
    said = _message(body)
    low = said.lower()
    now = time.time() if now is None else now

    def problem(
        trouble: ForgeTrouble, words: str, retry: float | None = None, *, uncertain: bool = False
    ) -> ForgeProblem:
        return ForgeProblem(words, trouble=trouble, retry_after=retry, uncertain=uncertain)

    after = _seconds(headers.get("retry-after"))
    if status >= 500:
        words = f"GitHub has a fault of its own (status {status}). {LATER}"
        return problem("server", words, after, uncertain=True)
    if status in (403, 429):
        if headers.get("x-ratelimit-remaining") == "0" and "secondary" not in low:
            reset = _seconds(headers.get("x-ratelimit-reset"))
            wait = after if after is not None else max(0.0, (reset or now + 3600) - now)
            return problem(
                "limited",
                f"The requests that GitHub allows in an hour are used up; there are new ones "
                f"{_in(wait)}. {LATER}",
                wait,
            )
        if status == 429 or after is not None or "rate limit" in low or "abuse" in low:
            wait = after if after is not None else SECONDARY
            return problem("slow_down", f"GitHub asks for a pause, {_in(wait)} it may go on. {LATER}", wait)
    if status == 401:
        return problem(
            "sign_in", "GitHub does not accept the token. Sign in again, or set another GITHUB_TOKEN."
        )
    if status == 403 and ("x-github-sso" in headers or "saml" in low or "single sign-on" in low):
        return problem(
            "sso",
            f"The organisation of {name} asks for single sign-on. Authorise the token for it on GitHub, "
            "under Settings, Developer settings, or sign in again.",
        )
    if status == 403 and ("archived" in low or "read-only" in low):
        return problem("archived", f"{name} is archived, and takes no changes.")
    if status == 403:
        return problem(
            "forbidden",
            f"The token may not do that in {name}. It needs `repo`, or Contents, Issues and Pull requests "
            f"as read and write.{_gist(said)}",
        )
    if status == 410 and "issues" in low:
        return problem(
            "invalid",
            f"Issues are switched off in {name}. Switch them on in its settings on GitHub, or set `issues` "
            'to "off".',
        )
    if status in (404, 410):
        return problem(
            "gone",
            f"GitHub does not show {name} to you: it was deleted, or you lost the permission. "
            "Check the remote and the token.",
        )
    if status == 422 and "protected" in low:
        return problem("protected", f"The rules of {name} do not allow that.{_gist(said)}")
    return problem("invalid", f"GitHub takes that as invalid (status {status}).{_gist(said)}")


def unreachable(host: str, problem: Exception) -> ForgeProblem:
    """No answer came: the machine is offline, or GitHub is. Whether the request arrived, nobody knows."""
    return ForgeProblem(
        f"{host} was not reached ({type(problem).__name__}). {LATER}", trouble="offline", uncertain=True
    )


def unclear(problem: Exception) -> ForgeProblem:
    """An answer that is none of GitHub's API."""
    return ForgeProblem(
        f"What answered does not speak GitHub's API ({type(problem).__name__}). Check GITHUB_API_URL.",
        trouble="unclear",
        uncertain=True,
    )


def _message(body: object) -> str:
    if not isinstance(body, Mapping):
        return ""
    parts: list[Any] = [body.get("message")]
    errors = body.get("errors")
    if isinstance(errors, list):
        parts += [one.get("message") or one.get("field") for one in errors if isinstance(one, Mapping)]
        parts += [one for one in errors if isinstance(one, str)]
    return one_line(" ".join(part for part in parts if isinstance(part, str)))


def _gist(said: str) -> str:
    return f" It says: {said[:GIST]}" if said else ""


def _seconds(value: str | None) -> float | None:
    try:
        return None if value is None else max(0.0, float(value))
    except ValueError:
        return None


def _in(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"in {seconds:.0f} s" if seconds < 120 else f"in {minutes} min"

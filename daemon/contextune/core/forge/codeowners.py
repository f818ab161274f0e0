"""Whom CODEOWNERS names for changed files, read as GitHub reads it.

The last pattern that matches a file counts; it may name nobody. Patterns are those of `.gitignore` without
`!`, `[ ]` and `\\#` (https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/
customizing-your-repository/about-code-owners).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
"""Where the file may lie; the first one there is counts."""
MOST = 15
"""Reviewers that are asked at most: GitHub takes no more than 15 at a time."""

_USER = re.compile(r"@([A-Za-z0-9](?:[A-Za-z0-9-]{0,38}))")
_TEAM = re.compile(r"@([A-Za-z0-9-]{1,39})/([A-Za-z0-9_.-]{1,100})")


class Owners(NamedTuple):
    """People and teams, without `@`; teams by their slug alone, and only those of the repository's owner."""

    users: tuple[str, ...]
    teams: tuple[str, ...]


def owners(text: str, paths: Iterable[str], owner: str) -> Owners:
    """The owners of these files. `owner` is whose repository it is: teams of others can't be asked."""
    rules = [rule for line in text.splitlines() if (rule := _rule(line)) is not None]
    users: dict[str, None] = {}
    teams: dict[str, None] = {}
    for path in paths:
        for name in _named(rules, path):
            if team := _TEAM.fullmatch(name):
                if team[1].lower() == owner.lower():
                    teams[team[2]] = None
            elif user := _USER.fullmatch(name):
                users[user[1]] = None
    return Owners(tuple(users)[:MOST], tuple(teams)[:MOST])


def _named(rules: list[tuple[re.Pattern[str], list[str]]], path: str) -> list[str]:
    return next((names for pattern, names in reversed(rules) if pattern.fullmatch(path)), [])


def _rule(line: str) -> tuple[re.Pattern[str], list[str]] | None:
    words = re.split(r"(?<!\\)\s+", re.sub(r"(^|\s)#.*", "", line).strip())
    if not words[0] or words[0].startswith("!") or "[" in words[0]:
        return None
    return _pattern(words[0].replace("\\ ", " ")), words[1:]


def _pattern(glob: str) -> re.Pattern[str]:
    anchored = "/" in glob.rstrip("/")
    body = glob.strip("/")
    out = "" if anchored else "(?:.*/)?"
    for part in re.findall(r"\*\*/|/\*\*|\*\*|\*|\?|[^*?/]+|/", body):
        out += {
            "**/": "(?:.*/)?",
            "/**": "/.*",
            "**": ".*",
            "*": "[^/]*",
            "?": "[^/]",
        }.get(part, re.escape(part))
    if glob.endswith("/"):
        return re.compile(out + "/.*", re.DOTALL)
    # `docs/*` names the files in docs alone, `docs` all that is below it.
    return re.compile(out if body.endswith("*") else out + "(?:/.*)?", re.DOTALL)

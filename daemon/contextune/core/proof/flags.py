"""Changes that can do more than code: they run by themselves, or steer who runs what."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple, Protocol


class Flagged(Protocol):
    """A changed file with its flag."""

    @property
    def path(self) -> str:
        """Its path in the repository."""
        ...

    @property
    def flag(self) -> str:
        """Why it must be looked at."""
        ...


class _Rule(NamedTuple):
    reason: str
    paths: re.Pattern[str]


def _rule(reason: str, *patterns: str) -> _Rule:
    return _Rule(reason, re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE))


_RULES = (
    _rule(
        "runs in CI",
        *(r"^\.github/(workflows|actions)/", r"^\.gitlab-ci\.ya?ml$", r"^\.circleci/", r"(^|/)jenkinsfile$"),
        *(r"^azure-pipelines.*\.ya?ml$", r"^\.travis\.yml$", r"^\.buildkite/", r"^bitbucket-pipelines\.yml$"),
    ),
    _rule(
        "steers git",
        *(r"(^|/)\.gitattributes$", r"(^|/)\.gitmodules$", r"(^|/)\.gitconfig$"),
        *(r"^\.husky/", r"^\.githooks/", r"(^|/)\.pre-commit-config\.yaml$", r"^lefthook\.ya?ml$"),
    ),
    _rule(
        "runs in editors and shells",
        *(r"(^|/)\.vscode/", r"(^|/)\.idea/", r"\.code-workspace$", r"(^|/)\.devcontainer", r"(^|/)\.envrc$"),
        *(r"(^|/)\.(bash|zsh)(rc|_profile)$", r"(^|/)\.exrc$", r"(^|/)\.nvim(rc|\.lua)$"),
    ),
    _rule(
        "instructs agents",
        *(r"(^|/)(claude|agents|gemini)(\.local)?\.md$", r"(^|/)\.cursor(rules$|/)", r"(^|/)\.claude/"),
        *(r"^\.github/copilot-instructions\.md$", r"(^|/)\.windsurfrules$", r"(^|/)\.clinerules"),
        *(r"(^|/)\.contextune\.toml$", r"(^|/)\.mcp\.json$", r"(^|/)\.worktreeinclude$"),
    ),
    _rule(
        "names dependencies",
        *(r"(^|/)package(-lock)?\.json$", r"(^|/)(yarn|pnpm-lock|bun)\.(lock|lockb|yaml)$", r"(^|/)\.npmrc$"),
        *(r"(^|/)requirements([^/]*|/[^/]+)\.(txt|in)$", r"(^|/)pyproject\.toml$", r"(^|/)setup\.(py|cfg)$"),
        *(r"(^|/)(pipfile|poetry|uv|pdm)(\.lock)?$", r"(^|/)pip\.conf$", r"(^|/)cargo\.(toml|lock)$"),
        *(r"(^|/)go\.(mod|sum)$", r"(^|/)gemfile(\.lock)?$", r"(^|/)composer\.(json|lock)$"),
        *(r"(^|/)pom\.xml$", r"(^|/)(build|settings)\.gradle(\.kts)?$", r"(^|/)mix\.(exs|lock)$"),
    ),
    _rule(
        "steers the tests",
        *(r"(^|/)conftest\.py$", r"(^|/)(pytest|tox)\.ini$", r"(^|/)noxfile\.py$", r"(^|/)\.coveragerc$"),
        *(r"(^|/)(jest|vitest|vite|karma|playwright|cypress)\.config\.[cm]?[jt]s$", r"(^|/)\.mocharc"),
    ),
    _rule(
        "runs in builds",
        *(r"(^|/)(gnu)?makefile$", r"(^|/)dockerfile[^/]*$", r"(^|/)docker-compose[^/]*\.ya?ml$"),
        *(r"(^|/)build\.rs$", r"(^|/)justfile$", r"(^|/)taskfile\.ya?ml$", r"(^|/)pyvenv\.cfg$", r"\.pth$"),
        *(r"(^|/)(sitecustomize|usercustomize)\.py$", r"(^|/)binding\.gyp$"),
    ),
)

REWRITTEN = "changes tests that would fail as they were"

LINK_WORDS = ("is a link", "is a submodule")
"""The flags of what is no file of its own."""

LINK, SUBMODULE, EXECUTABLE = "120000", "160000", "100755"


def flag_of(path: str, before: str, after: str) -> str:
    """Why a change must be looked at, such as `runs in CI`; empty if it need not.

    `before` and `after` are git's modes, `000000` for no file.
    """
    if LINK in (before, after):
        return LINK_WORDS[0]
    if SUBMODULE in (before, after):
        return LINK_WORDS[1]
    for rule in _RULES:
        if rule.paths.search(path):
            return rule.reason
    return "is executable" if after == EXECUTABLE else ""


def unseen_text(run_id: str, flagged: Sequence[Flagged]) -> str:
    """What to say where flagged files were not looked at."""
    named = ", ".join(f"{change.path} ({change.flag})" for change in flagged)
    return (
        f"Run {run_id} changes files that ask for a look: {named}. Look at them with "
        f"`contextune show {run_id} --diff`, then say so with `contextune accept {run_id} --seen`."
    )

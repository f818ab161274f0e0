"""The repository's own template for issues, filled by code; ours where it has none."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import yaml  # type: ignore[import-untyped]  # it ships without types

FOLDER = ".github/ISSUE_TEMPLATE/"
PREFERRED = ("contextune", "todo", "task", "chore", "feature_request", "feature", "enhancement")
"""Names of templates that fit a Task, the best first; where none of them is there, the only one is used."""
PLACE = "{{contextune}}"
"""Where our part goes in a template that was written for it."""
LABEL = "contextune"
"""The label of every issue that Contextune makes."""
MOST_LABELS = 5

_FRONT = re.compile(r"\A---[ \t]*\n(.*?)\n---[ \t]*(?:\n|\Z)", re.DOTALL)
_HEADING = re.compile(r"^(#{1,6} .+)$", re.MULTILINE)


class Template(NamedTuple):
    """How an issue begins: what stands before its title, its labels, and what stands around our part."""

    prefix: str = ""
    labels: tuple[str, ...] = (LABEL,)
    around: str = PLACE

    def fill(self, block: str) -> str:
        """The body of an issue with our part in its place."""
        return self.around.replace(PLACE, block, 1)


def choose(paths: Sequence[str]) -> str | None:
    """The template that fits, among the files of a repository; None if ours is to be used."""
    fit = re.compile(re.escape(FOLDER) + r"([\w .-]+)\.(?:md|ya?ml)", re.IGNORECASE)
    names = {found[1].lower(): path for path in paths if (found := fit.fullmatch(path))}
    names.pop("config", None)
    for wanted in PREFERRED:
        if wanted in names:
            return names[wanted]
    return next(iter(names.values())) if len(names) == 1 else None


def read(path: str, text: str) -> Template:
    """A template of the repository; ours if it cannot be read."""
    try:
        return _form(text) if path.lower().endswith((".yml", ".yaml")) else _markdown(text)
    except (yaml.YAMLError, KeyError, TypeError, ValueError, AttributeError):
        return Template()


def _markdown(text: str) -> Template:
    text = text.replace("\r\n", "\n")
    found = _FRONT.match(text)
    front: Mapping[str, Any] = (yaml.safe_load(found[1]) or {}) if found else {}
    body = text[found.end() :] if found else text
    if PLACE not in body:
        heading = _HEADING.search(body)
        body = (
            f"{body[: heading.end()]}\n\n{PLACE}\n{body[heading.end() :]}"
            if heading
            else f"{PLACE}\n\n{body}"
        )
    return Template(_prefix(front), _labels(front), body.strip() + "\n")


def _form(text: str) -> Template:
    """A form of GitHub's, filled as GitHub fills it: a heading for each question, and its answer."""
    form: Mapping[str, Any] = yaml.safe_load(text)
    parts: list[str] = []
    answered = False
    for field in form["body"]:
        label = str((field.get("attributes") or {}).get("label") or "")
        if field.get("type") == "markdown" or not label:
            continue
        takes = field.get("type") in ("textarea", "input") and not answered
        answered = answered or takes
        parts += [f"### {label}", PLACE if takes else "_No response_"]
    if not answered:
        parts.append(PLACE)
    return Template(_prefix(form), _labels(form), "\n\n".join(parts) + "\n")


def _prefix(front: Mapping[str, Any]) -> str:
    title = front.get("title")
    return title if isinstance(title, str) and len(title) <= 40 else ""


def _labels(front: Mapping[str, Any]) -> tuple[str, ...]:
    given = front.get("labels") or []
    names = given.split(",") if isinstance(given, str) else [str(one) for one in given]
    own = [name.strip() for name in names if name.strip() and len(name.strip()) <= 50]
    return (LABEL, *(name for name in own[: MOST_LABELS - 1] if name.lower() != LABEL))

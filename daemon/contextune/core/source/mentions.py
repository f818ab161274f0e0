"""What the words of a Todo name: files of the repository, and what looks like code."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import NamedTuple

PATH = re.compile(r"(?<![\w/.-])[\w.-]*(?:/[\w.-]+)*\.[A-Za-z]\w{0,7}\b|(?<![\w/.-])[\w.-]+(?:/[\w.-]+)+")
"""Words that may be a file's name or path."""
CODE = re.compile(
    r"`(?P<quoted>[A-Za-z_$][\w$.:#]*)(?:\([^`]*\))?`"
    r"|(?<![\w$.])(?P<called>[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)*)\(\)?"
    r"|(?<![\w$./-])(?P<dotted>[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]+)+)"
    r"|(?<![\w$./-])(?P<snake>_*[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)+)"
    r"|(?<![\w$./-])(?P<camel>[a-z][a-z0-9]*(?:[A-Z][a-z0-9]*)+|(?:[A-Z][a-z0-9]+){2,})(?![\w$])"
)
"""Words that are written as code is: quoted, with parentheses, or in the shapes that names alone have."""
NO_NAMES = frozenset({"e.g", "i.e", "etc", "self", "this", "None", "True", "False", "null"})
INTERFACE = re.compile(
    r"\b(renam\w+|signatures?|parameters?|arguments?|args?|k(?:ey)?w(?:ord)?-?args?|keyword|async|await\w*|"
    r"overload\w*|deprecat\w+|return(?:s|ing|ed)? (?:type|value|an?\b|the\b|none|null|undefined|instead))",
    re.I,
)
"""Words of changes that those who call what is changed will notice."""
WORD = re.compile(r"[A-Za-z][a-z]{3,}|[A-Z]{3,}")
STEM = 6
"""Letters by which words are taken for the same: `insurance` and `insured`, `receipt` and `receipts`."""
_COMMON = """
about above adds after again allow already also always another around because been before behind
being below between both call calls case change check class code could does doing done each else
empty ensure error errors every exist fails file files find first fixed from function give goes
handle have here implement improve instead into just keep less like line lines list look made make
makes many maybe method more most much must need needs never none only other over pass please proper
properly refuse remove return returns same says should show some something sometimes sure take task tasks test
tests than that them then there these they thing this those time todo true type under until upon
used user users uses using value values very want well were what when where which while will with
without work works would write wrong your
"""
COMMON = frozenset(_COMMON.split())
"""Words that say nothing of what a Todo is about."""


class Named(NamedTuple):
    """What words name."""

    symbols: tuple[str, ...]
    """As they are written, such as `parse` or `Table.to_html`; whether they exist is not known."""
    files: tuple[str, ...]


class Files:
    """The files of a repository, to be found by what people call them."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._by_name: dict[str, list[str]] = {}
        for path in paths:
            self._by_name.setdefault(path.rpartition("/")[2], []).append(path)

    def has_name(self, name: str) -> bool:
        """Whether a file, in whatever folder, has this name."""
        return name in self._by_name

    def called(self, words: str) -> str | None:
        """The one file that a name or the end of a path stands for; None if none or several do."""
        name = words.strip("./").rpartition("/")[2]
        tail = "/" + words.removeprefix("./").strip("/")
        found = [path for path in self._by_name.get(name, ()) if f"/{path}".endswith(tail)]
        return found[0] if len(found) == 1 else None


def named_in(text: str, files: Files) -> Named:
    """What a text names."""
    paths: dict[str, None] = {}
    for match in PATH.finditer(text):
        path = files.called(match[0].rstrip("."))
        if path:
            paths[path] = None
    names: dict[str, None] = {}
    for match in CODE.finditer(text):
        word = next(group for group in match.groups() if group)
        if word not in NO_NAMES and not files.has_name(word):
            names[re.sub(r"[:#.]+", ".", word).strip(".")] = None
    return Named(tuple(names), tuple(paths))


def subjects(text: str) -> frozenset[str]:
    """The telling words of a text, cut to their stems."""
    parts = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text.replace("_", " "))
    words = (word.lower() for word in WORD.findall(parts))
    return frozenset(word[:STEM] for word in words if word not in COMMON)


def is_of_interface(texts: Collection[str]) -> bool:
    """Whether words speak of a change that callers will notice."""
    return any(INTERFACE.search(text) for text in texts)

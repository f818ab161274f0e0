"""Words of files, models and people inside Markdown of ours."""

from __future__ import annotations

import re

from contextune.core.plain_text import one_line

_CODE = re.compile(r"`[^`]*`")
_TICKS = re.compile(r"`+")
_NO_ID = re.compile(r"[^A-Za-z0-9_+#.-]")
_MARKUP = re.compile(r"([\\`*_{}\[\]<>()#+\-!|~])")


def literal(text: str) -> str:
    """The same words without effect on the Markdown around them."""
    return _MARKUP.sub(r"\\\1", text)


def row(text: str) -> str:
    """Such words on one line."""
    return literal(one_line(text))


def fenced(code: str, language: str) -> str:
    """Code in a block that nothing in it can end. `language` is a VS Code language id, or empty."""
    longest = max((len(run) for run in _TICKS.findall(code)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{_NO_ID.sub('', language)}\n{code}\n{fence}"


def sentence(text: str) -> str:
    """A sentence of ours that may quote others: one line, names between backticks as code, no more."""
    text = one_line(text)
    parts, at = [], 0
    for code in _CODE.finditer(text):
        # Between backticks nothing has an effect, and there is none within.
        parts += [literal(text[at : code.start()]), code[0] if code[0].strip("` ") else literal(code[0])]
        at = code.end()
    return "".join((*parts, literal(text[at:])))

"""Whether a Todo is worth an agent's work: what speaks against it, if anything. A hint, never a hindrance."""

from __future__ import annotations

import re
from typing import Literal

from contextune.core.todos.todo import Todo

Doubt = Literal["wordless", "vague", "asks_a_person", "a_reference", "not_by_hand"]
"""wordless: it has no words. vague: too few to tell what is wanted. asks_a_person: it puts a question to one.
a_reference: only a link or a ticket. not_by_hand: its file is generated, or somebody else's."""

FEW = 2
"""Words that tell no more than that something is to be done."""

_REFERENCE = re.compile(r"(?:https?://\S+|(?!UTF|ISO|SHA|RFC)[A-Z][A-Z0-9]+-\d+|#\d+)")
_PERSON = re.compile(
    r"^(?:ask|check with|talk to|discuss|clarify with|confirm with|wait for|is this|are we|do we|should we|"
    r"does anybody|does anyone|why|who|not sure|unclear)\b",
    re.IGNORECASE,
)
_FOREIGN = re.compile(
    r"(?:^|/)(?:vendor|vendored|third[_-]?party|node_modules|bower_components|dist|generated|"
    r"__generated__)/|\.min\.(?:js|css)$|(?:_pb2(?:_grpc)?\.pyi?|\.pb\.go|\.g\.dart|\.designer\.cs)$",
    re.IGNORECASE,
)


def doubt_of(todo: Todo) -> Doubt | None:
    """What speaks against having an agent do a Todo; None if nothing that can be told from it."""
    if _FOREIGN.search(todo.path):
        return "not_by_hand"
    words = todo.text.split()
    if not any(character.isalnum() for character in todo.text):
        return "wordless"
    if not [word for word in words if not _REFERENCE.fullmatch(word.strip(".,;:()[]<>"))]:
        return "a_reference"
    if _PERSON.match(todo.text.strip()) and todo.text.rstrip().endswith("?"):
        return "asks_a_person"
    # Scripts without blanks say much in what looks like one word.
    if len(words) < FEW and todo.text.isascii():
        return "vague"
    return None

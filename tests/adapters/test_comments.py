"""Which markers are in comments, language by language."""

from __future__ import annotations

import io
import sysconfig
import tokenize
from pathlib import Path

import pytest

from contextune.adapters.source.comments import spans_of
from contextune.adapters.source.languages import language_of
from contextune.adapters.source.scan import RipgrepScanner
from contextune.adapters.source.todo_files import decode
from contextune.core.todos.todo import MARKERS
from tests.adapters.comment_samples import SAMPLES


@pytest.mark.parametrize(("name", "language", "source"), SAMPLES, ids=[sample.name for sample in SAMPLES])
def test_only_comments_count(name: str, language: str, source: str) -> None:
    found = RipgrepScanner().scan_text(name, source.encode(), markers=("TODO",))
    assert [todo.text.split()[:1] for todo in found] == [["yes"]] * len(found)
    assert len(found) == source.count("TODO: yes") + source.count("TODO yes")
    assert {todo.language for todo in found} <= {language}
    if source.count("yes"):
        assert found


def test_more_than_forty_languages_are_sampled() -> None:
    assert len({sample.language for sample in SAMPLES if "yes" in sample.source}) > 70


def test_python_comments_are_those_of_its_own_tokenizer() -> None:
    """A second opinion on real code: the standard library that runs this test."""
    folder = Path(sysconfig.get_paths()["stdlib"])
    files = sorted(folder.glob("*.py"))[::3]
    comments = 0
    for file in files:
        text = decode(file.read_bytes())
        assert text is not None
        starts = [0]
        for line in text.split("\n"):
            starts.append(starts[-1] + len(line) + 1)
        expected = {
            starts[token.start[0] - 1] + token.start[1]
            for token in tokenize.generate_tokens(io.StringIO(text).readline)
            if token.type == tokenize.COMMENT
        }
        spans = spans_of(text, language_of(file.name, text), file.name)
        assert {span.start for span in spans if span.kind != "string"} == expected, file.name
        comments += len(expected)
    assert comments > 1000


HOSTILE = (
    *("'", '"""', "`${", "/", "/*", "{", "<<A\n", "<!--", "(", "\\", "a", "--[", "%q(", "$\n", 'R"(', "${"),
    *('r#"', '#"', "{\n}", "<?php ", "<script>", "``` ", "q{", "s/", "#if\n{\n", "(* ", "{-", "|\n"),
    *("a: |\n", " {x;", "\\begin{verbatim}"),
)


@pytest.mark.parametrize("piece", HOSTILE, ids=lambda piece: piece.encode("unicode_escape").decode())
@pytest.mark.timeout(30)
def test_no_text_takes_long(piece: str) -> None:
    """A file may be written to stall whoever reads it. Every syntax reads each of these within seconds."""
    source = (piece * (12_000 // len(piece)) + "\n// TODO: x\n").encode()
    names = {language_of(sample.name, "").syntax: sample.name for sample in SAMPLES}
    for name in (name for syntax, name in names.items() if syntax):
        RipgrepScanner().scan_text(name, source, markers=MARKERS)

"""Proof: whether the tests that the Gate ran also run the lines that a change brought."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Literal

from contextune.core.base import Value
from contextune.core.proof.flags import flag_of
from contextune.core.proof.suites import is_test_file
from contextune.core.source.script_tokens import SCRIPTS

ProofState = Literal["proved", "unproved", "unknown", "nothing"]
"""proved: a test runs some of the changed lines; unknown: no tool can tell; nothing: no line can be run."""

MEASURED = (".py", *SCRIPTS)
"""Endings of files of which a tool can tell which lines were run."""

OTHER_CODE = (
    *(".c", ".cc", ".cpp", ".cxx", ".h", ".hpp", ".m", ".mm", ".rs", ".go", ".java", ".kt", ".kts", ".scala"),
    *(".rb", ".php", ".pl", ".pm", ".lua", ".swift", ".cs", ".fs", ".vb", ".ex", ".exs", ".erl", ".hs"),
    *(".ml", ".clj", ".cljs", ".dart", ".r", ".jl", ".sh", ".bash", ".zsh", ".fish", ".ps1", ".sql", ".zig"),
    *(".vue", ".svelte", ".astro", ".pyx", ".pyi", ".nim", ".cr", ".groovy", ".f90", ".sol", ".html"),
)
"""Endings of files with code of which none can tell."""

FRAMES = ("docs/", "doc/", "examples/", "example/", "benchmarks/")
"""Folders of code that tests are not expected to run."""


class Statement(Value, frozen=True, kw_only=True):
    """A changed statement that can be run."""

    line: int
    """Where it begins; counts from 1."""
    inner: bool
    """Whether it stands in a function. To load a file runs what does not."""


class Traced(Value, frozen=True, kw_only=True):
    """What became of the changed statements of one file while the Gate ran."""

    path: str
    statements: tuple[Statement, ...]
    ran: frozenset[int] = frozenset()
    """Lines of those that were run."""
    blind: bool = False
    """Whether it may have been run in a way that could not be watched."""


class LineSpan(Value, frozen=True, kw_only=True):
    """Lines of a file, both ends included."""

    path: str
    first: int
    last: int


class Proof(Value, frozen=True, kw_only=True):
    """Whether the tests run what a change brought."""

    state: ProofState
    lines: int = 0
    """Changed statements that can be run; those in functions alone, where there are any."""
    run: int = 0
    """How many of them a test ran."""
    unrun: tuple[LineSpan, ...] = ()
    """Where those stand that no test ran."""


NOTHING = Proof(state="nothing")
UNKNOWN = Proof(state="unknown")


def is_measured(path: str) -> bool:
    """Whether a tool may tell which lines of a changed file were run, and tests are expected to."""
    return path.endswith(MEASURED) and not path.endswith(".d.ts") and _is_expected(path)


def is_dark(path: str) -> bool:
    """Whether a changed file holds code of which nothing can tell what was run."""
    return path.endswith(OTHER_CODE) and _is_expected(path)


def _is_expected(path: str) -> bool:
    steers = flag_of(path, "100644", "100644")
    return not (is_test_file(path) or steers or path.startswith(FRAMES))


def prove(files: Sequence[Traced], *, dark: bool) -> Proof:
    """Judge a change by what was seen; `dark` if it also has code of which nothing can tell."""
    inner = any(one.inner for file in files for one in file.statements)
    chosen = {file.path: [s.line for s in file.statements if s.inner or not inner] for file in files}
    lines = sum(map(len, chosen.values()))
    ran = sum(line in file.ran for file in files for line in chosen[file.path])
    seen = [file for file in files if not file.blind]
    dark = dark or len(seen) < len(files)
    if not lines:
        return UNKNOWN if dark else NOTHING
    unrun = tuple(span for file in seen for span in _spans(file.path, chosen[file.path], file.ran))
    if ran:
        return Proof(state="proved", lines=lines, run=ran, unrun=unrun)
    return UNKNOWN if dark else Proof(state="unproved", lines=lines, unrun=unrun)


def _spans(path: str, lines: Iterable[int], ran: Collection[int]) -> list[LineSpan]:
    """The statements that were not run, those that follow one another as one span."""
    spans: list[LineSpan] = []
    open_ = False
    for line in sorted(lines):
        if line in ran:
            open_ = False
        elif open_:
            spans[-1] = LineSpan(path=path, first=spans[-1].first, last=line)
        else:
            spans.append(LineSpan(path=path, first=line, last=line))
            open_ = True
    return spans


def spans_text(spans: Sequence[LineSpan], most: int = 5) -> str:
    """Such as `a.py lines 3–5 and 9, b.py line 1`."""
    by_path: dict[str, list[LineSpan]] = {}
    for span in spans[:most]:
        by_path.setdefault(span.path, []).append(span)
    said = ", ".join(f"{path} {lines_text(own)}" for path, own in by_path.items())
    left = len(spans) - most
    return f"{said} and {left} more" if left > 0 else said


def lines_text(spans: Sequence[LineSpan]) -> str:
    """Such as `lines 3–5 and 9`."""
    said = [str(s.first) if s.first == s.last else f"{s.first}–{s.last}" for s in spans]
    word = "line" if len(said) == 1 and spans[0].first == spans[0].last else "lines"
    return f"{word} {' and '.join(filter(None, [', '.join(said[:-1]), said[-1]]))}"


def proof_words(proof: Proof | None) -> str:
    """What is known of a change's lines, a short clause; empty if nothing is."""
    match proof:
        case Proof(state="unproved"):
            return f"no test runs {spans_text(proof.unrun)}"
        case Proof(state="proved") if proof.run < proof.lines and proof.unrun:
            where = f"; none runs {spans_text(proof.unrun)}"
            return f"tests run {proof.run} of {proof.lines} changed statements{where}"
        case Proof(state="proved") if proof.run == proof.lines:
            return "tests run every changed statement" if proof.lines > 1 else "a test runs the change"
        case Proof(state="proved"):
            return f"tests run {proof.run} of {proof.lines} changed statements"
        case Proof(state="unknown"):
            return "no tool can tell which changed lines the tests run"
        case _:
            return ""

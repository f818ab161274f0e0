"""`contextune ask` does what only reads, and starts nothing else."""

from __future__ import annotations

import pytest

from contextune.cli.arguments import parser
from contextune.cli.ask import meant
from contextune.core.errors import UsageProblem


@pytest.mark.parametrize(
    "words",
    [
        "work on auth, dashboard and analytics in parallel",
        "do all todos",
        "what would all todos cost?",
        "clean up the finished worktrees",
        "accept run r_1a2b3c4d",
        "resume run r_1a2b3c4d",
    ],
)
def test_what_changes_or_spends_is_only_shown(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert meant(parser().parse_args(["ask", words])) is None
    assert "Nothing was started." in capsys.readouterr().out


def test_what_only_reads_is_done() -> None:
    found = meant(parser().parse_args(["ask", "--json", "what's", "blocking", "run r_1a2b3c4d?"]))
    assert found is not None
    assert (found.command, found.run, found.json) == ("show", "r_1a2b3c4d", True)


def test_what_is_not_clear_is_asked_again() -> None:
    with pytest.raises(UsageProblem, match="not clear"):
        meant(parser().parse_args(["ask", "make it better"]))

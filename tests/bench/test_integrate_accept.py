"""Accept and Undo over the states that a checkout can be in: the very trials of the bench."""

from __future__ import annotations

from pathlib import Path

import pytest

from contextune.adapters.git.repository import GitRepository, open_repository
from contextune.bench.checkout_states import LATER, STATES, make_template
from contextune.bench.checkout_trial import try_out
from contextune.bench.integrate_accept import mixtures

BLOCKED = {
    "conflicted": "still has merge conflicts",
    "merge_under_way": "in the middle of a merge",
    "rebase_under_way": "in the middle of a merge",
    "detached": "a detached HEAD is checked out",
}
"""States in which every Accept is refused, and why."""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_template(tmp_path_factory.mktemp("states"))


@pytest.mark.parametrize("state", [*STATES, *LATER])
def test_a_state_by_itself(template: Path, tmp_path: Path, state: str) -> None:
    for seed in (1, 2):
        verdict = try_out(template, tmp_path / f"seed{seed}", (state,), seed, open_repository)
        assert (verdict.lost, verdict.refused_but_changed, verdict.undone) == (0, False, True)
        assert verdict.moves == verdict.should_move
        if state in BLOCKED:
            assert BLOCKED[state] in verdict.refusal


@pytest.mark.parametrize("place", range(3))
def test_several_states_together(template: Path, tmp_path: Path, place: int) -> None:
    several = mixtures(60)[1 + len(STATES) + len(LATER) :][place::3][:4]
    for seed, states in enumerate(several):
        verdict = try_out(template, tmp_path / f"{seed}", states, seed, open_repository)
        assert (verdict.lost, verdict.refused_but_changed, verdict.undone) == (0, False, True)
        assert verdict.moves == verdict.should_move


def test_a_trial_sees_what_is_lost(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That it can fail: with an Undo that does nothing, it does."""
    monkeypatch.setattr(GitRepository, "restore_checkout", lambda *_: None)
    verdict = try_out(template, tmp_path / "trial", (), 1, open_repository)
    assert not verdict.undone
    assert verdict.lost > 0

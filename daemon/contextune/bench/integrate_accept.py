"""Accept and Undo over generated states of a checkout: bytes lost, moves of the branch, refusals."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from contextune.bench.checkout_states import LATER, STATES, make_template
from contextune.bench.checkout_trial import Verdict, try_out
from contextune.bench.figures import Bench, Figure
from contextune.bench.served import Served
from contextune.compose import make_world
from contextune.core.ports import Repository

SUITE = "integrate"
TRIALS = 200
SEED = 20


async def accept_figures(bench: Bench, *, trials: int = TRIALS) -> None:
    """Report what Accept and Undo lost and moved over so many generated states of a checkout."""
    bench.note(f"Accept and Undo over {trials} generated states of a checkout …")
    with TemporaryDirectory(prefix="contextune-bench-") as folder:
        home = Path(folder) / "home"
        home.mkdir()
        world = make_world(home=home, models=Served(""), unfenced=True)
        try:
            verdicts = await asyncio.to_thread(judge, Path(folder), trials, world.open_repository)
        finally:
            await world.journal.close()
    for figure in _figures(verdicts):
        bench.report(figure)


def judge(folder: Path, trials: int, open_repository: Callable[[Path], Repository]) -> list[Verdict]:
    """Try so many states out, the same ones each time. Blocking."""
    template = make_template(folder)
    return [
        try_out(template, folder / f"trial{number}", states, number, open_repository)
        for number, states in enumerate(mixtures(trials))
    ]


def mixtures(trials: int) -> list[tuple[str, ...]]:
    """Each state by itself first, then several together by chance; what blocks Accept comes last."""
    chance = random.Random(SEED)  # noqa: S311 - the same states each time
    alone: list[tuple[str, ...]] = [(), *((name,) for name in (*STATES, *LATER))]
    mixed: list[tuple[str, ...]] = []
    while len(alone) + len(mixed) < trials:
        names = chance.sample(sorted(STATES), chance.randint(2, 6))
        late = chance.sample(sorted(LATER), 1) if chance.random() < 0.3 else []
        mixed.append((*names, *late))
    return [*alone, *mixed][:trials]


def _figures(verdicts: list[Verdict]) -> list[Figure]:
    accepted = [verdict for verdict in verdicts if not verdict.refusal]
    lost = sum(verdict.lost for verdict in verdicts)
    astray = sum(verdict.moves != verdict.should_move for verdict in verdicts)
    touched = sum(verdict.refused_but_changed for verdict in verdicts)
    left = sum(not verdict.undone for verdict in verdicts)
    rows: tuple[tuple[str, float, str, float | None, bool | None], ...] = (
        ("checkouts in which Accept and Undo were tried", len(verdicts), "checkouts", None, None),
        ("of these accepted, then undone", len(accepted), "checkouts", None, None),
        ("bytes lost", lost, "bytes", 0, not lost),
        ("accepts that moved the branch other than once", astray, "accepts", 0, not astray),
        ("refusals that changed something", touched, "refusals", 0, not touched),
        ("undos after which something was different", left, "undos", 0, not left),
    )
    return [
        Figure(suite=SUITE, metric=metric, value=value, unit=unit, reach=reach, met=met)
        for metric, value, unit, reach, met in rows
    ]

"""Sizes the job to what it should be told in tokens, whatever the prompts of the day are made of."""

from __future__ import annotations

import msgspec

from contextune.bench.arm import HAIKU_LOW, play
from contextune.bench.counted import Shape, shape_of
from contextune.bench.job import INSTRUCTIONS_MOST, Agent, Job, Sizes
from contextune.offline.tokens import BYTES_PER_TOKEN

ROUNDS = 4
"""Rehearsals at most; each comes closer, and sizes that were right yesterday need one."""
CLOSE = 0.005
"""How far, as a share, a rehearsal may lie from what is wanted."""
STEP = 0.6
"""How much of a difference one round mends: text that a prompt shows twice must not make sizes swing."""


async def rehearsed(job: Job) -> Job:
    """The job with its sizes mended until two of its Tasks, one after the other, are told as stated."""
    for _ in range(ROUNDS):
        few = msgspec.structs.replace(job, tasks=2, turns=4)
        told = shape_of((await play(few, Agent(HAIKU_LOW), settings={"agents": 1})).log)
        if _is_close(job, told):
            return job
        job = msgspec.structs.replace(job, sizes=_mended(job, told))
    return job


def _is_close(job: Job, told: Shape) -> bool:
    wanted = (job.prefix_tokens, job.turn_tokens, job.turn_tokens)
    found = (told.prefix_tokens, told.first_tokens, told.step_tokens)
    return all(abs(f - w) <= CLOSE * w for w, f in zip(wanted, found, strict=True))


def _mended(job: Job, told: Shape) -> Sizes:
    def by(tokens: float) -> int:
        return round(tokens * BYTES_PER_TOKEN * STEP)

    sizes = job.sizes
    instructions = sizes.instructions + by(job.prefix_tokens - told.prefix_tokens)
    return Sizes(
        instructions=min(max(1, instructions), INSTRUCTIONS_MOST),
        module=max(400, sizes.module + by(job.turn_tokens - told.first_tokens)),
        region=max(80, sizes.region + by(job.turn_tokens - told.step_tokens)),
    )

"""A process that asks a model: `python -m tests.engine.asking_process URL FOLDER COUNT AGENTS`.

It asks COUNT times, AGENTS at once, through a gateway whose board is in FOLDER, and prints how often the
server refused.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from contextune.adapters.machine.clock import SystemClock
from contextune.adapters.models.pressure_board import PressureFolder
from contextune.adapters.models.prices import PriceTable
from contextune.compose import model_at
from contextune.core.model.budget import Cap
from contextune.core.model.conversation import Message, ModelRequest, Rung, Text
from contextune.core.model.requests import RequestSettled
from contextune.core.runs import events as ev
from contextune.engine.money.account import Account
from contextune.engine.money.gateway import Gateway
from contextune.engine.money.throttle import Throttle

REQUEST = ModelRequest(
    rung=Rung(model="claude-haiku-5-5", effort="low"),
    system=(Text(text="Be brief."),),
    messages=(Message(role="user", blocks=(Text(text="Say a word."),)),),
    max_tokens=100,
)


async def main(url: str, folder: str, count: str, agents: str) -> None:
    refused = 0

    async def emit(*events: ev.AnyEvent, caps: Sequence[Cap] = ()) -> None:
        nonlocal refused
        refused += sum(isinstance(event, RequestSettled) and event.error is not None for event in events)

    clock = SystemClock()
    model = model_at(url, "sk-test")
    throttle = Throttle(PressureFolder(Path(folder)), clock)
    gateway = Gateway(model, PriceTable({}), clock, throttle=throttle)
    account = Account("r_1", Decimal(10), emit)
    left = iter(range(int(count)))

    async def ask() -> None:
        for _ in left:
            await gateway.send(account, REQUEST, role="executor", task_id=None)

    await asyncio.gather(*(ask() for _ in range(int(agents))))
    await model.close()
    sys.stdout.write(f"{refused}\n")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))

"""A process that starts a Run, to be killed: `python -m tests.engine.other_process ROOT HOME URL TASK…`.

It prints one line an event: the kind, and the Task's id if the event has one.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from contextune.core.runs import events as ev
from contextune.core.runs.run import Run
from contextune.offline.server import OfflineModel
from tests.adapters.git_place import Place
from tests.engine.world import Desk, task


async def main(root: str, home: str, url: str, *titles: str) -> None:
    # The model's server belongs to the test; this process only speaks to it.
    desk = Desk(Place(Path(root)), Path(home), OfflineModel([]), url)

    def tell(run: Run, event: ev.AnyEvent) -> None:
        sys.stdout.write(f"{type(event).__name__} {getattr(event, 'task_id', None)}\n")
        sys.stdout.flush()

    desk.app.subscribe(tell)
    run = await desk.start(*(task(title) for title in titles))
    await desk.wait(run.id)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))

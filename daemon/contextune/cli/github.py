"""`github`: what Runs have on GitHub, brought up to date."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from contextune.cli.output import Output
from contextune.cli.pictures import show_run_line
from contextune.core.runs.forge_text import forge_text
from contextune.engine.application import Application


async def github(app: Application, given: Namespace, out: Output) -> int:
    """Send what waits and look at pull requests. Returns 1 if something still waits."""
    runs = [await app.run(given.run)] if given.run else await app.runs(Path())
    found = await app.forge.sync(runs)
    for run in found:
        show_run_line(run, out)
        out.say(f"{run.id}  {forge_text(run) or 'nothing there yet'}")
    if not found:
        out.say("Nothing was asked of GitHub. `contextune accept RUN --pr` opens a pull request.")
    return 1 if any(run.forge.waits for run in found) else 0

"""`contextune debug-bundle`: what is in it is told before it is written."""

from __future__ import annotations

from argparse import Namespace
from datetime import datetime
from pathlib import Path

from contextune.cli.output import Output
from contextune.cli.tables import cell, table
from contextune.engine.application import Application


async def debug_bundle(app: Application, given: Namespace, out: Output) -> int:
    """Pack what a bug report needs; with --dry-run only list it."""
    run_id = None if given.run is None else (await app.run(given.run)).id
    members = await app.bundles.gather(Path.cwd(), run_id, with_content=given.with_content)
    path = (given.output or Path(_name())).absolute()
    listed = table("File", "Bytes", "What it holds", wide=2, right=(1,))
    for member in members:
        if out.as_json:
            told = {"name": member.name, "bytes": len(member.content), "about": member.about}
            out.tagged("member", told)
        listed.add_row(cell(member.name), f"{len(member.content):,}", cell(member.about))
    out.show(listed)
    if given.dry_run:
        out.say(f"Nothing is written. It would be at {path}.")
        return 0
    await app.bundles.write(path, members)
    if out.as_json:
        out.tagged("written", {"path": str(path)})
    out.say(f"The bundle is at {path}. Look through it before you send it: README.txt says what is in it.")
    return 0


def _name() -> str:
    return f"contextune-debug-{datetime.now().astimezone():%Y%m%d-%H%M%S}.zip"

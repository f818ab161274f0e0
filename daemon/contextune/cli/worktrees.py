"""`worktrees`: what agents' worktrees there are and what is kept of those that went; clean, mend, restore."""

from __future__ import annotations

import re
from argparse import Namespace
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from contextune.agents.worktree_manager import Advice, Puzzle
from contextune.cli.asking import consent, someone_is_there
from contextune.cli.output import Output
from contextune.cli.tables import cell, table, under
from contextune.core.errors import UsageProblem
from contextune.core.sizes import size_text
from contextune.core.worktrees.worktree import Finding, SalvageRef, Worktree
from contextune.engine.application import Application
from contextune.engine.desk.worktree_advice import puzzles
from contextune.engine.desk.worktree_desk import Mended, Overview
from contextune.protocol.wording import count_text, dollars_text
from contextune.protocol.worktrees import (
    disk_text,
    finding_view,
    salvage_view,
    worktree_view,
)

Action = Callable[[Application, Namespace, Output], Awaitable[int]]

_UNITS = {"h": 3_600_000, "d": 86_400_000, "w": 7 * 86_400_000}


async def worktrees(app: Application, given: Namespace, out: Output) -> int:
    """The command, by its action."""
    return await ACTIONS[given.action](app, given, out)


async def _list(app: Application, given: Namespace, out: Output) -> int:
    del given
    found = await app.desk.overview(None)
    salvages, size = await app.desk.salvages(None)
    if out.as_json:
        for tree in found.worktrees:
            out.tagged("worktree", worktree_view(tree))
        for one in salvages:
            out.tagged("salvage", salvage_view(one))
        return 0
    if found.worktrees:
        shown = table("Worktree", "State", "Changed", "Size", right=(3,))
        for tree in found.worktrees:
            said = [tree.path, *(finding.text for finding in tree.findings)]
            title = under(f"{tree.run_id}/{tree.task_id}  {tree.title or ''}", said)
            shown.add_row(title, cell(_state(tree)), _when(tree.changed_at), size_text(tree.size_bytes))
        out.show(shown)
        out.say(f"In all {disk_text(found.size_bytes, found.bound_bytes)}.")
    else:
        out.say("There are no worktrees.")
    if salvages:
        out.blank()
        _show_salvages(salvages, out)
        out.say(f"Salvages take {size_text(size)}. `contextune worktrees restore NAME` puts one back.")
    _hint(found, out)
    return 0


async def _open(app: Application, given: Namespace, out: Output) -> int:
    tree = await app.desk.worktree(None, _one_name(given, "open"))
    if out.as_json:
        out.line(worktree_view(tree))
    out.say(tree.path)
    return 0


async def _clean(app: Application, given: Namespace, out: Output) -> int:
    if given.older is not None:
        return await _clean_salvages(app, given, out)
    trees, kept = await app.desk.clean(None, dry_run=not given.yes, names=given.names)
    for tree in trees:
        if out.as_json:
            out.line(worktree_view(tree))
        out.say(f"{tree.path}  {size_text(tree.size_bytes)}, {_state(tree)}")
    size = size_text(sum(tree.size_bytes for tree in trees))
    verb = "removed" if given.yes else "can be removed; --yes does it"
    out.say(f"{count_text(len(trees), 'worktree')} ({size}) {verb}.")
    for ref in kept:
        out.say(f"Kept: {ref}")
    return 0


async def _clean_salvages(app: Application, given: Namespace, out: Output) -> int:
    going = await app.desk.drop_salvages(None, older_ms=_age(given.older), dry_run=not given.yes)
    for one in going:
        if out.as_json:
            out.tagged("salvage", salvage_view(one))
    _show_salvages(going, out)
    verb = "removed for good" if given.yes else "can be removed for good; --yes does it"
    out.say(f"{count_text(len(going), 'Salvage')} {verb}.")
    return 0


async def _restore(app: Application, given: Namespace, out: Output) -> int:
    done = await app.desk.restore(None, _one_name(given, "restore"), given.into)
    if out.as_json:
        out.line(msgspec.to_builtins(done))
    out.say(f"{done.ref} stands in {done.path}, on branch {done.branch}.")
    out.say("What was not committed is not committed there either. Your checkout is as it was.")
    return 0


async def _diagnose(app: Application, given: Namespace, out: Output) -> int:
    found = await app.desk.overview(None)
    for finding in found.all_findings:
        _show_finding(finding, out)
    if not found.all_findings:
        out.say("Nothing is wrong with any worktree.")
    if given.ask:
        await _asked(app, given, out, found)
    else:
        _hint(found, out)
    return 0


async def _mend(app: Application, given: Namespace, out: Output) -> int:
    mended = await app.desk.mend(None, dry_run=not given.yes)
    for one in mended:
        _show_mended(one, out)
    able = sum(one.done for one in mended) if given.yes else len(mended)
    verb = "mended" if given.yes else "can be mended; --yes does it"
    out.say(f"{count_text(able, 'finding')} {verb}.")
    failed = given.yes and any(not one.done for one in mended)
    if given.ask:
        advice = await _asked(app, given, out, await app.desk.overview(None))
        for said in advice if given.yes else ():
            if said.repair is not None:
                done = await app.desk.repair_named(said.finding, said.repair)
                _show_mended(done, out)
                failed = failed or not done.done
    return 1 if failed else 0


async def _asked(app: Application, given: Namespace, out: Output, found: Overview) -> Sequence[Advice]:
    """What the worktree-manager makes of what has no name, once the person agrees to the price."""
    asked = puzzles(found)
    if not asked:
        out.say("Code has a name for everything, so there is nothing to ask.")
        return ()
    if not await _agreed(app, given, out, asked):
        return ()
    advice = await app.advice.ask(Path.cwd(), asked)
    for one in advice:
        if out.as_json:
            out.tagged("advice", one)
        out.say(one.finding.place, "bold")
        out.say(one.explanation, indent=4)
        if one.repair is not None:
            out.say(f"`contextune worktrees mend --ask --yes` does this: {one.repair}.", indent=4)
        if one.question:
            out.say(one.question, indent=4)
    return advice


async def _agreed(app: Application, given: Namespace, out: Output, asked: Sequence[Puzzle]) -> bool:
    price = app.advice.price(asked)
    cost = "an unknown price" if price is None else f"at most {dollars_text(price)}"
    about = f"Asking the worktree-manager about {count_text(len(asked), 'finding')} costs {cost}."
    if given.yes:
        out.note(about)
        return True
    if not someone_is_there():
        out.note(f"{about} --yes agrees to that.")
        return False
    return await consent(out, f"{about} Ask?")


def _show_finding(finding: Finding, out: Output) -> None:
    if out.as_json:
        out.tagged("finding", finding_view(finding))
        return
    out.say(finding.place, "bold")
    out.say(finding.text, indent=4)
    out.say(finding.remedy, indent=4)


def _show_mended(one: Mended, out: Output) -> None:
    if out.as_json:
        out.tagged("mended", {"finding": finding_view(one.finding), "done": one.done, "text": one.text})
        return
    out.say(one.finding.place, "bold")
    out.say(f"{one.finding.text} {one.text}", indent=4)


def _show_salvages(salvages: Sequence[SalvageRef], out: Output) -> None:
    if not salvages:
        return
    shown = table("Salvage", "Made", "Files", right=(2,))
    for one in salvages:
        held = ", ".join(one.paths) + (", …" if one.files > len(one.paths) else "")
        shown.add_row(
            under(f"{one.run_id}/{one.name}", [held or "commits alone"]), _when(one.at), str(one.files)
        )
    out.show(shown)


def _hint(found: Overview, out: Output) -> None:
    able = sum(finding.repair is not None for finding in found.all_findings)
    if able:
        out.say(f"`contextune worktrees mend` tells what it would do about {count_text(able, 'finding')}.")


def _state(tree: Worktree) -> str:
    needed = "in use" if tree.in_use else tree.state or "of no known Run"
    return f"{needed}, unfinished work" if tree.dirty else needed


def _one_name(given: Namespace, action: str) -> str:
    if len(given.names) != 1:
        raise UsageProblem(f"NAME: `worktrees {action}` takes one. `contextune worktrees` lists them.")
    name: str = given.names[0]
    return name


def _age(text: str) -> int:
    found = re.fullmatch(r"(\d{1,5})([hdw])", text)
    if found is None:
        raise UsageProblem(f"--older: {text!r} is no age. Expected hours, days or weeks, such as 30d.")
    return int(found[1]) * _UNITS[found[2]]


def _when(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, tz=UTC).astimezone().strftime("%Y-%m-%d %H:%M")


ACTIONS: dict[str, Action] = {
    "list": _list,
    "open": _open,
    "clean": _clean,
    "restore": _restore,
    "diagnose": _diagnose,
    "mend": _mend,
}

"""What is in order and what is missing, thing by thing."""

from __future__ import annotations

import asyncio
import platform
import shutil
from contextlib import suppress
from pathlib import Path

from contextune.core.check import Check
from contextune.core.errors import ContextuneError
from contextune.core.settings import Provider, Settings
from contextune.engine.proof.detect import detect_gate
from contextune.engine.surroundings.world import World
from contextune.engine.worktrees.room import worktrees_check

ROOM = 1_000_000_000
"""Bytes that should be free for worktrees."""


ENOUGH_FILES = 4_096
"""Open files that sixteen agents with their commands, and the file watcher, stay well below."""

OWN_SETTINGS = ".contextune.toml"
"""A repository's own settings."""


async def examine(world: World, folder: Path | None) -> list[Check]:
    """Every check, quick ones first. Sends nothing over the network."""
    provider = await asyncio.to_thread(_provider, world, folder)
    checks = [_python(), await asyncio.to_thread(_git, world)]
    if provider == "anthropic":
        checks.append(_key(world))
    checks += [world.models.server(provider), await asyncio.to_thread(_fence, world, folder)]
    checks.append(await asyncio.to_thread(_command_limits, world))
    checks += [await asyncio.to_thread(_awake, world), _room(world), _open_files(world)]
    if folder is not None:
        checks += await asyncio.to_thread(_repository, world, folder)
        with suppress(ContextuneError):
            checks.append(await worktrees_check(world, folder))
    return checks


def _python() -> Check:
    return Check(name="Python", state="ok", detail=platform.python_version())


def _git(world: World) -> Check:
    try:
        return Check(name="git", state="ok", detail=world.git())
    except ContextuneError as problem:
        return Check(
            name="git", state="problem", detail=str(problem), remedy="Install git 2.38 or newer, on PATH."
        )


def _provider(world: World, folder: Path | None) -> Provider:
    """Whose servers are in use there; settings that cannot be read are another check's finding."""
    try:
        root = None if folder is None else world.open_repository(folder).root
        return world.settings.load(root, {}).provider
    except ContextuneError:
        return "anthropic"


def _key(world: World) -> Check:
    words = {
        "editor": "from the editor's secret storage",
        "environment": "from ANTHROPIC_API_KEY, or not asked for by a server on this machine",
        "offline": "not needed: the offline model is in use. It plays scripts and is no AI.",
    }
    source = world.models.source("anthropic")
    if source in words:
        return Check(name="API key", state="ok", detail=words[source])
    return Check(
        name="API key",
        state="problem",
        detail="none",
        remedy="Run Contextune: Set API Key in VS Code, set ANTHROPIC_API_KEY, or use the offline model.",
    )


def _fence(world: World, folder: Path | None) -> Check:
    name, detail, advice, has_door = world.fence()
    if name != "none":
        said = f"{name}: {detail}{_reach(world, folder, has_door=has_door)}"
        return Check(name="Fence", state="warning" if advice else "ok", detail=said, remedy=advice)
    try:
        is_allowed = folder is not None and world.settings.is_unfenced(world.open_repository(folder).root)
    except ContextuneError:
        is_allowed = False
    said = "allowed here by you" if is_allowed else "agents may run no commands"
    return Check(
        name="Fence",
        state="warning" if is_allowed else "problem",
        detail=f"none, {said}. {detail}",
        remedy=advice,
    )


def _reach(world: World, folder: Path | None, *, has_door: bool) -> str:
    """A sentence about the hosts that commands may reach there; empty if none are allowed."""
    try:
        root = None if folder is None else world.open_repository(folder).root
        hosts = world.settings.load(root, {}).allowed_hosts
    except ContextuneError:
        return ""
    if not hosts:
        return ""
    if not has_door:
        return f" They do not reach {', '.join(hosts)}, which you allowed: that takes another Fence."
    return f" Through a proxy they reach {', '.join(hosts)}."


def _command_limits(world: World) -> Check:
    held = world.command_limits()
    if held is not None:
        return Check(name="Command limits", state="ok", detail=f"memory and processes are held by {held}")
    return Check(
        name="Command limits",
        state="warning",
        detail="nothing bounds memory and processes of a command",
        remedy="Work on Linux, in a container or a virtual machine to have them bounded.",
    )


def _awake(world: World) -> Check:
    how = world.awake.how()
    if how is not None:
        return Check(name="Sleep", state="ok", detail=f"kept from it while a Run works, by {how}")
    return Check(
        name="Sleep",
        state="warning",
        detail="the machine may go to sleep while a Run works",
        remedy="Keep it awake yourself: neither systemd-inhibit nor caffeinate works here.",
    )


def _room(world: World) -> Check:
    world.home.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(world.home).free
    state = f"{free / 1e9:.1f} GB free at {world.home}"
    if free < ROOM:
        return Check(
            name="Disk",
            state="warning",
            detail=state,
            remedy="Free some space, or point CONTEXTUNE_HOME at another disk.",
        )
    return Check(name="Disk", state="ok", detail=state)


def _open_files(world: World) -> Check:
    most = world.open_files
    if most is None:
        return Check(name="Open files", state="ok", detail="not bounded")
    if most < ENOUGH_FILES:
        return Check(
            name="Open files",
            state="warning",
            detail=f"at most {most:,} at a time",
            remedy=f"Raise the hard limit of open files to {ENOUGH_FILES} (ulimit -Hn).",
        )
    return Check(name="Open files", state="ok", detail=f"up to {most:,} at a time")


def _repository(world: World, folder: Path) -> list[Check]:
    try:
        repository = world.open_repository(folder)
    except ContextuneError as problem:
        return [
            Check(name="Repository", state="problem", detail=str(problem), remedy="Open a git repository.")
        ]
    checks = [Check(name="Repository", state="ok", detail=str(repository.root))]
    try:
        settings = world.settings.load(repository.root, {})
    except ContextuneError as problem:
        return [*checks, Check(name="Settings", state="problem", detail=str(problem), remedy="Mend them.")]
    checks.append(Check(name="Settings", state="ok", detail=_budgets(settings)))
    if (repository.root / OWN_SETTINGS).exists() and not world.settings.is_trusted(repository.root):
        checks.append(
            Check(
                name="Trust",
                state="warning",
                detail=f"commands, budget and accept that {OWN_SETTINGS} names are left out",
                remedy="If you trust this repository, say so with `contextune trust` or in the editor.",
            )
        )

    def text(path: str) -> str | None:
        content = repository.read_file("HEAD", path)
        return None if content is None else content.decode(errors="replace")

    gate = settings.gate or detect_gate(repository.list_files("HEAD"), text, repository.root)
    if gate is None:
        checks.append(
            Check(
                name="Gate",
                state="warning",
                detail="no test command found",
                remedy="Set `gate` to the command that runs your tests.",
            )
        )
    else:
        checks.append(Check(name="Gate", state="ok", detail=gate))
    return checks


def _budgets(settings: Settings) -> str:
    """Such as `budget $2.00 a Run, $5.00 a day`: those that are set, the narrowest first."""
    wider = {
        "request": settings.request_budget,
        "Task": settings.task_budget,
        "Run": settings.budget,
        "day": settings.day_budget,
        "month": settings.month_budget,
    }
    return "budget " + ", ".join(f"${most} a {name}" for name, most in wider.items() if most is not None)

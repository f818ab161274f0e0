"""Commands without a Fence: off until the user allows them for one repository, by its name."""

from __future__ import annotations

from pathlib import Path

from contextune.core.errors import PlaceProblem, UsageProblem
from contextune.engine.surroundings.world import FenceFacts, SettingsStore, World


def require_commands(world: World, root: Path) -> None:
    """Raise PlaceProblem, with what to do, if no command may run in a repository for the lack of a Fence."""
    why = why_closed(world.fence(), world.settings, root)
    if why:
        raise PlaceProblem(why)


def lack(world: World, root: Path) -> str:
    """What the lack of a Fence means for a repository, a sentence; empty where there is one."""
    if world.fence().name != "none":
        return ""
    if world.settings.is_unfenced(root):
        return f"Agents run commands in {root.name} without a Fence, as you allowed."
    return f"Agents may run no commands in {root.name}: there is no Fence."


def why_closed(fence: FenceFacts, settings: SettingsStore, root: Path) -> str:
    """Why no command may run in a repository, and what to do; empty if commands may."""
    if fence.name != "none" or settings.is_unfenced(root):
        return ""
    return (
        f"There is no Fence here, so agents may run no commands. {fence.detail} {fence.advice} Or allow "
        f"commands without one in this repository: `contextune trust {root} --unfenced {root.name}`, or "
        "“Contextune: Allow Commands Without a Fence” in VS Code."
    )


def allow_unfenced(world: World, root: Path, name: str, allowed: bool) -> None:
    """Allow commands without a Fence in the repository at `root`, or no longer.

    Raises UsageProblem if that is not its name.
    """
    if name != root.name:
        raise UsageProblem(f"The folder {root} is called {root.name!r}, not {name!r}. Nothing was changed.")
    world.settings.allow_unfenced(root, allowed)

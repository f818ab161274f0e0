"""What a bug report needs: journals, logs, versions, settings and what `doctor` found, secrets masked.

Every member goes through one last pass before it is shown or written, whatever masked it before.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from contextune.core.bundle import Member
from contextune.core.errors import ContextuneError
from contextune.core.redact import MASK, redact, redact_named, speaks_of_secret
from contextune.core.runs.events import AnyEvent
from contextune.core.without_content import without_content
from contextune.engine.desk.doctor import examine
from contextune.engine.surroundings.world import World

RUNS = 3
"""How many of the newest Runs a bundle tells of where none is named."""

_STREAMS = ("", "plan_", "shadow_")
"""What the Journal keeps of a Run under names of their own: itself, its planning, its samples."""

ABOUT = """\
A debug bundle of Contextune, for a bug report.

{listing}

Left out: API keys, tokens and passwords, as far as they are known or look like some; your home folder's
name; files of your repository.
{content}
Kept are names of files, branches and Tasks, commands and settings: look through it before you send it.
"""
_SHORT = "Prompts, replies, tool calls and output are told by length and hash alone."
_WHOLE = "Prompts, replies, tool calls and output are in it, with what they quote of your files."


class DebugBundles:
    """Gathers bundles and writes them."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def gather(
        self,
        folder: Path | None,
        run_id: str | None = None,
        *,
        logs: Sequence[Path] = (),
        editor: str = "",
        with_content: bool = False,
    ) -> list[Member]:
        """The members of a bundle: of one Run by its full id, or of the newest; nothing is written.

        `logs` are folders of the editor's log files, `editor` names it with its versions. Raises
        ContextuneError if the Journal can't be read.
        """
        run_ids = [run_id] if run_id else (await self._world.journal.runs(None))[:RUNS]
        root = await asyncio.to_thread(self._root, folder)
        members = [
            _json("versions.json", "versions of all that takes part", await self._versions(editor)),
            _json("doctor.json", "what doctor found", await self._doctor(folder)),
            _json("settings.json", "settings and where they come from", self._settings(root)),
        ]
        for each in run_ids:
            members += await self._journals(each, with_content=with_content)
        found = await asyncio.to_thread(self._world.machine.logs, [self._world.home, *logs])
        members += [Member(f"logs/{n}-{name}", "a log", text) for n, (name, text) in enumerate(found, 1)]
        return await asyncio.to_thread(self._finished, members, with_content)

    async def write(self, path: Path, members: Sequence[Member]) -> None:
        """Write them as a new `.zip`. Raises PlaceProblem if that can't be."""
        await asyncio.to_thread(self._world.machine.pack, path, members)

    def _root(self, folder: Path | None) -> Path | None:
        try:
            return None if folder is None else self._world.open_repository(folder).root
        except ContextuneError:
            return None

    async def _versions(self, editor: str) -> dict[str, str]:
        versions = dict(await asyncio.to_thread(self._world.machine.versions))
        try:
            versions["git"] = await asyncio.to_thread(self._world.git)
        except ContextuneError as problem:
            versions["git"] = str(problem)
        return versions | ({"editor": editor} if editor else {})

    async def _doctor(self, folder: Path | None) -> Any:
        return msgspec.to_builtins(await examine(self._world, folder))

    def _settings(self, root: Path | None) -> dict[str, Any]:
        told: dict[str, Any] = {}
        try:
            told["sources"] = msgspec.to_builtins(self._world.settings.sources(root))
            told["in force"] = msgspec.to_builtins(self._world.settings.load(root, {}))
        except ContextuneError as problem:
            told["problem"] = str(problem)
        told["trusted"] = root is not None and self._world.settings.is_trusted(root)
        masked: dict[str, Any] = _masked_by_name(told)
        return masked

    async def _journals(self, run_id: str, *, with_content: bool) -> list[Member]:
        members = []
        for stream in _STREAMS:
            events = await self._world.journal.read(stream + run_id)
            if events:
                lines = await asyncio.to_thread(_lines, events, with_content)
                about = f"the journal, {len(events)} events"
                members.append(Member(f"journal/{stream}{run_id}.jsonl", about, lines))
        return members

    def _finished(self, members: Sequence[Member], with_content: bool) -> list[Member]:
        listing = "\n".join(f"{one.name}: {one.about}" for one in members)
        about = ABOUT.format(listing=listing, content=_WHOLE if with_content else _SHORT)
        every = [Member("README.txt", "what is in it", about.encode()), *members]
        secrets = self._world.machine.secrets()
        home = str(self._world.machine.home)
        return [
            Member(
                _last_pass(one.name, secrets, home),
                one.about,
                _last_pass(one.content.decode("utf-8", "replace"), secrets, home).encode(),
            )
            for one in every
        ]


def _lines(events: Sequence[AnyEvent], with_content: bool) -> bytes:
    told = (msgspec.to_builtins(event) for event in events)
    return b"".join(
        msgspec.json.encode(event if with_content else without_content(event)) + b"\n" for event in told
    )


def _json(name: str, about: str, value: Any) -> Member:
    return Member(name, about, msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n")


def _masked_by_name(value: Any, name: str = "") -> Any:
    """The same without the values of what is named as a secret."""
    if isinstance(value, dict):
        return {key: _masked_by_name(item, key) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_masked_by_name(item, name) for item in value]
    return MASK if isinstance(value, str) and speaks_of_secret(name) else value


def _last_pass(text: str, secrets: Sequence[str], home: str) -> str:
    text = redact_named(redact(text, secrets))
    if len(home) > 1:
        forms = "|".join(re.escape(form) for form in {home, json.dumps(home)[1:-1]})
        text = re.sub(rf"(?:{forms})(?![\w.-])", "~", text)
    return text

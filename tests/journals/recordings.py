"""Recorded journals: what each version wrote, and what that version itself made of it.

`<version>.jsonl` has the events, one a line, as they were stored; `<version>.state.json` the Runs that the
version folded from them; `<version>.sql` the journal's file without its events: its schema, its version, and
the rows of its other tables.
"""

from __future__ import annotations

import re
import sqlite3
import sys
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from contextune.core.runs.events import AnyEvent
from contextune.core.runs.run import fold

FOLDER = Path(__file__).parent
MEND = "python -m pytest tests/journals --record-journals"
"""Records the present version anew."""

_decoder: msgspec.json.Decoder[AnyEvent] = msgspec.json.Decoder(AnyEvent)


class Recording(NamedTuple):
    """The journal of one version."""

    version: str

    @property
    def events(self) -> Path:
        return FOLDER / f"{self.version}.jsonl"

    @property
    def state(self) -> Path:
        return FOLDER / f"{self.version}.state.json"

    @property
    def schema(self) -> Path:
        return FOLDER / f"{self.version}.sql"

    def lines(self) -> list[bytes]:
        return self.events.read_bytes().splitlines()

    def write(self, journal: Path, folder: Path) -> None:
        """Record a journal's file; `folder`, where it was made, is told as `/desk`."""
        with closing(sqlite3.connect(journal)) as connection:
            rows = connection.execute("SELECT body FROM events ORDER BY seq").fetchall()
            dump = [line for line in connection.iterdump() if not line.startswith('INSERT INTO "events"')]
            (number,) = connection.execute("PRAGMA user_version").fetchone()
        lines = [_moved(bytes(body), folder) for (body,) in rows]
        self.events.write_bytes(b"".join(line + b"\n" for line in lines))
        text = "\n".join([*dump, f"PRAGMA user_version = {number};"]) + "\n"
        self.schema.write_bytes(_moved(re.sub(r" +$", "", text, flags=re.MULTILINE).encode(), folder))
        states = msgspec.json.format(msgspec.json.encode(states_of(decoded(lines))), indent=1)
        self.state.write_bytes(states + b"\n")

    def restore(self, journal: Path) -> None:
        """Make the journal's file as its version left it."""
        with closing(sqlite3.connect(journal)) as connection:
            connection.executescript(self.schema.read_text())
            rows = [_row(seq, line) for seq, line in enumerate(self.lines(), start=1)]
            connection.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)", rows)
            connection.commit()


def all_recorded() -> list[Recording]:
    """Every version that is recorded."""
    return [Recording(file.name.removesuffix(".jsonl")) for file in sorted(FOLDER.glob("*.jsonl"))]


def decoded(lines: Iterable[bytes]) -> list[AnyEvent]:
    """The events that recorded lines stand for."""
    return [_decoder.decode(line) for line in lines]


def states_of(events: Iterable[AnyEvent]) -> dict[str, Any]:
    """The Runs that events fold to, as data; streams of the Ledger alone are no Runs."""
    streams: dict[str, list[AnyEvent]] = {}
    for event in events:
        streams.setdefault(event.run_id, []).append(event)
    return {
        name: msgspec.json.decode(msgspec.json.encode(fold(stream)))
        for name, stream in streams.items()
        if name.startswith("r_")
    }


def as_known(now: Any, then: Any) -> Any:
    """What a later version says, without the fields that came after `then` was said."""
    if isinstance(now, dict) and isinstance(then, dict):
        return {key: as_known(now[key], then[key]) for key in now.keys() & then.keys()}
    if isinstance(now, list) and isinstance(then, list) and len(now) == len(then):
        return [as_known(one, other) for one, other in zip(now, then, strict=True)]
    return now


def _row(seq: int, line: bytes) -> tuple[int, str, str | None, int, str, bytes]:
    told = msgspec.json.decode(line)
    repository = told["repository"] if told["kind"] == "run_created" else None
    return (seq, told["runId"], repository, told["at"], told["kind"], line)


def _moved(content: bytes, folder: Path) -> bytes:
    for here, told in ((str(folder), "/desk"), (sys.executable, "python3"), (sys.base_prefix, "/usr")):
        content = content.replace(here.encode(), told.encode())
    return content

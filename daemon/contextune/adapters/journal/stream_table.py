"""Where in the Journal's file the events of a stream are: a row for each slot of the file that has some.

An index of all events by stream would be written in as many places as there are agents, at every transaction.
A row here is written once a slot; a stream is read by looking through its slots.
"""

from __future__ import annotations

import sqlite3

from contextune.core.model.ledger import PLANNING, SHADOW
from contextune.core.runs.events import RunMoved

MIGRATION = """
    CREATE TABLE streams (
        run_id TEXT NOT NULL,
        slot INTEGER NOT NULL,
        PRIMARY KEY (run_id, slot)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO streams SELECT DISTINCT run_id, seq / 1024 FROM events;
    CREATE TRIGGER events_in_streams AFTER INSERT ON events BEGIN
        INSERT OR IGNORE INTO streams VALUES (new.run_id, new.seq / 1024);
    END;
    DROP INDEX events_by_run;
    CREATE INDEX shadows ON events (run_id) WHERE kind = 'shadow_finished';
    """
"""Brings a journal's file from version 2 to 3. The trigger serves processes of older versions too."""

READ = """
    SELECT e.seq, e.body FROM streams s
     CROSS JOIN events e ON e.seq BETWEEN s.slot * 1024 AND s.slot * 1024 + 1023 AND e.run_id = s.run_id
     WHERE s.run_id = ?
     ORDER BY s.slot, e.seq
     LIMIT -1 OFFSET ?
    """
"""The events of a stream in order, but for the first ones."""

_EVENTS_OF = """
    SELECT e.seq FROM streams s
     CROSS JOIN events e ON e.seq BETWEEN s.slot * 1024 AND s.slot * 1024 + 1023 AND e.run_id = s.run_id
     WHERE s.run_id = ?
    """


def move(connection: sqlite3.Connection, event: RunMoved) -> None:
    """Have a Run, and what was spent on it, be found by the folder in which its repository stands now.

    The events stay as they were told.
    """
    connection.execute(
        "UPDATE events SET repository = ? WHERE run_id = ? AND kind = 'run_created'",
        (event.repository, event.run_id),
    )
    for stream in (event.run_id, PLANNING + event.run_id, SHADOW + event.run_id):
        connection.execute(
            f"UPDATE requests SET repository = ? WHERE reserved_seq IN ({_EVENTS_OF})",  # noqa: S608 — no input
            (event.repository, stream),
        )

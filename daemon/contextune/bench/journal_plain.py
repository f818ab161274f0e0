"""The floor of the journal suite: SQLite, one writer thread, group commit, and bytes that are ready."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from queue import Empty, SimpleQueue

from contextune.compose import rows_at

GROUP = 512


def plain_rate(path: Path, writers: int, events: int, size: int) -> float:
    """Rows a second that so many threads get through one writer, each waiting for its own row."""
    queue: SimpleQueue[threading.Event | None] = SimpleQueue()
    body = b"x" * size
    connection = rows_at(path)
    connection.execute("CREATE TABLE events (seq INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT")

    def write() -> None:
        while (first := queue.get()) is not None:
            batch = [first]
            while len(batch) < GROUP:
                try:
                    more = queue.get_nowait()
                except Empty:
                    break
                if more is None:
                    queue.put(None)
                    break
                batch.append(more)
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("INSERT INTO events (body) VALUES (?)", [(body,)] * len(batch))
            connection.execute("COMMIT")
            for done in batch:
                done.set()

    def agent() -> None:
        for _ in range(events):
            done = threading.Event()
            queue.put(done)
            done.wait()

    writer = threading.Thread(target=write)
    agents = [threading.Thread(target=agent) for _ in range(writers)]
    writer.start()
    began = time.perf_counter()
    for one in agents:
        one.start()
    for one in agents:
        one.join()
    rate = writers * events / (time.perf_counter() - began)
    queue.put(None)
    writer.join()
    connection.close()
    return rate

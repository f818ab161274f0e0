"""The room that is held back for the Journal on a full disk."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from contextune.adapters.journal import reserve
from contextune.adapters.journal.reserve import Reserve
from contextune.adapters.journal.store import SqliteJournal
from contextune.core.errors import PlaceProblem
from contextune.core.runs.events import Noted


def noted(run_id: str, text: str) -> Noted:
    return Noted(run_id=run_id, at=1, text=text)


TIGHT = textwrap.dedent(
    """
    import asyncio, sys
    from pathlib import Path
    from contextune.adapters.journal import reserve
    from contextune.adapters.journal.store import SqliteJournal
    from contextune.core.errors import PlaceProblem
    from contextune.core.runs.events import Noted

    reserve.PLENTY = 2
    reserve.Reserve.__init__.__defaults__ = (400_000,)

    def note(text):
        return Noted(run_id="r", at=1, text=text)

    async def main():
        folder = Path(sys.argv[1])
        journal = SqliteJournal(folder / "j.db")
        assert (folder / "j.db.reserve").stat().st_blocks * 512 >= 400_000
        with (folder / "filler").open("wb", buffering=0) as filler:
            try:
                while filler.write(bytes(4096)) == 4096:
                    pass
            except OSError:
                pass
        written = 0
        try:
            while written < 10_000:
                await journal.append([note("x" * 1000)])
                written += 1
                if not (folder / "j.db.reserve").exists() and sys.argv[2] == "once":
                    break
        except PlaceProblem as problem:
            print(problem)
        print(written, (folder / "j.db.reserve").exists(), len(await journal.read("r")))
        await journal.close()

    asyncio.run(main())
    """
)


def test_it_takes_room_and_gives_it_back_once(tmp_path: Path) -> None:
    held = Reserve(tmp_path / "reserve", size=100_000)
    held.hold()
    facts = (tmp_path / "reserve").stat()
    assert facts.st_size == 100_000
    assert facts.st_blocks * 512 >= 100_000
    assert facts.st_mode & 0o777 == 0o600
    assert held.release()
    assert not held.release()
    held.hold()
    assert not (tmp_path / "reserve").exists(), "it is not taken again at once"


def test_it_is_taken_again_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reserve, "AGAIN", 0.0)
    held = Reserve(tmp_path / "reserve", size=100_000)
    held.hold()
    held.release()
    held.hold()
    assert (tmp_path / "reserve").exists()


def test_nothing_is_held_back_where_there_is_little(tmp_path: Path) -> None:
    Reserve(tmp_path / "reserve", size=10**15).hold()
    Reserve(tmp_path / "nowhere" / "reserve").hold()
    assert list(tmp_path.iterdir()) == []


async def test_a_full_disk_is_written_to_once_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = SqliteJournal(tmp_path / "j.db")
    pages = journal._connection.execute("PRAGMA page_count").fetchone()[0]
    journal._connection.execute(f"PRAGMA max_page_count = {pages}")
    released: list[bool] = []

    def release(_: Reserve) -> bool:
        journal._connection.execute("PRAGMA max_page_count = 100000")
        released.append(True)
        return True

    monkeypatch.setattr(Reserve, "release", release)
    await journal.append([noted("r", "x" * 100_000), noted("r", "y")])
    assert released == [True]
    assert len(await journal.read("r")) == 2
    await journal.close()


async def test_without_a_reserve_it_is_said(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path / "j.db")
    assert journal._reserve.release()
    pages = journal._connection.execute("PRAGMA page_count").fetchone()[0]
    journal._connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(PlaceProblem, match="The disk is full"):
        await journal.append([noted("r", "x" * 100_000)])
    assert await journal.read("r") == []
    await journal.close()


@pytest.mark.parametrize("how", ["once", "to the end"])
def test_on_a_disk_that_is_really_full(tmp_path: Path, how: str) -> None:
    mount = f"mount -t tmpfs -o size=2m none {tmp_path}"
    own = ["unshare", "-rm", "sh", "-c"]
    if sys.platform != "linux" or subprocess.run([*own, mount], capture_output=True, check=False).returncode:
        pytest.skip("no file system of its own can be mounted here")
    done = subprocess.run(
        [*own, f'{mount} && exec "$@"', "sh", sys.executable, "-c", TIGHT, str(tmp_path), how],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    *said, last = done.stdout.splitlines()
    written, exists, read = last.split()
    assert exists == "False"
    assert written == read
    if how == "once":
        assert said == []
    else:
        assert said[0].startswith("The disk is full: the journal ")
        assert int(written) > 20

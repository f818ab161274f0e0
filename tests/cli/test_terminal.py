"""With a person at a terminal: consent, questions in place, live progress; what a hostile Todo cannot do."""

from __future__ import annotations

import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import ioctl
from pathlib import Path

from contextune.cli.asking import chosen
from contextune.cli.terminal import in_json
from contextune.core.plain_text import one_line, plain
from tests.cli.conftest import Server
from tests.cli.place import COMMAND, TIMEOUT, Machine, write

HOSTILE = "look: \x1b[2J\x1b]0;owned\x07[bold red]all green[/] \u202egnp.exe \x9b31m"
SEQUENCE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    """A command on a terminal of its own, typed at and read from."""

    def __init__(self, handle: int, process: subprocess.Popen[bytes]) -> None:
        self._handle = handle
        self._process = process
        self.screen = ""

    def until(self, words: str) -> None:
        """Read until these words are there, after what was awaited before."""
        start, ends = len(self.screen), time.monotonic() + TIMEOUT
        while words not in self.screen[start:]:
            if not self._more(ends):
                raise AssertionError(f"{words!r} never came: {self.screen}")

    def type(self, line: str) -> None:
        os.write(self._handle, line.encode() + b"\n")

    def end(self) -> int:
        ends = time.monotonic() + TIMEOUT
        while self._more(ends):
            pass
        return self._process.wait(TIMEOUT)

    @property
    def text(self) -> str:
        """What was written, without the product's own colours and movements."""
        return SEQUENCE.sub("", self.screen).replace("\r\n", "\n").replace("\r", "\n")

    def _more(self, ends: float) -> bool:
        ready, _, _ = select.select([self._handle], [], [], max(0.0, ends - time.monotonic()))
        if not ready:
            raise AssertionError(f"nothing more came: {self.screen}")
        try:
            read = os.read(self._handle, 65_536)
        except OSError:  # the other side is closed
            return False
        self.screen += read.decode("utf-8", "replace")
        return bool(read)


@contextmanager
def terminal(
    machine: Machine, *arguments: str | Path, columns: int, env: dict[str, str]
) -> Iterator[Terminal]:
    ours, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    environment = {**machine.environment, **env, "TERM": "xterm-256color"}
    environment.pop("COLUMNS")
    process = subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        cwd=machine.folder,
        env=environment,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    try:
        yield Terminal(ours, process)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait(TIMEOUT)
        os.close(ours)


def test_a_question_is_asked_in_place(machine: Machine, server: Server) -> None:
    root = machine.small()
    todo = machine.todo(root, "ask first")
    given = ["run", "small", "--todo", todo, "--accept", "merge"]
    with terminal(machine, *given, columns=80, env=server.keyed) as seen:
        seen.until("Start? [y/N]")
        seen.type("y")
        seen.until("Number or answer:")
        seen.type("2")
        assert seen.end() == 0, seen.screen
    assert r"Which word\x1b[31m do you want?" in seen.text
    assert "  2  fancy [bold]" in seen.text
    assert re.search(r"(working|asking) +ask first +Haiku 5\.5, low +turn \d +\$0\.\d+", seen.text)
    assert re.search(r"running  \$0\.\d+, \d+ % below Sonnet at the same tokens", seen.text)
    assert "    # fancy [bold]\n" in (root / "app.py").read_text()
    assert all(len(line.rstrip()) <= 80 for line in seen.text.splitlines())


def test_an_answer_from_elsewhere_takes_the_question_back(machine: Machine, server: Server) -> None:
    root = machine.small()
    todo = machine.todo(root, "ask first")
    with terminal(machine, "run", root, "--todo", todo, "--yes", columns=80, env=server.keyed) as seen:
        seen.until("Number or answer:")
        assert machine.do("answer", "ask-first", "1").status == 0
        assert seen.end() == 0
    assert "moves your branch to it" in " ".join(seen.text.split())


def test_a_hostile_todo_is_spelled_out_and_no_is_no(machine: Machine) -> None:
    root = machine.repository("repo", {"a.py": f"# TODO: {HOSTILE}\nx = 1\n"})
    name = "b\x1b[31m\u202e.py"
    write(root, {name: "# TODO: more\n"})
    todo = machine.todo(root, "look")
    run = ["run", "repo", "--todo", todo, "--offline", "--gate", "true"]
    for columns, given in ((80, ["todos", "repo"]), (120, ["todos", "repo"]), (80, run)):
        with terminal(machine, *given, columns=columns, env={}) as seen:
            if given is run:
                seen.until("Start? [y/N]")
                seen.type("")
            assert seen.end() == 0
        words = "".join(seen.text.split())
        assert r"\x1b[2J" in words
        assert "[boldred]allgreen[/]" in words
        assert r"\u202egnp.exe" in words
        for sign in ("\x1b", "\x07", "\x9b", "\u202e"):
            assert sign not in seen.text
        assert all(len(line.rstrip()) <= columns for line in seen.text.splitlines())
    assert "Nothing was started." in seen.text
    assert "There are no Runs yet" in machine.do("runs", root).out
    as_json = machine.do("todos", root, "--json").lines
    assert {todo["path"] for todo in as_json} == {"a.py", name}


def test_text_for_terminals() -> None:
    assert plain("a\tb\nc") == "a\tb\nc"
    assert plain("\x1b[0m\r\x7f\x85") == r"\x1b[0m\x0d\x7f\x85"
    assert plain("\u2028\u202e\udcff\U000e0041") == r"\u2028\u202e\xff\U000e0041"
    assert plain("Größe 🙂 שלום") == "Größe 🙂 שלום"
    assert one_line("a\n  b\tc ") == "a b c"
    assert in_json('"a\\\\x9b \x9b \U000e0041"') == '"a\\\\x9b \\u009b \\udb40\\udc41"'


def test_choices() -> None:
    choices = ("red", "2", "blue")
    assert chosen("1", choices) == "red"
    assert chosen("2", choices) == "2"
    assert chosen("3", choices) == "blue"
    assert chosen("4", choices) == "4"
    assert chosen("something else", choices) == "something else"


def test_a_person_chooses_and_new_work_ends_at_its_quote(machine: Machine, parcel: Path) -> None:
    words = "could somebody look after the parcels"
    with terminal(machine, "ask", "--offline", "--path", str(parcel), words, columns=100, env={}) as person:
        person.until("Number, 1 to 3, or nothing:")
        person.type("1")
        person.until("Plan and price it? [y/N]")
        person.type("y")
        person.until("Start? [y/N]")
        person.type("n")
        assert person.end() == 0
    assert "1  Do all Todos, after the Quote" in person.text
    assert "This stands for: contextune run --all" in person.text
    assert "Nothing was started." in person.text
    assert machine.do("runs", parcel, "--json").lines == []


def test_worktrees_are_told_before_they_go(machine: Machine, parcel: Path) -> None:
    with terminal(
        machine, "ask", "--path", str(parcel), "clean up the finished worktrees", columns=100, env={}
    ) as person:
        person.until("Do it? [y/N]")
        person.type("")
        assert person.end() == 0
    assert "can be removed; --yes does it" in person.text
    assert "Nothing was started." in person.text


def test_a_skills_command_is_started_by_its_number(machine: Machine, parcel: Path) -> None:
    with terminal(
        machine, "ask", "--offline", "--path", str(parcel), "what should I parallelise?", columns=100, env={}
    ) as person:
        person.until("1, or nothing:")
        person.type("1")
        person.until("Plan and price it? [y/N]")
        person.type("n")
        assert person.end() == 0

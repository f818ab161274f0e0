"""The executor's tools at work in one worktree."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

import msgspec

from contextune.agents import tool_inputs as t
from contextune.agents.seen_files import SeenFiles
from contextune.core.errors import Asked, Finished, ToolProblem
from contextune.core.model.conversation import Tool, ToolUse
from contextune.core.plain_text import hidden_lines, one_line, plain, readable, source_lines
from contextune.core.ports import Shell, Workspace
from contextune.core.runs.effects import FileEffect

OUTPUT_LIMIT = 24_000
"""Characters of one tool result; about 6,000 tokens."""
GREP_LIMIT = 200
GLOB_LIMIT = 500
MOST_CHOICES = 8
READ_ONLY = frozenset({"read", "grep", "glob"})
"""Tools that change nothing, so that several calls may run at the same time."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call that was checked and is ready to run. `run` may still raise ToolProblem."""

    run: Callable[[], Awaitable[str]]
    changes: bool = False
    """Whether it may change something."""
    effects: tuple[FileEffect, ...] = ()
    """What a file tool will leave."""


class Toolbox:
    """Checks and runs tool calls. Raises ToolProblem for what the model should mend."""

    def __init__(
        self,
        workspace: Workspace,
        shell: Shell,
        *,
        names: tuple[str, ...],
        environment: Mapping[str, str],
        command_timeout: int,
    ) -> None:
        self.files = SeenFiles(workspace)
        """The worktree as the agent knows it; what it is told of a file beforehand is read through this."""
        self._shell = shell
        self._environment = environment
        self._command_timeout = command_timeout
        self._kinds = {name: t.INPUTS[name] for name in sorted(names)}

    @property
    def tools(self) -> tuple[Tool, ...]:
        """The tools as the model sees them, in a fixed order."""
        return tuple(t.as_tool(kind) for kind in self._kinds.values())

    async def prepare(self, use: ToolUse) -> Call:
        """Check a call. Raises Finished and Asked to end or suspend the attempt."""
        match self._checked(use):
            case t.Finish(summary=summary, remaining=remaining):
                raise Finished(use.id, plain(summary), plain(remaining))
            case t.Ask(question=question, choices=choices):
                raise Asked(use.id, _asked(question), _choices(choices))
            case t.Bash() as bash:
                return Call(lambda: self._bash(bash), changes=True)
            case t.Read() as read:
                return Call(lambda: asyncio.to_thread(self._read, read))
            case t.Write() as write:
                return await asyncio.to_thread(self._planned_write, write)
            case t.Edit() as edit:
                return await asyncio.to_thread(self._planned_edit, edit.edits)
            case t.Grep() as grep:
                return Call(lambda: asyncio.to_thread(self._grep, grep))
            case t.Glob() as glob:
                return Call(lambda: asyncio.to_thread(self._glob, glob))
            case _:
                raise ToolProblem(f"There is no tool {use.name!r}.")

    async def again(self, use: ToolUse, effects: Sequence[FileEffect]) -> Call | None:
        """A call of which a process that died journalled no outcome, as far as it is left to be done.

        None if that cannot be told: of a command, and of files that are neither as they were before it nor
        as it would have left them.
        """
        return await asyncio.to_thread(self._again, self._checked(use), effects)

    def _checked(self, use: ToolUse) -> t.ToolInput:
        kind = self._kinds.get(use.name)
        if kind is None:
            raise ToolProblem(f"There is no tool {use.name!r}. Tools: {', '.join(self._kinds)}.")
        try:
            return msgspec.convert(use.input, kind)
        except msgspec.ValidationError as problem:
            raise ToolProblem(f"{use.name}: {problem}.") from None

    async def _bash(self, given: t.Bash) -> str:
        limit = min(given.timeout_s or self._command_timeout, self._command_timeout)
        result = await self._shell.run(
            given.command,
            cwd=self.files.root,
            timeout=limit,
            environment=self._environment,
            output_limit=OUTPUT_LIMIT,
        )
        end = f"stopped after {limit} s" if result.timed_out else f"exit code {result.exit_code}"
        return f"{readable(result.output).rstrip()}\n[{end}]".lstrip()

    def _read(self, given: t.Read) -> str:
        return bounded("\n\n".join(self._numbered(wanted) for wanted in given.files))

    def _numbered(self, wanted: t.FileRange) -> str:
        lines = source_lines(self._text(wanted.path))
        first = wanted.first or 1
        last = min(wanted.last or len(lines), len(lines))
        if first > len(lines) and lines:
            raise ToolProblem(f"{wanted.path} has {len(lines)} lines; line {first} is past its end.")
        numbered = "\n".join(f"{n}\t{lines[n - 1]}" for n in range(first, last + 1))
        hidden = [first - 1 + n for n in hidden_lines(lines[first - 1 : last])]
        note = f", signs that are not seen in {', '.join(map(str, hidden[:20]))}" if hidden else ""
        return f"{wanted.path} ({len(lines)} lines{note})\n{numbered}"

    def _planned_write(self, given: t.Write) -> Call:
        for file in given.files:
            self.files.refuse_stale(file.path)
        contents = {file.path: file.content.encode() for file in given.files}
        return self._replacing(contents, "wrote", [file.path for file in given.files])

    def _planned_edit(self, edits: Sequence[t.Replacement]) -> Call:
        """All edits or none: every one is checked in memory before the first file is written."""
        contents = self._edited(edits)
        return self._replacing(contents, "edited", list(contents))

    def _edited(self, edits: Sequence[t.Replacement]) -> dict[str, bytes]:
        texts: dict[str, str] = {}
        for edit in edits:
            text = texts.get(edit.path)
            if text is None:
                text = self._text(edit.path)
            texts[edit.path] = _replaced(text, edit)
        return {path: text.encode() for path, text in texts.items()}

    def _replacing(self, contents: Mapping[str, bytes], verb: str, paths: Sequence[str]) -> Call:
        effects = tuple(
            FileEffect(path=path, before=self._digest(path), after=sha256(content).hexdigest())
            for path, content in contents.items()
        )

        def run() -> str:
            for path, content in contents.items():
                self.files.write(path, content)
            return "\n".join(f"{verb} {path}" for path in paths)

        return Call(lambda: asyncio.to_thread(run), changes=True, effects=effects)

    def _again(self, given: t.ToolInput, effects: Sequence[FileEffect]) -> Call | None:
        now = {effect.path: self._digest(effect.path) for effect in effects}
        if not effects or any(now[one.path] not in (one.before, one.after) for one in effects):
            return None
        left = {one.path for one in effects if now[one.path] != one.after}
        wanted = [one.path for one in effects]
        match given:
            case t.Write(files=files):
                contents = {file.path: file.content.encode() for file in files if file.path in left}
                return self._replacing(contents, "wrote", wanted)
            case t.Edit(edits=edits):
                try:
                    contents = self._edited([edit for edit in edits if edit.path in left])
                except ToolProblem:
                    return None
                return self._replacing(contents, "edited", wanted)
            case _:
                return None

    def _digest(self, path: str) -> str | None:
        content = self.files.peek(path)
        return None if content is None else sha256(content).hexdigest()

    def _text(self, path: str) -> str:
        try:
            return self.files.read(path).decode()
        except UnicodeDecodeError:
            raise ToolProblem(f"{path} is not UTF-8 text.") from None

    def _grep(self, given: t.Grep) -> str:
        found = self.files.grep(
            given.pattern, path=given.path, glob=given.glob, context=given.context, limit=GREP_LIMIT
        )
        return bounded(found) or "no match"

    def _glob(self, given: t.Glob) -> str:
        found = [path for pattern in given.patterns for path in self.files.glob(pattern, limit=GLOB_LIMIT)]
        return bounded("\n".join(dict.fromkeys(found))) or "no file"


def _asked(question: str) -> str:
    words = plain(question).strip()
    if not words:
        raise ToolProblem("ask: `question` is empty. Say what you need to know, or go on without.")
    return words


def _choices(choices: Sequence[str]) -> tuple[str, ...]:
    """The choices as a person sees them, each once; too many of them are the model's to mend."""
    shown = tuple(dict.fromkeys(words for choice in choices if (words := one_line(choice).strip())))
    if len(shown) > MOST_CHOICES:
        raise ToolProblem(
            f"ask: {len(shown)} choices are too many for a person; give at most {MOST_CHOICES}."
        )
    return shown


def _replaced(text: str, edit: t.Replacement) -> str:
    if not edit.old:
        raise ToolProblem(f"{edit.path}: `old` is empty; use write for a new file.")
    if edit.old == edit.new:
        raise ToolProblem(f"{edit.path}: `old` and `new` are the same.")
    old, new = _as_in(text, edit.old), _as_in(text, edit.new)
    count = text.count(old)
    if count == 0:
        raise ToolProblem(f"{edit.path}: `old` does not occur; nothing was changed. Read the file again.")
    if count > 1 and not edit.every:
        raise ToolProblem(
            f"{edit.path}: `old` occurs {count} times; nothing was changed. Give more of the text around it."
        )
    return text.replace(old, new)


def _as_in(text: str, words: str) -> str:
    """Words of an edit with the line ends of a file, where all of those are CR LF: `read` shows no CR."""
    if "\r" in words or "\r\n" not in text or text.count("\n") != text.count("\r\n"):
        return words
    return words.replace("\n", "\r\n")


def bounded(text: str, limit: int = OUTPUT_LIMIT) -> str:
    """The head and the tail of a text, with a line that says how much is left out."""
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]}\n[{len(text) - limit} characters left out]\n{text[-half:]}"

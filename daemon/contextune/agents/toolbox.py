"""The executor's tools at work in one worktree."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import msgspec

from contextune.agents import tool_inputs as t
from contextune.agents.seen_files import SeenFiles
from contextune.core.conversation import Tool, ToolUse
from contextune.core.errors import Asked, Finished, ToolProblem
from contextune.core.ports import Shell, Workspace

OUTPUT_LIMIT = 24_000
"""Characters of one tool result; about 6,000 tokens."""
GREP_LIMIT = 200
GLOB_LIMIT = 500
READ_ONLY = frozenset({"read", "grep", "glob"})
"""Tools that change nothing, so that several calls may run at the same time."""


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

    async def call(self, use: ToolUse) -> str:
        """Run one call and return its result. Raises Finished and Asked to end or suspend the attempt."""
        kind = self._kinds.get(use.name)
        if kind is None:
            raise ToolProblem(f"There is no tool {use.name!r}. Tools: {', '.join(self._kinds)}.")
        try:
            given = msgspec.convert(use.input, kind)
        except msgspec.ValidationError as problem:
            raise ToolProblem(f"{use.name}: {problem}.") from None
        match given:
            case t.Finish(summary=summary, remaining=remaining):
                raise Finished(use.id, summary, remaining)
            case t.Ask(question=question, choices=choices):
                raise Asked(use.id, question, choices)
            case t.Bash():
                return await self._bash(given)
            case t.Read():
                return await asyncio.to_thread(self._read, given)
            case t.Write():
                return await asyncio.to_thread(self._write, given)
            case t.Edit():
                return await asyncio.to_thread(self._edit, given)
            case t.Grep():
                return await asyncio.to_thread(self._grep, given)
            case t.Glob():
                return await asyncio.to_thread(self._glob, given)
            case _:
                raise ToolProblem(f"There is no tool {use.name!r}.")

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
        return f"{result.output.rstrip()}\n[{end}]".lstrip()

    def _read(self, given: t.Read) -> str:
        return bounded("\n\n".join(self._numbered(wanted) for wanted in given.files))

    def _numbered(self, wanted: t.FileRange) -> str:
        lines = self._text(wanted.path).splitlines()
        first = wanted.first or 1
        last = min(wanted.last or len(lines), len(lines))
        if first > len(lines) and lines:
            raise ToolProblem(f"{wanted.path} has {len(lines)} lines; line {first} is past its end.")
        numbered = "\n".join(f"{n}\t{lines[n - 1]}" for n in range(first, last + 1))
        return f"{wanted.path} ({len(lines)} lines)\n{numbered}"

    def _write(self, given: t.Write) -> str:
        for file in given.files:
            self.files.refuse_stale(file.path)
        for file in given.files:
            self.files.write(file.path, file.content.encode())
        return "\n".join(f"wrote {file.path}" for file in given.files)

    def _edit(self, given: t.Edit) -> str:
        """All edits or none: every one is checked in memory before the first file is written."""
        texts: dict[str, str] = {}
        for edit in given.edits:
            text = texts.get(edit.path)
            if text is None:
                text = self._text(edit.path)
            texts[edit.path] = _replaced(text, edit)
        for path, text in texts.items():
            self.files.write(path, text.encode())
        return "\n".join(f"edited {path}" for path in texts)

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


def _replaced(text: str, edit: t.Replacement) -> str:
    if not edit.old:
        raise ToolProblem(f"{edit.path}: `old` is empty; use write for a new file.")
    if edit.old == edit.new:
        raise ToolProblem(f"{edit.path}: `old` and `new` are the same.")
    count = text.count(edit.old)
    if count == 0:
        raise ToolProblem(f"{edit.path}: `old` does not occur; nothing was changed. Read the file again.")
    if count > 1 and not edit.every:
        raise ToolProblem(
            f"{edit.path}: `old` occurs {count} times; nothing was changed. Give more of the text around it."
        )
    return text.replace(edit.old, edit.new)


def bounded(text: str, limit: int = OUTPUT_LIMIT) -> str:
    """The head and the tail of a text, with a line that says how much is left out."""
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]}\n[{len(text) - limit} characters left out]\n{text[-half:]}"

"""`contextune ask`: what plain words stand for, done at once where it only reads, else after consent."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from contextune.cli.arguments import parser
from contextune.cli.asking import choice_of, consent, someone_is_there
from contextune.cli.output import Output
from contextune.cli.skills import show_advice
from contextune.core.advice.advice import Advice
from contextune.core.errors import UsageProblem
from contextune.core.language.intent import Intent
from contextune.core.language.understanding import Option, Understanding
from contextune.engine.application import Application
from contextune.protocol.ask import command_text
from contextune.protocol.wording import dollars_text

Perform = Callable[[Namespace], Awaitable[int]]
"""Does another command; returns its exit status."""

UNCLEAR = 2
TOLD_FIRST = frozenset({"clean", "mend"})
"""Actions on worktrees that only tell what they would do, until --yes."""


class Asker:
    """One question of a person, to its answer or its command."""

    def __init__(self, app: Application, given: Namespace, out: Output, perform: Perform) -> None:
        self._app = app
        self._given = given
        self._out = out
        self._perform = perform

    async def ask(self) -> int:
        """Understand the words and answer them. Returns the exit status."""
        given = self._given
        if not given.path.exists():
            raise UsageProblem(f"--path: {given.path} does not exist. Give a folder of a git repository.")
        overrides: dict[str, object] = {"offline": True} if given.offline else {}
        if given.rules_only:
            overrides["ask_budget"] = "0"
        read = await self._app.asking.understand(given.path, " ".join(given.text), overrides=overrides)
        if read.asked:
            paid = "an unknown price" if read.paid is None else dollars_text(read.paid)
            self._out.note(f"Rules could not tell; intent-recognition was asked, for {paid}.")
        if read.intent is not None:
            return await self._follow(read.intent, read)
        return await self._choose(read)

    async def _choose(self, read: Understanding) -> int:
        out = self._out
        if out.as_json:
            out.line(_as_line(read))
            return UNCLEAR
        out.say(read.text)
        for number, one in enumerate(read.options, 1):
            out.say(f"{number}  {one.title}")
            out.say(command_text(one.intent.arguments), "dim", indent=3)
        if not read.options or not someone_is_there():
            return UNCLEAR
        chosen = await choice_of(out, len(read.options))
        if chosen is None:
            out.note("Nothing was started.")
            return UNCLEAR
        again = await self._app.asking.chosen(
            self._given.path, read.words, read.options[chosen].intent.arguments
        )
        # A command that was chosen may still leave open which Run it is about.
        return await (self._choose(again) if again.intent is None else self._follow(again.intent, again))

    async def _follow(self, intent: Intent, read: Understanding) -> int:
        verb, *rest = intent.arguments
        if verb == "skills" and rest:
            return await self._advise(rest[0])
        if intent.only_reads:
            flags = ("--json",) if self._out.as_json else ()
            return await self._do((*intent.arguments, *flags))
        out = self._out
        if out.as_json:
            out.line(_as_line(read))
            return 0
        out.say(f"This stands for: {command_text(intent.arguments)}")
        if not someone_is_there():
            out.say("Nothing was started.")
            return 0
        return await self._with_consent(intent)

    async def _advise(self, skill: str) -> int:
        advice = await self._app.skills.advise(self._given.path, skill)
        show_advice(advice, self._out)
        if self._out.as_json or not advice.steps or not someone_is_there():
            return 0
        return await self._offer(advice)

    async def _offer(self, advice: Advice) -> int:
        """Commands that follow from advice, to start one of them."""
        chosen = await choice_of(self._out, len(advice.steps))
        if chosen is None:
            return 0
        intent = Intent(arguments=advice.steps[chosen].arguments)
        return await (self._do(intent.arguments) if intent.only_reads else self._with_consent(intent))

    async def _with_consent(self, intent: Intent) -> int:
        """Do it if the person agrees. What is new work asks again, at its Quote."""
        arguments = intent.arguments
        if arguments[0] == "worktrees" and set(arguments[1:]) & TOLD_FIRST:
            await self._do(arguments)
            arguments = (*arguments, "--yes")
        question = "Plan and price it?" if arguments[0] in ("run", "quote") else "Do it?"
        if not await consent(self._out, question):
            self._out.note("Nothing was started.")
            return 0
        offline = ("--offline",) if self._given.offline and arguments[0] in ("run", "quote") else ()
        return await self._do((*arguments, *offline))

    async def _do(self, arguments: Sequence[str]) -> int:
        named = parser().parse_args(list(arguments))
        if getattr(named, "path", None) == Path():
            named.path = self._given.path
        return await self._perform(named)


async def ask(app: Application, given: Namespace, out: Output, perform: Perform) -> int:
    """The command. Raises ContextuneError."""
    return await Asker(app, given, out, perform).ask()


def _as_line(read: Understanding) -> dict[str, object]:
    intent = read.intent
    return {
        "kind": "understood",
        "by": read.by,
        "command": None if intent is None else ["contextune", *intent.arguments],
        "effect": None if intent is None else intent.effect,
        "text": read.text,
        "choices": [_choice(one) for one in read.options],
        "asked": read.asked,
        "dollars": None if read.paid is None else str(read.paid),
    }


def _choice(one: Option) -> dict[str, object]:
    return {"title": one.title, "command": ["contextune", *one.intent.arguments], "effect": one.intent.effect}

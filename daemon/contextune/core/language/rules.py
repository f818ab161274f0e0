"""Rules that read a command out of plain words. What they are not sure of they leave alone."""

from __future__ import annotations

import re

from contextune.core.language.intent import Days, Intent
from contextune.core.language.kinds import period_arguments
from contextune.core.language.run_reference import with_references
from contextune.core.language.subjects import skill_for

_POLITE = re.compile(
    r"^(?:(?:hey|hi|hello|ok|okay|please|pls|plz|contextune|now|so|and|just|could you|"
    r"can you|would you|will you|"
    r"can u|can we|could we|let'?s|lets|i want to|i'd like to|i would like to|"
    r"i want you to|go ahead and)\b[\s,:]*)+"
)
_POLITE_END = re.compile(r"[\s,]*\b(?:(?:please|pls|plz|thanks|thank you|thx|for me|asap|now)[\s,.!]*)+$")
_NEGATED = re.compile(r"\b(?:don'?t|do not|dont|never|not|stop telling|without)\b")
_RUN = r"(?:run\s*#?\s*(?P<run>r_[0-9a-z]+|\d+|@[a-z]+)|(?P<bare>r_[0-9a-z]+))"
_RUN_NAMED = re.compile(rf"\b{_RUN}\b")
_STEER = re.compile(
    rf"^(?P<verb>accept|merge|undo|revert|roll back|rollback|discard|drop|throw away|pause|"
    rf"hold|cancel|abort|stop|kill|"
    rf"resume|continue|go on with|rebase)\s+(?:the\s+)?{_RUN}$"
)
_VERBS = {
    "merge": "accept", "revert": "undo", "roll back": "undo", "rollback": "undo", "drop": "discard",
    "throw away": "discard", "hold": "pause", "abort": "cancel", "stop": "cancel", "kill": "cancel",
    "continue": "resume", "go on with": "resume",
}  # fmt: skip
_TASK_VERB = re.compile(
    r"^(?P<verb>retry|redo|pause|hold|resume|continue|cancel)\s+(?:the\s+)?task\s+(?P<task>[\w./-]+)$"
)
_TELL = re.compile(
    r"^tell\s+(?:the\s+)?(?:task|agent)\s+(?P<task>[\w./-]+)\s*(?:to|that|:|,)\s*(?P<text>.+)$"
)
_ANSWER = re.compile(
    r"^(?:answer|reply to)\s+(?:the\s+)?(?:(?:task|agent)\s+(?P<task>[\w./-]+)\s*(?:with|that|:|,)|"
    r"(?P<bare>[\w./-]+)\s*:)\s*(?P<text>.+)$"
)
_STATE = re.compile(
    r"\b(?:what'?s|what is|whats|why is|why did|how is|hows|how'?s|where is|status|state|"
    r"show|details|progress|came of|how did|"
    r"happen(?:ed|ing)|block(?:ed|ing|s)?|stuck|fail(?:ed)?|doing|look at|open)\b"
)
_COST = re.compile(
    r"\b(?:cost|costs|spend|spent|spending|expensive|bill|money|price[yd]?|dollars?|budget used|pay|paid)\b"
)
_ASKS = re.compile(
    r"^(?:how much|what|why|where|show|list|give|see|was|were|did|is|which|tell me|cost|"
    r"costs|spending|the bill|my bill|bill)\b"
)
_WORKTREES = re.compile(r"\bwork[ -]?trees?\b")
_CLEAN = re.compile(r"^(?:clean(?: ?up)?|tidy(?: up)?|remove|delete|prune|get rid of|clear(?: out)?|sweep)\b")
_LOOK = re.compile(
    r"^(?:show|list|see|view|print|display|what|which|where|how many|give me|any|are there|"
    r"do i have|do we have)\b"
)
_BROKEN = re.compile(r"\b(?:diagnose|wrong|broken|check|stuck|locked|problems?|corrupt(?:ed)?)\b")
_PARALLEL = re.compile(
    r"^(?:work on|do|build|implement|fix|add|write|make|create|refactor|develop|tackle|"
    r"start|run|parallelize|parallelise)\s+"
    r".+\b(?:in parallel|at the same time|concurrently|simultaneously|side by side|at once)$"
)
_PARALLELIZE = re.compile(r"^(?:parallelize|parallelise|work on)\s+(?!all\b|every)\S.{2,}$")
_ALL_TODOS = re.compile(
    r"^(?:do|fix|work on|solve|finish|handle|parallelize|parallelise|run|delegate|tackle|resolve)\s+"
    r"(?:all|every|each)\b(?:\s+(?:of|the|my|our|these|open))*\s+(?:todos?|to-dos?|"
    r"fixmes?)(?:\s+in parallel)?$"
)
_QUOTE_ALL = re.compile(r"\b(?:all|every)\b.*\btodos?\b")
_WOULD = re.compile(r"\b(?:would|will)\b.*\b(?:cost|take)\b|^(?:quote|estimate|price)\b")
_PERIODS = {"yesterday": "yesterday", "today": "today", "this week": "week", "this month": "month"}
_TODOS = re.compile(r"\b(?:todos?|to-dos?|fixmes?)\b")
_RUNS = re.compile(
    r"^(?:(?:show|list|see|view|give)(?: me)?|what|which|any|are there|"
    r"how many)\b.*\bruns\b|^(?:my |all )?runs$"
)
_DOCTOR = re.compile(
    r"^(?:doctor|run (?:the )?doctor|(?:check|diagnose) (?:my |the )?(?:setup|set-up|"
    r"environment|installation|install)|"
    r"is (?:everything|my setup|the setup) (?:set up|ok|okay|fine|working)(?: correctly)?)$"
)
_AGENTS = re.compile(
    r"^(?:(?:show|list|see|view)(?: me)?|which|what)\b(?:\s+\w+)?\s+agents\b(?:\s+(?:are|"
    r"do|exist).*)?$|^agents$"
)


def intent_of(words: str, days: Days) -> Intent | None:
    """The command that `words` stand for, or None where rules cannot tell."""
    asked = _plain(words)
    if not asked or is_negated(words):
        return None
    named = with_references(asked)
    found = _steering(named) or _of_tasks(asked) or skill_for(asked) or _worktrees(asked)
    found = found or _costs(named, days) or _work(asked) or _run_state(named) or _lists(asked)
    if found is None:
        return None
    return Intent(arguments=tuple(_as_written(part, words) for part in found))


def is_negated(words: str) -> bool:
    """Whether words forbid or rule something out, so that no command may be read out of them as wished."""
    return _NEGATED.search(_plain(words)) is not None


def _as_written(part: str, words: str) -> str:
    # Free text keeps its capitals: names of files and symbols are in it. Words of commands have none.
    if " " not in part:
        return part
    written = " ".join(words.replace("’", "'").split())
    start = written.lower().find(part)
    return written[start : start + len(part)] if start >= 0 else part


def _plain(words: str) -> str:
    text = " ".join(words.replace("’", "'").lower().split()).rstrip("?!. ")
    return _POLITE_END.sub("", _POLITE.sub("", text)).rstrip("?!. ")


def _steering(asked: str) -> tuple[str, ...] | None:
    if match := _STEER.match(asked):
        verb = match["verb"]
        return _VERBS.get(verb, verb), match["run"] or match["bare"]
    return None


def _of_tasks(asked: str) -> tuple[str, ...] | None:
    if match := _TASK_VERB.match(asked):
        verb = "retry" if match["verb"] == "redo" else match["verb"]
        return _VERBS.get(verb, verb), match["task"]
    if match := _TELL.match(asked):
        return "tell", match["task"], match["text"]
    if match := _ANSWER.match(asked):
        return "answer", match["task"] or match["bare"], match["text"]
    return None


def _worktrees(asked: str) -> tuple[str, ...] | None:
    if not _WORKTREES.search(asked):
        return None
    if _CLEAN.match(asked):
        return "worktrees", "clean"
    if _BROKEN.search(asked):
        return "worktrees", "diagnose"
    if _LOOK.match(asked) or re.fullmatch(r"(?:my |the )?work[ -]?trees", asked):
        return "worktrees", "list"
    return None


def _costs(asked: str, days: Days) -> tuple[str, ...] | None:
    if not _COST.search(asked) or not _ASKS.match(asked) or _WOULD.search(asked):
        return None
    if match := _RUN_NAMED.search(asked):
        return "show", match["run"] or match["bare"]
    return ("cost", *_period(asked, days))


def _period(asked: str, days: Days) -> tuple[str, ...]:
    for word, period in _PERIODS.items():
        if word in asked:
            return period_arguments(period, days)
    return ()


def _work(asked: str) -> tuple[str, ...] | None:
    if _WOULD.search(asked) and _QUOTE_ALL.search(asked):
        return "quote", "--all"
    if _ALL_TODOS.match(asked):
        return "run", "--all"
    if _PARALLEL.match(asked) or _PARALLELIZE.match(asked):
        return "run", "--goal", asked
    return None


def _run_state(asked: str) -> tuple[str, ...] | None:
    if match := _RUN_NAMED.search(asked):
        named = match["run"] or match["bare"]
        return ("show", named) if _STATE.search(asked) or match[0] == asked else None
    return None


def _lists(asked: str) -> tuple[str, ...] | None:
    if _RUNS.match(asked):
        return ("runs",)
    if _DOCTOR.match(asked):
        return ("doctor",)
    if _AGENTS.match(asked):
        return ("agents",)
    if _TODOS.search(asked) and (_LOOK.match(asked) or re.fullmatch(r"(?:my |all )?(?:the )?todos?", asked)):
        return ("todos",)
    return None

"""Rules that tell which skill a question is for, where it asks for guidance and not for a command."""

from __future__ import annotations

import re

_RULES: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "parallel-development-expert",
        re.compile(
            r"^(?:what|which)\b.*\b(?:parallelis|paralleliz)(?:e|ed|ing)\b"
            r"|^(?:what|which)\b.*\b(?:can|could|should|is safe|are safe)\b.*\b(?:in parallel|side by side|"
            r"at the same time|at once|concurrently)$"
            r"|^(?:which|what|do|are)\b.*\b(?:todos?|tasks?)\b.*\b(?:overlap|collide|clash|conflict|"
            r"independent|in each other'?s way)s?\b"
            r"|^(?:is it worth|should i|should we)\b.*\bin parallel\b"
        ),
    ),
    (
        "git-worktree-master",
        re.compile(
            r"^(?:how (?:do|can|could|should) (?:i|we)|help(?: me)?|mend|repair|fix)\b.*\bwork[ -]?trees?\b"
            r"|^why\b.*\bwork[ -]?trees?\b.*\b(?:still|there|stale|gone)\b"
            r"|^what (?:do|can|should) (?:i|we) do (?:about|with)\b.*\bwork[ -]?trees?\b"
            r"|\bwork[ -]?trees?\b.*\bwhat now$"
        ),
    ),
    (
        "performance-optimizer",
        re.compile(
            r"^(?:what|which)\b.*\b(?:tune|optimi[sz]e)$"
            r"|^where (?:does|do|did)\b.*\btime\b"
            r"|^(?:how (?:can|could|do|should) (?:i|we)|any tips|tips)\b.*"
            r"\b(?:cheaper|faster|save money|save time|spend less|reduce (?:the )?costs?|"
            r"speed (?:things|it|this|runs?) up|tune)\b"
            r"|^why (?:is|are) (?:it|this|everything|(?:the|my|our) runs?|runs) (?:so|all so) slow$"
            r"|^what(?:'s| is| are)?\b(?: (?:the|my))? bottlenecks?$"
            r"|^what (?:could|can) be (?:faster|cheaper)$"
            r"|^what (?:takes so long|slows (?:it|things|(?:my |the )?runs?) down)$"
        ),
    ),
    (
        "intent-recognition",
        re.compile(
            r"^help(?: me)?$"
            r"|^(?:what|which)(?: \w+)? (?:can|could) (?:i|we) (?:ask|say)\b"
            r"|^what (?:can you do|do you (?:understand|know)|commands do you (?:know|understand)|"
            r"commands are there)$"
        ),
    ),
)


def skill_for(asked: str) -> tuple[str, ...] | None:
    """The command that has a skill answer, for plain words in lower case; None if none is for them."""
    return next((("skills", name) for name, pattern in _RULES if pattern.search(asked)), None)

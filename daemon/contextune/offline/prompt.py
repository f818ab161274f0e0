"""A request as one line of blocks, tools, then system, then messages, each hashed once.

The cache, the diagnostics and the check of thinking blocks work on these digests, never on the text, so
that a long conversation costs one pass over its bytes.
"""

from __future__ import annotations

import enum
from hashlib import blake2b
from typing import Literal, NamedTuple

import msgspec

from contextune.offline import signature, tokens
from contextune.offline.wire import CacheControl, CountRequest, RedactedThinking, Text, Thinking, ToolResult

DIGEST_SIZE = 16
EMPTY = bytes(DIGEST_SIZE)


class Section(enum.IntEnum):
    """The parts of a prompt in the order in which they are rendered."""

    TOOLS = 0
    SYSTEM = 1
    MESSAGES = 2


class PromptBlock(NamedTuple):
    """One block: where it stands, what it hashes to, what it costs, whether it is a breakpoint."""

    section: Section
    path: str
    digest: bytes
    tokens: int
    ttl: Literal["5m", "1h"] | None
    cacheable: bool


class Bound(NamedTuple):
    """A thinking block that the client sent back, with the digest of the messages before its turn."""

    path: str
    block: Thinking
    before: bytes


class Prompt(msgspec.Struct, frozen=True):
    """What a request asks a model to read."""

    blocks: tuple[PromptBlock, ...]
    upto: tuple[int, ...]
    """Tokens of the prompt up to and including each block."""
    tools: bytes
    system: bytes
    history: tuple[bytes, ...]
    """The chain of digests over the blocks of `messages`: one for each length that they have had."""
    spoken: bytes
    """The digest of `messages` without thinking blocks, which a signature binds a thinking block to."""
    thinking: tuple[Bound, ...]
    has_media: bool

    @property
    def tokens(self) -> int:
        """Input tokens of the whole prompt."""
        return self.upto[-1] if self.upto else 0


def chain(previous: bytes, digest: bytes) -> bytes:
    """The digest of a line of blocks from the digest of all but the last, and that of the last."""
    return blake2b(previous + digest, digest_size=DIGEST_SIZE).digest()


def build_prompt(request: CountRequest) -> Prompt:
    """Render, hash and count every block of `request`, once."""
    builder = _Builder()
    for index, tool in enumerate(request.tools or []):
        control = msgspec.convert(tool.get("cache_control"), CacheControl | None)
        builder.add(Section.TOOLS, f"tools.{index}", "", tokens.render_tool(tool), control=control)
    for index, text in enumerate(request.system_blocks()):
        builder.add(
            Section.SYSTEM,
            f"system.{index}",
            "",
            tokens.render(text),
            control=text.cache_control,
            cacheable=bool(text.text),
        )
    builder.add_messages(request)
    return builder.finish()


class _Builder:
    def __init__(self) -> None:
        self.blocks: list[PromptBlock] = []
        self.upto: list[int] = []
        self.sections = dict.fromkeys(Section, EMPTY)
        self.history = [EMPTY]
        self.spoken = EMPTY
        self.thinking: list[Bound] = []
        self.has_media = False

    def add(
        self,
        section: Section,
        path: str,
        role: str,
        rendered: tokens.Rendered,
        *,
        control: CacheControl | None,
        cacheable: bool = True,
        count: int | None = None,
    ) -> bytes:
        """Append one block and return its digest."""
        hashed = blake2b(digest_size=DIGEST_SIZE)
        hashed.update(f"{role} {len(rendered.identity)} ".encode())
        hashed.update(rendered.identity)
        hashed.update(rendered.content)
        digest = hashed.digest()
        size = rendered.tokens if count is None else count
        self.blocks.append(
            PromptBlock(section, path, digest, size, control.ttl if control else None, cacheable)
        )
        self.upto.append(size + (self.upto[-1] if self.upto else 0))
        self.sections[section] = chain(self.sections[section], digest)
        self.has_media = self.has_media or rendered.flat_tokens > 0
        return digest

    def add_messages(self, request: CountRequest) -> None:
        before, role = EMPTY, ""
        for index, message in enumerate(request.messages):
            if message.role != role:
                before, role = self.spoken, message.role
            for number, block in enumerate(message.blocks()):
                path = f"messages.{index}.content.{number}"
                thinks = isinstance(block, Thinking | RedactedThinking)
                digest = self.add(
                    Section.MESSAGES,
                    path,
                    message.role,
                    tokens.render(block),
                    control=_breakpoint(block),
                    cacheable=not thinks and not (isinstance(block, Text) and not block.text),
                    count=signature.tokens_of(block) if isinstance(block, Thinking) else None,
                )
                self.history.append(chain(self.history[-1], digest))
                if isinstance(block, Thinking):
                    self.thinking.append(Bound(path, block, before))
                elif not thinks:
                    self.spoken = chain(self.spoken, digest)

    def finish(self) -> Prompt:
        return Prompt(
            tuple(self.blocks),
            tuple(self.upto),
            self.sections[Section.TOOLS],
            self.sections[Section.SYSTEM],
            tuple(self.history),
            self.spoken,
            tuple(self.thinking),
            self.has_media,
        )


def _breakpoint(block: object) -> CacheControl | None:
    """The breakpoint of a block; one inside a tool result counts for the result."""
    control: CacheControl | None = getattr(block, "cache_control", None)
    if control is None and isinstance(block, ToolResult) and isinstance(block.content, list):
        return next((part.cache_control for part in reversed(block.content) if part.cache_control), None)
    return control

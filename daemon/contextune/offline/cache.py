"""The prompt cache, by Anthropic's rules (platform.claude.com, "Prompt caching").

- An entry is the digest of a whole prefix that ends at a breakpoint. It belongs to one model and one
  credential.
- Changed tools void everything after them; a changed output format voids system and messages; a changed
  tool choice, thinking mode or presence of images voids the messages.
- A read walks back from each breakpoint over at most 20 blocks, the breakpoint's own included.
- A prefix shorter than the model's minimum is not cached, silently.
- An entry lives 5 minutes or an hour from its last use, and can be read only once the response that wrote it
  has started.
- Up to four breakpoints. The top-level one goes to the last block that can carry it. A longer lifetime must
  not follow a shorter one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Literal, NamedTuple

import msgspec

from contextune.offline.errors import invalid
from contextune.offline.models import ModelSpec
from contextune.offline.prompt import DIGEST_SIZE, Prompt, Section, chain
from contextune.offline.wire import CountRequest

MAX_BREAKPOINTS = 4
LOOK_BACK = 20
LIFETIME = {"5m": 300.0, "1h": 3600.0}
"""Seconds that an entry lives after its last use."""
_SWEEP_EVERY = 1_024

Ttl = Literal["5m", "1h"]


class Breakpoint(NamedTuple):
    """A place where the prompt may be cached: the index of a block, and how long."""

    block: int
    ttl: Ttl


class CachePlan(msgspec.Struct, frozen=True, kw_only=True):
    """What one request reads from the cache and writes to it. Tokens."""

    total: int
    read: int
    written_5m: int
    written_1h: int
    breakpoints: tuple[Breakpoint, ...]
    hit_block: int | None
    """Index of the last block that came from the cache."""
    touched: tuple[bytes, ...]
    """Entries whose life begins anew when the response starts."""
    writes: tuple[tuple[bytes, Ttl], ...]
    """Entries that exist once the response starts."""

    @property
    def written(self) -> int:
        """Tokens written to the cache, of both lifetimes."""
        return self.written_5m + self.written_1h

    @property
    def uncached(self) -> int:
        """Tokens neither read nor written: what the API calls `input_tokens`."""
        return self.total - self.read - self.written


class _Entry(msgspec.Struct):
    ttl: Ttl
    expires: float


def find_breakpoints(request: CountRequest, prompt: Prompt) -> tuple[Breakpoint, ...]:
    """The breakpoints of a request in order. Raises `ApiError` 400 for those that the API refuses."""
    marked = {index: block.ttl for index, block in enumerate(prompt.blocks) if block.ttl is not None}
    for index in marked:
        if not prompt.blocks[index].cacheable:
            raise invalid(f"{prompt.blocks[index].path}: cache_control cannot be set for empty text blocks")
    if request.cache_control is not None:
        last = next((i for i in reversed(range(len(prompt.blocks))) if prompt.blocks[i].cacheable), None)
        if last is not None:
            explicit = marked.setdefault(last, request.cache_control.ttl)
            if explicit != request.cache_control.ttl:
                raise invalid(
                    f"cache_control: ttl {request.cache_control.ttl!r} conflicts with ttl {explicit!r} "
                    f"on {prompt.blocks[last].path}"
                )
    if len(marked) > MAX_BREAKPOINTS:
        raise invalid(
            f"A maximum of {MAX_BREAKPOINTS} blocks with cache_control may be provided. Found {len(marked)}."
        )
    points = tuple(Breakpoint(index, marked[index]) for index in sorted(marked))
    shorter = False
    for point in points:
        if shorter and point.ttl == "1h":
            raise invalid(
                f"{prompt.blocks[point.block].path}.cache_control.ttl: a ttl='1h' cache_control block "
                "must not come after a ttl='5m' cache_control block"
            )
        shorter = shorter or point.ttl == "5m"
    return points


class PromptCache:
    """Every live entry. `clock` gives seconds; only differences count."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._entries: dict[bytes, _Entry] = {}
        self._starts = 0

    def plan(
        self,
        request: CountRequest,
        prompt: Prompt,
        points: Sequence[Breakpoint],
        spec: ModelSpec,
        owner: bytes,
    ) -> CachePlan:
        """What `request` would read and write now. Nothing changes before `start`."""
        keys = _keys(request, prompt, spec, owner) if points else ()
        hit = self._longest_hit(keys, points)
        read = 0 if hit is None else prompt.upto[hit]
        writes = [
            point
            for point in points
            if (hit is None or point.block > hit) and prompt.upto[point.block] >= spec.cache_minimum
        ]
        hour_end = max((prompt.upto[p.block] for p in writes if p.ttl == "1h"), default=read)
        end = max((prompt.upto[p.block] for p in writes), default=read)
        touched = {
            keys[p.block] for p in points if hit is not None and p.block <= hit and self._live(keys[p.block])
        }
        if hit is not None:
            touched.add(keys[hit])
        return CachePlan(
            total=prompt.tokens,
            read=read,
            written_5m=end - hour_end,
            written_1h=hour_end - read,
            breakpoints=tuple(points),
            hit_block=hit,
            touched=tuple(touched),
            writes=tuple((keys[p.block], p.ttl) for p in writes),
        )

    def start(self, plan: CachePlan) -> None:
        """The response has started: what it wrote can be read, what it read lives on."""
        now = self._clock()
        for key in plan.touched:
            if entry := self._entries.get(key):
                entry.expires = now + LIFETIME[entry.ttl]
        for key, ttl in plan.writes:
            self._entries[key] = _Entry(ttl, now + LIFETIME[ttl])
        self._starts += 1
        if self._starts % _SWEEP_EVERY == 0:
            self._entries = {key: entry for key, entry in self._entries.items() if entry.expires > now}

    def _longest_hit(self, keys: Sequence[bytes], points: Sequence[Breakpoint]) -> int | None:
        for point in reversed(points):
            for block in range(point.block, max(-1, point.block - LOOK_BACK), -1):
                if self._live(keys[block]):
                    return block
        return None

    def _live(self, key: bytes) -> bool:
        entry = self._entries.get(key)
        return entry is not None and entry.expires > self._clock()


def _keys(request: CountRequest, prompt: Prompt, spec: ModelSpec, owner: bytes) -> tuple[bytes, ...]:
    """The cache key of the prefix that ends at each block."""
    mixes = {
        Section.TOOLS: _mix(spec.id, request.speed or "standard", owner.hex()),
        Section.SYSTEM: _mix(format_key(request)),
        Section.MESSAGES: _mix(messages_key(request, prompt)),
    }
    key, mixed = b"", -1
    keys = []
    for block in prompt.blocks:
        while mixed < block.section:
            mixed += 1
            key = chain(key, mixes[Section(mixed)])
        key = chain(key, block.digest)
        keys.append(key)
    return tuple(keys)


def format_key(request: CountRequest) -> str:
    """What, beside its text, the system prompt's prefix depends on: the API renders the format into it."""
    return "" if request.output_format is None else msgspec.json.encode(request.output_format).decode()


def messages_key(request: CountRequest, prompt: Prompt) -> str:
    """What, beside their text, the messages' prefix depends on: tool choice, thinking mode, images or not."""
    thinking = request.thinking
    mode = "default" if thinking is None else type(thinking).__name__
    budget = getattr(thinking, "budget_tokens", 0)
    choice = msgspec.json.encode(request.tool_choice).decode()
    return f"{choice} {mode} {budget} {prompt.has_media}"


def _mix(*parts: str) -> bytes:
    return blake2b("\0".join(parts).encode(), digest_size=DIGEST_SIZE).digest()

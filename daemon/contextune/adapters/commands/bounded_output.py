"""What is kept of a stream that may never end."""

from __future__ import annotations

from collections import deque


class BoundedOutput:
    """The head and the tail of a stream, in bounded memory however much comes."""

    def __init__(self, limit: int) -> None:
        self._head = bytearray()
        self._tail: deque[bytes] = deque()
        self._tail_size = 0
        self._half = max(limit // 2, 1)
        self._total = 0

    @property
    def left_out(self) -> int:
        """Bytes that are not kept."""
        return max(self._total - len(self._head) - self._half, 0)

    def add(self, chunk: bytes) -> None:
        """Take the next bytes of the stream."""
        self._total += len(chunk)
        space = self._half - len(self._head)
        if space > 0:
            self._head += chunk[:space]
            chunk = chunk[space:]
        if not chunk:
            return
        self._tail.append(chunk)
        self._tail_size += len(chunk)
        while self._tail_size - len(self._tail[0]) >= self._half:
            self._tail_size -= len(self._tail.popleft())

    def text(self) -> str:
        """What is kept, with a line between that says how much is not."""
        if not self.left_out:
            return (bytes(self._head) + b"".join(self._tail)).decode("utf-8", "replace")
        tail = b"".join(self._tail)[-self._half :]
        # A character cut in two at the seam is dropped, not shown as a sign that was never there.
        head = bytes(self._head).decode("utf-8", "ignore" if _cut_at_end(self._head) else "replace")
        while tail and tail[0] & 0xC0 == 0x80:
            tail = tail[1:]
        return f"{head}\n… {self.left_out:,} bytes left out …\n{tail.decode('utf-8', 'replace')}"


def _cut_at_end(data: bytearray) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as problem:
        return problem.end == len(data) and problem.reason == "unexpected end of data"
    return False

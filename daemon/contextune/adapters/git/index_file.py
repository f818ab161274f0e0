"""git's index as a file, as far as a copied checkout needs it (gitformat-index(5), versions 2 and 3)."""

from __future__ import annotations

import hashlib
import os
import struct
from collections.abc import Iterator, Sequence
from typing import NamedTuple

_HEADER = struct.Struct(">4sII")
_STAT = struct.Struct(">10I")
_LOW = 0xFFFF_FFFF
_SECOND = 1_000_000_000
_ASSUMED, _EXTENDED, _STAGE, _LENGTH = 0x8000, 0x4000, 0x3000, 0x0FFF


class UnfitError(ValueError):
    """This index says more than is read here: git itself has to be asked."""


class IndexEntry(NamedTuple):
    """A file as an index has it. `facts` are those by which git tells that the file is as it was."""

    path: bytes
    mode: int
    blob: bytes
    facts: tuple[int, ...]
    """Seconds and nanoseconds of ctime and mtime, device, inode, mode, user, group, size: 32 bits of each."""
    is_plain: bool
    """Whether it is at no stage of a merge, and not to be taken for clean or absent by the user's wish."""

    @property
    def mtime(self) -> int:
        """Seconds."""
        return self.facts[2]


def facts_of(found: os.stat_result, mode: int) -> tuple[int, ...]:
    """What an index keeps of a file, `mode` being git's own."""
    changed, written = found.st_ctime_ns, found.st_mtime_ns
    return (
        changed // _SECOND & _LOW,
        changed % _SECOND,
        written // _SECOND & _LOW,
        written % _SECOND,
        found.st_dev & _LOW,
        found.st_ino & _LOW,
        mode,
        found.st_uid & _LOW,
        found.st_gid & _LOW,
        found.st_size & _LOW,
    )


def read_index(content: bytes, id_length: int) -> Iterator[IndexEntry]:
    """The entries of an index, in order; ids have so many bytes. Raises UnfitError."""
    if len(content) < _HEADER.size + id_length:
        raise UnfitError("too short")
    signature, version, count = _HEADER.unpack_from(content)
    if signature != b"DIRC" or version not in (2, 3):
        raise UnfitError(f"version {version}")
    position, fixed = _HEADER.size, _STAT.size + id_length
    found = []
    try:
        for _ in range(count):
            facts = _STAT.unpack_from(content, position)
            flags = int.from_bytes(content[position + fixed : position + fixed + 2], "big")
            name = position + fixed + (4 if flags & _EXTENDED else 2)
            length = flags & _LENGTH
            end = name + length if length < _LENGTH else content.index(b"\0", name)
            found.append(
                IndexEntry(
                    content[name:end],
                    facts[6],
                    content[position + _STAT.size : position + fixed],
                    facts,
                    not flags & (_ASSUMED | _EXTENDED | _STAGE),
                )
            )
            position += (end - position + 8) & ~7
    except (struct.error, ValueError) as problem:
        raise UnfitError("cut off") from problem
    while position + 8 <= len(content) - id_length:
        # An extension whose name begins with a small letter changes what the entries mean.
        if not content[position : position + 1].isupper():
            raise UnfitError("extended")
        position += 8 + int.from_bytes(content[position + 4 : position + 8], "big")
    return iter(found)


def write_index(entries: Sequence[IndexEntry], id_length: int) -> bytes:
    """An index of these entries, which are in git's order: by path, byte for byte."""
    parts = [_HEADER.pack(b"DIRC", 2, len(entries))]
    for entry in entries:
        length = min(len(entry.path), _LENGTH)
        size = _STAT.size + id_length + 2 + len(entry.path)
        parts += (
            _STAT.pack(*entry.facts),
            entry.blob,
            length.to_bytes(2, "big"),
            entry.path,
            bytes(8 - size % 8),
        )
    content = b"".join(parts)
    digest = hashlib.sha1(usedforsecurity=False) if id_length == 20 else hashlib.sha256()
    digest.update(content)
    return content + digest.digest()

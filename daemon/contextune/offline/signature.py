"""The signatures of thinking blocks.

A signature binds a block to its text and to the messages before its turn, as the API binds them: a client
that changes either and sends the block back gets HTTP 400. It also carries the size of the thinking, because
a client that asked to omit the text sends back a block without it, which is still billed as input.
"""

from __future__ import annotations

import base64
import binascii
import struct
from hashlib import blake2b
from typing import NamedTuple

from contextune.offline.wire import Thinking

_FORM = struct.Struct(">8sI16s16s")
_MARK = b"offline1"


class Signed(NamedTuple):
    """What a signature says."""

    tokens: int
    text: bytes
    before: bytes


def sign(shown: str, tokens: int, before: bytes) -> str:
    """The signature of a block that shows `shown`, costs `tokens`, and follows the messages `before`."""
    return base64.b64encode(_FORM.pack(_MARK, tokens, _digest(shown), before)).decode()


def read(signature: str) -> Signed | None:
    """What `signature` says, or None if it is not one of this server's."""
    try:
        mark, tokens, text, before = _FORM.unpack(base64.b64decode(signature, validate=True))
    except (binascii.Error, ValueError, struct.error):
        return None
    return Signed(tokens, text, before) if mark == _MARK else None


def tokens_of(block: Thinking) -> int | None:
    """Tokens of a thinking block by its signature; None if the signature is foreign."""
    signed = read(block.signature)
    return None if signed is None else signed.tokens


def resign(signature: str, shown: str, tokens: int) -> str:
    """The signature of the same block with its text cut to `shown`."""
    signed = read(signature)
    return sign(shown, tokens, signed.before) if signed else signature


def holds_text(signed: Signed, block: Thinking) -> bool:
    """Whether the block still has the text that was signed."""
    return signed.text == _digest(block.thinking)


def _digest(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=16).digest()

"""What the words of a Todo name, and which of them tell what it is about."""

from __future__ import annotations

import pytest

from contextune.core.source.mentions import Files, is_of_interface, named_in, subjects

FILES = Files(["parcel/sizes.py", "parcel/text.py", "web/text.py", "src/cart.ts", "Makefile"])


@pytest.mark.parametrize(
    ("text", "symbols", "files"),
    [
        ("make `parse` strict", ("parse",), ()),
        ("make `Table.to_html()` strict", ("Table.to_html",), ()),
        ("use parse() here", ("parse",), ()),
        ("use sizes.parse here", ("sizes.parse",), ()),
        ("let write_log and toCents and ParcelSize agree", ("write_log", "toCents", "ParcelSize"), ()),
        ("see std::vec::Vec()", (), ()),
        ("move to parcel/sizes.py.", (), ("parcel/sizes.py",)),
        ("as in sizes.py, and src/cart.ts", (), ("parcel/sizes.py", "src/cart.ts")),
        ("as in text.py", (), ()),  # two files have that name
        ("e.g. return None, i.e. nothing", (), ()),
        ("plain words name nothing, not even parse", (), ()),
        ("round() and round()", ("round",), ()),
    ],
)
def test_what_looks_like_code_is_named(text: str, symbols: tuple[str, ...], files: tuple[str, ...]) -> None:
    named = named_in(text, FILES)
    assert named.files == files
    assert [name for name in named.symbols if "::" not in text] == list(symbols)


def test_telling_words_are_compared_by_their_stems() -> None:
    assert subjects("Insure the receipts") & subjects("insured_receipt rows") == {"insure", "receip"}
    assert subjects("make it work with the other value") == frozenset()
    assert subjects("the postalCode") == {"postal", "code"} - {"code"}


@pytest.mark.parametrize(
    ("text", "is_it"),
    [
        ("add a count kwarg", True),
        ("rename it to cents()", True),
        ("returns a list in place of a tuple", True),
        ("round half up", False),
        ("raise on negative sizes", False),
    ],
)
def test_words_of_an_interface_are_told(text: str, is_it: bool) -> None:
    assert is_of_interface([text]) is is_it

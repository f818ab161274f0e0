"""What a person would check of each Todo of the small sample: none of it is in the repository."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

TIMEOUT = 60


class Grade(NamedTuple):
    """The check of one Todo: a program that ends with 0 if it is done."""

    todo: str
    program: str


GRADES = (
    Grade(
        "round half up",
        """
from parcel.money import to_cents
assert (to_cents(2.675), to_cents(1.005), to_cents(7.9)) == (2.68, 1.01, 7.9)
""",
    ),
    Grade(
        "insurance on request",
        """
import inspect
from parcel import Parcel, make_quote
box = Parcel(30, 20, 10, weight=2.5)
value = [name for name in inspect.signature(make_quote).parameters][2]
def total(declared): return make_quote(box, "DE", **{value: declared}).total
plain = make_quote(box, "DE").total
assert plain == 7.9
assert round(total(1000.0) - plain, 2) == 10.0
assert round(total(100.0) - plain, 2) == 1.5
assert round(total(2500.0) - plain, 2) == 25.0
try:
    total(2500.01)
except ValueError:
    pass
else:
    raise AssertionError("a value above 2,500.00 is taken")
""",
    ),
    Grade(
        "volumetric weight",
        """
from parcel import Parcel
assert Parcel(50, 50, 50, weight=5).billable_weight == 25
assert Parcel(30, 20, 10, weight=7).billable_weight == 7
""",
    ),
    Grade(
        "sizes as people write them",
        """
from parcel.sizes import parse_size
assert parse_size("30 x 20 X 10 cm") == (30.0, 20.0, 10.0)
assert parse_size("30x20.5x10") == (30.0, 20.5, 10.0)
try:
    parse_size("30x20")
except ValueError:
    pass
else:
    raise AssertionError("two sides are taken")
""",
    ),
    Grade(
        "a row for the insurance",
        """
import inspect
from parcel import Parcel, make_quote
from parcel.text import receipt
box = Parcel(30, 20, 10, weight=2.5)
value = [name for name in inspect.signature(make_quote).parameters][2]
plain = receipt(make_quote(box, "DE")).splitlines()
insured = receipt(make_quote(box, "DE", **{value: 1000.0})).splitlines()
assert len(plain) == 4 and len(insured) == 5, (plain, insured)
(row,) = [line for line in insured if "nsur" in line]
assert row.endswith("10.00 EUR"), row
assert insured[-1].endswith("17.90 EUR"), insured
""",
    ),
    Grade(
        "codes in any case",
        """
from parcel.zones import UnknownCountry, zone_of
assert (zone_of("de"), zone_of("DE "), zone_of("FR")) == (1, 1, 2)
try:
    zone_of("zz")
except UnknownCountry:
    pass
else:
    raise AssertionError("zz is served")
""",
    ),
)


def passes(grade: Grade, root: Path) -> bool:
    """Whether the code in `root` does what a Todo asks for."""
    done = subprocess.run(
        [sys.executable, "-c", grade.program],
        cwd=root,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(root)},
        capture_output=True,
        timeout=TIMEOUT,
        check=False,
    )
    return done.returncode == 0

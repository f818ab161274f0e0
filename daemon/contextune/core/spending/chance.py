"""How far counts and averages can be trusted: bounds of a share, and the interval of a ratio."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from contextune.core.base import Value

Z = Decimal("1.644854")
"""Of the normal distribution, one-sided 95 %: a bound is wrong once in twenty times."""

LEAST_UNITS = 5
"""Fewer give no interval: the spread of so few says next to nothing."""

_T = (
    *(Decimal("12.706"), Decimal("4.303"), Decimal("3.182"), Decimal("2.776"), Decimal("2.571")),
    *(Decimal("2.447"), Decimal("2.365"), Decimal("2.306"), Decimal("2.262"), Decimal("2.228")),
)
"""Student's t, two-sided 95 %, for 1 to 10 degrees of freedom."""
_NORMAL = Decimal("1.959964")


class Share(Value, frozen=True, kw_only=True):
    """How often something was so, with Wilson's bounds of how often it is so in the long run."""

    hits: int
    of: int
    low: Decimal
    """From 0 to 1; the true share is below it once in twenty times. `high` likewise above."""
    high: Decimal

    @property
    def value(self) -> Decimal:
        """The share that was seen, from 0 to 1; 0 if nothing was."""
        return Decimal(self.hits) / self.of if self.of else Decimal(0)


def share(hits: int, of: int) -> Share:
    """A share with Wilson's score bounds (Wilson 1927), which hold for small counts and near 0 and 1 too."""
    if not of:
        return Share(hits=0, of=0, low=Decimal(0), high=Decimal(1))
    seen, z2 = Decimal(hits) / of, Z * Z
    middle = seen + z2 / (2 * of)
    reach = Z * (seen * (1 - seen) / of + z2 / (4 * of * of)).sqrt()
    scale = 1 + z2 / of
    low, high = (middle - reach) / scale, (middle + reach) / scale
    return Share(hits=hits, of=of, low=max(Decimal(0), low), high=min(Decimal(1), high))


class Ratio(Value, frozen=True, kw_only=True):
    """One sum for each unit of another, such as dollars for each accepted Todo."""

    value: Decimal
    low: Decimal | None
    """Bounds of the 95 % interval; None where there are too few units to tell."""
    high: Decimal | None
    units: int
    """What was drawn, independently of each other, such as Runs."""


def ratio(pairs: Sequence[tuple[Decimal, Decimal]]) -> Ratio | None:
    """The ratio of two sums over the same units; None if the second sum is zero.

    The interval is the ratio estimator's (Cochran 1977, 6.3): the spread of `first - ratio * second` over the
    units, with Student's t for their number. A unit may have a second value of zero: work that came to
    nothing counts with what it cost.
    """
    count = len(pairs)
    first, second = sum(x for x, _ in pairs), sum(y for _, y in pairs)
    if not second:
        return None
    value = Decimal(first) / second
    if count < LEAST_UNITS:
        return Ratio(value=value, low=None, high=None, units=count)
    spread = sum(((x - value * y) ** 2 for x, y in pairs), Decimal(0)) / (count - 1)
    reach = student(count - 1) * (spread / count).sqrt() / (Decimal(second) / count)
    return Ratio(value=value, low=max(Decimal(0), value - reach), high=value + reach, units=count)


def student(freedom: int) -> Decimal:
    """Student's t, two-sided 95 %: from a table to 10 degrees of freedom, then within 0.001 of it."""
    if freedom <= len(_T):
        return _T[freedom - 1]
    n = Decimal(freedom)
    return _NORMAL + Decimal("2.3722") / n + Decimal("2.8225") / n**2 + Decimal("2.556") / n**3

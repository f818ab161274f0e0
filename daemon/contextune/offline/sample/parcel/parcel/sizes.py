"""What is sent: sides in centimetres, weight in kilograms."""

from dataclasses import astuple, dataclass

LONGEST_SIDE = 120.0
LONGEST_GIRTH = 300.0


@dataclass(frozen=True)
class Parcel:
    """A closed box, by its outer sides. Raises ValueError if a number is not above zero."""

    length: float
    width: float
    height: float
    weight: float

    def __post_init__(self) -> None:
        if min(astuple(self)) <= 0:
            raise ValueError(f"expected sides and a weight above zero, not {self}")

    @property
    def volume(self) -> float:
        """Cubic centimetres."""
        return self.length * self.width * self.height

    @property
    def billable_weight(self) -> float:
        """The kilograms that the price is based on."""
        # TODO: bill the volumetric weight, 5,000 cubic centimetres to the kilogram, if it is higher
        return self.weight

    @property
    def girth(self) -> float:
        """The longest side and once around the other two, in centimetres."""
        shortest, middle, longest = sorted((self.length, self.width, self.height))
        return longest + 2 * (shortest + middle)


def fits(parcel: Parcel) -> bool:
    """Whether the sorting belts take the parcel."""
    longest = max(parcel.length, parcel.width, parcel.height)
    return longest <= LONGEST_SIDE and parcel.girth <= LONGEST_GIRTH


def parse_size(text: str) -> tuple[float, float, float]:
    """The sides in a text such as `30x20x10`. Raises ValueError if these are not three numbers."""
    # TODO(mira): people also write "30 x 20 X 10 cm"
    sides = [float(side) for side in text.split("x")]
    if len(sides) != 3:
        raise ValueError(f"expected three sides such as 30x20x10, not {text!r}")
    length, width, height = sides
    return length, width, height

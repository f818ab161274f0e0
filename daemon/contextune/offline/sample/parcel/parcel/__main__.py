"""`python -m parcel SIZE WEIGHT COUNTRY`: print a quote."""

import argparse
import sys

from parcel.quote import make_quote
from parcel.sizes import Parcel, parse_size
from parcel.text import label_notes, receipt
from parcel.zones import UnknownCountry


def main(argv: list[str] | None = None) -> int:
    """Print the quote that the arguments ask for; 2 if they make no sense."""
    parser = argparse.ArgumentParser(prog="parcel", description="The price of sending a parcel.")
    parser.add_argument("size", help="the outer sides in centimetres, such as 30x20x10")
    parser.add_argument("weight", type=float, help="kilograms")
    parser.add_argument("country", help="two letters, such as DE")
    args = parser.parse_args(argv)
    try:
        parcel = Parcel(*parse_size(args.size), weight=args.weight)
        print(receipt(make_quote(parcel, args.country)))
    except UnknownCountry as error:
        print(f"parcel: no delivery to {error}", file=sys.stderr)
        return 2
    except ValueError as error:
        print(f"parcel: {error}", file=sys.stderr)
        return 2
    for note in label_notes(parcel):
        print(note)
    return 0


if __name__ == "__main__":
    sys.exit(main())

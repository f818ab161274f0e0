"""Quotes and labels as plain text."""

from parcel.money import show
from parcel.quote import Quote
from parcel.sizes import Parcel, fits

NOTES = {
    "bulky": "TODO: carry by hand, the belts do not take it",
    "heavy": "TODO: lift with two people",
}
"""What the label asks of the depot."""


def receipt(quote: Quote) -> str:
    """The parts of a quote and their sum, a line each."""
    rows = [
        ("Zone", str(quote.zone)),
        ("Weight", f"{quote.weight:.2f} kg"),
        ("Postage", show(quote.postage)),
    ]
    # TODO: a row for the insurance, if there is one
    rows.append(("Total", show(quote.total)))
    return "\n".join(f"{name:<8}{value:>13}" for name, value in rows)


def label_notes(parcel: Parcel) -> list[str]:
    """What the depot has to do with this parcel, in the order of the label."""
    notes = [] if fits(parcel) else [NOTES["bulky"]]
    return notes + [NOTES["heavy"]] if parcel.weight > 15 else notes

"""Amounts of money, in euros."""


def to_cents(amount: float) -> float:
    """`amount` rounded to whole cents."""
    # TODO: round half up, as our invoices do; round() makes 2.67 of 2.675
    return round(amount, 2)


def show(amount: float) -> str:
    """`amount` for people to read, such as `1,204.50 EUR`."""
    return f"{amount:,.2f} EUR"

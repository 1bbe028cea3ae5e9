"""Money in whole micro-dollars (millionths of a US dollar), never a float."""

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

MICROS_PER_DOLLAR = 1_000_000
MAX_DOLLARS = Decimal(1_000_000)
_TEN_CENTS = 100_000


def micros(dollars: Decimal) -> int:
    """Return *dollars* in micro-dollars, halves rounded up."""
    return int((dollars * MICROS_PER_DOLLAR).to_integral_value(ROUND_HALF_UP))


def parse_dollars(text: str) -> int:
    """Return the micro-dollars that a person wrote, as in ``5``, ``$2.50`` or ``0,75``.

    Raises:
        ValueError: not an amount, negative, or above a million dollars.
    """
    try:
        amount = Decimal(text.strip().removeprefix("$").removesuffix("$").strip().replace(",", "."))
    except InvalidOperation:
        raise ValueError(text) from None
    if not amount.is_finite() or not 0 <= amount <= MAX_DOLLARS:
        raise ValueError(text)
    return micros(amount)


def dollars(amount: int) -> str:
    """Return micro-dollars as people read them: cents, or more digits below ten cents."""
    digits = 2 if abs(amount) >= _TEN_CENTS or amount == 0 else 4
    value = Decimal(amount) / MICROS_PER_DOLLAR
    sign = "-" if amount < 0 else ""
    return f"{sign}${abs(value):,.{digits}f}"

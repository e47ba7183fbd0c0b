"""Numbers as they are read in French."""

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_NONE = "–"


def count(number: int | None) -> str:
    """« 12 345 »."""
    return _NONE if number is None else f"{number:,}".replace(",", "\u202f")


def counted(number: int, noun: str, plural: str = "") -> str:
    """« 1 conversation », « 12 345 conversations »."""
    return f"{count(number)}\u00a0{(plural or noun + 's') if number > 1 else noun}"


def percent(share: float | None) -> str:
    """« 87,5 % »; what is not quite all or quite nothing is not rounded to it."""
    if share is None:
        return _NONE
    shown = round(share * 100, 1)
    if shown in (0, 100) and share not in (0, 1):
        shown = 0.1 if share < 1 / 2 else 99.9
    return f"{_decimal(shown)}\u202f%"


def score(value: float | None) -> str:
    """A score in [0, 1]: « 0,875 »."""
    return _NONE if value is None else f"{value:.3f}".replace(".", ",")


def seconds(milliseconds: int | None) -> str:
    """« 0,8 s »."""
    return _NONE if milliseconds is None else f"{_decimal(round(milliseconds / 1000, 1), always=True)}\u00a0s"


def duration(milliseconds: int | None) -> str:
    """« 45 s », « 12 min », « 2 h 05 », « 3 j 4 h »: how long someone waited."""
    if milliseconds is None:
        return _NONE
    whole = round(milliseconds / 1000)
    if whole < _MINUTE:
        return f"{whole}\u00a0s"
    if whole < _HOUR:
        return f"{whole // _MINUTE}\u00a0min"
    if whole < _DAY:
        return f"{whole // _HOUR}\u00a0h\u00a0{whole % _HOUR // _MINUTE:02}"
    return f"{whole // _DAY}\u00a0j\u00a0{whole % _DAY // _HOUR}\u00a0h"


def _decimal(value: float, *, always: bool = False) -> str:
    written = f"{value:.1f}"
    return (written if always else written.removesuffix(".0")).replace(".", ",")

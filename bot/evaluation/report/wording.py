"""French numbers and Markdown tables."""

from collections.abc import Iterable, Sequence

UNKNOWN = "–"


def number(value: float | None, *, decimals: int = 3) -> str:
    """*value* with a decimal comma; an integer as it is; a dash for ``None``."""
    if value is None:
        return UNKNOWN
    return str(value) if isinstance(value, int) else f"{value:.{decimals}f}".replace(".", ",")


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table: the first column to the left, the others, which hold numbers, to the right."""
    lines = [header, ["---", *("---:" for _ in header[1:])], *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def quoted(text: str) -> str:
    """*text* on one line, between French quotes, with nothing that Markdown would read."""
    plain = " ".join(text.split())
    for sign in "\\`*_[]<>":
        plain = plain.replace(sign, f"\\{sign}")
    return f"« {plain} »"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")

"""Reads what a finder or a detector found as pairs (type, words)."""

from collections.abc import Iterable

from bot.privacy.spans import Span


def words_found(text: str, spans: Iterable[Span]) -> list[tuple[str, str]]:
    return [(span.type.value, text[span.start : span.end]) for span in sorted(spans)]

"""What was said, as HTML: light Markdown, and what was masked set apart from it."""

import re

from markupsafe import Markup

from bot.channels.telegram.markup import pieces
from bot.privacy.spans import PiiType

_MASK = re.compile(
    r"\[(" + "|".join(sorted((re.escape(kind.value) for kind in PiiType), key=len, reverse=True)) + r")\]"
)


def said(text: str) -> Markup:
    """*text* with its bold and its links, everything else escaped, and ``[NOM]`` marked as masked."""
    html = "\n".join(piece.html for piece in pieces(text))
    return Markup(_MASK.sub(r'<mark class="sv-mask">[\1]</mark>', html))  # noqa: S704  ``pieces`` escapes

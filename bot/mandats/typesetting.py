"""Sets documents: Typst templates filled with data, made into tagged PDFs (PDF/UA-1). No network, nothing on disk."""

import io
import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import segno
import typst

TEMPLATES = Path(__file__).parent / "templates"


def pdf(template: str, data: Mapping[str, Any], *, at: datetime) -> bytes:
    """The document of *template* (a file of ``templates/``, without its suffix).

    *data* goes through as JSON and is only ever shown as text: what someone typed is never read as Typst.

    The fonts are those that Typst embeds (every European alphabet, Arabic, Georgian…), so that a document looks the
    same everywhere. A name in another script is set in the fonts of the machine; where it has none either, boxes are
    printed, which PDF/UA forbids: that copy is tagged all the same, and completed by hand.

    Args:
        at: the date of creation in the metadata.

    Raises:
        typst.TypstError: the template or an image in *data* is broken.
    """
    written = json.dumps(data)
    try:
        return _compiled(template, written, at)
    except typst.TypstError as error:
        if not _lacks_glyphs(error):
            raise
    try:
        return _compiled(template, written, at, system_fonts=True)
    except typst.TypstError as error:
        if not _lacks_glyphs(error):
            raise
    return _compiled(template, written, at, system_fonts=True, accessible=False)


def _compiled(template: str, data: str, at: datetime, *, system_fonts: bool = False, accessible: bool = True) -> bytes:
    made = typst.compile(
        TEMPLATES / f"{template}.typ",
        root=TEMPLATES,
        sys_inputs={"data": data},
        pdf_standards="ua-1" if accessible else "1.7",
        ignore_system_fonts=not system_fonts,
        timestamp=int(at.timestamp()),
    )
    return bytes(made)


def _lacks_glyphs(error: typst.TypstError) -> bool:
    return "could not be displayed" in str(error)


def qr_svg(url: str) -> str:
    """The QR code of *url*, as SVG: 15 % of it may be damaged."""
    drawn = io.BytesIO()
    segno.make(url, micro=False, error="m").save(drawn, kind="svg", border=2, xmldecl=False, svgclass=None)
    return drawn.getvalue().decode()

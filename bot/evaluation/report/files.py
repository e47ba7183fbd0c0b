"""`--report DIR`: what was measured, for people (Markdown and pictures) and for machines (JSON).

The files begin with the kind of the set, so that the three kinds can share a folder.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.errors import EquipierError


@dataclass(frozen=True, slots=True)
class Report:
    """One report, not written yet.

    Attributes:
        kind: ``guidance``, ``intents`` or ``faq``.
        text: Markdown, in French; it shows each picture under the name that :func:`picture_name` gives.
        content: what JSON can hold.
        pictures: topic (``reliability``, ``confusion``) → what draws it into a file.
    """

    kind: str
    text: str
    content: Mapping[str, Any]
    pictures: Mapping[str, Callable[[Path], None]] = field(default_factory=dict)


def picture_name(kind: str, topic: str) -> str:
    return f"{kind}-{topic}.png"


def write_report(report: Report, folder: Path) -> list[Path]:
    """Writes the files of *report* into *folder*, made if need be; those of the same kind are replaced.

    Raises:
        EquipierError: the folder cannot be written to, or a picture needs matplotlib and it is not installed.
    """
    text, content = folder / f"{report.kind}.md", folder / f"{report.kind}.json"
    pictures = {folder / picture_name(report.kind, topic): draw for topic, draw in report.pictures.items()}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, draw in pictures.items():
            draw(path)
        content.write_text(json.dumps(report.content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        text.write_text(report.text, encoding="utf-8")
    except OSError as error:
        raise EquipierError(f"rapport impossible à écrire dans {folder} : {error.strerror}") from error
    return [text, content, *pictures]

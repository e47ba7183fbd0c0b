"""What people of the trade write, sentence by sentence: what the language model of the voice is learnt from.

The bank of questions, the examples of the understanding and the guides of Équipier: all of it comes with the program,
none of it is what anyone said.
"""

import json
import re
from collections.abc import Iterator

from bot.settings import ROOT

_BANK = ROOT / "bot" / "fiches" / "bank"
_GUIDES = ROOT / "bot" / "fiches" / "guides"
_EXAMPLES = ROOT / "nlu" / "training"
_MISSPELT = frozenset({"sms", "fautes"})
_ANNOTATED = re.compile(r"\[(?P<shown>[^\]]*)\]\([^)]*\)")
_EXAMPLE = re.compile(r" +- (?!intent:|lookup:|synonym:|regex:)(?P<text>\S.*)")
_HEADER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
_PLACEHOLDER = re.compile(r"\[[A-Z_]+\]")
_A_NAME = "Xxx"  # in the place of personal data: capitals, and not a word


def trade_texts() -> Iterator[str]:
    """Every text; those that are misspelt on purpose are left out."""
    for path in sorted(_BANK.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            question = json.loads(line)
            if question["style"] not in _MISSPELT:
                yield str(question["text"])
    for path in sorted(_EXAMPLES.glob("*.yml")):
        for match in map(_EXAMPLE.fullmatch, path.read_text(encoding="utf-8").splitlines()):
            if match:
                yield _PLACEHOLDER.sub(_A_NAME, _ANNOTATED.sub(lambda found: found["shown"], match["text"]))
    for path in sorted(_GUIDES.glob("*.md")):
        body = _HEADER.sub("", path.read_text(encoding="utf-8"))
        yield _ANNOTATED.sub(lambda found: found["shown"], re.sub(r"(?m)^[#\-*\d.\s]+|\*\*", "", body))

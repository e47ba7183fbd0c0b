"""The hash chain of a journal: pure functions over entries.

Each entry is sealed by SHA-256 over its canonical JSON, which holds the seal of the entry before. Changing a field,
swapping, inserting or removing entries breaks a seal; only cutting the newest ones off leaves a whole chain, which a
signed checkpoint kept elsewhere detects (``bot.journal.checkpoints``).
"""

import hashlib
import json
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a journal.

    Attributes:
        seq: place in the organisation's journal, from 1.
        organisation: id; each organisation has its own chain. Acts on no organisation are in the chain ``"*"``.
        at: when it was done (aware).
        aidant: id of who did it; ``None`` for the system itself.
        usager: opaque id; never a name.
        details: what else is worth recording; JSON values without personal data.
        previous: seal of the entry before, ``GENESIS`` for the first.
        seal: SHA-256 of all of the above, in hexadecimal.
    """

    seq: int
    organisation: str
    action: str
    at: datetime
    aidant: str | None
    mandat: str | None
    usager: str | None
    demarche: str | None
    details: Mapping[str, Any] = field(default_factory=dict)
    previous: str = GENESIS
    seal: str = ""


class Fault(StrEnum):
    """What is wrong with an entry."""

    GAP = "gap"  # its number does not follow the one before
    FOREIGN = "foreign"  # it belongs to another organisation
    BROKEN = "broken"  # it does not hold the seal of the entry before
    ALTERED = "altered"  # its content does not match its seal


@dataclass(frozen=True, slots=True)
class Break:
    """The first broken entry of a chain."""

    seq: int
    fault: Fault


def canonical(value: Any) -> bytes:
    """The one way to write *value*: JSON, sorted keys, no spaces, UTF-8, text in NFC, instants in UTC.

    Raises:
        TypeError: *value* holds something that has no single form, such as a float or an object.
    """
    written = json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    try:
        return written.encode()
    except UnicodeEncodeError as error:
        raise TypeError("half a surrogate pair has no form in UTF-8") from error


def seal_of(entry: Entry) -> str:
    """The seal that *entry* must bear."""
    return hashlib.sha256(
        canonical(
            {
                "action": entry.action,
                "aidant": entry.aidant,
                "at": entry.at,
                "demarche": entry.demarche,
                "details": entry.details,
                "mandat": entry.mandat,
                "organisation": entry.organisation,
                "previous": entry.previous,
                "seq": entry.seq,
                "usager": entry.usager,
            }
        )
    ).hexdigest()


def holds(entry: Entry) -> bool:
    """Whether *entry* bears its own seal; what has no canonical form was never sealed."""
    try:
        return entry.seal == seal_of(entry)
    except TypeError:
        return False


def first_break(entries: Iterable[Entry], *, organisation: str, after: int = 0, seal: str = GENESIS) -> Break | None:
    """The first entry that does not hold; ``None`` when the whole chain does.

    Args:
        entries: in the order of their numbers.
        after: number of an entry already verified, and *seal* its seal: the check goes on from there.
    """
    expected, previous = after + 1, seal
    for entry in entries:
        if entry.seq != expected:
            return Break(expected, Fault.GAP)
        if entry.organisation != organisation:
            return Break(entry.seq, Fault.FOREIGN)
        if entry.previous != previous:
            return Break(entry.seq, Fault.BROKEN)
        if not holds(entry):
            return Break(entry.seq, Fault.ALTERED)
        expected, previous = entry.seq + 1, entry.seal
    return None


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise TypeError("an instant without zone has no single form")
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, Mapping):
        plain = {_key(key): _plain(item) for key, item in value.items()}
        if len(plain) != len(value):
            raise TypeError("two keys have the same form")
        return plain
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no canonical form")


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise TypeError("a key must be a text")
    return unicodedata.normalize("NFC", key)

"""Signed checkpoints: how far a journal went, to be kept elsewhere. Only they tell that its end was cut off.

A checkpoint is signed with Ed25519 over its canonical JSON, so that whoever holds the public key can check it without
being able to make one.
"""

import base64
import json
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import select

from bot.clock import Clock
from bot.errors import EquipierError
from bot.journal.chain import GENESIS, canonical, holds
from bot.journal.models import JournalCheckpoint
from bot.journal.service import Journal, Verified
from bot.privacy.envelope import KeyRing, Sealed
from bot.storage.engine import Database


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What was signed.

    Attributes:
        seq: number of the newest entry then, 0 when there was none, and *seal* its seal.
        key: name of the key that signed.
        signature: Ed25519, over :func:`signed_content`; not part of it.
    """

    organisation: str
    seq: int
    seal: str
    at: datetime
    key: str
    signature: bytes = b""


class Verdict(StrEnum):
    """What a checkpoint says of a journal."""

    OK = "ok"
    TRUNCATED = "truncated"  # the journal went further than it does now
    DIVERGED = "diverged"  # another entry is in the place of the one that was signed
    FORGED = "forged"  # not signed by us, or about another organisation


class ChainBroken(EquipierError):
    """A journal that does not hold is not signed.

    Attributes:
        verified: where it breaks.
    """

    def __init__(self, verified: Verified) -> None:
        super().__init__(
            f"le journal de {verified.organisation} est rompu\u202f: il n'est pas signé",
            hint="Voyez où\u202f: equipier journal verify",
        )
        self.verified = verified


class UnreadableCheckpoint(EquipierError):
    """A text that is not a checkpoint."""

    def __init__(self) -> None:
        super().__init__(
            "ce texte n'est pas un point de contrôle",
            hint="Donnez un fichier écrit par\u202f: equipier journal checkpoint",
        )


class Checkpoints:
    """Signs and checks.

    Args:
        key: each of its keys is the seed of an Ed25519 private key; the current one signs, the others still check.
    """

    def __init__(self, database: Database, journal: Journal, clock: Clock, *, key: KeyRing) -> None:
        self._database = database
        self._journal = journal
        self._clock = clock
        self._ring = key

    def sign(self, organisation: str) -> Checkpoint:
        """Verifies the journal of *organisation*, signs how far it goes, and keeps a copy in the database.

        Raises:
            ChainBroken: it does not hold.
        """
        verified = self._journal.verify(organisation)
        if verified.broken:
            raise ChainBroken(verified)
        unsigned = Checkpoint(organisation, verified.seq, verified.seal, self._clock.now(), self._ring.current)
        signed = replace(unsigned, signature=self._private(unsigned.key).sign(signed_content(unsigned)))
        with self._database.unit_of_work() as session:
            session.add(
                JournalCheckpoint(
                    organisation_id=organisation,
                    seq=signed.seq,
                    seal=signed.seal,
                    at=signed.at,
                    signature=signed.signature,
                )
            )
        return signed

    def check(self, organisation: str, checkpoint: Checkpoint) -> Verdict:
        """Whether the journal of *organisation* still goes through *checkpoint*.

        Only the entry that was signed is looked at: ``Journal.verify`` tells whether those before lead to it.
        """
        if checkpoint.organisation != organisation or not self._is_ours(checkpoint):
            return Verdict.FORGED
        if checkpoint.seq == 0:
            return Verdict.OK if checkpoint.seal == GENESIS else Verdict.DIVERGED
        try:
            entry = self._journal.entry(organisation, checkpoint.seq)
        except (ValueError, TypeError):  # it holds what is no date or no JSON
            return Verdict.DIVERGED
        if entry is None:
            return Verdict.TRUNCATED
        return Verdict.OK if entry.seal == checkpoint.seal and holds(entry) else Verdict.DIVERGED

    def latest(self, organisation: str) -> Checkpoint | None:
        """The checkpoint of *organisation* that went furthest, among the copies in the database; ``None`` if none.

        The copy does not hold the name of its key: it is the one that signed it, or the current one if none did.
        """
        query = select(JournalCheckpoint).where(JournalCheckpoint.organisation_id == organisation)
        with self._database.unit_of_work() as session:
            row = session.scalar(query.order_by(JournalCheckpoint.seq.desc(), JournalCheckpoint.id.desc()).limit(1))
        if row is None:
            return None
        kept = Checkpoint(organisation, row.seq, row.seal, row.at, self._ring.current, row.signature)
        candidates = (replace(kept, key=name) for name in self._ring.keys)
        return next(filter(self._is_ours, candidates), kept)

    def organisations(self) -> tuple[str, ...]:
        """Those that have a copy in the database: their journals must still be there."""
        with self._database.unit_of_work() as session:
            return tuple(sorted(session.scalars(select(JournalCheckpoint.organisation_id).distinct())))

    def public_key(self) -> str:
        """The public key that checks what is signed from now on, in PEM."""
        public = self._private(self._ring.current).public_key()
        return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def _private(self, name: str) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self._ring.named(name))

    def _is_ours(self, checkpoint: Checkpoint) -> bool:
        try:
            public = self._private(checkpoint.key).public_key()
            public.verify(checkpoint.signature, signed_content(checkpoint))
        except (InvalidSignature, Sealed, TypeError):  # the last one: what has no canonical form was never signed
            return False
        return True


def signed_content(checkpoint: Checkpoint) -> bytes:
    """The bytes that the signature covers."""
    return canonical({name: value for name, value in asdict(checkpoint).items() if name != "signature"})


def export(checkpoint: Checkpoint) -> str:
    """*checkpoint* as one line of JSON, to be published anywhere."""
    signature = base64.b64encode(checkpoint.signature).decode()
    return canonical(asdict(checkpoint) | {"signature": signature}).decode()


def read(text: str) -> Checkpoint:
    """The inverse of :func:`export`; the signature is read, not checked.

    Raises:
        UnreadableCheckpoint: *text* is none.
    """
    try:
        match json.loads(text):
            case {
                "organisation": str(organisation),
                "seq": int(seq),
                "seal": str(seal),
                "at": str(at),
                "key": str(key),
                "signature": str(signature),
            }:
                instant = datetime.fromisoformat(at)
                if instant.tzinfo is None:
                    raise UnreadableCheckpoint
                return Checkpoint(
                    organisation,
                    seq,
                    seal,
                    instant.astimezone(UTC),
                    key,
                    base64.b64decode(signature, validate=True),
                )
    except (ValueError, OverflowError, RecursionError) as error:  # JSON, base 64 and dates
        raise UnreadableCheckpoint from error
    raise UnreadableCheckpoint

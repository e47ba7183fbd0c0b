"""Who an usager is: checked, written one way, encrypted under a key of their own, found by blind index."""

import hashlib
import json
import unicodedata
from dataclasses import asdict, dataclass
from datetime import date
from uuid import uuid4

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot.clock import Clock
from bot.errors import EquipierError
from bot.mandats.models import Usager, UsagerTerm
from bot.privacy.envelope import BlindIndex, DataKey, Envelope, Sealed, Wrapped, normalised

_EARLIEST = date(1900, 1, 1)
_LONGEST = 100  # characters of a name


class WrongIdentity(EquipierError):
    """An identity that cannot be taken as typed.

    Attributes:
        field: which field of the form, and *reason* the key of the sentence to show beside it.
    """

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Identity:
    """The civil status on the mandate. ``birth_place`` may be empty: it is not always known."""

    family_name: str
    given_names: str
    birth_date: date
    birth_place: str = ""

    @property
    def full_name(self) -> str:
        return f"{self.given_names} {self.family_name}"


def checked(family_name: str, given_names: str, birth_date: date, birth_place: str, *, today: date) -> Identity:
    """The identity as it is kept: spaces squeezed, Unicode in NFC.

    Raises:
        WrongIdentity: a name without a letter or too long, or a date of birth that cannot be.
    """
    cleaned = []
    for field, value in (("family_name", family_name), ("given_names", given_names), ("birth_place", birth_place)):
        text = " ".join(unicodedata.normalize("NFC", value).split())
        if not text and field != "birth_place":
            raise WrongIdentity(field, "missing")
        if len(text) > _LONGEST:
            raise WrongIdentity(field, "too_long")
        if text and (not any(c.isalpha() for c in text) or not text.isprintable() or any(c in "<>[]{}" for c in text)):
            raise WrongIdentity(field, "not_a_name")
        cleaned.append(text)
    if birth_date > today:
        raise WrongIdentity("birth_date", "future")
    if birth_date < _EARLIEST:
        raise WrongIdentity("birth_date", "too_old")
    return Identity(cleaned[0], cleaned[1], birth_date, cleaned[2])


class Usagers:
    """Keeps identities. Every method takes the session of the use case that it belongs to."""

    def __init__(self, envelope: Envelope, index: BlindIndex, clock: Clock) -> None:
        self._envelope = envelope
        self._index = index
        self._clock = clock

    def find_or_add(self, session: Session, organisation: str, identity: Identity) -> Usager:
        """The usager of *organisation* with this very identity, added if need be.

        Spelling differences of case, accents and hyphens are the same person; the identity first typed is kept.
        """
        of_all = self._whole_index(organisation, identity)
        known = session.scalar(
            select(Usager).where(Usager.organisation_id == organisation, Usager.identity_index == of_all)
        )
        if known is not None:
            return known
        usager_id = uuid4().hex
        key, wrapped = self._envelope.new_key(usager_id)
        written = asdict(identity) | {"birth_date": identity.birth_date.isoformat()}
        usager = Usager(
            id=usager_id,
            organisation_id=organisation,
            key_master=wrapped.master,
            key_wrapped=wrapped.ciphertext,
            identity=key.encrypt("identity", json.dumps(written).encode()),
            identity_index=of_all,
            created_at=self._clock.now(),
        )
        session.add(usager)
        session.flush()
        session.add_all(UsagerTerm(usager_id=usager_id, term=term) for term in self._terms(organisation, identity))
        return usager

    def identity(self, usager: Usager) -> Identity | None:
        """Who *usager* is; ``None`` once erased.

        Raises:
            Sealed: the master key is gone or the data damaged.
        """
        if usager.identity is None:
            return None
        kept = json.loads(self.key_of(usager).decrypt("identity", usager.identity))
        return Identity(**kept | {"birth_date": date.fromisoformat(kept["birth_date"])})

    def key_of(self, usager: Usager) -> DataKey:
        """The data key of *usager*.

        Raises:
            Sealed: the person was erased, or the master key is gone.
        """
        if usager.key_master is None or usager.key_wrapped is None:
            raise Sealed("this usager was erased")
        return self._envelope.open(usager.id, Wrapped(usager.key_master, usager.key_wrapped))

    def matching(self, session: Session, organisation: str, words: str) -> tuple[Usager, ...]:
        """The usagers of *organisation* whose names hold all the *words*; none for no word at all."""
        terms = {self._index.of(organisation, "word", word) for word in normalised(words).split()}
        if not terms:
            return ()
        query = select(Usager).where(Usager.organisation_id == organisation)
        for term in terms:
            query = query.where(Usager.id.in_(select(UsagerTerm.usager_id).where(UsagerTerm.term == term)))
        return tuple(session.scalars(query.order_by(Usager.created_at)))

    def born_on(self, organisation: str, day: date) -> str:
        """The index term of a date of birth."""
        return self._index.of(organisation, "born", day.isoformat())

    def erase(self, session: Session, usager: Usager) -> None:
        """Destroys the key, and with it the identity and all that was encrypted; what finds the person goes too."""
        usager.key_master = usager.key_wrapped = None
        usager.identity = None
        usager.identity_index = None
        usager.erased_at = self._clock.now()
        session.execute(delete(UsagerTerm).where(UsagerTerm.usager_id == usager.id))

    def rewrap(self, session: Session) -> int:
        """Puts every data key under the current master key; how many needed it."""
        current = self._envelope.current_master
        old = session.scalars(select(Usager).where(Usager.key_master.is_not(None), Usager.key_master != current)).all()
        for usager in old:
            if usager.key_master is not None and usager.key_wrapped is not None:
                again = self._envelope.rewrap(usager.id, Wrapped(usager.key_master, usager.key_wrapped))
                usager.key_master, usager.key_wrapped = again.master, again.ciphertext
        return len(old)

    def _whole_index(self, organisation: str, identity: Identity) -> str:
        whole = f"{identity.family_name} {identity.given_names} {identity.birth_date.isoformat()}"
        return self._index.of(organisation, "identity", whole)

    def _terms(self, organisation: str, identity: Identity) -> set[str]:
        words = normalised(f"{identity.family_name} {identity.given_names}").split()
        return {self._index.of(organisation, "word", word) for word in words} | {
            self.born_on(organisation, identity.birth_date)
        }


def commitment(identity: Identity, secret: bytes) -> str:
    """What stands for *identity* in a fingerprint: without *secret*, it cannot even be guessed at."""
    written = "\x1f".join(
        (identity.family_name, identity.given_names, identity.birth_date.isoformat(), identity.birth_place)
    )
    return hashlib.sha256(secret + written.encode()).hexdigest()

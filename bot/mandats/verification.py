"""What anyone may learn of an attestation from its QR code or its reference: whether it holds, and nothing personal."""

from sqlalchemy import select

from bot.aidants.models import Organisation
from bot.clock import Clock
from bot.demarches import Demarche
from bot.mandats import rules
from bot.mandats.fingerprint import matches
from bot.mandats.models import Mandat
from bot.mandats.reading import autorisations, scopes_of
from bot.mandats.rules import Status
from bot.mandats.views import Checked
from bot.privacy.envelope import KeyRing
from bot.storage.engine import Database

_VERDICTS = {Status.ACTIVE: "valid", Status.EXPIRED: "expired", Status.REVOKED: "revoked"}


class Verification:
    """Checks attestations."""

    def __init__(self, database: Database, clock: Clock, *, keys: KeyRing) -> None:
        self._database = database
        self._clock = clock
        self._keys = keys

    def check(self, token: str, *, fingerprint: str | None = None) -> Checked:
        """The verdict on the attestation whose QR code holds *token*.

        Args:
            fingerprint: what is printed on the paper, when it is typed too: another one makes it ``altered``.
        """
        now = self._clock.now()
        with self._database.unit_of_work() as session:
            mandat = session.scalar(select(Mandat).where(Mandat.public_token == token))
            if mandat is None:
                return Checked("unknown")
            rows = autorisations(session, mandat)
            organisation = session.get_one(Organisation, mandat.organisation_id)
            whole = matches(mandat, [Demarche(row.demarche) for row in rows], self._keys)
            if fingerprint is not None and _plain(fingerprint) != mandat.fingerprint[: len(_plain(fingerprint))]:
                whole = False
            status = rules.status_of(scopes_of(rows), expires=mandat.expires_at, now=now)
            return Checked(
                verdict=_VERDICTS[status] if whole else "altered",
                reference=mandat.reference,
                organisation=organisation.name,
                demarches=tuple(Demarche(row.demarche) for row in rows if row.ended_at is None),
                sealed_at=mandat.sealed_at,
                expires_at=mandat.expires_at,
                fingerprint=mandat.fingerprint,
            )


def _plain(fingerprint: str) -> str:
    return "".join(filter(str.isalnum, fingerprint.lower()))

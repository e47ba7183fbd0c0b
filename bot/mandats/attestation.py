"""The papers of a mandate: its attestation, the certificate of a revocation, the log of its uses for the citizen."""

from collections.abc import Callable
from typing import Any

from bot.aidants.models import Aidant, Organisation
from bot.calendar import PARIS, french_day, french_moment
from bot.clock import Clock
from bot.demarches import Demarche
from bot.errors import EquipierError
from bot.journal.actions import Action
from bot.journal.service import Journal
from bot.mandats import history, wording
from bot.mandats.identity import Identity
from bot.mandats.models import Mandat
from bot.mandats.notices import scopes
from bot.mandats.register import Register
from bot.mandats.rules import Status
from bot.mandats.typesetting import pdf, qr_svg
from bot.mandats.views import Actor, Erased, MandatView, NotRevoked, ScopeView, UnknownMandat
from bot.storage.engine import Database


class WordingAltered(EquipierError):
    """The file of the text that was signed was changed since: nothing else may be shown in its place."""


class Attestations:
    """Makes the papers; each one is journalled.

    Every method raises :class:`AccessRefused` for another organisation's mandate, and :class:`Erased` when there is
    nobody to name any more.

    Args:
        public_url: address of the gateway, for the QR codes.
        text_of: the text of a version of the wording.
    """

    def __init__(
        self,
        database: Database,
        register: Register,
        journal: Journal,
        clock: Clock,
        *,
        public_url: str,
        text_of: Callable[[str], wording.Text] = wording.named,
    ) -> None:
        self._database = database
        self._register = register
        self._journal = journal
        self._clock = clock
        self._public_url = public_url.rstrip("/")
        self._text_of = text_of

    def just_sealed(self, mandat_id: str) -> bytes:
        """The attestation for the page that has just sealed the mandate, in the name of the aidant who did.

        Raises:
            UnknownMandat: there is none with that id.
        """
        with self._database.unit_of_work() as session:
            mandat = session.get(Mandat, mandat_id)
        if mandat is None:
            raise UnknownMandat(mandat_id)
        return self.mandat(Actor(mandat.aidant_id, mandat.organisation_id), mandat_id)

    def mandat(self, actor: Actor, mandat_id: str) -> bytes:
        """The attestation, as PDF: two pages at most, with the text that was signed.

        Raises:
            UnknownWording: that text is not among ours.
            WordingAltered: it is, but not as it was.
        """
        view, usager = self._read(actor, mandat_id)
        common = self._common(view, usager, "Attestation du mandat")
        organisation = common["organisation"]
        demarches = [scope.demarche for scope in view.scopes]
        text = self._text_of(view.wording.version)
        if text.digest != view.wording.digest:
            raise WordingAltered(view.wording.version)
        signature = self._register.signature(actor, mandat_id)
        return self._printed(
            actor,
            view,
            "mandat",
            common
            | {
                "notice": _why_over(view),
                "structure": [
                    ("Nom", organisation["name"]),
                    *([("Adresse", organisation["address"])] if organisation["address"] else []),
                    *([("Aidants Connect", view.official_number)] if view.official_number else []),
                ],
                "demarches": [
                    {
                        "title": scope.demarche.titre,
                        "description": DESCRIPTIONS[scope.demarche],
                        "ended": _how_ended(scope) if _ended_early(scope) else None,
                    }
                    for scope in view.scopes
                ],
                "warnings": list(text.warnings(demarches)),
                "duration": view.duration.label,
                "start": french_moment(view.sealed_at),
                "end": french_moment(view.expires_at),
                "day": french_day(view.sealed_at.astimezone(PARIS).date()),
                "articles": text.paragraphs(
                    organisation["name"],
                    self._name_of(view.aidant),
                    usager,
                    demarches,
                    view.duration.label,
                    view.sealed_at,
                    view.expires_at,
                ),
                "wording": text.version,
                "signature": list(signature) if signature else None,
            },
        )

    def revocation(self, actor: Actor, mandat_id: str) -> bytes:
        """The certificate, as PDF: what was revoked and when, and what remains open.

        Raises:
            NotRevoked: nothing was.
        """
        view, usager = self._read(actor, mandat_id)
        ended = [scope for scope in view.scopes if _ended_early(scope)]
        if not ended:
            raise NotRevoked(view.reference)
        if view.status is Status.REVOKED:
            last = view.revoked_at or max(filter(None, (scope.ended_at for scope in ended)))
            notice = f"Le mandat {view.reference} est entièrement révoqué depuis le {french_moment(last)}."
        else:
            what = "cette démarche" if len(ended) == 1 else "ces démarches"
            notice = (
                f"Le mandat {view.reference} est révoqué pour {what}\u202f: {scopes([one.demarche for one in ended])}."
            )
        return self._printed(
            actor,
            view,
            "revocation",
            self._common(view, usager, "Certificat de révocation du mandat")
            | {
                "notice": notice,
                "mandat": _life(view),
                "ended": [{"title": one.demarche.titre, "how": _how_ended(one)} for one in ended],
                "open": [demarche.titre for demarche in view.open_demarches],
                "end": french_moment(view.expires_at),
            },
        )

    def uses(self, actor: Actor, mandat_id: str) -> bytes:
        """The log of uses for the citizen, as PDF: what was done in their name, then the life of the mandate."""
        view, usager = self._read(actor, mandat_id)
        entries = self._journal.entries(actor.organisation, mandat=mandat_id)[::-1]
        return self._printed(
            actor,
            view,
            "uses",
            self._common(view, usager, "Relevé des utilisations du mandat")
            | {
                "mandat": _life(view),
                "uses": history.uses(entries),
                "life": history.events(entries),
            },
        )

    def _read(self, actor: Actor, mandat_id: str) -> tuple[MandatView, Identity]:
        view = self._register.mandat(actor, mandat_id)
        if view.usager is None:
            raise Erased(view.reference)
        return view, view.usager

    def _common(self, view: MandatView, usager: Identity, title: str) -> dict[str, Any]:
        with self._database.unit_of_work() as session:
            organisation = session.get_one(Organisation, view.organisation)
            name, address = organisation.name, " ".join(organisation.address.split())
        url = f"{self._public_url}/v/{view.public_token}"
        return {
            "title": f"{title} {view.reference}",
            "organisation": {"name": name, "address": address},
            "reference": view.reference,
            "person": [
                ("Nom", usager.family_name),
                ("Prénoms", usager.given_names),
                ("Naissance", french_day(usager.birth_date)),
                *([("Lieu de naissance", usager.birth_place)] if usager.birth_place else []),
            ],
            "url": url,
            "qr": qr_svg(url),
            "fingerprint": [grouped(view.fingerprint[:32]), grouped(view.fingerprint[32:])],
            "key": view.fingerprint_key,
            "now": french_moment(self._clock.now()),
        }

    def _name_of(self, aidant: str) -> str:
        with self._database.unit_of_work() as session:
            return session.get_one(Aidant, aidant).name

    def _printed(self, actor: Actor, view: MandatView, template: str, data: dict[str, Any]) -> bytes:
        made = pdf(template, data, at=self._clock.now())
        self._register.note(actor, Action.PRINT_ATTESTATION, view.id)  # once it exists: a failure prints nothing
        return made


def grouped(fingerprint: str) -> str:
    """« 3f9a 01bc … »: groups of 4, as people compare them."""
    return " ".join(fingerprint[place : place + 4] for place in range(0, len(fingerprint), 4))


def _ended_early(scope: ScopeView) -> bool:
    return scope.ended_by in _ENDED


def _how_ended(scope: ScopeView) -> str:
    return f"{_ENDED[scope.ended_by or '']} le {french_moment(scope.ended_at)}" if scope.ended_at else ""


def _why_over(view: MandatView) -> str | None:
    match view.status:
        case Status.ACTIVE:
            return None
        case Status.EXPIRED:
            return "Ce mandat a pris fin\u202f: il ne permet plus d’agir pour la personne."
        case Status.REVOKED:
            return "Ce mandat a été révoqué\u202f: il ne permet plus d’agir pour la personne."


def _life(view: MandatView) -> list[tuple[str, str]]:
    return [
        ("Créé le", french_moment(view.sealed_at)),
        ("Durée", view.duration.label),
        ("Fin prévue", french_moment(view.expires_at)),
        *([("Aidants Connect", view.official_number)] if view.official_number else []),
    ]


_ENDED = {"revocation": "révoquée", "remplacement": "remplacée par un mandat plus récent"}
DESCRIPTIONS = {
    Demarche.PAPIERS: "carte d’identité, passeport, actes d’état civil, listes électorales",
    Demarche.FAMILLE: "naissance, allocations familiales, école, études, séparation, décès",
    Demarche.SOCIAL: "RSA, prime d’activité, Assurance maladie, handicap, chômage, grand âge",
    Demarche.TRAVAIL: "recherche d’emploi, formation, contrat de travail, retraite",
    Demarche.LOGEMENT: "aides au logement, logement social, bail, factures d’énergie, travaux",
    Demarche.TRANSPORTS: "carte grise, permis de conduire, amendes, cartes de transport",
    Demarche.ARGENT: "impôts, banque, assurance, consommation, surendettement",
    Demarche.JUSTICE: "aide juridictionnelle, casier judiciaire, plainte en ligne, recours",
    Demarche.ETRANGER: "titre de séjour, asile, nationalité française, vie hors de France",
    Demarche.LOISIRS: "chasse, pêche, bateau, animaux de compagnie, aides aux vacances",
}

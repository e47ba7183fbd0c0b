"""What the demonstration tells: an invented structure, its people, its usagers, and a year of their mandates.

Everything here is made up; the addresses end in « .example », which no one can have (RFC 2606).
"""

from dataclasses import dataclass
from datetime import date

from bot.aidants.models import Role
from bot.demarches import Demarche
from bot.mandats.identity import Identity
from bot.mandats.rules import Duration

ORGANISATION = "Maison France Services de Saint-Clair"
ADDRESS = "4 place du Marché, 99999 Saint-Clair"
DEMARCHES = tuple(one for one in Demarche if one is not Demarche.LOISIRS)


@dataclass(frozen=True, slots=True)
class Member:
    """Someone of the structure."""

    email: str
    name: str
    role: Role = Role.AIDANT


@dataclass(frozen=True, slots=True)
class Signed:
    """A mandate, and what was done with it. Days are counted before today, from the seal to the last.

    Attributes:
        day: when it was sealed, by *aidant* (place in :data:`MEMBERS`).
        uses: when, for which scope, and the fiche.
        revoked: when, and which scopes; none for all.
        renewal: when it was renewed, and for how long.
        official: its number in Aidants Connect.
    """

    usager: Identity
    day: int
    duration: Duration
    demarches: tuple[Demarche, ...]
    aidant: int = 0
    uses: tuple[tuple[int, Demarche, str], ...] = ()
    revoked: tuple[int, tuple[Demarche, ...]] | None = None
    renewal: tuple[int, Duration] | None = None
    official: str = ""


MEMBERS = (
    Member("claire.morvan@saint-clair.example", "Claire Morvan", Role.SUPERVISEUR),
    Member("idriss.benali@saint-clair.example", "Idriss Benali"),
    Member("helene.castaing@saint-clair.example", "Hélène Castaing"),
    Member("nadia.ferrand@saint-clair.example", "Nadia Ferrand", Role.HELPDESK),
)
# Their places in it.
CLAIRE, IDRISS, HELENE, NADIA = range(4)

_P, _F, _S, _T = Demarche.PAPIERS, Demarche.FAMILLE, Demarche.SOCIAL, Demarche.TRAVAIL
_L, _R, _A, _J, _E = Demarche.LOGEMENT, Demarche.TRANSPORTS, Demarche.ARGENT, Demarche.JUSTICE, Demarche.ETRANGER

SIGNED = (
    # in force
    Signed(
        Identity("Vasseur", "Lucette Marie", date(1944, 3, 12), "Saint-Omer"),
        170,
        Duration.LONG,
        (_P, _S),
        uses=((168, _P, "F1341"), (120, _S, "demande d'aide aux personnes âgées"), (12, _S, "F10009")),
    ),
    Signed(
        Identity("Haddad", "Rachid", date(1967, 9, 30), "Oran (Algérie)"),
        60,
        Duration.SEMESTER,
        (_L, _A),
        aidant=1,
        uses=((59, _L, "F12006"), (31, _A, "déclaration de revenus")),
        official="2026-004417",
    ),
    Signed(
        Identity("Pereira Lopes", "Maria da Graça", date(1958, 1, 5), "Porto (Portugal)"),
        9,
        Duration.LONG,
        (_S, _T, _E),
        aidant=2,
    ),
    Signed(Identity("Le Bescond", "Yvon", date(1951, 11, 2), "Lannion"), 0, Duration.SHORT, (_R,), aidant=1),
    # soon over
    Signed(
        Identity("Traoré", "Aminata", date(1982, 6, 21), "Kayes (Mali)"),
        341,
        Duration.LONG,
        (_P, _F, _L),
        uses=((340, _F, "inscription à l'école"), (200, _L, "F869")),
    ),
    Signed(
        Identity("Delattre", "Jean-Pierre", date(1949, 8, 14), "Lens"),
        28,
        Duration.MONTH,
        (_A,),
        aidant=2,
        uses=((27, _A, "F358"),),
    ),
    # over
    Signed(
        Identity("Nguyen", "Thi Lan", date(1973, 2, 18), "Huê (Viêt Nam)"),
        220,
        Duration.SEMESTER,
        (_S, _T),
        aidant=1,
        uses=((219, _T, "inscription à France Travail"),),
    ),
    Signed(
        Identity("Girard", "Odette", date(1938, 12, 24), "Vierzon"),
        90,
        Duration.SHORT,
        (_R,),
        aidant=2,
        uses=((90, _R, "carte grise"),),
    ),
    # revoked, entirely or in part
    Signed(
        Identity("Kowalczyk", "Stefan", date(1961, 4, 9), "Roubaix"),
        150,
        Duration.LONG,
        (_A, _J),
        uses=((149, _J, "F18074"),),
        revoked=(88, ()),
    ),
    Signed(
        Identity("Fontaine", "Nadège", date(1990, 10, 3), "Cayenne"),
        110,
        Duration.LONG,
        (_F, _S, _L),
        aidant=1,
        uses=((108, _F, "F2550"),),
        revoked=(40, (_L,)),
    ),
    # renewed
    Signed(
        Identity("Roussel", "Marcelle Andrée", date(1941, 5, 27), "Amiens"),
        372,
        Duration.LONG,
        (_P, _S, _A),
        uses=((371, _S, "F10027"), (190, _A, "taxe foncière")),
        renewal=(15, Duration.LONG),
    ),
    Signed(
        Identity("Ibrahimi", "Samir", date(1986, 7, 11), "Pristina (Kosovo)"),
        75,
        Duration.MONTH,
        (_E, _T),
        aidant=2,
        uses=((74, _E, "titre de séjour"),),
        renewal=(20, Duration.SEMESTER),
    ),
)

"""Invented people, everything personal that they may say, and the search for any trace of it."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from bot.mandats.identity import Identity
from bot.privacy.envelope import normalised
from bot.privacy.pseudonymise import Pseudonymised

_SHORTEST = 5  # letters and digits: less would be met by chance
_NO_TEXT = re.compile(r"[\x01-\x08\x0b\x0c\x0e-\x1f]+")
_MONTHS = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()


@dataclass(frozen=True)
class Person:
    """Someone who does not exist; the numbers have the key that real ones have."""

    family: str
    given: str
    born: date
    place: str
    nir: str
    phone: str
    email: str
    iban: str
    card: str
    street: str
    town: str

    @property
    def identity(self) -> Identity:
        return Identity(self.family, self.given, self.born, self.place)

    @property
    def written(self) -> tuple[str, ...]:
        """What is personal, as it is written in :attr:`messages`."""
        return (
            self.nir,
            self.phone,
            self.email,
            self.iban,
            self.card,
            f"{self.street}, {self.town}",
            *self._dates,
            f"{self.given} {self.family}",
            f"{self.family} {self.given}",
            self.family,
        )

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must be found nowhere; ``place`` alone and ``town`` alone say nothing of anyone."""
        return (*self.written, self.given, self.street, self.born.isoformat(), self.email.partition("@")[0])

    @property
    def messages(self) -> tuple[str, ...]:
        """Sentences of an aidant about the person, in good French and in haste."""
        slashed, spelled = self._dates
        lower = f"{self.given} {self.family}".lower()
        return (
            f"Bonjour, je reçois Mme {self.family} pour une carte d'identité perdue, que faut-il ?",
            f"mon usager s'appelle {lower}, il a perdu sa carte vitale",
            f"Mandat pour {self.given} {self.family}, né(e) le {slashed}",
            f"elle est née le {spelled} et n'a plus de papiers",
            f"son numéro de sécu c'est {self.nir}",
            f"sécu {re.sub(r'[^0-9]', '', self.nir)} comment avoir une attestation",
            f"on peut la joindre au {self.phone} ou à {self.email}",
            f"tel {re.sub(r'[^0-9+]', '', self.phone)} merci",
            f"voici le rib {self.iban} à changer sur ameli",
            f"rib {self.iban.replace(' ', '').lower()}",
            f"elle habite {self.street}, {self.town}",
            f"payé avec la carte bancaire {self.card} mais refusé",
            f"M. {self.family.upper()} demande le RSA",
        )

    @property
    def _dates(self) -> tuple[str, str]:
        return f"{self.born:%d/%m/%Y}", f"{self.born.day} {_MONTHS[self.born.month - 1]} {self.born.year}"


def _nir(thirteen: str) -> str:
    digits = thirteen + f"{97 - int(thirteen) % 97:02}"
    return " ".join((digits[0], digits[1:3], digits[3:5], digits[5:7], digits[7:10], digits[10:13], digits[13:]))


def _iban(account: str) -> str:
    check = 98 - int(account + "152700") % 97  # FR00
    whole = f"FR{check:02}{account}"
    return " ".join(whole[start : start + 4] for start in range(0, len(whole), 4))


def _card(fifteen: str) -> str:
    doubled = [2 * int(c) - 9 * (int(c) > 4) if place % 2 == 0 else int(c) for place, c in enumerate(reversed(fifteen))]
    whole = fifteen + str(-sum(doubled) % 10)
    return " ".join(whole[start : start + 4] for start in range(0, 16, 4))


PEOPLE = (
    Person(
        family="Kervella",
        given="Yolande",
        born=date(1961, 3, 12),
        place="Brest",
        nir=_nir("2610329040123"),
        phone="06 98 12 45 73",
        email="yolande.kervella61@exemple-mail.fr",
        iban=_iban("99999000010001234567189"),
        card=_card("497010987654321"),
        street="14 rue des Goémons",
        town="29217 Le Conquet",
    ),
    Person(
        family="Bathily",
        given="Oumar",
        born=date(1988, 7, 3),
        place="Bakel",
        nir=_nir("1880799341456"),
        phone="+33 7 56 82 19 04",
        email="bathily.oumar@exemple.org",
        iban=_iban("99999000020007654321045"),
        card=_card("513012345678901"),
        street="3 bis impasse du Moulin à Huile",
        town="87000 Limoges",
    ),
    Person(
        family="Tkachuk",
        given="Oleksandra",
        born=date(1994, 11, 27),
        place="Kharkiv",
        nir=_nir("2941199155789"),
        phone="01.76.43.90.28",
        email="o.tkachuk@exemple.net",
        iban=_iban("99999000030009988776012"),
        card=_card("401288888888188"),
        street="27 avenue Maréchal Foch",
        town="54000 Nancy",
    ),
    Person(
        family="Nguyễn",
        given="Thị Hoà",
        born=date(1957, 1, 9),
        place="Đà Nẵng",
        nir=_nir("2570199243001"),
        phone="0033 6 44 71 03 95",
        email="nguyen-thihoa@exemple.com",
        iban=_iban("99999000040001122334478"),
        card=_card("356600202036050"),
        street="8 allée des Tilleuls",
        town="69100 Villeurbanne",
    ),
)


class KnowsThem:
    """A pseudonymiser that misses nothing of these people: what still gets through does not go by the door."""

    def __init__(self) -> None:
        written = {form for person in PEOPLE for form in person.written}
        written |= {_glued(form) for form in written if any(c.isdigit() for c in form)}
        forms = sorted(written, key=len, reverse=True)
        self._any = re.compile("|".join(map(re.escape, forms)), re.IGNORECASE)

    def pseudonymise(self, text: str) -> Pseudonymised:
        return Pseudonymised(self._any.sub("[NOM]", text))


def _glued(written: str) -> str:
    return re.sub(r"[^\w+@-]", "", written)


def traces(content: bytes | str) -> list[str]:
    """The secrets that *content* holds, in any case, with or without accents and separators, or as a plain hash."""
    raw = content.encode() if isinstance(content, str) else content
    text = re.sub(
        r"\\u([0-9a-fA-F]{4})", lambda m: chr(int(m[1], 16)), raw.decode("utf-8", "replace").replace("\x00", " ")
    )
    # Bytes that are no text keep apart what the file does not hold together: page tables are full of letters.
    glued = "|".join(normalised(stretch).replace(" ", "") for stretch in _NO_TEXT.split(text))
    return sorted(
        {
            secret
            for person in PEOPLE
            for secret in person.secrets
            if any(needle in glued for needle in _needles(secret))
        }
        | {
            f"hash of {secret}"
            for person in PEOPLE
            for secret in person.secrets
            if any(digest in raw or digest.hex().encode() in raw for digest in _hashes(secret))
        }
    )


def _needles(secret: str) -> Iterator[str]:
    glued = normalised(secret).replace(" ", "")
    assert len(glued) >= _SHORTEST, f"{secret} is too short to be looked for"
    yield glued
    if re.fullmatch(r"[\d\s.+]+", secret):  # a telephone number without its prefix is still one
        yield re.sub(r"^(?:33|0033|0)", "", glued)


def _hashes(secret: str) -> Iterator[bytes]:
    for form in {secret, secret.lower(), _glued(secret), normalised(secret), normalised(secret).replace(" ", "")}:
        for algorithm in ("md5", "sha1", "sha256"):
            yield hashlib.new(algorithm, form.encode()).digest()

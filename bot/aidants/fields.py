"""What is typed about people and organisations, checked and written one way."""

import re
import unicodedata
from collections.abc import Collection

from bot.aidants.views import WrongField
from bot.demarches import Demarche

_LONGEST_EMAIL = 254  # RFC 5321
_LONGEST_NAME = 200
_LONGEST_ADDRESS = 300
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# The addresses that a browser's e-mail field accepts (HTML standard), with a domain of two labels or more.
_EMAIL = re.compile(rf"[a-z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@(?:{_LABEL}\.)+{_LABEL}")


def email_of(typed: str) -> str:
    """The name of the account: lower case, no spaces around.

    Raises:
        WrongField: it is not an e-mail address.
    """
    email = unicodedata.normalize("NFKC", typed).strip().lower()
    if len(email) > _LONGEST_EMAIL or not _EMAIL.fullmatch(email):
        raise WrongField("email", "malformed" if email else "missing")
    return email


def name_of(typed: str, *, field: str = "name") -> str:
    """A name of person or organisation, spaces squeezed, Unicode in NFC.

    Raises:
        WrongField: it is empty, too long, or holds no letter or signs that no name has.
    """
    name = _squeezed(typed)
    if not name:
        raise WrongField(field, "missing")
    if len(name) > _LONGEST_NAME:
        raise WrongField(field, "too_long")
    if not any(c.isalpha() for c in name) or not _is_plain(name):
        raise WrongField(field, "not_a_name")
    return name


def address_of(typed: str) -> str:
    """A postal address on one line; empty when it is not known.

    Raises:
        WrongField: it is too long, or holds signs that no address has.
    """
    address = _squeezed(typed)
    if len(address) > _LONGEST_ADDRESS:
        raise WrongField("address", "too_long")
    if not _is_plain(address):
        raise WrongField("address", "not_an_address")
    return address


def demarches_of(chosen: Collection[Demarche]) -> list[str]:
    """The scopes as they are kept: each once, in the order of the mandate.

    Raises:
        WrongField: none was chosen.
    """
    if not chosen:
        raise WrongField("demarches", "missing")
    return [demarche.value for demarche in Demarche if demarche in chosen]


def _squeezed(typed: str) -> str:
    return " ".join(unicodedata.normalize("NFC", typed).split())


def _is_plain(text: str) -> bool:
    return text.isprintable() and not any(c in "<>[]{}" for c in text)

"""The form of a mandate: what was typed, what is wrong with it, and the sentence to show beside each field."""

from dataclasses import dataclass, field
from datetime import date

from bot.gateway.pages.drawing import WrongDrawing, drawing_of, url_of
from bot.gateway.pages.fields import Sent, date_of
from bot.mandats import rules
from bot.mandats.identity import Identity, WrongIdentity, checked
from bot.mandats.views import Signature

_NAME = {
    "missing": "Indiquez {what}.",
    "too_long": "Abrégez {what} : 100 caractères au plus.",
    "not_a_name": "Vérifiez {what} : seuls conviennent les lettres, espaces, apostrophes et traits d'union.",
}
_WHAT = {
    "family_name": "le nom de naissance de l'usager",
    "given_names": "le ou les prénoms de l'usager",
    "birth_place": "le lieu de naissance",
}
_BORN = {
    "missing": "Indiquez la date de naissance de l'usager, par exemple 05/02/1950.",
    "format": "Écrivez la date de naissance sous la forme JJ/MM/AAAA, par exemple 05/02/1950.",
    "future": "Cette date de naissance est dans le futur : vérifiez l'année.",
    "too_old": "Cette date de naissance est avant 1900 : vérifiez l'année.",
    "minor": "L'usager a moins de 18 ans : le mandat n'est pas possible. Vérifiez la date ; si elle est juste, "
    "aidez-le sans mandat, ou préparez le mandat au nom du parent qui fait la démarche.",
}
_DECLARED = {
    "informed": "Cochez cette case une fois que l'usager a lu le mandat, ou que vous le lui avez lu.",
    "verified": "Cochez cette case une fois que vous avez vérifié l'identité de l'usager.",
}
_SIGNED = {
    "missing": "Choisissez comment l'usager signe : sur l'écran ou sur papier.",
    "blank": "L'usager n'a pas signé dans le cadre : faites-le signer, ou choisissez la signature sur papier.",
    "unreadable": "Cette signature n'a pas pu être lue : effacez-la et faites signer de nouveau, ou choisissez la "
    "signature sur papier.",
}
CODE_MISSING = "Saisissez les 6 chiffres affichés par votre application de codes."
_CODE_DIGITS = 6
_IDENTITY = ("family_name", "given_names", "birth_date", "birth_place")
# What stands for a wrong field while the others are checked.
_HARMLESS = {"family_name": "X", "given_names": "X", "birth_place": ""}


@dataclass(slots=True)
class Typed:
    """What was typed, field by field, and what is wrong with it.

    Attributes:
        values: the texts to show again; never the code, which serves once.
        errors: the sentence beside each wrong field, in the order of the page.
        identity, signature: ``None`` when they are wrong.
    """

    values: dict[str, str]
    errors: dict[str, str] = field(default_factory=dict)
    identity: Identity | None = None
    signature: Signature | None = None
    code: str = ""


def typed(form: Sent, *, known: Identity | None, today: date) -> Typed:
    """Reads the whole *form* and finds every error at once.

    Args:
        known: the usager of the mandate renewed, whose identity is not typed again.
    """
    result = Typed({name: form.get(name, "") for name in (*_WHAT, "birth_date", *_DECLARED, "signed", "drawing")})
    result.identity = known or _identity(result, today)
    if result.identity is not None and not rules.is_adult(result.identity.birth_date, today):
        result.errors["birth_date"] = _BORN["minor"]
    result.errors |= {name: sentence for name, sentence in _DECLARED.items() if not result.values[name]}
    result.signature = _signature(result)
    result.code = "".join(form.get("code", "").split())
    if len(result.code) != _CODE_DIGITS or not (result.code.isascii() and result.code.isdigit()):
        result.errors["code"] = CODE_MISSING
    return result


def _identity(result: Typed, today: date) -> Identity | None:
    values = {name: result.values[name] for name in _HARMLESS}
    wrong: dict[str, str] = {}
    born = date_of(result.values["birth_date"])
    if born is None:
        wrong["birth_date"] = _BORN["format" if result.values["birth_date"].strip() else "missing"]
    while True:
        try:
            identity = checked(**values, birth_date=born or today, today=today)
            break
        except WrongIdentity as error:
            if error.field == "birth_date":
                wrong["birth_date"], born = _BORN[error.reason], today
            else:
                wrong[error.field] = _NAME[error.reason].format(what=_WHAT[error.field])
                values[error.field] = _HARMLESS[error.field]
    result.errors |= {name: wrong[name] for name in _IDENTITY if name in wrong}
    return None if wrong else identity


def _signature(result: Typed) -> Signature | None:
    kind, drawing = result.values["signed"], result.values["drawing"]
    result.values["drawing"] = ""  # shown again only once it is known to be a drawing
    if kind == "paper":
        return Signature()
    if kind != "screen":
        result.errors["signed"] = _SIGNED["missing"]
        return None
    try:
        png = drawing_of(drawing)
    except WrongDrawing as error:
        result.errors["signed"] = _SIGNED[error.reason]
        return None
    result.values["drawing"] = url_of(png)
    return Signature(png)

"""Links and pages that open nothing: what happened, and what to do."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from bot.gateway.pages.templates import Pages

NO_PAGE = "no_page"  # the browser holds no open page, or not any more
OTHER_DRAFT = "other_draft"  # the page sent is not the one that the browser has open now


@dataclass(frozen=True, slots=True)
class _Refusal:
    status: int
    title: str
    why: str
    what_to_do: str
    resume: bool = False


_ASK_AGAIN = "Revenez dans la conversation et demandez un nouveau lien."
_REFUSALS = {
    "unknown": _Refusal(
        404,
        "Ce lien n'ouvre aucune page",
        "Il a été mal recopié, ou un lien plus récent l'a remplacé.",
        "Revenez dans la conversation et ouvrez le dernier lien reçu, ou demandez un nouveau lien.",
    ),
    "expired": _Refusal(410, "Ce lien n'est plus valable", "Un lien ne s'ouvre que pendant 15 minutes.", _ASK_AGAIN),
    "used": _Refusal(
        410,
        "Ce lien a déjà servi",
        "Un lien ne s'ouvre qu'une fois. Si vous l'avez ouvert dans ce navigateur, reprenez la page où vous l'avez "
        "laissée.",
        f"Sinon : {_ASK_AGAIN[0].lower()}{_ASK_AGAIN[1:]} La page ouverte avec ce lien-ci se fermera.",
        resume=True,
    ),
    "cancelled": _Refusal(
        410,
        "Cette préparation a été abandonnée",
        "Le mandat a été annulé dans la conversation : rien n'a été enregistré.",
        "Revenez dans la conversation pour préparer un autre mandat.",
    ),
    "sealed": _Refusal(
        410,
        "Ce mandat est déjà scellé",
        "Il a été signé et enregistré : ce lien ne sert plus.",
        "Sa référence est dans la conversation. Pour le revoir, revenez-y et demandez vos mandats.",
    ),
    NO_PAGE: _Refusal(
        410,
        "Cette page n'est plus ouverte",
        "Elle reste ouverte 30 minutes, dans le navigateur qui a ouvert le lien, et se ferme dès que le mandat est "
        "scellé.",
        "Revenez dans la conversation : si le mandat est scellé, sa référence y est ; sinon, demandez un nouveau lien.",
    ),
    OTHER_DRAFT: _Refusal(
        409,
        "Un autre mandat est ouvert dans ce navigateur",
        "La page que vous avez envoyée n'est plus la dernière ouverte : rien n'a été enregistré.",
        "Continuez avec le mandat ouvert en dernier, ou revenez dans la conversation et demandez un nouveau lien pour "
        "celui-ci.",
        resume=True,
    ),
}


def refusal(pages: Pages, request: Request, reason: str) -> Response:
    """The page that says why a link, or the page that it opened, is refused.

    Args:
        reason: that of ``bot.mandats.views.LinkRefused``, :data:`NO_PAGE` or :data:`OTHER_DRAFT`.
    """
    known = _REFUSALS[reason]
    return pages.render(request, "refus", status=known.status, refusal=known)

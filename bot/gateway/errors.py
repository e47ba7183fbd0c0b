"""One table from an error to what a client of the gateway gets: a status and a French sentence.

A program gets JSON; a browser gets a page.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from bot.aidants.views import ClosedAccount
from bot.channels.rest import ChannelClosed, Unauthorised
from bot.conversations.limits import TooManyMessages
from bot.errors import EquipierError
from bot.gateway.pages.security import Forged
from bot.mandats.views import AccessRefused

_log = structlog.get_logger(__name__)

INTERNAL_ERROR = (
    "Une erreur inattendue s'est produite. Réessayez dans un instant ; si elle revient, "
    "donnez ce numéro à votre administrateur : {request_id}."
)
_DATABASE_DOWN = "La base de données ne répond pas. Réessayez dans un instant."
_ANY_ERROR = "La demande n'a pas pu être traitée. Réessayez dans un instant."


class BodyTooLarge(EquipierError):
    """The body of a request is over the limit."""


_SENTENCES: dict[type[EquipierError], tuple[int, str]] = {
    ChannelClosed: (503, "Le canal REST est fermé : aucun jeton n'est réglé (EQUIPIER_REST_TOKEN)."),
    Unauthorised: (401, "Jeton absent ou refusé. Envoyez l'en-tête « Authorization: Bearer … » avec le bon jeton."),
    BodyTooLarge: (413, "Le message est trop lourd : 64 Kio au plus."),
    TooManyMessages: (429, "Trop de messages en peu de temps. Réessayez dans {retry_after} s."),
    Forged: (403, "Ce formulaire ne vient pas d'une de nos pages, ou sa page est trop ancienne : rechargez-la."),
    AccessRefused: (403, "Ce mandat n'est pas de votre structure, ou vous n'en faites plus partie."),
    ClosedAccount: (403, "Votre compte est fermé. Adressez-vous à un responsable de votre structure."),
}
# What is said otherwise to someone who looks at a page.
_ON_PAGES: dict[type[EquipierError], str] = {
    BodyTooLarge: "La signature est trop lourde : revenez en arrière, effacez-la et faites signer de nouveau, ou "
    "choisissez la signature sur papier.",
    TooManyMessages: "Attendez {retry_after} s, puis rechargez la page.",
    Forged: "Elle est restée ouverte trop longtemps, ou votre navigateur refuse les cookies de ce site. Revenez en "
    "arrière, rechargez la page, puis recommencez. Rien n'a été enregistré.",
}
_HTTP_ON_PAGES = {
    404: "L'adresse est fausse, ou la page a été retirée. Revenez dans la conversation et ouvrez le dernier lien reçu.",
    405: "Revenez dans la conversation et ouvrez le dernier lien reçu.",
}
_HTTP = {
    400: "La demande n'est pas lisible.",
    404: "Cette adresse n'existe pas. Le canal REST est à POST /webhooks/rest/webhook.",
    405: "Cette méthode n'est pas acceptée à cette adresse.",
}
_FIELD = {
    "missing": "Le champ « {field} » manque.",
    "string_type": "Le champ « {field} » doit être un texte.",
    "string_too_short": "Le champ « {field} » est vide.",
    "string_too_long": "Le champ « {field} » est trop long ({max_length} caractères au plus).",
    "value_error": "Le champ « {field} » contient des caractères interdits.",
    "json_invalid": "Le corps de la demande n'est pas du JSON valable, en UTF-8.",
    "model_type": 'Le corps de la demande doit être un objet JSON : {{"sender": …, "message": …}}.',
}
_ANY_FIELD = "Le champ « {field} » n'est pas valable."


def french(status: int, detail: str, *, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """An error as every client gets it: ``{"detail": "…"}``."""
    return JSONResponse({"detail": detail}, status_code=status, headers=headers)


ErrorPage = Callable[[Request, int, str], Response]  # request, status, sentence


def wants_page(request: Request) -> bool:
    """Whether someone is looking: programs do not ask for HTML."""
    return "text/html" in request.headers.get("accept", "")


def install(app: FastAPI, *, page: ErrorPage | None = None) -> None:
    """Makes *app* answer errors from the table, with *page* to browsers."""
    answers = _Answers(page)
    app.add_exception_handler(EquipierError, answers.ours)
    app.add_exception_handler(ValidationError, answers.invalid)
    app.add_exception_handler(RequestValidationError, answers.invalid)
    app.add_exception_handler(DBAPIError, answers.database)
    app.add_exception_handler(HTTPException, answers.http)


class _Answers:
    def __init__(self, page: ErrorPage | None) -> None:
        self._page = page

    async def ours(self, request: Request, error: Exception) -> Response:
        kinds = type(error).__mro__
        status, sentence = next((_SENTENCES[kind] for kind in kinds if kind in _SENTENCES), (503, _ANY_ERROR))
        on_page = next((_ON_PAGES[kind] for kind in kinds if kind in _ON_PAGES), sentence)
        headers = {}
        if isinstance(error, Unauthorised):
            headers["WWW-Authenticate"] = "Bearer"
        if isinstance(error, TooManyMessages):
            headers["Retry-After"] = str(error.retry_after)
        details = vars(error)
        return self._answer(request, status, sentence.format_map(details), on_page.format_map(details), headers)

    async def invalid(self, request: Request, error: Exception) -> Response:
        errors: Iterable[Any] = error.errors() if isinstance(error, ValidationError | RequestValidationError) else ()
        return self._answer(request, 422, " ".join(_field_sentence(item) for item in errors))

    async def database(self, request: Request, error: Exception) -> Response:
        # The text of the error quotes the statement and its values: only the driver's class is written down.
        _log.error("database error", error=type(error).__name__)
        return self._answer(request, 503, _DATABASE_DOWN, headers={"Retry-After": "5"})

    async def http(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        status = error.status_code
        return self._answer(
            request,
            status,
            _HTTP.get(status, _ANY_ERROR),
            _HTTP_ON_PAGES.get(status, _ANY_ERROR),
            error.headers,
        )

    def _answer(
        self,
        request: Request,
        status: int,
        detail: str,
        on_page: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        if self._page is None or not wants_page(request):
            return french(status, detail, headers=headers)
        response = self._page(request, status, on_page or detail)
        response.headers.update(headers or {})
        return response


def _field_sentence(item: Mapping[str, Any]) -> str:
    location = [str(part) for part in item["loc"] if part not in {"body", "query", "header"}]
    return _FIELD.get(item["type"], _ANY_FIELD).format_map({**item.get("ctx", {}), "field": ".".join(location)})

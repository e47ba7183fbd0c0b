"""One table from an error to what a client of the gateway gets: a status and a French sentence."""

from collections.abc import Iterable, Mapping
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from bot.channels.rest import ChannelClosed, Unauthorised
from bot.conversations.limits import TooManyMessages
from bot.errors import EquipierError

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


def install(app: FastAPI) -> None:
    """Makes *app* answer errors from the table."""
    app.add_exception_handler(EquipierError, _ours)
    app.add_exception_handler(ValidationError, _invalid)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(DBAPIError, _database)
    app.add_exception_handler(HTTPException, _http)


async def _ours(_request: Request, error: Exception) -> JSONResponse:
    known = (_SENTENCES[kind] for kind in type(error).__mro__ if kind in _SENTENCES)
    status, sentence = next(known, (503, _ANY_ERROR))
    headers = {}
    if isinstance(error, Unauthorised):
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, TooManyMessages):
        headers["Retry-After"] = str(error.retry_after)
    return french(status, sentence.format_map(vars(error)), headers=headers)


async def _invalid(_request: Request, error: Exception) -> JSONResponse:
    errors: Iterable[Any] = error.errors() if isinstance(error, ValidationError | RequestValidationError) else ()
    return french(422, " ".join(_field_sentence(item) for item in errors))


def _field_sentence(item: Mapping[str, Any]) -> str:
    location = [str(part) for part in item["loc"] if part not in {"body", "query", "header"}]
    return _FIELD.get(item["type"], _ANY_FIELD).format_map({**item.get("ctx", {}), "field": ".".join(location)})


async def _database(_request: Request, error: Exception) -> JSONResponse:
    # The text of the error quotes the statement and its values: only the driver's class is written down.
    _log.error("database error", error=type(error).__name__)
    return french(503, _DATABASE_DOWN, headers={"Retry-After": "5"})


async def _http(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return french(error.status_code, _HTTP.get(error.status_code, _ANY_ERROR), headers=error.headers)

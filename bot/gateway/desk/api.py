"""The API of the help desk: the mandates of the organisation, for programs that share the session of a browser."""

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from bot.demarches import Demarche
from bot.gateway.desk.access import Acting, guarded
from bot.gateway.desk.desk import Desk
from bot.gateway.desk.sessions import COOKIE
from bot.gateway.desk.sheet import sheet
from bot.gateway.pages.security import Forged
from bot.journal.actions import Action
from bot.mandats import reference as references
from bot.mandats.rules import Status
from bot.mandats.views import Actor, MandatView, UnknownMandat

_VERSION = "1.0"
_DESCRIPTION = (
    "Les mandats de la structure de l'aidant connecté. L'accès se fait par la session du navigateur "
    "(cookie « equipier_session »), ouverte à la page /connexion. Chaque lecture est inscrite au journal."
)


class ErrorOut(BaseModel):
    """Ce qui ne va pas."""

    detail: str = Field(description="Une phrase, en français.")


_ERRORS: dict[int | str, dict[str, Any]] = {
    401: {"model": ErrorOut, "description": "Personne n'est connecté."},
    403: {"model": ErrorOut, "description": "Les mandats ne sont pas ouverts à cette personne."},
    404: {"model": ErrorOut, "description": "Introuvable dans la structure."},
    422: {"model": ErrorOut, "description": "Un paramètre n'est pas valable."},
}


class UsagerOut(BaseModel):
    """L'usager du mandat."""

    family_name: str = Field(description="Nom de naissance.")
    given_names: str = Field(description="Prénoms.")


class DemarcheOut(BaseModel):
    """Une démarche du mandat."""

    demarche: Demarche = Field(description="Clé de la démarche.")
    titre: str = Field(description="Intitulé de la démarche.")
    ended_at: datetime | None = Field(description="Fin avant le terme du mandat ; vide tant qu'elle est ouverte.")
    ended_by: str | None = Field(description="Cause de cette fin : revocation, remplacement ou expiration.")


class MandatOut(BaseModel):
    """Un mandat."""

    reference: str
    status: Status = Field(description="active (en cours), expired (expiré) ou revoked (révoqué).")
    demarches: list[DemarcheOut]
    sealed_at: datetime = Field(description="Instant de la signature.")
    expires_at: datetime = Field(description="Instant de la fin prévue.")
    revoked_at: datetime | None
    days_left: int = Field(description="Jours jusqu'à la fin prévue, arrondis au-dessus.")
    official_number: str | None = Field(description="Numéro du mandat dans Aidants Connect.")
    usager: UsagerOut | None = Field(description="Vide quand l'identité a été effacée.")


class VerificationOut(BaseModel):
    """Ce qu'un mandat permet."""

    reference: str
    demarche: Demarche
    covered: bool = Field(description="Le mandat permet d'agir maintenant pour cette démarche.")
    status: Status
    expires_at: datetime


def same_site(request: Request) -> None:
    """Another site may not have the browser of an aidant ask, even for nothing: each answer is journalled.

    Raises:
        Forged: it does.
    """
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise Forged("asked by another site")


def routes(desk: Desk) -> APIRouter:
    """Everything under ``/api``."""
    router = APIRouter(
        prefix="/api", route_class=guarded(desk), tags=["Mandats"], dependencies=[Depends(same_site)], responses=_ERRORS
    )
    services = desk.services
    StatusQuery = Annotated[Status | None, Query(description="Seulement les mandats dans cet état.")]
    NameQuery = Annotated[str, Query(max_length=200, description="Mots du nom de l'usager.")]
    SinceQuery = Annotated[
        date | None, Query(description="Seulement les mandats scellés ce jour-là (à Paris) ou après.")
    ]

    def called(actor: Actor, written: str) -> MandatView:
        known = references.parse(written)
        if known is None:
            raise UnknownMandat(written[:20])
        return services.register.by_reference(actor, known)

    @router.get("/mandats", summary="Lister les mandats de la structure")
    def mandats(
        actor: Acting, status: StatusQuery = None, name: NameQuery = "", since: SinceQuery = None
    ) -> list[MandatOut]:
        """Du plus récent au plus ancien. La liste est inscrite au journal comme un export, avec le nombre."""
        return [_out(one) for one in services.exports.mandats(actor, "json", status=status, name=name, since=since)]

    @router.get(
        "/mandats.csv",
        summary="Exporter les mandats dans un tableur",
        response_class=Response,
        responses={200: {"content": {"text/csv": {}}, "description": "Un fichier CSV (UTF-8, point-virgule)."}},
    )
    def exported(actor: Acting, status: StatusQuery = None, name: NameQuery = "", since: SinceQuery = None) -> Response:
        """Les mêmes filtres que la liste. L'export est inscrit au journal, avec le nombre de mandats."""
        found = services.exports.mandats(actor, "csv", status=status, name=name, since=since)
        return Response(
            sheet(found),
            media_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": 'attachment; filename="mandats.csv"'},
        )

    @router.get("/mandats/{reference}", summary="Lire un mandat")
    def mandat(actor: Acting, reference: str) -> MandatOut:
        """La lecture est inscrite au journal du mandat."""
        return _out(services.register.mandat(actor, called(actor, reference).id))

    @router.get("/mandats/{reference}/verification", summary="Vérifier qu'un mandat permet une démarche")
    def verification(actor: Acting, reference: str, demarche: Demarche) -> VerificationOut:
        """La vérification est inscrite au journal du mandat."""
        found = called(actor, reference)
        services.register.note(actor, Action.CHECK_MANDAT, found.id)
        return VerificationOut(
            reference=found.reference,
            demarche=demarche,
            covered=demarche in found.open_demarches,
            status=found.status,
            expires_at=found.expires_at,
        )

    document = _document(router)

    @router.get("/openapi.json", include_in_schema=False)
    def openapi() -> dict[str, Any]:
        return document

    return router


def _document(router: APIRouter) -> dict[str, Any]:
    """What the routes of *router* take and give, in OpenAPI."""
    document = get_openapi(
        title="Équipier, API des mandats", version=_VERSION, description=_DESCRIPTION, routes=router.routes
    )
    document.setdefault("components", {})["securitySchemes"] = {
        "session": {"type": "apiKey", "in": "cookie", "name": COOKIE}
    }
    document["security"] = [{"session": []}]
    return document


def _out(mandat: MandatView) -> MandatOut:
    usager = mandat.usager
    return MandatOut(
        reference=mandat.reference,
        status=mandat.status,
        demarches=[
            DemarcheOut(demarche=one.demarche, titre=one.demarche.titre, ended_at=one.ended_at, ended_by=one.ended_by)
            for one in mandat.scopes
        ],
        sealed_at=mandat.sealed_at,
        expires_at=mandat.expires_at,
        revoked_at=mandat.revoked_at,
        days_left=mandat.days_left,
        official_number=mandat.official_number,
        usager=UsagerOut(family_name=usager.family_name, given_names=usager.given_names) if usager else None,
    )

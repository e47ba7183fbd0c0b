"""What was validated, as files: examples to learn from, questions of the bank, items to measure with, a test story."""

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from bot.calendar import PARIS
from bot.gateway.desk.access import Posted, guarded
from bot.gateway.desk.desk import Desk
from bot.gateway.desk.supervision.common import SUPERVISION, Reviewing, show
from bot.gateway.desk.supervision.services import SupervisionServices
from bot.supervision.views import Use

EXPORTS = f"{SUPERVISION}/exports"
ALL = "tout"
_YAML, _LINES, _ZIP = "application/yaml", "application/jsonl", "application/zip"


@dataclass(frozen=True, slots=True)
class Download:
    """Something to download.

    Attributes:
        files: names of the files of an export; several go in an archive.
    """

    title: str
    what: str
    files: tuple[str, ...]


DOWNLOADS = {
    "rasa": Download("Exemples d'apprentissage", "Un fichier YAML pour Rasa (nlu).", ("nlu.yml",)),
    "banque": Download(
        "Questions de la banque", "Les questions et la fiche qui y répond, pour la recherche.", ("bank.jsonl",)
    ),
    "evaluation": Download(
        "Jeu d'évaluation",
        "Une archive\u202f: intentions, questions sur les mandats et fiches attendues.",
        ("intents.jsonl", "faq.jsonl", "guidance.jsonl"),
    ),
    "histoire": Download(
        "Histoires de test", "Un fichier YAML de conversations à vérifier (rasa test).", ("test_corrections.yml",)
    ),
    ALL: Download(
        "Tout",
        "Une archive de tous ces fichiers.",
        ("nlu.yml", "bank.jsonl", "intents.jsonl", "faq.jsonl", "guidance.jsonl", "test_corrections.yml"),
    ),
}


def routes(desk: Desk, services: SupervisionServices) -> APIRouter:
    """``/supervision/exports``."""
    router = APIRouter(route_class=guarded(desk))
    exports = services.exports

    @router.get(EXPORTS)
    def ready(request: Request, visitor: Reviewing) -> Response:
        collected = exports.collect(visitor.id)
        return show(
            request,
            "exports",
            visitor,
            downloads=DOWNLOADS.items(),
            teach=len(collected.serving(Use.TRAINING)),
            measure=len(collected.serving(Use.EVALUATION)),
            left_out=collected.left_out,
        )

    @router.post(EXPORTS)
    def download(visitor: Reviewing, form: Posted) -> Response:
        name = form.get("quoi", "") if form.get("quoi") in DOWNLOADS else ALL
        wanted = DOWNLOADS[name]
        with TemporaryDirectory() as folder:
            exports.write(Path(folder), exports.collect(visitor.id), visitor.id)
            files = {file: (Path(folder) / file).read_bytes() for file in wanted.files}
        day = f"{desk.kit.services.clock.now().astimezone(PARIS):%Y-%m-%d}"
        if len(files) == 1:
            [(file, content)] = files.items()
            return _attached(content, f"{day}-{file}", _YAML if file.endswith(".yml") else _LINES)
        return _attached(_archive(files), f"{day}-corrections-{name}.zip", _ZIP)

    return router


def _archive(files: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return content.getvalue()


def _attached(content: bytes, name: str, media_type: str) -> Response:
    return Response(
        content,
        media_type=media_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )

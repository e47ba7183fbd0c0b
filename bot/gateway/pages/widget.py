"""The widget as it was built at set-up: where it is, and the address that never changes, which loads it."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter
from starlette.responses import FileResponse, Response

from bot.gateway.errors import french
from bot.gateway.pages.kit import Kit

FOLDER = "widget"
MISSING = (
    "L'assistant n'est pas encore installé sur ce serveur. Lancez «\u202fmake setup\u202f», puis rechargez la page."
)
_LOADER = "/widget.js"
_MANIFEST = "manifest.json"
_SAFE = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")
_HEADERS = {
    # Asked again each time, since what it loads changes with each version; from any site, since it holds no secret.
    "Cache-Control": "no-cache",
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


@dataclass(frozen=True, slots=True)
class Bundle:
    """A built widget.

    Attributes:
        entry: address of the module that defines ``<equipier-chat>``.
        loader: file that is served at ``/widget.js``.
    """

    entry: str
    loader: Path


def bundle(static: Path) -> Bundle | None:
    """The widget under the folder *static*; ``None`` when it was not built, or not entirely."""
    manifests = sorted((static / FOLDER).glob(f"[!.]*/{_MANIFEST}"), key=lambda path: path.stat().st_mtime)
    if not manifests:
        return None
    folder = manifests[-1].parent  # set-up keeps only the last one; a second one is being put in its place
    try:
        manifest = json.loads(manifests[-1].read_text(encoding="utf-8"))
        entry, loader = folder / manifest["entry"], folder / manifest["loader"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if not all(file.parent == folder and _SAFE.fullmatch(file.name) and file.is_file() for file in (entry, loader)):
        return None
    return Bundle(f"/static/{FOLDER}/{folder.name}/{entry.name}", loader)


def routes(kit: Kit) -> APIRouter:
    """``/widget.js``."""
    router = APIRouter()

    @router.get(_LOADER)
    def loader() -> Response:
        found = bundle(kit.services.static)
        if found is None:
            return french(503, MISSING, headers=_HEADERS)
        return FileResponse(found.loader, media_type="text/javascript", headers=_HEADERS)

    return router

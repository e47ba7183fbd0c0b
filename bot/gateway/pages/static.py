"""Files that never change at their address, which holds their version: browsers keep them for a year."""

import os
from pathlib import Path

from fastapi import FastAPI
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from bot.gateway.pages.templates import OURS
from bot.gateway.pages.widget import FOLDER

_FOR_EVER = "public, max-age=31536000, immutable"


class _Versioned(StaticFiles):
    """Serves a folder.

    Args:
        any_version: the first part of a path is a version that the folder does not have.
        shared: pages of other sites may load them too.
    """

    def __init__(self, folder: Path, *, any_version: bool, shared: bool = False) -> None:
        super().__init__(directory=folder, check_dir=False)
        self._any_version = any_version
        self._shared = shared

    async def check_config(self) -> None:
        """A folder that is missing is no error: it holds no file."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        wanted = path.partition(os.sep)[2] if self._any_version else path
        response = await super().get_response(wanted, scope)
        response.headers["Cache-Control"] = _FOR_EVER
        if self._shared:
            response.headers.update(
                {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
            )
        return response


def mount(app: FastAPI, *, static: Path) -> None:
    """Serves the DSFR and the widget, of the folder *static*, and our own files.

    Both folders may be missing: pages then have no design but work, or say that the assistant is not installed.
    """
    app.mount(f"/static/{FOLDER}", _Versioned(static / FOLDER, any_version=False, shared=True))
    app.mount("/static/dsfr", _Versioned(static / "dsfr", any_version=False))
    app.mount("/static/equipier", _Versioned(OURS, any_version=True))

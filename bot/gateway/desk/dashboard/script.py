"""Chart.js, served from our own folder at an address that holds its version: browsers keep it for a year."""

from pathlib import Path

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response

from bot.setup.charts import SCRIPT, VERSION, charts_dir

_HOME = "/static/chart.js"
_FOR_EVER = "public, max-age=31536000, immutable"


def script_address() -> str:
    return f"{_HOME}/{VERSION}/{SCRIPT}"


def routes(static: Path) -> APIRouter:
    """The script that ``bot.setup.charts`` left under the folder *static*; without it, pages show their tables."""
    router = APIRouter()

    @router.get(script_address(), include_in_schema=False)
    def script() -> Response:
        path = charts_dir(static) / SCRIPT
        if not path.is_file():
            raise HTTPException(404)
        return FileResponse(path, media_type="text/javascript", headers={"Cache-Control": _FOR_EVER})

    return router

"""The official archive of the fiches « particuliers », published every day by the DILA."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx

from bot.errors import CorpusError

MAX_DOWNLOAD = 200 * 1024 * 1024  # bytes; the archive weighs about 40 MB
_MAX_REDIRECTS = 3
# Seconds. Connecting is quick or does not work; a slow download may go on as long as bytes arrive.
_TIMEOUT = httpx.Timeout(30.0, connect=5.0)
_FILE = "vosdroits-latest.zip"

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Download:
    """A downloaded archive.

    Attributes:
        published: day that the server gives to it; ``None`` when it does not say.
    """

    path: Path
    published: date | None


def fetch_dila(url: str, folder: Path, *, client: httpx.Client | None = None, progress: Progress) -> Download:
    """Downloads the archive at *url* into *folder*; an interrupted download leaves the former file as it was.

    Args:
        client: by default one with short waits, that honours the proxy of the environment.

    Raises:
        CorpusError: the address is not https, leads to another host, or does not give the archive.
    """
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f"{_FILE}.part"
    with contextlib.ExitStack() as stack:
        opened = client or stack.enter_context(httpx.Client(timeout=_TIMEOUT))
        stack.callback(partial.unlink, missing_ok=True)
        try:
            published = _download(opened, httpx.URL(url), partial, progress)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise CorpusError(f"archive officielle injoignable ({_reason(error)})") from error
        target = folder / _FILE
        partial.replace(target)
    return Download(target, published)


def _download(client: httpx.Client, url: httpx.URL, partial: Path, progress: Progress) -> date | None:
    host = url.host
    for _attempt in range(_MAX_REDIRECTS + 1):
        if url.scheme != "https" or url.host != host:
            raise CorpusError(f"adresse refusée pour l'archive officielle : {url}")
        with client.stream("GET", url, follow_redirects=False) as response:
            if response.next_request is not None:
                url = response.next_request.url
                continue
            response.raise_for_status()
            _save(response, partial, progress)
            return _last_modified(response)
    raise CorpusError("trop de redirections vers l'archive officielle")


def _save(response: httpx.Response, partial: Path, progress: Progress) -> None:
    announced = response.headers.get("content-length", "")
    total = int(announced) if announced.isascii() and announced.isdigit() else 0
    received = 0
    with partial.open("wb") as file:
        for chunk in response.iter_bytes():
            received += len(chunk)
            if max(received, total) > MAX_DOWNLOAD:
                raise CorpusError(f"archive officielle de plus de {MAX_DOWNLOAD // (1024 * 1024)} Mio")
            file.write(chunk)
            progress("Téléchargement (Kio)", received // 1024, max(received, total) // 1024)


def _last_modified(response: httpx.Response) -> date | None:
    try:
        return parsedate_to_datetime(response.headers["last-modified"]).date()
    except (KeyError, ValueError):
        return None


def _reason(error: Exception) -> str:
    if isinstance(error, httpx.HTTPStatusError):
        return f"réponse {error.response.status_code}"
    if isinstance(error, httpx.TimeoutException):
        return "délai dépassé"
    return str(error) or type(error).__name__

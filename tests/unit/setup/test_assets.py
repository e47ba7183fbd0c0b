import base64
import hashlib
import io
import subprocess
import tarfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.errors import EquipierError
from bot.settings import Settings
from bot.setup.assets import VERSION, dsfr_dir, ensure_assets
from bot.setup.steps import assets_step

WANTED = (
    "LICENSE.md",
    "dist/dsfr.min.css",
    "dist/dsfr.module.min.js",
    "dist/dsfr.nomodule.min.js",
    "dist/fonts/Marianne-Bold.woff2",
    "dist/icons/system/close-line.svg",
    "dist/utility/icons/icons-system/icons-system.min.css",
)
LEFT = (
    "dist/favicon/favicon.svg",
    "dist/dsfr.css",
    "dist/icons/logo/facebook-circle-fill.svg",
    "dist/artwork/a.svg",
    "src/a.js",
)


def package(*names: str) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for name in names:
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(name)
            archive.addfile(member, io.BytesIO(name.encode()))
    return content.getvalue()


def sha512(content: bytes) -> str:
    return base64.b64encode(hashlib.sha512(content).digest()).decode()


class FakeNpm:
    """`npm pack`, which leaves *content*, or nothing, or fails."""

    def __init__(self, content: bytes | None, *, error: Exception | None = None) -> None:
        self.content = content
        self.error = error
        self.calls: list[Sequence[str]] = []

    def __call__(self, argv: Sequence[str]) -> None:
        self.calls.append(argv)
        if self.error:
            raise self.error
        if self.content is not None:
            folder = Path(argv[argv.index("--pack-destination") + 1])
            (folder / f"gouvfr-dsfr-{VERSION}.tgz").write_bytes(self.content)


def fetch(static: Path, npm: FakeNpm, *, expected: str | None = None) -> tuple[Path, bool]:
    return ensure_assets(static, npm=lambda: Path("npm"), run=npm, sha512=expected or sha512(npm.content or b""))


def test_only_what_the_pages_need_is_taken_out_without_any_logo_of_the_state(tmp_path: Path) -> None:
    folder, fetched = fetch(tmp_path, FakeNpm(package(*WANTED, *LEFT)))
    assert (folder, fetched) == (dsfr_dir(tmp_path), True)
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert found == {name.removeprefix("dist/") for name in WANTED}


def test_what_is_there_is_left_alone_and_a_former_version_is_removed(tmp_path: Path) -> None:
    (tmp_path / "dsfr" / "1.0.0").mkdir(parents=True)
    npm = FakeNpm(package(*WANTED))
    fetch(tmp_path, npm)
    assert fetch(tmp_path, npm) == (dsfr_dir(tmp_path), False)
    assert len(npm.calls) == 1
    assert [path.name for path in (tmp_path / "dsfr").iterdir()] == [VERSION]


@pytest.mark.parametrize(
    ("npm", "expected", "message"),
    [
        (FakeNpm(package(*WANTED)), "autre", "empreinte différente"),
        (FakeNpm(package("dist/autre.css")), None, "contenu attendu"),
        (FakeNpm(None), None, "n'a pas produit"),
        (FakeNpm(b"", error=subprocess.CalledProcessError(1, ["npm"])), None, "n'a pas pu télécharger"),
        (FakeNpm(b"", error=subprocess.TimeoutExpired(["npm"], 600)), None, "n'a pas pu télécharger"),
    ],
)
def test_a_wrong_package_leaves_nothing(tmp_path: Path, npm: FakeNpm, expected: str | None, message: str) -> None:
    with pytest.raises(EquipierError, match=message):
        fetch(tmp_path, npm, expected=expected)
    assert not list((tmp_path / "dsfr").iterdir())


def test_a_path_that_leaves_the_package_is_not_followed(tmp_path: Path) -> None:
    folder, _ = fetch(tmp_path, FakeNpm(package(*WANTED, "dist/fonts/../../../../evil.woff2")))
    assert not list(tmp_path.parent.rglob("evil.woff2"))
    assert folder.is_dir()


def test_without_npm_the_preparation_goes_on_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    settings = Settings(var_dir=tmp_path / "var")
    said = assets_step(settings)
    assert said.startswith("⚠ npm est introuvable")
    assert "Installez Node.js" in said
    dsfr_dir(settings.static_dir).mkdir(parents=True)
    assert assets_step(settings) == f"@gouvfr/dsfr {VERSION} en place"

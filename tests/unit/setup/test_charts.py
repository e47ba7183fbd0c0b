import base64
import hashlib
import io
import subprocess
import tarfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.errors import EquipierError
from bot.setup.charts import SCRIPT, VERSION, charts_dir, ensure_charts


def package(*names: str) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for name in names:
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(name)
            archive.addfile(member, io.BytesIO(name.encode()))
    return content.getvalue()


WHOLE = package(f"dist/{SCRIPT}", "LICENSE.md", "dist/chart.js", f"auto/{SCRIPT}", f"../{SCRIPT}")


class FakeNpm:
    """`npm pack`, which leaves *content*, or fails."""

    def __init__(self, content: bytes, *, error: Exception | None = None) -> None:
        self.content = content
        self.error = error
        self.calls: list[Sequence[str]] = []

    def __call__(self, argv: Sequence[str]) -> None:
        self.calls.append(argv)
        if self.error:
            raise self.error
        folder = Path(argv[argv.index("--pack-destination") + 1])
        (folder / f"chart.js-{VERSION}.tgz").write_bytes(self.content)


def fetch(static: Path, npm: FakeNpm) -> tuple[Path, bool]:
    expected = base64.b64encode(hashlib.sha512(npm.content).digest()).decode()
    return ensure_charts(static, npm=lambda: Path("npm"), run=npm, sha512=expected)


def test_only_the_script_and_its_licence_are_taken_out_once(tmp_path: Path) -> None:
    (tmp_path / "chart.js" / "3.0.0").mkdir(parents=True)
    npm = FakeNpm(WHOLE)
    folder, fetched = fetch(tmp_path, npm)
    assert (folder, fetched) == (charts_dir(tmp_path), True)
    assert sorted(path.name for path in folder.iterdir()) == ["LICENSE.md", SCRIPT]
    assert fetch(tmp_path, npm) == (folder, False)
    assert len(npm.calls) == 1
    assert [path.name for path in folder.parent.iterdir()] == [VERSION]


@pytest.mark.parametrize(
    ("npm", "message"),
    [
        (FakeNpm(package("dist/autre.js")), "contenu attendu"),
        (FakeNpm(b"", error=subprocess.CalledProcessError(1, ["npm"])), "n'a pas pu télécharger"),
    ],
)
def test_a_wrong_package_leaves_nothing(tmp_path: Path, npm: FakeNpm, message: str) -> None:
    with pytest.raises(EquipierError, match=message):
        fetch(tmp_path, npm)
    assert not list((tmp_path / "chart.js").iterdir())


def test_another_package_than_the_published_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EquipierError, match="empreinte différente"):
        ensure_charts(tmp_path, npm=lambda: Path("npm"), run=FakeNpm(WHOLE))

"""An archive is believed only as far as its hashes go."""

import gzip
import io
import json
import tarfile
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from bot.backup.archive import Damaged, Manifest, pack, unpack
from bot.errors import EquipierError

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
CONTENT = {"application": b"base " * 4000, "index/f3/mots.npy": bytes(range(256)) * 40, "models/m1.tar.gz": b""}


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    files = {}
    for number, (name, content) in enumerate(CONTENT.items()):
        files[name] = tmp_path / f"source{number}"
        files[name].write_bytes(content)
    pack(Manifest(NOON, "0010", {"application": "sqlite"}, ("{}",)), files, tmp_path / "s.tar.gz")
    return tmp_path / "s.tar.gz"


def forged(path: Path, members: list[tuple[tarfile.TarInfo, bytes]], told: dict[str, Any] | None = None) -> Path:
    """An archive whose manifest is right about its members, whatever they are."""
    files = {member.name: {"size": len(content), "sha256": sha256(content).hexdigest()} for member, content in members}
    manifest = {
        "format": 1,
        "made_at": NOON.isoformat(),
        "schema": "0010",
        "databases": {},
        "checkpoints": [],
        "keys": False,
        "files": files,
    }
    content = json.dumps(manifest | (told or {})).encode()
    head = tarfile.TarInfo("manifest.json")
    with tarfile.open(path, "w:gz") as tar:
        for member, data in [(head, content), *members]:
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return path


def test_what_was_packed_is_unpacked_and_nobody_else_can_read_it(archive: Path, tmp_path: Path) -> None:
    manifest = unpack(archive, tmp_path / "out")
    assert {name: (tmp_path / "out" / name).read_bytes() for name in manifest.files} == CONTENT
    assert (manifest.made_at, manifest.schema, manifest.checkpoints) == (NOON, "0010", ("{}",))
    assert archive.stat().st_mode & 0o777 == 0o600


def test_an_archive_that_is_there_is_not_replaced(archive: Path) -> None:
    before = archive.read_bytes()
    with pytest.raises(FileExistsError):
        pack(Manifest(NOON, "0010", {}), {}, archive)
    assert archive.read_bytes() == before
    assert not [path for path in archive.parent.iterdir() if path.name.endswith(".partial")]


def test_cut_anywhere_it_is_refused(archive: Path, tmp_path: Path) -> None:
    whole = archive.read_bytes()
    for number, length in enumerate([*range(0, len(whole) - 30, max(1, len(whole) // 40)), len(whole) - 9]):
        cut = tmp_path / "cut.tar.gz"
        cut.write_bytes(whole[:length])
        with pytest.raises(Damaged):
            unpack(cut, tmp_path / f"cut{number}")


def test_a_byte_that_changed_anywhere_is_seen(archive: Path, tmp_path: Path) -> None:
    plain = bytearray(gzip.decompress(archive.read_bytes()))
    for number, name in enumerate(("base ", "\x10\x11\x12")):
        changed = bytearray(plain)
        changed[plain.index(name.encode(), 3000)] ^= 1
        other = tmp_path / "changed.tar.gz"
        other.write_bytes(gzip.compress(bytes(changed)))
        with pytest.raises(Damaged):
            unpack(other, tmp_path / f"changed{number}")


@pytest.mark.parametrize(
    "name",
    ["../evil", "/etc/evil", "a/../../evil", "a//b", "a/./b", ".hidden", "a\\..\\b", "a\nb", "é", "a/", "x" * 300],
)
def test_a_name_that_could_lead_elsewhere_is_refused_before_anything_is_written(name: str, tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    with pytest.raises(Damaged):
        unpack(forged(tmp_path / "f.tar.gz", [(tarfile.TarInfo(name), b"evil")]), out)
    assert not out.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["f.tar.gz"]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE, tarfile.CHRTYPE])
def test_only_plain_files_are_taken(kind: bytes, tmp_path: Path) -> None:
    member = tarfile.TarInfo("application")
    member.type, member.linkname = kind, "/etc/passwd"
    with pytest.raises(Damaged):
        unpack(forged(tmp_path / "f.tar.gz", [(member, b"")]), tmp_path / "out")
    assert not (tmp_path / "out" / "application").exists()


def test_a_file_twice_or_too_many_is_refused(tmp_path: Path) -> None:
    twice = [(tarfile.TarInfo("application"), b"a"), (tarfile.TarInfo("application"), b"a")]
    with pytest.raises(Damaged, match="inattendu"):
        unpack(forged(tmp_path / "f.tar.gz", twice), tmp_path / "out")
    with pytest.raises(Damaged, match="inattendu"):
        unpack(forged(tmp_path / "g.tar.gz", [(tarfile.TarInfo("b"), b"a")], {"files": {}}), tmp_path / "other")


@pytest.mark.parametrize(
    "told",
    [
        {"format": 2},
        {"files": []},
        {"made_at": "hier"},
        {"checkpoints": None},
        {"files": {"application": {"size": 1}}},
        {"files": {"application": {"size": 1, "sha256": "0"}}},
    ],
)
def test_a_manifest_that_makes_no_sense_is_refused_in_french(told: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(Damaged, match="inutilisable"):
        unpack(forged(tmp_path / "f.tar.gz", [(tarfile.TarInfo("application"), b"a")], told), tmp_path / "out")


@pytest.mark.parametrize("content", [b"", b"bonjour", gzip.compress(b"bonjour"), b"\x1f\x8b" + b"\0" * 100])
def test_what_is_no_archive_at_all_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(content)
    with pytest.raises(EquipierError):
        unpack(tmp_path / "f", tmp_path / "out")

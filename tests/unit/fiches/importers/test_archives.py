import io
import struct
import tarfile
import zipfile
from pathlib import Path

import pytest

from bot.errors import CorpusError
from bot.fiches.importers.archives import (
    FolderSource,
    Limits,
    Member,
    Rejected,
    TarSource,
    ZipSource,
    is_fiche_file,
)

GOOD = b"<Publication ID='F1'/>"


def make_zip(path: Path, members: dict[str, bytes], *, compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def make_tar(path: Path, members: dict[str, bytes], *, special: tuple[tarfile.TarInfo, ...] = ()) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        for info in special:
            archive.addfile(info)
    return path


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("F1341.xml", True),
        ("package/data/particuliers/F1341.json", True),
        ("part/F1341.XML", True),
        ("package/data/professionnels/F1341.json", False),
        ("asso/F1341.xml", False),
        ("N19810.xml", False),
        ("R1.xml", False),
        ("index.json", False),
        ("F12.zip", False),
        ("F1341.xml.exe", False),
    ],
)
def test_fiches_for_particuliers_are_told_by_their_path(name, expected):
    assert is_fiche_file(name) is expected


def test_a_zip_gives_its_fiches_and_nothing_else(tmp_path):
    inner = make_zip(tmp_path / "inner.zip", {"F2.xml": GOOD}).read_bytes()
    source = ZipSource(make_zip(tmp_path / "a.zip", {"F1.xml": GOOD, "N1.xml": b"", "F3.zip": inner, "menu.xml": b""}))
    assert len(source) == 1
    assert list(source) == [Member("F1.xml", GOOD)]


@pytest.mark.parametrize(
    "name", ["../F1.xml", "/etc/F1.xml", "a/../../F1.xml", "..\\F1.xml", "C:\\F1.xml", "C:/F1.xml"]
)
def test_a_path_that_climbs_is_refused_by_name(tmp_path, name):
    source = ZipSource(make_zip(tmp_path / "a.zip", {name: GOOD, "F2.xml": GOOD}))
    refused, good = list(source)
    assert (refused.reason, good.name) == ("chemin interdit", "F2.xml")


def test_a_symbolic_link_is_refused_by_name(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        link = zipfile.ZipInfo("F1.xml")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    assert list(ZipSource(path)) == [Rejected("F1.xml", "lien symbolique")]


def test_an_encrypted_member_is_refused_by_name(tmp_path):
    path = make_zip(tmp_path / "a.zip", {"F1.xml": GOOD, "F2.xml": GOOD}, compression=zipfile.ZIP_STORED)
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):  # the flag in the first header of each kind
        data[data.index(signature) + offset] |= 1
    path.write_bytes(data)
    refused, good = list(ZipSource(path))
    assert (refused, good.name) == (Rejected("F1.xml", "fichier chiffré"), "F2.xml")


def test_an_unusual_compression_is_refused_by_name(tmp_path):
    path = make_zip(tmp_path / "a.zip", {"F1.xml": GOOD}, compression=zipfile.ZIP_LZMA)
    assert list(ZipSource(path)) == [Rejected("F1.xml", "compression inconnue")]


def test_a_bomb_is_refused_by_its_expansion(tmp_path):
    path = make_zip(tmp_path / "a.zip", {"F1.xml": b" " * 4_000_000})
    assert list(ZipSource(path)) == [Rejected("F1.xml", "taux de compression anormal")]


def test_a_member_that_is_too_large_is_refused_by_name(tmp_path):
    path = make_zip(tmp_path / "a.zip", {"F1.xml": b" " * 9_000_000}, compression=zipfile.ZIP_STORED)
    assert list(ZipSource(path)) == [Rejected("F1.xml", "fichier de plus de 8 Mio")]


def test_a_member_larger_than_it_says_is_refused(tmp_path):
    path = make_zip(tmp_path / "a.zip", {"F1.xml": bytes(range(256)) * 40, "F2.xml": GOOD})
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, data.index(b"PK\1\2") + 24, 10)  # its uncompressed size
    path.write_bytes(data)
    refused, good = list(ZipSource(path))
    assert isinstance(refused, Rejected)
    assert good == Member("F2.xml", GOOD)


def test_a_damaged_member_is_refused_by_name_and_the_rest_is_read(tmp_path):
    path = make_zip(tmp_path / "a.zip", {"F1.xml": GOOD * 10, "F2.xml": GOOD}, compression=zipfile.ZIP_STORED)
    path.write_bytes(path.read_bytes().replace(GOOD * 2, b"?" * len(GOOD * 2), 1))
    refused, good = list(ZipSource(path))
    assert refused.reason.startswith("illisible dans l'archive")
    assert good == Member("F2.xml", GOOD)


@pytest.mark.parametrize("kept", [0.3, 0.9, 0.99])
def test_a_truncated_zip_is_refused_as_a_whole(tmp_path, kept):
    path = make_zip(tmp_path / "a.zip", {f"F{n}.xml": GOOD * 50 for n in range(30)})
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * kept)])
    with pytest.raises(CorpusError, match=r"a\.zip : archive zip illisible"):
        ZipSource(path)


def test_a_zip_with_too_many_members_is_refused(tmp_path):
    path = make_zip(tmp_path / "a.zip", {f"F{n}.xml": b"" for n in range(11)})
    with pytest.raises(CorpusError, match="plus de 10 fichiers"):
        ZipSource(path, limits=Limits(members=10))


def test_a_zip_whose_content_is_too_large_in_all_is_refused(tmp_path):
    path = make_zip(tmp_path / "a.zip", {f"F{n}.xml": b"a" * 100 for n in range(11)})
    with pytest.raises(CorpusError, match="plus de 1000 octets"):
        ZipSource(path, limits=Limits(total_bytes=1000))


@pytest.mark.parametrize("comment", [b"", b"un commentaire"])
def test_a_gigantic_directory_is_refused_before_it_is_read(tmp_path, comment):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("F1.xml", GOOD)
        archive.comment = comment
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, data.rindex(b"PK\5\6") + 12, 500_000_000)
    path.write_bytes(data)
    with pytest.raises(CorpusError, match="plus de 20000 fichiers"):
        ZipSource(path)


def test_a_gigantic_wide_directory_is_refused_too(tmp_path):
    wide_end = b"PK\6\6" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, 1, 1, 500_000_000, 0)
    locator = b"PK\6\7" + struct.pack("<IQI", 0, 0, 1)
    end = b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    path = tmp_path / "a.zip"
    path.write_bytes(wide_end + locator + end)
    with pytest.raises(CorpusError, match="plus de 20000 fichiers"):
        ZipSource(path)


def test_a_tar_gives_the_fiches_for_particuliers(tmp_path):
    path = make_tar(
        tmp_path / "a.tgz",
        {"package/data/particuliers/F1.json": b"{}", "package/data/professionnels/F1.json": b"{}", "README": b""},
    )
    source = TarSource(path)
    assert len(source) == 1
    assert list(source) == [Member("package/data/particuliers/F1.json", b"{}")]


def test_links_devices_and_climbing_paths_of_a_tar_are_refused_by_name(tmp_path):
    link, hard, device = (tarfile.TarInfo(f"F{n}.json") for n in (2, 3, 4))
    link.type, hard.type, device.type = tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE
    link.linkname = hard.linkname = "/etc/passwd"
    path = make_tar(tmp_path / "a.tgz", {"../F1.json": b"{}"}, special=(link, hard, device))
    assert [item.reason for item in TarSource(path)] == [
        "chemin interdit",
        "lien symbolique",
        "lien symbolique",
        "fichier d'un type interdit",
    ]


def test_a_large_member_of_a_tar_is_refused_by_name(tmp_path):
    path = make_tar(tmp_path / "a.tgz", {"F1.json": b" " * 9_000_000, "F2.json": b"{}"})
    assert list(TarSource(path)) == [Rejected("F1.json", "fichier de plus de 8 Mio"), Member("F2.json", b"{}")]


def test_a_tar_that_unpacks_to_too_much_is_refused_even_in_files_that_are_not_wanted(tmp_path):
    path = make_tar(tmp_path / "a.tgz", {"zeros.bin": b"\0" * 3_000_000, "F1.json": b"{}"})
    with pytest.raises(CorpusError, match="taille permise"):
        TarSource(path, limits=Limits(total_bytes=1_000_000))


def test_a_tar_with_too_many_members_is_refused(tmp_path):
    path = make_tar(tmp_path / "a.tgz", {f"F{n}.json": b"{}" for n in range(11)})
    with pytest.raises(CorpusError, match="plus de 10 fichiers"):
        TarSource(path, limits=Limits(members=10))


@pytest.mark.parametrize("kept", [0.2, 0.9])
def test_a_truncated_tar_is_refused(tmp_path, kept):
    path = make_tar(tmp_path / "a.tgz", {f"F{n}.json": str(n * 7919).encode() * 200 for n in range(200)})
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * kept)])
    with pytest.raises(CorpusError, match="illisible"):
        TarSource(path)


def test_a_folder_gives_its_fiches_without_following_links(tmp_path):
    (tmp_path / "sous").mkdir()
    (tmp_path / "sous" / "F2.xml").write_bytes(GOOD)
    (tmp_path / "F1.json").write_bytes(b"{}")
    (tmp_path / "F3.xml").symlink_to("/etc/passwd")
    (tmp_path / "F4.xml").mkdir()
    assert list(FolderSource(tmp_path)) == [Member("F1.json", b"{}"), Member("sous/F2.xml", GOOD)]


def test_a_large_file_of_a_folder_is_refused_by_name(tmp_path):
    (tmp_path / "F1.xml").write_bytes(b" " * 9_000_000)
    assert list(FolderSource(tmp_path)) == [Rejected("F1.xml", "fichier de plus de 8 Mio")]

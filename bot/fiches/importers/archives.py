"""Files of publications read from a zip, a tar or a folder, one by one, never written to disk.

Archives come from outside: sizes are counted while reading, not only believed, and what no honest archive of fiches
holds (paths that climb, links, encryption, bombs) is refused, by name when the rest can still be read.
"""

import gzip
import re
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from bot.errors import CorpusError
from bot.fiches.importers.tree import MAX_BYTES

# Fiches for professionals and associations carry ids of the same series.
_OTHER_AUDIENCES = frozenset(("professionnels", "associations", "entreprendre", "pro", "asso"))
_FICHE_FILE = re.compile(r"F\d+\.(?:xml|json)", re.IGNORECASE)
_UNREADABLE = (OSError, EOFError, RuntimeError, NotImplementedError, zlib.error, zipfile.BadZipFile, tarfile.TarError)
# A zip keeps a directory of its members, read at once when it is opened: this bounds the memory that takes.
_DIRECTORY_BYTES_PER_MEMBER = 512


@dataclass(frozen=True, slots=True)
class Limits:
    """What an archive may hold. The official one has 5,000 members, 400 MB and no member over 2 MB.

    Attributes:
        ratio: greatest expansion of a member that weighs more than ``ratio_from`` bytes.
    """

    members: int = 20_000
    member_bytes: int = MAX_BYTES
    total_bytes: int = 1536 * 1024 * 1024
    ratio: int = 200
    ratio_from: int = 1024 * 1024


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Member:
    """One file of publication, whole in memory."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Rejected:
    """A file left out, and why, in French."""

    name: str
    reason: str


Read = Member | Rejected


def is_fiche_file(name: str) -> bool:
    """Whether a file is a fiche for « particuliers », told by its name and folders."""
    path = PurePosixPath(name.replace("\\", "/"))
    return _FICHE_FILE.fullmatch(path.name) is not None and not _OTHER_AUDIENCES & {
        part.lower() for part in path.parts[:-1]
    }


class ZipSource:
    """The fiches of a zip.

    Raises:
        CorpusError: not a zip, or one that breaks the limits as a whole.
    """

    def __init__(self, path: Path, *, limits: Limits = LIMITS) -> None:
        self._path = path
        self._limits = limits
        with path.open("rb") as file:
            if _directory_bytes(file) > limits.members * _DIRECTORY_BYTES_PER_MEMBER:
                raise CorpusError(f"{path.name} : plus de {limits.members} fichiers")
        try:
            with zipfile.ZipFile(path) as archive:
                infos = archive.infolist()
        except _UNREADABLE as error:
            raise CorpusError(f"{path.name} : archive zip illisible ({error})") from error
        if len(infos) > limits.members:
            raise CorpusError(f"{path.name} : plus de {limits.members} fichiers")
        if sum(info.file_size for info in infos) > limits.total_bytes:
            raise CorpusError(f"{path.name} : contenu de plus de {limits.total_bytes} octets")
        self._infos = [info for info in infos if is_fiche_file(info.filename)]

    def __len__(self) -> int:
        return len(self._infos)

    def __iter__(self) -> Iterator[Read]:
        with zipfile.ZipFile(self._path) as archive:
            for info in self._infos:
                reason = self._refusal(info)
                yield Rejected(info.filename, reason) if reason else self._member(archive, info)

    def _refusal(self, info: zipfile.ZipInfo) -> str:
        """Why a member is not even opened; empty when it may be."""
        limits = self._limits
        expanded = info.file_size > limits.ratio * max(info.compress_size, 1)
        reasons = {
            "chemin interdit": _climbs(info.filename),
            "lien symbolique": stat.S_ISLNK(info.external_attr >> 16),
            "fichier chiffré": info.flag_bits & 0x1,
            "compression inconnue": info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED),
            _too_large(limits): info.file_size > limits.member_bytes,
            "taux de compression anormal": info.file_size > limits.ratio_from and expanded,
        }
        return next((reason for reason, holds in reasons.items() if holds), "")

    def _member(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Read:
        try:
            with archive.open(info) as file:
                content = file.read(self._limits.member_bytes + 1)
        except _UNREADABLE as error:
            return Rejected(info.filename, f"illisible dans l'archive ({error})")
        if len(content) > self._limits.member_bytes:  # its header lied
            return Rejected(info.filename, _too_large(self._limits))
        return Member(info.filename, content)


class TarSource:
    """The fiches of a compressed tar, read twice: once to count them, once for their content.

    Raises:
        CorpusError: not such a tar, or one that breaks the limits as a whole; also while reading.
    """

    def __init__(self, path: Path, *, limits: Limits = LIMITS) -> None:
        self._path = path
        self._limits = limits
        self._count = sum(1 for _archive, info in self._entries() if is_fiche_file(info.name))

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Read]:
        for archive, info in self._entries():
            if not is_fiche_file(info.name):
                continue
            reason = self._refusal(info)
            if reason:
                yield Rejected(info.name, reason)
                continue
            try:
                file = archive.extractfile(info)
                content = file.read() if file else b""
            except _UNREADABLE as error:
                raise self._broken(error) from error
            yield Member(info.name, content)

    def _refusal(self, info: tarfile.TarInfo) -> str:
        if _climbs(info.name):
            return "chemin interdit"
        if info.issym() or info.islnk():
            return "lien symbolique"
        if not info.isreg():
            return "fichier d'un type interdit"
        return _too_large(self._limits) if info.size > self._limits.member_bytes else ""

    def _entries(self) -> Iterator[tuple[tarfile.TarFile, tarfile.TarInfo]]:
        try:
            with (
                _CountedGzip(self._path, self._limits.total_bytes) as unpacked,
                tarfile.open(fileobj=unpacked, mode="r|") as archive,
            ):
                for rank, info in enumerate(archive, start=1):
                    if rank > self._limits.members:
                        raise CorpusError(f"{self._path.name} : plus de {self._limits.members} fichiers")
                    yield archive, info
        except _UNREADABLE as error:
            raise self._broken(error) from error

    def _broken(self, error: Exception) -> CorpusError:
        return CorpusError(f"{self._path.name} : archive illisible ({error})")


class FolderSource:
    """The fiches of a folder and of its sub-folders; links are not followed."""

    def __init__(self, path: Path, *, limits: Limits = LIMITS) -> None:
        self._root = path
        self._limits = limits
        self._paths = sorted(
            file
            for file in path.rglob("*")
            if is_fiche_file(str(file.relative_to(path))) and file.is_file() and not file.is_symlink()
        )
        if len(self._paths) > limits.members:
            raise CorpusError(f"{path.name} : plus de {limits.members} fichiers")

    def __len__(self) -> int:
        return len(self._paths)

    def __iter__(self) -> Iterator[Read]:
        for path in self._paths:
            yield self._read(path, str(path.relative_to(self._root)))

    def _read(self, path: Path, name: str) -> Read:
        try:
            with path.open("rb") as file:
                content = file.read(self._limits.member_bytes + 1)
        except OSError as error:
            return Rejected(name, f"illisible ({error.strerror})")
        if len(content) > self._limits.member_bytes:
            return Rejected(name, _too_large(self._limits))
        return Member(name, content)


class _CountedGzip(gzip.GzipFile):
    """A gzip that stops once it gave more than it may: it does not tell its size beforehand."""

    def __init__(self, path: Path, limit: int) -> None:
        super().__init__(path, "rb")
        self._left = limit

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        self._left -= len(data)
        if self._left < 0:
            raise CorpusError("archive dont le contenu dépasse la taille permise")
        return data


def _climbs(name: str) -> bool:
    """Whether a member's path is absolute or goes up: nothing is written, but no honest archive has any."""
    path = name.replace("\\", "/")
    return path.startswith("/") or ".." in PurePosixPath(path).parts or re.match(r"[A-Za-z]:", path) is not None


def _too_large(limits: Limits) -> str:
    return f"fichier de plus de {limits.member_bytes // (1024 * 1024)} Mio"


def _directory_bytes(file: IO[bytes]) -> int:
    """Size of a zip's directory as ``zipfile`` will read it (APPNOTE 4.3.14–4.3.16); 0 when this is no zip."""
    end_size, locator_size, wide_end_size = 22, 20, 56
    file.seek(0, 2)
    size = file.tell()
    tail_start = max(0, size - end_size - 0xFFFF - locator_size - wide_end_size)
    file.seek(tail_start)
    tail = file.read()
    at = len(tail) - end_size if tail[-end_size:-18] == b"PK\5\6" and tail[-2:] == b"\0\0" else tail.rfind(b"PK\5\6")
    if at < 0 or len(tail) < at + end_size:
        return 0
    narrow = int.from_bytes(tail[at + 12 : at + 16], "little")
    wide_at = at - locator_size - wide_end_size
    if wide_at >= 0 and tail[at - locator_size : at - locator_size + 4] == b"PK\6\7":
        return max(narrow if narrow != 0xFFFFFFFF else 0, int.from_bytes(tail[wide_at + 40 : wide_at + 48], "little"))
    return narrow

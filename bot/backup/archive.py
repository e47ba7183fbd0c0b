"""The file of a backup: a compressed tar whose first member, the manifest, tells the size and the hash of the others.

Nothing is believed of an archive but what was checked: it may be cut, damaged, or made by someone else.
"""

import gzip
import hashlib
import io
import json
import re
import tarfile
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.errors import EquipierError

FORMAT = 1
_MANIFEST = "manifest.json"
_LARGEST_MANIFEST = 4 * 1024 * 1024  # bytes
# Folders of plain names: nothing that leads out of the folder in which it is unpacked.
_NAME = re.compile(r"(?:[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}/){0,5}[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}")
_LARGEST_END = 1 << 20  # bytes: tar fills its last block
_DAMAGE = (tarfile.TarError, EOFError, zlib.error, OSError, ValueError, KeyError, TypeError, AttributeError)


class Damaged(EquipierError):
    """The archive is not what was written: cut, altered, or no backup at all."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"cette sauvegarde est inutilisable\u202f: {reason}", hint="Rien n'a été changé. Prenez une autre copie."
        )


@dataclass(frozen=True, slots=True)
class Part:
    """A file of the archive, before it was compressed."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds.

    Attributes:
        schema: revision of the schema of the application's database.
        databases: kind (``sqlite`` or ``postgresql``) of each one that is there, by the name of its file.
        checkpoints: how far each journal went, signed, as ``bot.journal.checkpoints.export`` writes it.
        keys: whether the keys are there, under a passphrase.
    """

    made_at: datetime
    schema: str
    databases: Mapping[str, str]
    checkpoints: tuple[str, ...] = ()
    keys: bool = False
    files: Mapping[str, Part] = field(default_factory=dict)


def pack(manifest: Manifest, files: Mapping[str, Path], target: Path) -> Manifest:
    """Writes *files*, by their names in the archive, to *target*, which its owner alone can read; what it holds.

    The archive appears whole or not at all.

    Raises:
        FileExistsError: *target* exists.
    """
    parts = {name: Part(path.stat().st_size, _hash(path)) for name, path in files.items()}
    whole = Manifest(
        manifest.made_at, manifest.schema, manifest.databases, manifest.checkpoints, manifest.keys, files=parts
    )
    partial = target.with_name(f".{target.name}.partial")
    partial.unlink(missing_ok=True)
    try:
        partial.touch(mode=0o600, exist_ok=False)
        with partial.open("wb") as file, tarfile.open(fileobj=file, mode="w:gz", compresslevel=6) as tar:
            content = json.dumps(_as_json(whole), ensure_ascii=False, indent=1).encode()
            _add(tar, _MANIFEST, io.BytesIO(content), len(content), manifest.made_at)
            for name, path in files.items():
                with path.open("rb") as opened:
                    _add(tar, name, opened, parts[name].size, manifest.made_at)
        target.hardlink_to(partial)  # refuses what exists, which a renaming would replace
    finally:
        partial.unlink(missing_ok=True)
    return whole


def unpack(archive: Path, folder: Path) -> Manifest:
    """Puts the files of *archive* into *folder* once each was recognised by its size and its hash.

    Raises:
        Damaged: it is not a whole backup; *folder* may hold a part of it.
        FileNotFoundError: there is no such file.
    """
    with archive.open("rb") as file:
        try:
            with gzip.open(file) as plain, tarfile.open(fileobj=plain, mode="r:") as tar:
                manifest = _read_manifest(tar)
                missing = set(manifest.files)
                while (member := tar.next()) is not None:
                    part = manifest.files.get(member.name)
                    if part is None or member.name not in missing:
                        raise Damaged(f"elle contient un fichier inattendu ({member.name[:80]!r})")
                    _extract(tar, member, part, folder / member.name)
                    missing.discard(member.name)
                if len(plain.read(_LARGEST_END)) == _LARGEST_END:  # its own sum is at its end
                    raise Damaged("elle se termine par autre chose")
        except _DAMAGE as error:
            raise Damaged("elle est coupée ou abîmée") from error
    if missing:
        raise Damaged(f"il y manque {', '.join(sorted(missing))}")
    return manifest


def _add(tar: tarfile.TarFile, name: str, content: Any, size: int, at: datetime) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = size, 0o600, int(at.timestamp())
    tar.addfile(member, content)


def _read_manifest(tar: tarfile.TarFile) -> Manifest:
    member = tar.next()
    content = tar.extractfile(member) if member is not None and member.isreg() else None
    if member is None or content is None or member.name != _MANIFEST or member.size > _LARGEST_MANIFEST:
        raise Damaged("ce fichier n'est pas une sauvegarde d'Équipier")
    told = json.loads(content.read(_LARGEST_MANIFEST))
    if told["format"] != FORMAT:
        raise Damaged(f"elle vient d'une autre version d'Équipier (format {told['format']})")
    files = {str(name): Part(int(part["size"]), str(part["sha256"])) for name, part in told["files"].items()}
    if wrong := [name for name in files if not _NAME.fullmatch(name)]:
        raise Damaged(f"elle contient un nom de fichier interdit ({wrong[0][:80]!r})")
    return Manifest(
        made_at=datetime.fromisoformat(told["made_at"]),
        schema=str(told["schema"]),
        databases={str(name): str(kind) for name, kind in told["databases"].items()},
        checkpoints=tuple(str(one) for one in told["checkpoints"]),
        keys=bool(told["keys"]),
        files=files,
    )


def _as_json(manifest: Manifest) -> dict[str, Any]:
    return {"format": FORMAT} | asdict(manifest) | {"made_at": manifest.made_at.isoformat()}


def _extract(tar: tarfile.TarFile, member: tarfile.TarInfo, part: Part, target: Path) -> None:
    source = tar.extractfile(member) if member.isreg() and member.size == part.size else None
    if source is None:
        raise Damaged(f"{member.name} n'a pas la taille annoncée")
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with target.open("xb") as file:
        while block := source.read(1 << 20):
            digest.update(block)
            file.write(block)
    if digest.hexdigest() != part.sha256:
        raise Damaged(f"{member.name} n'a pas l'empreinte annoncée")


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

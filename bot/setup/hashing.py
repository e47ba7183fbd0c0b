"""Content hashes: what was built is up to date when the hash of its inputs has not changed."""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path


def content_hash(root: Path, inputs: Iterable[str]) -> str:
    """SHA-256, in hexadecimal, of the names and contents of *inputs*: files and folders, relative to *root*.

    An input that does not exist counts as such: its later arrival changes the hash. Bytecode is left out.
    """
    digest = hashlib.sha256()
    for path in sorted({file for name in inputs for file in _files(root / name)}):
        content = path.read_bytes()
        # The length keeps two different splits of the same bytes apart.
        digest.update(f"{path.relative_to(root).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
        return
    for file in path.rglob("*"):
        if file.is_file() and "__pycache__" not in file.parts and not file.name.startswith("."):
            yield file

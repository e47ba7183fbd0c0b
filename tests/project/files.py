"""The project's own files, as the tests of this folder see them."""

import subprocess
from pathlib import Path

from bot.settings import ROOT


def project_files(*suffixes: str) -> list[Path]:
    """Files that are or would be versioned; with *suffixes*, only those."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    files = sorted({ROOT / name for name in listing.split("\0") if name})
    return [path for path in files if path.is_file() and (not suffixes or path.suffix in suffixes)]


def is_under(path: Path, *folders: str) -> bool:
    """Whether *path* is in one of these folders of the project."""
    return any(path.is_relative_to(ROOT / folder) for folder in folders)

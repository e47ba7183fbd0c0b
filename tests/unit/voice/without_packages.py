"""Run by a test in a process of its own: the voice service where the optional packages are not installed."""

import json
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path

ABSENT = ("av", "faster_whisper", "kokoro_onnx", "num2words", "onnxruntime", "espeakng_loader", "ctranslate2")


class Absent:
    """Finds nothing, loudly, under the names of the optional packages."""

    def find_spec(self, name: str, *_: object) -> ModuleSpec | None:
        if name.partition(".")[0] in ABSENT:
            raise ModuleNotFoundError(name)
        return None


sys.meta_path.insert(0, Absent())

from starlette.testclient import TestClient  # noqa: E402

import bot.cli.voice  # noqa: E402
import bot.voice.client  # noqa: E402, F401
from bot.settings import get_settings  # noqa: E402
from bot.voice.app import create_app, voice_service  # noqa: E402

folder: Path = get_settings().voice_dir
with TestClient(create_app(voice_service(folder))) as client:
    answers = (
        client.get("/health"),
        client.post("/transcribe", content=b"OggS"),
        client.post("/speak", json={"text": "Bonjour"}),
    )
print(json.dumps([answer.json() for answer in answers]))

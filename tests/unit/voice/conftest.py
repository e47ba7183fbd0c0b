"""What the tests of the voice need: its optional packages, and for some its models."""

from pathlib import Path

import pytest

from bot.settings import get_settings
from bot.voice.install import missing_packages
from bot.voice.models import MODELS
from tests.required import missing


@pytest.fixture
def voice_packages() -> None:
    """The optional packages; without them the test is skipped, and says so."""
    if absent := missing_packages():
        missing(f"{', '.join(absent)} (equipier voice install)")


@pytest.fixture(scope="session")
def voice_models() -> Path:
    """The folder of both models, with the optional packages."""
    folder = get_settings().voice_dir
    if missing_packages() or not all(model.complete(folder) for model in MODELS):
        missing("voice models (equipier voice install)")
    return folder

"""One detector for the whole run: the model takes four seconds to load."""

import pytest

from bot.privacy.detect import Detector, load_detector


@pytest.fixture(scope="session")
def detector() -> Detector:
    return load_detector()

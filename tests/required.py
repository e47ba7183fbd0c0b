"""What a test needs of the machine, and what happens when it is not there."""

import os
from typing import NoReturn

import pytest


def missing(what: str) -> NoReturn:
    """Skips the test, or fails it where everything must be there (``EQUIPIER_REQUIRE_SERVICES=1``)."""
    if os.environ.get("EQUIPIER_REQUIRE_SERVICES") == "1":
        pytest.fail(f"{what} is required and is not here")
    pytest.skip(f"no {what} here")

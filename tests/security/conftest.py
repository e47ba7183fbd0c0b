"""The profile of long runs: ``python -m pytest tests/security --hypothesis-profile=soak``."""

from hypothesis import settings

settings.register_profile("soak", max_examples=5000, deadline=None)

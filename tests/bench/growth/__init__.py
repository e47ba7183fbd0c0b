"""Curves of growth. One thread for numpy, as Équipier's processes have: to be said before it is first imported."""

import os

for library in ("OPENBLAS", "OMP"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")

"""Keeps TensorFlow out of a process that serves.

Rasa imports it whatever the pipeline holds, for base classes and annotations of components that ours does not use: it
costs 350 MiB and ten seconds. A stand-in answers those imports; whatever would really compute fails at once, and by
name. ``rasa run`` and ``rasa train`` import the real one.
"""

# ruff: noqa: ARG002  the signatures are not ours

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, ClassVar

_ROOTS = frozenset({"tensorflow", "tensorflow_addons", "tensorflow_hub", "tensorflow_text", "keras"})


def keep_out() -> None:
    """From now on, ``import tensorflow`` gives the stand-in; to be called before Rasa is imported.

    Raises:
        RuntimeError: it is imported already.
    """
    if present := _ROOTS & sys.modules.keys():
        raise RuntimeError(f"imported already: {', '.join(sorted(present))}")
    sys.meta_path.insert(0, _Finder())


class _StandIn(ModuleType):
    """A module whose names are all there: classes to inherit from, and modules below it."""

    __path__: ClassVar[list[str]] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        whole = f"{self.__name__}.{name}"
        if name[:1].isupper():
            return type(name, (_Absent,), {"__module__": self.__name__})
        return sys.modules.setdefault(whole, _StandIn(whole))

    def __call__(self, *_arguments: Any, **_options: Any) -> Any:
        raise RuntimeError(f"{self.__name__} was called, and TensorFlow is kept out of this process")


class _Absent:
    """Base of the classes that do not exist here; they may be inherited from and written in annotations."""

    def __class_getitem__(cls, _item: Any) -> type:
        return cls

    def __init__(self, *_arguments: Any, **_options: Any) -> None:
        raise RuntimeError(f"{type(self).__name__} needs TensorFlow, which is kept out of this process")


class _Finder(MetaPathFinder, Loader):
    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        return ModuleSpec(name, self, is_package=True) if name.partition(".")[0] in _ROOTS else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _StandIn(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """A stand-in is complete as it is."""

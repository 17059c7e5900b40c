# SPDX-License-Identifier: GPL-2.0-only
"""Stands in for the package `torch`, 800 MB that the compiler imports and, on the way from ONNX, never calls.

Any attribute, and any module below, is there and does nothing; names that the compiler takes as base classes or compares
with types are real classes.
"""

import importlib.abc
import importlib.machinery
import sys
import types
from unittest.mock import MagicMock

__version__ = "1.13.1"


class Tensor:
    """Nothing is an instance of it."""


class Size(tuple):
    """Likewise."""


class dtype:  # pylint: disable=invalid-name
    """Likewise."""


class _Submodule(types.ModuleType):
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return MagicMock(name=name)


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, fullname, path, target=None):
        if fullname.startswith("torch."):
            return importlib.machinery.ModuleSpec(fullname, self, is_package=True)
        return None

    def create_module(self, spec):
        module = _Submodule(spec.name)
        module.__path__ = []
        return module

    def exec_module(self, module):
        pass


sys.meta_path.append(_Finder())


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    return MagicMock(name=name)

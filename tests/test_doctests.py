"""The examples in docstrings are true."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import millpond

MODULES = [
    module.name
    for module in pkgutil.walk_packages(millpond.__path__, "millpond.")
    if module.name != "millpond.__main__"
]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    failed, _ = doctest.testmod(importlib.import_module(name))
    assert failed == 0

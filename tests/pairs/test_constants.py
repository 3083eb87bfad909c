"""The compiled wire constants equal wire.py, and neither side has one that the other lacks."""

import pytest
from evenload import wire

PREFIX = "EVENLOAD_"


@pytest.fixture
def lib(require_module):
    return require_module("evenload_core._core", "a C compiler and `make core` build it").lib


def _python_constants():
    return {name: value for name, value in vars(wire).items() if name.isupper() and isinstance(value, int)}


def test_the_sets_of_names_are_equal(lib):
    compiled = {name.removeprefix(PREFIX) for name in dir(lib) if name.startswith(PREFIX)}
    assert compiled == set(_python_constants())


def test_every_compiled_constant_has_the_value_of_wire_py(lib):
    expected = _python_constants()
    assert {name: getattr(lib, PREFIX + name) for name in expected} == expected


def test_every_names_tuple_counts_the_constants_it_names():
    for name, words in vars(wire).items():
        if name.endswith("_NAMES"):
            stem = name.removesuffix("NAMES")
            values = {value for key, value in _python_constants().items() if key.startswith(stem)}
            assert set(range(len(words))) <= values, name
            assert len(set(words)) == len(words), name

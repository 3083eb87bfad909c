"""A number that proves what a 32-bit board needs: nothing on the tick path leaves the small integers."""

import importlib.util
from pathlib import Path

import pytest

LIMIT = (1 << 30) - 1


class Small(int):
    """An integer that stays Small through arithmetic and fails as soon as a result leaves +-(2^30 - 1)."""


def _checked(name):
    plain = getattr(int, name)

    def operate(self, *others):
        value = plain(self, *others)
        if value is NotImplemented or isinstance(value, tuple):
            return value
        assert -LIMIT - 1 <= value <= LIMIT, f"{int(self)} {name} {others} is {value}"
        return Small(value)

    return operate


for _name in ("add", "sub", "mul", "floordiv", "mod", "lshift", "rshift", "and", "or", "xor"):
    setattr(Small, f"__{_name}__", _checked(f"__{_name}__"))
    setattr(Small, f"__r{_name}__", _checked(f"__r{_name}__"))
Small.__neg__ = _checked("__neg__")
Small.__invert__ = _checked("__invert__")


@pytest.fixture
def small():
    """Return the class Small: small(7) * x fails when the product does not fit 31 bits."""
    return Small


@pytest.fixture(scope="session")
def rig():
    """Return the module cluster_rig: nodes on a bench, frames for them, small groups."""
    spec = importlib.util.spec_from_file_location("cluster_rig", Path(__file__).parent / "cluster_rig.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module

"""What every test shares: the two backends, the rule for missing parts, and the order of the run.

Markers: `alone` tests are real-time and run last, in a serial pytest of their own (`make test`); `slow` tests
run only with `--slow` (`make fuzz`).

A missing part (no compiler, no browser) is a visible skip on a laptop and a failure under CI=true: CI may
never turn green by not looking.
"""

import importlib
import os
import shutil

import pytest
from hypothesis import settings

# The same examples on every run: a red `make test` stays red. `make fuzz` looks for new ones.
settings.register_profile("test", deadline=None, derandomize=True, print_blob=True)
settings.register_profile("fuzz", deadline=None, max_examples=5000, print_blob=True)
settings.load_profile(os.environ.get("EVENLOAD_HYPOTHESIS_PROFILE", "test"))

PACKAGES = {"python": "evenload", "c": "evenload_core"}


def pytest_addoption(parser):
    parser.addoption("--slow", action="store_true", help="run the tests marked slow as well")


def pytest_ignore_collect(collection_path, config):
    """Leave tests/bench to `make bench`: it measures for minutes and wants the machine for itself."""
    is_bench = "bench" in collection_path.relative_to(config.rootpath).parts[:2]
    return True if is_bench and not config.getoption("--benchmark-only") else None


def pytest_report_header():
    from evenload.core import BACKEND

    asked = {name: os.environ.get(name, "") for name in ("EVENLOAD_CORE", "CI")}
    return f"BACKEND: {BACKEND}, asked with {asked}"


def pytest_collection_modifyitems(config, items):
    """Leave out slow tests unless asked for, and put `alone` tests last."""
    if not config.getoption("--slow"):
        slow = [item for item in items if item.get_closest_marker("slow")]
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in slow]
    items.sort(key=lambda item: item.get_closest_marker("alone") is not None)


def missing_part(sentence):
    """Skip visibly on a laptop, fail under CI=true. sentence: what is missing and how to get it."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI=true and a part is missing: {sentence}")
    pytest.skip(sentence)


@pytest.fixture
def require_program():
    """Return a function (name, package) -> path of a program; without it the CI rule decides."""

    def require(name, package):
        path = shutil.which(name)
        if path is None:
            missing_part(f"`{name}` is not installed; on Debian: apt install {package}")
        return path

    return require


@pytest.fixture
def require_module():
    """Return a function (name, how) -> module; without it the CI rule decides."""

    def require(name, how):
        try:
            return importlib.import_module(name)
        except ImportError:
            return missing_part(f"Python module `{name}` is not installed; {how}")

    return require


@pytest.fixture(params=["python", "c"])
def backend(request, require_module):
    """Return a function stem -> kernel module, once for the Python twins and once for the C core."""
    if request.param == "c":
        require_module("evenload_core", "a C compiler and `make core` build it")
    package = PACKAGES[request.param]
    return lambda stem: importlib.import_module(f"{package}.{stem}")

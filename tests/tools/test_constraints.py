"""constraints.txt pins every package that an installation can bring in."""

import re
from importlib.metadata import distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# The product itself, and what a virtual environment begins with.
UNPINNED = {"evenload", "pip", "wheel"}


def _normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def pins():
    """Return {normal name: version} of constraints.txt; anything but `name==version` is an error."""
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if line.strip()]
    parts = [line.split("==") for line in lines if not line.startswith("#")]
    assert all(len(part) == 2 for part in parts), parts
    return {_normal(name): version.partition(" ")[0] for name, version in parts}


def unpinned(installed, pinned):
    """Return the installed packages whose version is not the pinned one."""
    return {name: version for name, version in installed.items() if pinned.get(name) != version}


def test_every_installed_package_is_pinned():
    installed = {_normal(dist.metadata["Name"]): dist.version for dist in distributions()}
    assert unpinned({k: v for k, v in installed.items() if k not in UNPINNED}, pins()) == {}


def test_every_declared_dependency_is_pinned():
    declared = re.findall(r'"([A-Za-z][\w.-]*)(?:[><=]=[\d.]+)?"', _declarations())
    assert len(declared) > 10
    assert [name for name in declared if _normal(name) not in pins()] == []


def _declarations():
    text = (ROOT / "pyproject.toml").read_text()
    extras = text.partition("[project.optional-dependencies]")[2].partition("[project.scripts]")[0]
    return re.search(r"^dependencies = \[.*?\]", text, re.M | re.S).group() + extras


def test_an_unpinned_package_is_found():
    assert unpinned({"click": "1.0", "flask": "3.1.3"}, {"click": "8.5.1", "flask": "3.1.3"}) == {
        "click": "1.0"
    }

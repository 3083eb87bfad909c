"""What the tidy tests read: the repository's own source files, as paths, texts and syntax trees."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SKIPPED = {
    ".git",
    ".venv",
    "build",
    "dist",
    "var",
    "node_modules",
    "__pycache__",
    ".hypothesis",
    ".mypy_cache",
}
SKIPPED |= {".ruff_cache", ".pytest_cache", ".make", ".benchmarks"}
GENERATED = {"csrc/evenload_core/_core.c"}


class Source:
    """One text file: `name` is its path from the repository's root."""

    def __init__(self, name, text):
        self.name = name
        self.text = text
        self.lines = text.splitlines()

    @property
    def tree(self):
        return ast.parse(self.text)

    def shelf_is(self, *shelves):
        return self.name.startswith(shelves)


def _texts(suffixes):
    for path in sorted(ROOT.rglob("*")):
        name = path.relative_to(ROOT)
        if path.suffix not in suffixes or name.as_posix() in GENERATED or not path.is_file():
            continue
        if not any(part in SKIPPED or part.endswith(".egg-info") for part in name.parts):
            yield Source(name.as_posix(), path.read_text())


@pytest.fixture(scope="session")
def python_sources():
    """Every Python file of the repository, tests and tools included."""
    return list(_texts({".py"}))


@pytest.fixture(scope="session")
def c_sources():
    """Every C source and header, the C test harness included."""
    return list(_texts({".c", ".h"}))


@pytest.fixture(scope="session")
def text_sources():
    """Every file that a person writes."""
    return list(
        _texts({".py", ".c", ".h", ".cdef", ".md", ".toml", ".html", ".css", ".js", ".json", ".mk", ".txt"})
    )


@pytest.fixture(scope="session")
def bad_source():
    """Return a function (name, text) -> Source, for the snippet that shows a rule at work."""
    return Source

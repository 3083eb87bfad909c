"""Names and texts: no drawer for odds and ends, no leftovers, nothing that points outside the repository."""

import ast
import re

import pytest

BANNED_WORDS = {"util", "utils", "helper", "helpers", "common", "misc", "manager", "stuff"}
MOCKS = {"unittest.mock", "mock", "pytest_mock"}
OUTSIDE = re.compile(r"(?<![\w.])/(?:work|home|root|opt|Users|mnt)/\w|\.\./shared/|file:///")
LEFTOVER = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b(?!.*#\d+)")
BANNER = re.compile(r"^\s*(?:#|//|/\*)\s*[-=*#~]{4,}")
# Generated or quoted text, and this file, which has to spell what it forbids.
EXEMPT = {"tests/tidy/test_names.py", "constraints.txt"}


def banned_words(source):
    """Return a finding for each file, folder, function or class that is named after nothing."""
    found = [f"{source.name}: nothing is called {word}" for word in _words(source.name) & BANNED_WORDS]
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            words = _words(node.name) & (BANNED_WORDS - {"common"})
            found += [f"{source.name}:{node.lineno} nothing is called {word}" for word in words]
    return found


def _words(name):
    return set(
        re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower().replace("/", "_").replace(".", "_").split("_")
    )


def mocks(source):
    """Return a finding for each mock: a simulator serves instead."""
    found = []
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            found += [f"{source.name}:{node.lineno} mocks" for alias in node.names if alias.name in MOCKS]
        elif isinstance(node, ast.ImportFrom):
            names = {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
            found += [f"{source.name}:{node.lineno} mocks"] if names & MOCKS else []
    return found


def leftovers(source):
    """Return a finding for each path outside, TODO without an issue's number, or banner."""
    found = []
    for number, line in enumerate(source.lines, 1):
        where = f"{source.name}:{number}"
        if OUTSIDE.search(line):
            found.append(f"{where} names a path outside the repository: {line.strip()}")
        if LEFTOVER.search(line):
            found.append(f"{where} leaves work without an issue's number: {line.strip()}")
        if not source.name.endswith(".md") and BANNER.search(line):
            found.append(f"{where} is a banner")
    return found


def undocumented(source):
    """Return a finding for each public function or class of the shared shelf without a docstring."""
    found = []
    for owner in [source.tree, *(n for n in source.tree.body if isinstance(n, ast.ClassDef))]:
        for node in owner.body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
                is_trivial = (
                    isinstance(node, ast.FunctionDef)
                    and len(node.body) == 1
                    and isinstance(owner, ast.ClassDef)
                )
                if not is_trivial and ast.get_docstring(node) is None:
                    found.append(f"{source.name}:{node.lineno} {node.name} has no docstring")
    return found


def test_nothing_is_named_after_nothing(python_sources):
    sources = [s for s in python_sources if s.name not in EXEMPT]
    assert [finding for source in sources for finding in banned_words(source)] == []


def test_nothing_is_mocked(python_sources):
    assert [finding for source in python_sources for finding in mocks(source)] == []


def test_no_leftovers_and_nothing_outside_the_repository(text_sources):
    sources = [s for s in text_sources if s.name not in EXEMPT]
    assert [finding for source in sources for finding in leftovers(source)] == []


def test_what_is_public_in_shared_is_documented(python_sources):
    assert [f for s in python_sources if s.shelf_is("shared/") for f in undocumented(s)] == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("host/utils.py", ""),
        ("host/common/x.py", ""),
        ("x.py", "class MeterManager: pass"),
        ("x.py", "def f_helper(): pass"),
    ],
)
def test_a_banned_word_is_found(bad_source, name, text):
    assert banned_words(bad_source(name, text))


@pytest.mark.parametrize(
    "text", ["import unittest.mock", "from unittest import mock", "from unittest.mock import Mock"]
)
def test_a_mock_is_found(bad_source, text):
    assert mocks(bad_source("tests/shared/test_x.py", text))


@pytest.mark.parametrize(
    "text",
    ["see /home/me/notes", "read ../shared/DESIGN.md", "x  # TODO later", "# -----", "/* ==== part ==== */"],
)
def test_a_leftover_is_found(bad_source, text):
    assert leftovers(bad_source("shared/evenload/x.py", text))


@pytest.mark.parametrize("text", ["# TODO #12: later", "a = b  # why", "x = '/var/lib/evenload'"])
def test_ordinary_text_is_accepted(bad_source, text):
    assert not leftovers(bad_source("shared/evenload/x.py", text))


def test_a_missing_docstring_is_found(bad_source):
    assert undocumented(bad_source("shared/evenload/x.py", "def f():\n    pass"))
    assert not undocumented(bad_source("shared/evenload/x.py", "def _f():\n    pass"))

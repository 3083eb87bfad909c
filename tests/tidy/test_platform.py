"""Only compat.py and hal/ ask which platform they run on."""

import ast

import pytest

ASKING = {"sys.platform", "sys.implementation", "os.name", "os.uname", "platform.system", "platform.machine"}
# core.py looks for the C core, which is the one other thing that may be missing.
IMPORT_TRIERS = {"shared/evenload/compat.py", "shared/evenload/core.py"}


def platform_questions(source):
    """Return a finding for each question about the platform."""
    found = []
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node) in ASKING:
            found.append(f"{source.name}:{node.lineno} asks {ast.unparse(node)}")
        if isinstance(node, ast.Import) and any(alias.name == "platform" for alias in node.names):
            found.append(f"{source.name}:{node.lineno} imports platform")
    return found


def tried_imports(source):
    """Return a finding for each import inside a try: a way to ask for the platform without saying so."""
    return [
        f"{source.name}:{node.lineno} tries an import"
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Try)
        and any(isinstance(n, ast.Import | ast.ImportFrom) for n in ast.walk(node))
    ]


def test_nobody_else_asks_for_the_platform(python_sources):
    product = [
        s for s in python_sources if s.shelf_is("shared/", "firmware/", "host/", "csrc/evenload_core/")
    ]
    product = [s for s in product if s.name != "shared/evenload/compat.py" and "/hal/" not in s.name]
    assert [finding for source in product for finding in platform_questions(source)] == []


def test_nobody_else_tries_an_import(python_sources):
    boards = [s for s in python_sources if s.shelf_is("shared/", "firmware/") and s.name not in IMPORT_TRIERS]
    assert [f for source in boards if "/hal/" not in source.name for f in tried_imports(source)] == []


@pytest.mark.parametrize(
    "text", ["if sys.platform == 'linux': pass", "import platform", "sys.implementation.name"]
)
def test_a_platform_question_is_found(bad_source, text):
    assert platform_questions(bad_source("shared/evenload/x.py", text))


def test_a_tried_import_is_found(bad_source):
    assert tried_imports(
        bad_source("shared/evenload/x.py", "try:\n    import a\nexcept ImportError:\n    a = None")
    )

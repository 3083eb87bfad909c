"""A kernel is four files with one stem and one meaning (DESIGN, section 2)."""

import ast
import importlib
import inspect
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STEMS = sorted(path.stem for path in (ROOT / "csrc" / "src").glob("*.c"))
# Parts of a kernel: twin, source and header like a kernel, but nobody calls them from outside, so the whole's
# binding is theirs too.
WHOLES = {
    "allocation": "admission ceiling circuits columns compliance fairness setup slew",
    "dispatch": "merit",
    "cluster": "ballot cover election heartbeat inbox lease orders outbox planner post reply roster snapshot",
}
PARTS = {part: whole for whole, parts in WHOLES.items() for part in parts.split()}
BOUND_STEMS = sorted(set(STEMS) - set(PARTS))
# The stems that every installation is promised.
PROMISED = {"random32", "bl0942", "waterfill", "tracker", "breaker", "rotation", "allocation", "dispatch"}
PROMISED |= {"canframe", "heartbeat", "election", "cluster"}


def kernel_files(stem):
    """Return the four paths of a kernel: twin, source, header, binding (of a part: that of its whole)."""
    return [
        f"shared/evenload/{stem}.py",
        f"csrc/src/{stem}.c",
        f"csrc/include/evenload/{stem}.h",
        f"csrc/evenload_core/{PARTS.get(stem, stem)}.py",
    ]


def public_names(tree):
    """Return the public functions, classes and methods of a module in their order, constructors included."""
    names = []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            names.append(node.name)
            if isinstance(node, ast.ClassDef):
                members = [
                    item for item in node.body if isinstance(item, ast.FunctionDef) and not _is_property(item)
                ]
                names += [f"{node.name}.{item.name}" for item in members if _is_public(item.name)]
    return names


def _is_property(function):
    """What the twin keeps as an attribute, the binding may read from the C struct."""
    return any(isinstance(item, ast.Name) and item.id == "property" for item in function.decorator_list)


def _is_public(name):
    return not name.startswith("_") or name == "__init__"


def public_signatures(module):
    """Return {name: signature} of everything callable that a module defines, methods included."""
    found = {}
    for name, value in vars(module).items():
        if name.startswith("_") or getattr(value, "__module__", None) != module.__name__:
            continue
        if inspect.isclass(value):
            members = {k: v for k, v in vars(value).items() if _is_public(k) and inspect.isfunction(v)}
            found |= {f"{name}.{key}": str(inspect.signature(member)) for key, member in members.items()}
        elif callable(value):
            found[name] = str(inspect.signature(value))
    return found


def data_branches(tree):
    """Return the lines on which a binding decides something. Raising on a status of C is not a decision."""
    lines = []
    for node in ast.walk(tree):
        if isinstance(node, ast.IfExp | ast.While | ast.Match):
            lines.append(node.lineno)
        elif isinstance(node, ast.If) and not all(isinstance(item, ast.Raise) for item in node.body):
            lines.append(node.lineno)
    return lines


def c_definitions(text, stem):
    """Return the public functions that a C source defines, in order."""
    return re.findall(
        rf"^(?!static)[A-Za-z_][\w \t\*]*?\b(evenload_{stem}_\w+)\([^;{{}}]*\)\s*\{{", text, flags=re.M
    )


def c_declarations(text, stem):
    """Return the functions that a header declares, in order."""
    code = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    return re.findall(rf"^[A-Za-z_][\w \t\*]*?\b(evenload_{stem}_\w+)\([^;{{}}]*\);", code, flags=re.M)


def order_differs(names, c_names, stem):
    """Return whether the functions that Python and C both have stand in a different order."""
    python_order = [name.rpartition(".")[2].replace("__init__", "init") for name in names]
    c_order = [name.removeprefix(f"evenload_{stem}_") for name in c_names]
    shared = [name for name in c_order if name in python_order]
    places = [python_order.index(name) for name in shared]
    return places != sorted(places)


def test_every_promised_kernel_is_there():
    assert PROMISED - set(STEMS) == set()


@pytest.mark.parametrize("stem", STEMS)
def test_a_kernel_has_its_four_files(stem):
    assert [name for name in kernel_files(stem) if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("stem", STEMS)
def test_each_file_opens_with_its_partner(stem):
    twin, source, header, _ = ((ROOT / name).read_text()[:800] for name in kernel_files(stem))
    assert f"csrc/src/{stem}.c" in twin
    assert f"shared/evenload/{stem}.py" in source
    assert f"shared/evenload/{stem}.py" in header


@pytest.mark.parametrize("stem", BOUND_STEMS)
def test_twin_and_binding_have_the_same_names_in_the_same_order(stem):
    twin, _, _, binding = (ROOT / name for name in kernel_files(stem))
    assert public_names(ast.parse(binding.read_text())) == public_names(ast.parse(twin.read_text()))


@pytest.mark.parametrize("stem", BOUND_STEMS)
def test_twin_and_binding_have_equal_signatures(stem, require_module):
    require_module("evenload_core", "a C compiler and `make core` build it")
    twin, binding = (
        importlib.import_module(f"{package}.{stem}") for package in ("evenload", "evenload_core")
    )
    assert public_signatures(binding) == public_signatures(twin)


@pytest.mark.parametrize("stem", STEMS)
def test_header_source_and_twin_share_one_order(stem):
    twin, source, header, _ = ((ROOT / name).read_text() for name in kernel_files(stem))
    declared = c_declarations(header, stem)
    assert declared, "the header declares nothing"
    assert c_definitions(source, stem) == declared
    assert not order_differs(public_names(ast.parse(twin)), declared, stem)


@pytest.mark.parametrize("stem", BOUND_STEMS)
def test_a_binding_converts_calls_and_converts(stem):
    assert data_branches(ast.parse((ROOT / kernel_files(stem)[3]).read_text())) == []


def test_a_decision_in_a_binding_is_found():
    assert data_branches(ast.parse("if n > 3:\n    n = 3"))
    assert data_branches(ast.parse("x = a if b else c"))
    assert not data_branches(ast.parse("if status < 0:\n    raise ConfigError(status)"))


def test_a_missing_or_moved_name_is_found():
    methods = "".join(f"    def {name}(self): pass\n" for name in ("__init__", "tick", "_own"))
    twin = "def a(): pass\nclass B:\n" + methods
    assert public_names(ast.parse(twin)) == ["a", "B", "B.__init__", "B.tick"]
    assert order_differs(["b", "a"], ["evenload_x_a", "evenload_x_b"], "x")
    assert not order_differs(["a", "B", "B.__init__", "B.tick"], ["evenload_x_a", "evenload_x_init"], "x")


def test_c_functions_are_read_from_source_and_header():
    source = "static int evenload_x_own(int a)\n{\n}\nint evenload_x_a(const int *p,\n    int n)\n{\n}\n"
    assert c_definitions(source, "x") == ["evenload_x_a"]
    assert c_declarations("/* evenload_x_b(1); */\nint evenload_x_a(const int *p,\n    int n);\n", "x") == [
        "evenload_x_a"
    ]

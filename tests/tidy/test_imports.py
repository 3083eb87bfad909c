"""Who may import whom (DESIGN, section 1): the arrows point from the supervisor down to the kernels."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
KERNEL_STEMS = {path.stem for path in (ROOT / "csrc" / "src").glob("*.c")}

# Standard modules that a board has and a kernel may need; compat.py alone may ask for more.
SHARED_MODULES = {"array", "binascii", "hashlib", "json", "struct"}
COMPAT_MODULES = SHARED_MODULES | {"micropython", "os"}
NODE_MODULES = SHARED_MODULES | {"asyncio", "errno", "gc", "select"}
NODE_THIRD_PARTIES = {"can", "pymodbus", "serial", "yaml"}
PRODUCT = {"evenload", "evenload_core", "evenload_node", "evenload_host", "evenload_sim", "evenload_agent"}


def imported_modules(tree):
    """Return (module, line) of every import, wherever in the file it stands."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found.append((node.module or ".", node.lineno))
            if node.module in PRODUCT:
                found += [(f"{node.module}.{alias.name}", node.lineno) for alias in node.names]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
            found += [(arg.value, node.lineno) for arg in node.args[:1] if isinstance(arg, ast.Constant)]
    return found


def _refusal_in_shared(name, module, package):
    if package == "evenload_core":
        return None if name == "shared/evenload/core.py" else "only core.py may import evenload_core"
    if package == "evenload":
        is_kernel = Path(name).stem in KERNEL_STEMS
        return (
            "a kernel's twin imports its sibling twins, never core"
            if is_kernel and module == "evenload.core"
            else None
        )
    allowed = COMPAT_MODULES if name == "shared/evenload/compat.py" else SHARED_MODULES
    return None if package in allowed else "evenload imports only itself and what a board has"


def _refusal_in_core(name, module, package):
    if package == "evenload":
        return (
            None
            if module in ("evenload", "evenload.wire", "evenload.errors")
            else "a binding never imports a twin"
        )
    return (
        "a binding imports its compiled module, evenload.wire and evenload.errors"
        if package in PRODUCT - {"evenload_core"}
        else None
    )


def _refusal_in_node(name, module, package):
    if package in PRODUCT:
        return (
            None if package in ("evenload", "evenload_node") else "evenload_node imports evenload and itself"
        )
    in_hal = "/hal/" in name or name.endswith("/linux.py")
    if package in NODE_THIRD_PARTIES:
        return None if in_hal or name.endswith("/config.py") else "third parties belong in hal/ and config.py"
    return None if in_hal or package in NODE_MODULES else "outside hal/ a node imports only what a board has"


def _refusal_in_host(name, module, package):
    if package == "evenload_sim":
        in_cli = name.startswith("host/evenload_host/cli/")
        return None if in_cli else "only the command line, tests and benches import evenload_sim"
    return (
        "the supervisor never imports a node or the C core"
        if package in ("evenload_node", "evenload_core")
        else None
    )


def _refusal_in_sim(name, module, package):
    if package == "evenload_core":
        return None if "/bench/" in name else "the C core is reached through evenload.core, except by a bench"
    return "the simulated world never imports the supervisor" if package == "evenload_host" else None


def _refusal_in_agent(name, module, package):
    return "the agent imports itself" if package in PRODUCT - {"evenload_agent"} else None


REFUSALS = {
    "shared/evenload/": _refusal_in_shared,
    "csrc/evenload_core/": _refusal_in_core,
    "firmware/": _refusal_in_node,
    "host/evenload_host/": _refusal_in_host,
    "host/evenload_sim/": _refusal_in_sim,
    "host/evenload_agent/": _refusal_in_agent,
}


def wrong_imports(source):
    """Return a sentence for every import that points the wrong way."""
    rules = [rule for shelf, rule in REFUSALS.items() if source.name.startswith(shelf)]
    found = []
    for rule in rules:
        for module, line in imported_modules(source.tree):
            refusal = rule(source.name, module, module.partition(".")[0])
            if refusal:
                found.append(f"{source.name}:{line} imports {module}: {refusal}")
    return sorted(set(found))


def test_every_import_points_down(python_sources):
    assert [finding for source in python_sources for finding in wrong_imports(source)] == []


def test_shelves_are_no_packages():
    shelves = ("shared", "host", "firmware", "csrc", "tools", "tests")
    assert [shelf for shelf in shelves if (ROOT / shelf / "__init__.py").exists()] == []


def test_importing_a_board_package_loads_nothing(python_sources):
    inits = [
        s for s in python_sources if s.shelf_is("shared/", "firmware/") and s.name.endswith("__init__.py")
    ]
    assert [source.name for source in inits if imported_modules(source.tree)] == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("shared/evenload/meter.py", "import evenload_core"),
        ("shared/evenload/meter.py", "from evenload_node import app"),
        ("shared/evenload/meter.py", "import typing"),
        ("shared/evenload/meter.py", "def f():\n    import logging"),
        ("shared/evenload/bl0942.py", "from evenload.core import kernel"),
        ("csrc/evenload_core/bl0942.py", "from evenload import bl0942"),
        ("csrc/evenload_core/bl0942.py", "import evenload_sim"),
        ("firmware/evenload_node/app.py", "import evenload_host.cli"),
        ("firmware/evenload_node/app.py", "import evenload_sim"),
        ("firmware/evenload_node/app.py", "import serial"),
        ("firmware/evenload_node/app.py", "import logging"),
        ("host/evenload_host/web/app.py", "from evenload_sim import world"),
        ("host/evenload_host/web/app.py", "import evenload_node"),
        ("host/evenload_sim/world.py", "import evenload_host"),
        ("host/evenload_sim/world.py", "importlib.import_module('evenload_core.bl0942')"),
        ("host/evenload_agent/presence.py", "import evenload"),
    ],
)
def test_an_import_that_points_up_is_found(bad_source, monkeypatch, name, text):
    monkeypatch.setitem(globals(), "KERNEL_STEMS", {"bl0942"})
    assert wrong_imports(bad_source(name, text))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("shared/evenload/core.py", "import evenload_core"),
        ("shared/evenload/allocation.py", "from evenload import ticks, waterfill, wire"),
        ("firmware/evenload_node/hal/serial_posix.py", "import serial"),
        ("host/evenload_host/cli/sim.py", "from evenload_sim import world"),
        ("host/evenload_sim/world.py", "from evenload_node import app"),
    ],
)
def test_an_import_that_points_down_is_accepted(bad_source, name, text):
    assert wrong_imports(bad_source(name, text)) == []

"""Dual-target code uses only what MicroPython has: whatever a syntax tree can show of that is refused here.

Each rule is one function node -> sentence or None, listed in RULES with the snippets that show it at work.
Compiling with mpy-cross and running on a real MicroPython catch the rest.
"""

import ast
import io
import re
import tokenize

import pytest

STRUCT_FORMAT = re.compile(r"[<>][0-9BbHhIiqQs]*")
STRING_METHODS = {
    "ljust",
    "rjust",
    "zfill",
    "removeprefix",
    "removesuffix",
    "casefold",
    "title",
    "capitalize",
}
STRING_METHODS |= {"swapcase", "expandtabs", "translate", "format_map", "isidentifier", "isprintable"}
TUPLE_METHODS = {"_replace", "_asdict", "_make"}
ASYNCIO_NAMES = {"Queue", "Semaphore", "TaskGroup", "timeout", "to_thread", "get_running_loop", "Runner"}
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
BUILTIN_GENERICS = {"list", "dict", "tuple", "set", "frozenset", "type"}


def _called(node):
    """Return the last name of what a call calls, "" for anything else."""
    return ast.unparse(node.func).rpartition(".")[2] if isinstance(node, ast.Call) else ""


def syntax(node):
    if isinstance(node, ast.Match | ast.TryStar):
        return "no match statement and no except*"
    if isinstance(node, FUNCTIONS) and node.args.posonlyargs:
        return "no positional-only parameters"
    if isinstance(node, ast.Dict) and None in node.keys:
        return "no {**d}"
    if isinstance(node, ast.List | ast.Tuple | ast.Set) and isinstance(
        getattr(node, "ctx", ast.Load()), ast.Load
    ):
        return "no [*a, x]" if any(isinstance(item, ast.Starred) for item in node.elts) else None
    if isinstance(node, COMPREHENSIONS) and any(generator.is_async for generator in node.generators):
        return "no async comprehension"
    if type(node).__name__ == "TypeAlias":
        return "no type statement"
    return None


def future_imports(node):
    return "no __future__" if isinstance(node, ast.ImportFrom) and node.module == "__future__" else None


def type_aliases(node):
    value = node.value if isinstance(node, ast.Assign) else None
    is_generic = isinstance(value, ast.Subscript) and getattr(value.value, "id", "") in BUILTIN_GENERICS
    return "no alias of a builtin generic: list[int] is not subscriptable on a board" if is_generic else None


def f_strings(node):
    if isinstance(node, ast.FormattedValue) and node.conversion != -1:
        return "no !r, !s or !a in an f-string"
    return None


def struct_use(node):
    if isinstance(node, ast.Attribute) and node.attr in ("Struct", "iter_unpack"):
        return "no struct.Struct and no iter_unpack"
    is_packing = _called(node) in ("pack", "unpack", "pack_into", "unpack_from", "calcsize") and node.args
    if (
        is_packing
        and isinstance(node.args[0], ast.Constant)
        and not STRUCT_FORMAT.fullmatch(str(node.args[0].value))
    ):
        return "a struct format is < or >, then sizes out of BbHhIiqQs, without spaces"
    return None


def integers(node):
    if _called(node) in ("from_bytes", "to_bytes") and node.keywords:
        return "from_bytes and to_bytes take no keywords; extend the sign by hand"
    if isinstance(node, ast.Attribute) and node.attr in ("bit_length", "bit_count"):
        return "no int.bit_length"
    return None


def collections(node):
    name = _called(node)
    if name == "deque" and (node.keywords or len(node.args) < 2):
        return "deque takes its iterable and length by position"
    if name == "namedtuple" and node.keywords:
        return "namedtuple has no defaults"
    if isinstance(node, ast.Attribute) and node.attr in TUPLE_METHODS:
        return "namedtuple has no " + node.attr
    return None


def slices(node):
    if isinstance(node, ast.Slice) and node.step is not None:
        return "a slice has no step"
    if isinstance(node, ast.Delete) and any(
        isinstance(getattr(t, "slice", None), ast.Slice) for t in node.targets
    ):
        return "no deletion of a slice"
    return None


def strings(node):
    if isinstance(node, ast.Attribute) and node.attr in STRING_METHODS:
        return f"no str.{node.attr}"
    if _called(node) in ("startswith", "endswith") and node.args and isinstance(node.args[0], ast.Tuple):
        return "startswith and endswith take one string"
    return None


def classes(node):
    if isinstance(node, ast.ClassDef) and (node.keywords or len(node.bases) > 1):
        return "single inheritance, no metaclass"
    if isinstance(node, FUNCTIONS) and node.name in (
        "__init_subclass__",
        "__class_getitem__",
        "__set_name__",
    ):
        return f"no {node.name}"
    return None


def mangled_names(node):
    name = getattr(node, "attr", getattr(node, "name", getattr(node, "id", ""))) or ""
    is_mangled = isinstance(name, str) and name.startswith("__") and not name.endswith("__")
    return "no name mangling: one underscore" if is_mangled else None


def exceptions(node):
    return "no exception chaining" if isinstance(node, ast.Raise) and node.cause is not None else None


def asserts(node):
    if isinstance(node, ast.Assert) and any(
        isinstance(n, ast.NamedExpr | ast.Await) for n in ast.walk(node.test)
    ):
        return "an assert is stripped on boards: no side effects"
    return None


def asyncio_use(node):
    if (
        isinstance(node, ast.Attribute)
        and ast.unparse(node.value) == "asyncio"
        and node.attr in ASYNCIO_NAMES
    ):
        return f"no asyncio.{node.attr}"
    is_generator = isinstance(node, ast.AsyncFunctionDef) and any(
        isinstance(n, ast.Yield) for n in ast.walk(node)
    )
    return "async generators fail to run" if is_generator else None


def json_use(node):
    if _called(node) in ("dump", "dumps") and any(
        word.arg in ("indent", "sort_keys") for word in node.keywords
    ):
        return "json has no indent and no sort_keys"
    return None


def clocks(node):
    if isinstance(node, ast.Attribute) and node.attr in ("monotonic", "monotonic_ns", "perf_counter"):
        return f"no time.{node.attr}"
    return None


def kernel_numbers(node):
    if isinstance(node, ast.Constant) and isinstance(node.value, float):
        return "integers only"
    if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div):
        return "integers only: // and a comment that says which way it rounds"
    return "integers only" if _called(node) in ("float", "round") else None


def kernel_purity(node):
    name = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
    if name in ("print", "open", "input", "exec", "eval"):
        return f"the shared shelf never calls {name}"
    return "format with str.format in shared/" if isinstance(node, ast.JoinedStr) else None


# rule: snippets that it must find.
RULES = {
    syntax: [
        "match x:\n    case 1: pass",
        "def f(a, /): pass",
        "{**d}",
        "[*a, 1]",
        "try:\n    f()\nexcept* E: pass",
    ],
    future_imports: ["from __future__ import annotations"],
    type_aliases: ["Column = list[int]"],
    f_strings: ["f'{x!r}'"],
    struct_use: [
        "struct.Struct('<B')",
        "struct.unpack_from('< B', b)",
        "struct.pack('I', 1)",
        "struct.pack('<?', 1)",
    ],
    integers: ["int.from_bytes(b, 'little', signed=True)", "n.bit_length()"],
    collections: ["deque([], maxlen=3)", "deque()", "namedtuple('A', 'b', defaults=(1,))", "t._replace(a=1)"],
    slices: ["b[::2]", "del b[:3]"],
    strings: ["s.zfill(3)", "s.removeprefix('a')", "s.startswith(('a', 'b'))"],
    classes: [
        "class A(B, C): pass",
        "class A(metaclass=M): pass",
        "class A:\n    def __init_subclass__(cls): pass",
    ],
    mangled_names: ["self.__x = 1", "def __f(): pass"],
    exceptions: ["raise A from B"],
    asserts: ["assert (n := f())"],
    asyncio_use: ["asyncio.TaskGroup()", "async def f():\n    yield 1"],
    json_use: ["json.dumps(d, indent=1)"],
    clocks: ["time.monotonic()"],
}
KERNEL_RULES = {
    kernel_numbers: ["x = 0.5", "x = a / b", "x /= 2", "round(x)"],
    kernel_purity: ["print(1)", "f'{x}'"],
}


def adjacent_f_strings(source):
    """Return a finding where an f-string touches another string: MicroPython joins them wrongly."""
    found, previous = [], None
    for token in tokenize.generate_tokens(io.StringIO(source.text).readline):
        if token.type in (tokenize.NL, tokenize.COMMENT):
            continue
        if token.type == tokenize.STRING and previous and previous.type == tokenize.STRING:
            prefixes = (
                token.string.partition(token.string[-1])[0]
                + previous.string.partition(previous.string[-1])[0]
            )
            if "f" in prefixes.lower():
                found.append(f"{source.name}:{token.start[0]} joins an f-string with its neighbour")
        previous = token
    return found


def is_dual_target(source):
    is_posix = "posix" in source.name or source.name.endswith("/linux.py")
    return source.shelf_is("shared/evenload/", "firmware/") and not is_posix


def not_micropython(source):
    """Return a finding for everything in a dual-target file that a board can't run."""
    rules = list(RULES) + (list(KERNEL_RULES) if source.shelf_is("shared/") else [])
    if source.name == "shared/evenload/compat.py":
        rules.remove(clocks)
    found = [
        f"{source.name}:{getattr(node, 'lineno', 0)} {sentence}"
        for node in ast.walk(source.tree)
        for rule in rules
        if (sentence := rule(node))
    ]
    return found + adjacent_f_strings(source)


def test_dual_target_code_uses_only_what_micropython_has(python_sources):
    assert [f for source in python_sources if is_dual_target(source) for f in not_micropython(source)] == []


@pytest.mark.parametrize(
    ("rule", "snippet"),
    [
        (rule, snippet)
        for rules in (RULES, KERNEL_RULES)
        for rule, snippets in rules.items()
        for snippet in snippets
    ],
)
def test_what_a_board_lacks_is_found(bad_source, rule, snippet):
    assert any(rule(node) for node in ast.walk(ast.parse(snippet)))
    assert not_micropython(bad_source("shared/evenload/x.py", snippet))


def test_adjacent_f_strings_are_found(bad_source):
    assert not_micropython(bad_source("firmware/evenload_node/app.py", "x = (f'{a}'\n     'b')"))
    assert not not_micropython(bad_source("firmware/evenload_node/app.py", "x = f'{a} b'"))


def test_plain_code_is_accepted(bad_source):
    text = (
        "class A(B):\n    def f(self, n: int | None = None, *, m=1) -> list[int]:\n        return [m // 2]\n"
    )
    assert not_micropython(bad_source("shared/evenload/x.py", text)) == []

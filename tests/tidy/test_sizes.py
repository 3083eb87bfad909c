"""Nothing grows past what one can read at once: files, functions, parameter lists."""

import ast
import re

FILE_LINES_MAX = 400
PYTHON_FUNCTION_LINES_MAX = 50
C_FUNCTION_LINES_MAX = 70
PARAMETERS_MAX = 5
# A table of constants is read by searching, not from top to bottom.
LONG_FILES = {"shared/evenload/wire.py", "csrc/include/evenload/wire.h"}


def long_file(source):
    """Return a finding for a file that is too long."""
    if len(source.lines) <= FILE_LINES_MAX or source.name in LONG_FILES:
        return []
    return [f"{source.name} has {len(source.lines)} lines; at most {FILE_LINES_MAX}"]


def python_functions(tree):
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def _lines_of(function):
    """Return a function's length without its docstring: prose is not what makes it hard to read."""
    first = function.body[0]
    has_docstring = isinstance(first, ast.Expr) and isinstance(getattr(first, "value", None), ast.Constant)
    docstring = first.end_lineno - first.lineno + 1 if has_docstring else 0
    return function.end_lineno - function.lineno + 1 - docstring


def _is_injected(source, function):
    """Return whether the parameters are chosen by name by a framework: click's options, pytest's fixtures."""
    decorators = " ".join(ast.unparse(decorator) for decorator in function.decorator_list)
    is_option = re.search(r"\b(command|option|argument|parametrize|fixture|given)\b", decorators)
    return bool(is_option) or (source.name.startswith("tests/") and function.name.startswith("test_"))


def large_python_functions(source):
    """Return a finding for each function with too many lines or parameters."""
    found = []
    for function in python_functions(source.tree):
        where = f"{source.name}:{function.lineno} {function.name}"
        if _lines_of(function) > PYTHON_FUNCTION_LINES_MAX:
            found.append(f"{where} has {_lines_of(function)} lines; at most {PYTHON_FUNCTION_LINES_MAX}")
        arguments = function.args.posonlyargs + function.args.args + function.args.kwonlyargs
        names = [argument.arg for argument in arguments if argument.arg not in ("self", "cls")]
        if len(names) > PARAMETERS_MAX and not _is_injected(source, function):
            found.append(f"{where} has {len(names)} parameters; at most {PARAMETERS_MAX}: a noun is missing")
    return found


def c_functions(source):
    """Return (name, first line, line count, parameter count) of each function defined in a C file."""
    text = re.sub(
        r"/\*.*?\*/|//[^\n]*", lambda match: re.sub(r"[^\n]", " ", match.group()), source.text, flags=re.S
    )
    found = []
    for match in re.finditer(r"^[A-Za-z_][\w \t\*]*?\b(\w+)\(([^;{}]*?)\)\s*\{", text, flags=re.M):
        depth, at = 1, match.end()
        while depth and at < len(text):
            depth += {"{": 1, "}": -1}.get(text[at], 0)
            at += 1
        parameters = [part for part in match.group(2).split(",") if part.strip() not in ("", "void")]
        line_count = text.count("\n", match.start(), at) + 1
        found.append((match.group(1), text.count("\n", 0, match.start()) + 1, line_count, len(parameters)))
    return found


def large_c_functions(source):
    """Return a finding for each C function with too many lines or parameters."""
    found = []
    for name, line, line_count, parameter_count in c_functions(source):
        if line_count > C_FUNCTION_LINES_MAX:
            found.append(
                f"{source.name}:{line} {name} has {line_count} lines; at most {C_FUNCTION_LINES_MAX}"
            )
        if parameter_count > PARAMETERS_MAX:
            found.append(
                f"{source.name}:{line} {name} has {parameter_count} parameters; at most {PARAMETERS_MAX}"
            )
    return found


def test_no_file_is_too_long(python_sources, c_sources):
    assert [finding for source in python_sources + c_sources for finding in long_file(source)] == []


def test_no_python_function_is_too_large(python_sources):
    assert [finding for source in python_sources for finding in large_python_functions(source)] == []


def test_no_c_function_is_too_large(c_sources):
    assert [finding for source in c_sources for finding in large_c_functions(source)] == []


def test_a_file_of_401_lines_is_found(bad_source):
    assert long_file(bad_source("host/evenload_host/long.py", "pass\n" * 401))
    assert not long_file(bad_source("host/evenload_host/long.py", "pass\n" * 400))


def test_a_function_of_51_lines_is_found_and_its_docstring_is_free(bad_source):
    body = "    pass\n" * 49
    assert not large_python_functions(
        bad_source("x.py", f'def f():\n    """One.\n\n    Two.\n    """\n{body}')
    )
    assert large_python_functions(bad_source("x.py", f"def f():\n{body}    pass\n"))


def test_a_sixth_parameter_is_found(bad_source):
    assert large_python_functions(bad_source("x.py", "class A:\n    def f(self, a, b, c, d, e, f): pass"))
    assert not large_python_functions(bad_source("x.py", "class A:\n    def f(self, a, b, c, d, e): pass"))
    assert not large_python_functions(bad_source("x.py", "@click.command()\ndef f(a, b, c, d, e, f): pass"))


def test_a_c_function_of_71_lines_or_six_parameters_is_found(bad_source):
    assert large_c_functions(bad_source("x.c", "int f(void)\n{\n" + "    g();\n" * 68 + "}\n"))
    assert not large_c_functions(bad_source("x.c", "int f(void)\n{\n" + "    g();\n" * 67 + "}\n"))
    assert large_c_functions(
        bad_source("x.c", "static int f(int a, int b, int c, int d,\n  int e, int g) {\n}\n")
    )

"""The C core is C99 without heap, globals, floats, recursion or conditional code (DESIGN, section 2)."""

import re

import pytest

BANNED = re.compile(
    r"\b(malloc|calloc|realloc|free|alloca|float|double|goto|printf|setjmp|longjmp|rand|time|clock)\b"
)
BANNED_INCLUDE = re.compile(r"#\s*include\s*<(?!(?:stdint|stddef|stdbool|string|limits|assert)\.h>)")
NO_VARIABLE = r"(?!typedef|struct\s+\w+\s*;|enum|union|extern|return|static\s+const|const|\w+:)"
GLOBAL = re.compile(rf"^{NO_VARIABLE}[a-z_][\w \t\*]*\w(\[[^\]]*\])*\s*(=[^;]*)?;", re.M)
KEYWORDS = {"if", "for", "while", "switch", "return", "sizeof"}


def code_of(text):
    """Return C text with comments and strings blanked, lines kept."""
    pattern = r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\])*\""
    return re.sub(pattern, lambda match: re.sub(r"[^\n]", " ", match.group()), text, flags=re.S)


def _depths(text):
    """Return (line number, line, brace depth at its start) for each line."""
    depth, found = 0, []
    for number, line in enumerate(text.splitlines(), 1):
        found.append((number, line, depth))
        depth += line.count("{") - line.count("}")
    return found


def banned_words(source):
    """Return a finding for each call or type that the core may not use, and each foreign header."""
    lines = enumerate(code_of(source.text).splitlines(), 1)
    return [
        f"{source.name}:{n} {line.strip()}"
        for n, line in lines
        if BANNED.search(line) or BANNED_INCLUDE.search(line)
    ]


def conditional_code(source):
    """Return a finding for each #if inside a function."""
    lines = _depths(code_of(source.text))
    return [
        f"{source.name}:{n} #if in a function"
        for n, line, depth in lines
        if depth and re.match(r"\s*#\s*if", line)
    ]


def mutable_globals(source):
    """Return a finding for each variable at file scope that is not constant."""
    outside = "\n".join(
        line if depth == 0 and not line.startswith("#") else ""
        for _, line, depth in _depths(code_of(source.text))
    )
    found = [match for match in GLOBAL.finditer(outside) if "(" not in match.group()]
    return [
        f"{source.name}:{outside.count(chr(10), 0, match.start()) + 1} a mutable global" for match in found
    ]


def recursive_functions(sources):
    """Return the names of functions that can reach themselves through the calls in `sources`."""
    calls = {}
    for source in sources:
        text = code_of(source.text)
        for match in re.finditer(r"^[A-Za-z_][\w \t\*]*?\b(\w+)\([^;{}]*\)\s*\{", text, flags=re.M):
            depth, at = 1, match.end()
            while depth and at < len(text):
                depth += {"{": 1, "}": -1}.get(text[at], 0)
                at += 1
            calls[match.group(1)] = set(re.findall(r"\b(\w+)\s*\(", text[match.end() : at])) - KEYWORDS
    return sorted(name for name in calls if name in _reachable(name, calls))


def _reachable(name, calls):
    seen, open_names = set(), list(calls[name])
    while open_names:
        callee = open_names.pop()
        if callee in calls and callee not in seen:
            seen.add(callee)
            open_names += calls[callee]
    return seen


@pytest.fixture
def core_sources(c_sources):
    return [s for s in c_sources if s.shelf_is("csrc/src/", "csrc/include/")]


def test_the_core_uses_no_heap_float_or_foreign_header(core_sources):
    assert [finding for source in core_sources for finding in banned_words(source)] == []


def test_no_function_of_the_core_is_conditional(core_sources):
    assert [finding for source in core_sources for finding in conditional_code(source)] == []


def test_the_core_has_no_mutable_global(core_sources):
    assert [finding for source in core_sources for finding in mutable_globals(source)] == []


def test_nothing_in_the_core_is_recursive(core_sources):
    assert recursive_functions([s for s in core_sources if s.name.endswith(".c")]) == []


@pytest.mark.parametrize("text", ["int *p = malloc(4);", "double x;", "#include <stdio.h>", "  goto out;"])
def test_a_banned_word_is_found(bad_source, text):
    assert banned_words(bad_source("csrc/src/x.c", text))
    assert not banned_words(bad_source("csrc/src/x.c", f"/* {text} */"))


def test_conditional_code_in_a_function_is_found(bad_source):
    assert conditional_code(bad_source("x.c", "int f(void)\n{\n#ifdef A\n}\n"))
    assert not conditional_code(bad_source("x.h", "#ifndef X_H\nint f(void);\n#endif\n"))


@pytest.mark.parametrize("text", ["static int count;", "int table[3] = {1, 2, 3};", "evenload_x_t state;"])
def test_a_mutable_global_is_found(bad_source, text):
    assert mutable_globals(bad_source("x.c", text + "\n"))


@pytest.mark.parametrize(
    "text",
    ["static const int limit = 3;", "int f(int a);", "typedef struct x x_t;", "int f(void)\n{\n  int a;\n}"],
)
def test_constants_and_declarations_are_no_globals(bad_source, text):
    assert not mutable_globals(bad_source("x.c", text + "\n"))


def test_recursion_through_another_function_is_found(bad_source):
    calls = {"f": "g", "g": "f", "h": "f"}
    text = "".join(f"int {name}(int a)\n{{\n  return {callee}(a);\n}}\n" for name, callee in calls.items())
    assert recursive_functions([bad_source("x.c", text)]) == ["f", "g"]

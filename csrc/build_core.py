"""Builds `evenload_core._core` from the C sources with cffi (API mode).

The hash of every source file is compiled in; `evenload_core` compares it at import, so that a binary built
from other sources is refused instead of used. `EVENLOAD_CORE=c` makes a failing compiler an error.
"""

import os
from pathlib import Path

from cffi import FFI

ROOT = Path(__file__).resolve().parent


def _load_source_hash():
    scope = {"__name__": "source_hash"}
    # The package itself can't be imported before its binary exists.
    exec((ROOT / "evenload_core" / "source_hash.py").read_text(), scope)
    return scope["source_hash"]


def _sources():
    return sorted(str(path.relative_to(ROOT.parent)) for path in (ROOT / "src").glob("*.c"))


def _preamble():
    headers = sorted((ROOT / "include" / "evenload").glob("*.h"))
    return "\n".join(f'#include "evenload/{path.name}"' for path in headers)


ffibuilder = FFI()
ffibuilder.cdef((ROOT / "wire.cdef").read_text())
ffibuilder.cdef((ROOT / "core.cdef").read_text())
ffibuilder.cdef("extern const char *const evenload_source_hash;")
ffibuilder.set_source(
    "evenload_core._core",
    _preamble() + f'\nconst char *const evenload_source_hash = "{_load_source_hash()(ROOT)}";\n',
    sources=_sources(),
    include_dirs=["csrc/include"],
    extra_compile_args=["-O3", "-std=c99", "-Wall", "-Wextra", "-Wno-unused-parameter"],
    optional=os.environ.get("EVENLOAD_CORE") != "c",
)

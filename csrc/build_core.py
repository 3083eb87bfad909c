"""Builds `evenload_core._core` from the C sources with cffi (API mode).

The hash of every source file is compiled in; `evenload_core` compares it at import, so that a binary built
from other sources is refused instead of used. `EVENLOAD_CORE=c` makes a failing compiler an error.
"""

import os
import sys
from pathlib import Path

from cffi import FFI

ROOT = Path(__file__).resolve().parent
# The real-time loop needs Linux; everything else is the same everywhere.
FOLDERS = ("src", "linux") if sys.platform == "linux" else ("src",)


def _load_source_hash():
    scope = {"__name__": "source_hash"}
    # The package itself can't be imported before its binary exists.
    exec((ROOT / "evenload_core" / "source_hash.py").read_text(), scope)
    return scope["source_hash"]


def _sources():
    return sorted(
        str(path.relative_to(ROOT.parent)) for folder in FOLDERS for path in (ROOT / folder).glob("*.c")
    )


def _preamble():
    headers = [f"evenload/{path.name}" for path in sorted((ROOT / "include" / "evenload").glob("*.h"))]
    headers += ["rt_loop.h"] if "linux" in FOLDERS else []
    return "\n".join(f'#include "{name}"' for name in headers)


ffibuilder = FFI()
ffibuilder.cdef((ROOT / "wire.cdef").read_text())
ffibuilder.cdef((ROOT / "core.cdef").read_text())
for path in sorted((ROOT / "linux").glob("*.cdef")) if "linux" in FOLDERS else ():
    ffibuilder.cdef(path.read_text())
ffibuilder.cdef("extern const char *const evenload_source_hash;")
ffibuilder.set_source(
    "evenload_core._core",
    _preamble() + f'\nconst char *const evenload_source_hash = "{_load_source_hash()(ROOT)}";\n',
    sources=_sources(),
    include_dirs=["csrc/include", "csrc/linux"],
    # src/ is C99 (tests/c holds it to that); linux/ takes atomics from C11 and asks for GNU's names itself.
    extra_compile_args=["-O3", "-std=c11", "-Wall", "-Wextra", "-Wno-unused-parameter"],
    optional=os.environ.get("EVENLOAD_CORE") != "c",
)

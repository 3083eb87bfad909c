"""Builds the C core where a compiler is found; everything else is declared in pyproject.toml.

Old binaries are deleted first, from the build folder too, whence setuptools would copy one back: a build that
fails leaves the Python kernels and never a stale C core.
"""

import sys
from pathlib import Path

from setuptools import setup

FALLBACK = """\
Evenload: the C core could not be built, so the Python kernels will serve: slower, with the same results.
For the C core install a C compiler and Python's headers (Debian: apt install gcc python3-dev), then install
again. EVENLOAD_CORE=c makes this an error."""

for pattern in ("csrc/evenload_core/_core*.so", "build/lib*/evenload_core/_core*.so"):
    for stale in Path(__file__).parent.glob(pattern):
        stale.unlink()

distribution = setup(cffi_modules=["csrc/build_core.py:ffibuilder"])

build_ext = distribution.get_command_obj("build_ext")
was_built = Path(build_ext.get_ext_fullpath("evenload_core._core")).exists()
if distribution.have_run.get("build_ext") and not was_built:
    print(FALLBACK, file=sys.stderr)

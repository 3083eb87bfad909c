"""Builds the C core where a compiler is found; everything else is declared in pyproject.toml.

An old binary is deleted first, so that a failed build leaves the Python kernels and never a stale C core.
"""

from pathlib import Path

from setuptools import setup

for stale in (Path(__file__).parent / "csrc" / "evenload_core").glob("_core*.so"):
    stale.unlink()

setup(cffi_modules=["csrc/build_core.py:ffibuilder"])

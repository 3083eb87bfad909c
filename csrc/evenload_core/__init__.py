"""The C core, bound with cffi: the same names and signatures as the Python kernels in `evenload`.

In a checkout a binary that was built from other sources is refused with the command that rebuilds it.
"""

from pathlib import Path

from evenload.errors import StaleCoreError

from evenload_core import _core
from evenload_core.source_hash import source_hash

_csrc = Path(__file__).resolve().parent.parent
_built = _core.ffi.string(_core.lib.evenload_source_hash).decode()
if (_csrc / "build_core.py").exists() and source_hash(_csrc) != _built:
    raise StaleCoreError(
        "The compiled C core is older than its sources. Run `make core` to rebuild it, "
        "or set EVENLOAD_CORE=python to use the Python kernels."
    )

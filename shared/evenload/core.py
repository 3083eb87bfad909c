"""Chooses the backend of every kernel, once: the C core if it is there, the Python twins if not.

EVENLOAD_CORE=python takes the twins; EVENLOAD_CORE=c never falls back silently; any other word is refused
with a ConfigError. BACKEND is "c" or "python".
"""

from evenload.compat import requested_core
from evenload.errors import ConfigError

if requested_core() not in ("", "c", "python"):
    raise ConfigError("EVENLOAD_CORE", requested_core(), "c or python; unset takes the best there is")
BACKEND = "python"
if requested_core() != "python":
    try:
        import evenload_core  # noqa: F401

        BACKEND = "c"
    except ImportError:
        if requested_core() == "c":
            raise


def kernel(stem: str):
    """Return the module of kernel `stem` ("bl0942", "waterfill", ...) in the chosen backend.

    A kernel is loaded when it is first asked for: a board pays only for what its role needs.
    """
    package = "evenload_core" if BACKEND == "c" else "evenload"
    return getattr(__import__(package + "." + stem), stem)

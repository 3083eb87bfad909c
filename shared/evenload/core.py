"""Chooses the backend of every kernel, once: the C core if it is there, the Python twins if not.

EVENLOAD_CORE=python takes the twins; EVENLOAD_CORE=c never falls back silently. BACKEND is "c" or "python".
"""

from evenload.compat import requested_core

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

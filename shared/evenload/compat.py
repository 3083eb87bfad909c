"""The only place in the shared shelf that asks which platform it runs on."""

try:
    from micropython import const
except ImportError:

    def const(value):
        """Return `value`; MicroPython folds it at compile time."""
        return value


try:
    from os import environ

    def requested_core() -> str:
        """Return the backend asked for with EVENLOAD_CORE: "c", "python" or "" (CPython only)."""
        return environ.get("EVENLOAD_CORE", "")

except ImportError:

    def requested_core() -> str:
        """Return "": a board has no environment, so the best backend there is is taken."""
        return ""

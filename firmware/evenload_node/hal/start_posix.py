"""Starts a node: a core that cannot be loaded is a sentence too, then `node_posix` takes over."""

import sys

from evenload.errors import EvenloadError


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code, 2 when the kernels asked for cannot be had."""
    try:
        from evenload_node.hal import node_posix  # Loads the core, which may refuse.
    except EvenloadError as error:
        print(f"evenload-node: {error}", file=sys.stderr)
        return 2
    except ImportError as error:
        print(
            f"evenload-node: EVENLOAD_CORE=c, but the C core cannot be loaded ({error}). Run `make core`, or set "
            "EVENLOAD_CORE=python.",
            file=sys.stderr,
        )
        return 2
    return node_posix.main(arguments)

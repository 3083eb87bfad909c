"""`evenload-node`: the command line of a node on Linux (hal/node_posix.py), started by hal/start_posix.py."""

import sys

from evenload_node.hal.start_posix import main

if __name__ == "__main__":
    sys.exit(main())

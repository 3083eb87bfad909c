"""Where a node's console listens on Linux."""

import os
import socket
import stat

from evenload.errors import ConfigError

CLIENT_COUNT_MAX = 128
PATH_SIZE_MAX = 107  # Of a local socket's address.


def listen(path: str) -> socket.socket:
    """Return a socket that listens at `path`, where only the node's own user may connect.

    A socket that a dead node left is replaced. Raises ConfigError when the path is too long, OSError.
    """
    if len(path.encode()) > PATH_SIZE_MAX:
        raise ConfigError(
            "state_dir", path, f"a folder with a path that leaves console.sock {PATH_SIZE_MAX} bytes"
        )
    beside = path + ".new" if len(path.encode()) + 4 <= PATH_SIZE_MAX else path
    for left in (path, beside):
        if os.path.exists(left) and stat.S_ISSOCK(os.stat(left).st_mode):
            os.unlink(left)
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    line.bind(beside)
    os.chmod(beside, 0o600)
    line.listen(CLIENT_COUNT_MAX)
    line.setblocking(False)
    # It takes its name only when it can be connected to.
    os.rename(beside, path)
    return line

"""The state folder of a node on Linux: one process at a time, its last plan, and what it knew."""

import fcntl
import os

from evenload.errors import ConfigError

from evenload_node.hal.files import make_folder, read_text, write_text


class StateFolder:
    """The folder `path`, made if it is not there, locked as long as this process lives. Raises ConfigError."""

    def __init__(self, path: str):
        self.path = path
        try:
            make_folder(path)
            self._lock = os.open(os.path.join(path, "lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise ConfigError(
                "state_dir", path, f"a folder that can be written ({error.strerror})"
            ) from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ConfigError("state_dir", path, "a folder that no other running node uses") from error

    def file(self, name: str) -> str:
        """Return the path of a file in the folder."""
        return os.path.join(self.path, name)


class TextFile:
    """One text that is replaced as a whole."""

    def __init__(self, path: str):
        self._path = path

    def read(self) -> str | None:
        """Return the text, None if there is none or it can't be read."""
        try:
            return read_text(self._path)
        except (OSError, ValueError):
            return None

    def write(self, text: str) -> None:
        """Replace the text. Raises OSError."""
        write_text(self._path, text)

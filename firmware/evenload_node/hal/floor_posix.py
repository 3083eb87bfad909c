"""The two slots of the vote floor's record as files: written beside, flushed, renamed, the folder flushed."""

import os

from evenload_node.floor import RECORD_SIZE


class FloorFiles:
    """`floor.0` and `floor.1` in `folder`."""

    def __init__(self, folder: str):
        self._folder = folder

    def name(self, index: int) -> str:
        """Return the path of slot `index`."""
        return os.path.join(self._folder, f"floor.{index}")

    def read(self, index: int) -> bytes | None:
        """Return what the slot holds, None if there is no file. Raises OSError when it can't be read."""
        try:
            with open(self.name(index), "rb") as file:
                return file.read(RECORD_SIZE + 1)
        except FileNotFoundError:
            return None

    def write(self, index: int, data: bytes) -> None:
        """Replace the slot; durable when this returns. Raises OSError."""
        beside = self.name(index) + ".new"
        with open(beside, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.rename(beside, self.name(index))
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

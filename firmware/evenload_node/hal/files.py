"""Files that survive a power cut in the middle of a write: the new content is complete before it takes the
name.
"""

import os


def read_text(path: str) -> str | None:
    """Return the content of the file, None if there is none; other trouble is an OSError."""
    try:
        with open(path) as file:
            return file.read()
    except OSError as error:
        if error.errno == 2:  # ENOENT
            return None
        raise


def write_text(path: str, text: str):
    """Replace the file's content: write beside it, flush to the medium where possible, rename."""
    beside = path + ".new"
    with open(beside, "w") as file:
        file.write(text)
        file.flush()
        if hasattr(os, "fsync"):
            os.fsync(file.fileno())
    os.rename(beside, path)


def make_folder(path: str):
    """Make the folder and those above it; nothing happens if it is there."""
    made = "/" if path.startswith("/") else ""
    for word in path.split("/"):
        if word:
            made = made + word if made in ("", "/") else made + "/" + word
            try:
                os.mkdir(made)
            except OSError as error:
                if error.errno != 17:  # EEXIST
                    raise


class NumberFile:
    """One number in a file, as evenload.setpoint.Counter stores its mark."""

    def __init__(self, path: str):
        self._path = path

    def load(self) -> int:
        """Return the number; 0 if there is no file yet. A file that holds no number is an OSError: never
        start over.
        """
        text = read_text(self._path)
        if text is None:
            return 0
        try:
            return int(text)
        except ValueError:
            raise OSError(
                "{} holds no number; remove it only if the stations are told a new key".format(self._path)
            )

    def store(self, value: int):
        """Write the number."""
        write_text(self._path, "{}\n".format(value))

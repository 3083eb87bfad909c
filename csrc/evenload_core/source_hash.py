"""The hash that ties a compiled core to the sources it was built from."""

import hashlib
from pathlib import Path


def source_hash(csrc: Path) -> str:
    """Return the SHA-256 (hex) over the C sources, headers and cdef files below `csrc`, by sorted path."""
    digest = hashlib.sha256()
    patterns = ("include/evenload/*.h", "src/*.c", "linux/*.[ch]", "linux/*.cdef", "*.cdef", "build_core.py")
    paths = [path for pattern in patterns for path in csrc.glob(pattern)]
    for path in sorted(paths):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()

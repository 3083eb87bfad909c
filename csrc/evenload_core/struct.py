"""C structs over Python arrays: columns are array.array("i"), scalars are fields of the struct."""

from array import array

from evenload_core._core import ffi


class Field:
    """A scalar field of the C struct `self._struct`, seen as an attribute of the same name."""

    def __set_name__(self, owner, name):
        self._name = name

    def __get__(self, instance, owner=None) -> int:
        return getattr(instance._struct, self._name)

    def __set__(self, instance, value: int) -> None:
        setattr(instance._struct, self._name, value)


def column(count: int) -> array:
    """Return `count` zeros as C sees them (int32_t)."""
    return array("i", bytes(4 * count))


def point(struct, owner, sizes: dict) -> list:
    """Make each pointer of a C struct point at a new column, also set as an attribute of `owner`.

    sizes: {field name: length}. Returns what has to live as long as the struct does.
    """
    kept = []
    for name, size in sizes.items():
        values = column(size)
        view = ffi.from_buffer("int32_t[]", values)
        setattr(struct, name, view)
        setattr(owner, name, values)
        kept += [values, view]
    return kept

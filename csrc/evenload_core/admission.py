"""Binding of csrc/src/admission.c; the specification is shared/evenload/admission.py."""

from evenload_core._core import lib
from evenload_core.columns import Columns


class Admission:
    """The turns of one allocation's stations."""

    def __init__(self, columns: Columns):
        self._columns = columns

    def index_classes(self) -> None:
        """List the stations of every class."""
        lib.evenload_admission_index_classes(self._columns._struct)

    def take_turns(self) -> None:
        """Mark who is overdue and switch phases, by how the last round came out."""
        lib.evenload_admission_take_turns(self._columns._struct)

    def admit(self) -> int:
        """Take the minimums of who is on from room_ma; return the classes as bits."""
        return lib.evenload_admission_admit(self._columns._struct)

"""Binding of csrc/src/allocation.c; the specification is shared/evenload/allocation.py."""

from evenload import wire
from evenload.errors import ConfigError

from evenload_core._core import lib
from evenload_core.columns import Columns


class Allocation(Columns):
    """One site's allocator: write the setup columns, `seal()`, then inputs and `tick`."""

    def __init__(self, circuit_count: int, station_count: int):
        super().__init__(circuit_count, station_count)

    def seal(self) -> None:
        """Validate the setup columns and derive what the rounds need; raise ConfigError."""
        fault = lib.evenload_allocation_seal(self._struct)
        if fault != 0:
            raise ConfigError(
                wire.ALLOCATION_FAULT_KEYS[fault].format(self.fault_index),
                self.fault_value,
                wire.ALLOCATION_FAULT_VALIDS[fault],
            )

    def tick(self, now_ms: int) -> None:
        """Run one round at `now_ms` (ring ms)."""
        lib.evenload_allocation_tick(self._struct, now_ms)

"""Binding of csrc/src/columns.c; the specification is shared/evenload/columns.py."""

from evenload.wire import ALLOCATION_EVENTS_MAX

from evenload_core._core import ffi, lib
from evenload_core.breaker import Breaker
from evenload_core.phases import PhaseSwitch
from evenload_core.rotation import Rotation
from evenload_core.struct import Field, point
from evenload_core.tracker import Tracker


def _scalars(owner, struct_name):
    """Make every int32_t of a C struct an attribute of the class `owner`."""
    for name, field in ffi.typeof(struct_name).fields:
        scalar = Field()
        scalar.__set_name__(owner, name)
        attributes = {"int32_t": {name: scalar}}.get(field.type.cname, {})
        for key, value in attributes.items():
            setattr(owner, key, value)


def _names(group):
    return [name for name, _ in ffi.typeof(f"evenload_columns_{group}_t").fields]


class Settings:
    """The settings of an allocation, fields of evenload_settings_t."""

    def __init__(self):
        self._struct = ffi.new("evenload_settings_t *")
        lib.evenload_columns_settings_init(self._struct)


class Columns:
    """The arrays of one allocation: the columns and scalars of evenload_columns_t."""

    def __init__(self, circuit_count: int, station_count: int):
        self._struct = ffi.new("evenload_columns_t *")
        self.circuit_count = circuit_count
        self.station_count = station_count
        self._keep_parts(circuit_count, station_count)
        sizes = {
            "circuit": circuit_count,
            "cell": 3 * circuit_count,
            "station": station_count,
            "phase": 3 * station_count,
            "event": ALLOCATION_EVENTS_MAX,
        }
        self._kept = []
        for group, size in sizes.items():
            columns = dict.fromkeys(_names(group), size)
            self._kept += point(getattr(self._struct, group), self, columns)
        for group, size in {"turn": station_count, "node": 3 * circuit_count}.items():
            columns = dict.fromkeys(_names(group), size)
            self._kept += point(getattr(self._struct, group), _Hidden(), columns)
        self.breaker_rated_ma = self.breaker.rated_ma
        self.breaker_heat_permille = self.breaker.heat_permille
        self.served_as = self.rotation.served_as
        lib.evenload_columns_init(self._struct)

    def _keep_parts(self, circuit_count, station_count):
        self.settings = Settings()
        self.breaker = Breaker(3 * circuit_count)
        self.tracker = Tracker(station_count)
        self.rotation = Rotation(station_count)
        self.phase_switch = PhaseSwitch(station_count)
        for name in ("settings", "breaker", "tracker", "rotation", "phase_switch"):
            setattr(self._struct, name, getattr(self, name)._struct)

    def push_event(self, code: int, circuit: int, station: int, value: int) -> None:
        """Append an event to the ring."""
        lib.evenload_columns_push_event(self._struct, code, circuit, station, value)

    def take_events(self) -> list[tuple[int, int, int, int]]:
        """Return the waiting events as (code, circuit, station, value), oldest first, and forget them."""
        columns = (self.event_code, self.event_circuit, self.event_station, self.event_value)
        places = [(self.events_first + i) % ALLOCATION_EVENTS_MAX for i in range(self.events_count)]
        events = [tuple(column[at] for column in columns) for at in places]
        lib.evenload_columns_take_events(self._struct)
        return events


class _Hidden:
    """Holds the work columns that only C uses."""


_scalars(Settings, "evenload_settings_t")
_scalars(Columns, "evenload_columns_t")

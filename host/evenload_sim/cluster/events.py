"""One transition of one node, as the kernel tells it (`Cluster.take_trace`) and as a trace file keeps it."""

from typing import NamedTuple

from evenload import wire

# Beside wire.TRACE_NAMES: the owner of a node starts it and sees it die.
UP = -1
DOWN = -2
WORDS = {
    UP: "up",
    DOWN: "down",
    **{code: word for code, word in enumerate(wire.TRACE_NAMES) if code != wire.TRACE_NONE},
}
CODES = {word: code for code, word in WORDS.items()}

Version = tuple[int, int]
NO_VERSION: Version = (0, 0)


class Event(NamedTuple):
    """A transition. t_us: common clock; a, b, c: by `code` (SPEC, trace); at_ms: the node's own clock (ring);
    line: where it stands in its file, or its number.
    """

    t_us: int
    node: int
    code: int
    a: int = 0
    b: int = 0
    c: int = 0
    at_ms: int = 0
    line: int = 0


def without_passing_leases(events: list[Event]) -> list[Event]:
    """Return the events of one step of one node without the leases that it gives up in the same step.

    Frames that waited while the node slept are taken in one after the other: an old acknowledgement may
    extend a lease that a later frame ends, and nobody acts in between.
    """
    last = max(
        (index for index, event in enumerate(events) if event.code == wire.TRACE_LEASE_END), default=-1
    )
    return [event for index, event in enumerate(events) if event.code != wire.TRACE_LEASE or index > last]


def is_newer(one: Version, other: Version) -> bool:
    """Tell whether plan version `one` is newer than `other`: term first, then seq, which never wraps in a term."""
    return one[1] != 0 and (other[1] == 0 or one > other)

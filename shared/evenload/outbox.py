"""Frames that wait for the bus, most urgent first (SPEC, cluster). Mirror: csrc/src/outbox.c.

As a CAN controller with priority-ordered mailboxes would do it: the lowest identifier leaves first, equal ones
in the order they came. A heartbeat or lease frame that still waits is replaced by the newer one. What waited
longer than OUTBOX_AGE_MS is dropped: an old acknowledgement or vote is worse than none.
"""

from evenload import canframe
from evenload.ticks import elapsed_ms
from evenload.wire import (
    CAN_FRAME_SIZE,
    CAN_TYPE_HEARTBEAT,
    CAN_TYPE_LEASE,
    OUTBOX_AGE_MS,
    OUTBOX_COUNT,
)

_SERIAL_MASK = 0xFFFFFF


class Outbox:
    """Up to OUTBOX_COUNT frames of 16 bytes; `dropped` counts what never left."""

    def __init__(self):
        self.count = 0
        self.serial = 0
        self.dropped = 0
        self.used = [0] * OUTBOX_COUNT
        self.key = [0] * OUTBOX_COUNT
        self.order = [0] * OUTBOX_COUNT
        self.queued_ms = [0] * OUTBOX_COUNT
        self.bytes = bytearray(OUTBOX_COUNT * CAN_FRAME_SIZE)

    def put(self, now_ms: int, frame: bytearray) -> None:
        """Queue a frame. When all places are taken, the least urgent frame, perhaps this one, is dropped."""
        identifier = canframe.identifier_of(frame)
        place = self._place_for(identifier)
        if place < 0:
            self.drop()
            return
        if not self.used[place]:
            self.used[place] = 1
            self.count += 1
        self.key[place] = identifier
        self.order[place] = self.serial
        self.serial = (self.serial + 1) & _SERIAL_MASK
        self.queued_ms[place] = now_ms
        start = place * CAN_FRAME_SIZE
        for i in range(CAN_FRAME_SIZE):
            self.bytes[start + i] = frame[i]

    def take(self, now_ms: int, frame: bytearray) -> int:
        """Write the most urgent frame into `frame` and return 1; 0 when nothing waits."""
        while self.count > 0:
            place = self._most_urgent()
            self.used[place] = 0
            self.count -= 1
            age_ms = elapsed_ms(now_ms, self.queued_ms[place])
            if 0 <= age_ms <= OUTBOX_AGE_MS:
                start = place * CAN_FRAME_SIZE
                for i in range(CAN_FRAME_SIZE):
                    frame[i] = self.bytes[start + i]
                return 1
            self.drop()
        return 0

    def drop(self) -> None:
        """Count a frame that never left."""
        self.dropped = (self.dropped + 1) & _SERIAL_MASK

    def withdraw(self, frame_type: int) -> None:
        """Take back every waiting frame of a type: what it says is no longer true."""
        for place in range(OUTBOX_COUNT):
            if self.used[place] and canframe.type_of(self.key[place]) == frame_type:
                self.used[place] = 0
                self.count -= 1

    def clear(self) -> None:
        """Take back everything."""
        for place in range(OUTBOX_COUNT):
            self.used[place] = 0
        self.count = 0

    def _place_for(self, identifier):
        """Return the place for a new frame: the older one of its kind, a free one, a less urgent one, or -1."""
        frame_type = canframe.type_of(identifier)
        is_newest_wins = frame_type == CAN_TYPE_HEARTBEAT or frame_type == CAN_TYPE_LEASE
        free = -1
        worst = -1
        for place in range(OUTBOX_COUNT):
            if not self.used[place]:
                if free < 0:
                    free = place
            elif is_newest_wins and self.key[place] == identifier:
                return place
            elif worst < 0 or self.key[place] > self.key[worst]:
                worst = place
        if free >= 0:
            return free
        if self.key[worst] > identifier:
            self.drop()
            return worst
        return -1

    def _most_urgent(self):
        best = -1
        for place in range(OUTBOX_COUNT):
            if self.used[place] and (best < 0 or self._precedes(place, best)):
                best = place
        return best

    def _precedes(self, place, other):
        if self.key[place] != self.key[other]:
            return self.key[place] < self.key[other]
        # Serials wrap at 2^24; at most OUTBOX_COUNT of them are alive at once.
        return ((self.order[other] - self.order[place]) & _SERIAL_MASK) < 0x800000

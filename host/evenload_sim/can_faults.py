"""What can go wrong with a frame on a simulated CAN bus: omission, duplication, errors, deaf links.

One generator of the bus decides all of it, in the order of the frames, and draws nothing while no fault is
set: the same seed and the same calls give the same run, and a fault that is never set costs nothing.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from evenload_sim.can_bus import Port

DRAW_END = 1 << 30  # next30 draws below it.
NEVER_NS = (1 << 52) * 1000  # 142 years.


class Random(Protocol):
    """evenload's Random32, in either backend."""

    def next30(self) -> int:
        """Return a number 0 .. 2^30 - 1."""

    def below(self, bound: int) -> int:
        """Return a number 0 .. bound - 1."""


class _Loss:
    """The next `left` frames that `matching` accepts are lost at `receivers` (empty: at all)."""

    __slots__ = ("left", "matching", "receivers")

    def __init__(
        self, left: int, receivers: frozenset["Port"], matching: Callable[[bytes], bool] | None
    ) -> None:
        self.left = left
        self.receivers = receivers
        self.matching = matching

    def meets(self, frame: bytes, receivers: list["Port"]) -> bool:
        """Return whether this concerns `frame`, which would reach `receivers`."""
        is_reached = not self.receivers or any(receiver in self.receivers for receiver in receivers)
        return is_reached and (self.matching is None or self.matching(frame))


class CanFaults:
    """The faults of frames; CanBus adds those of ports and of the wire."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.lost = 0
        self.duplicated = 0
        self._loss: dict[Port | None, int] = {}
        self._losses: list[_Loss] = []
        self._duplicate = 0
        self._error = 0
        self._error_end_ns = NEVER_NS
        self._deaf: set[tuple[Port | None, Port | None]] = set()
        self._is_faulty = False

    def loss(self, probability: float, receivers: Iterable["Port"] | None = None) -> None:
        """Lose each delivery with `probability` 0..1, at each receiver for itself; None: at all of them.

        The sender notices nothing: on a real wire that is a receiver whose buffer was full. 0 ends it; a
        receiver's own probability replaces that of all.
        """
        for receiver in [None] if receivers is None else receivers:
            self._loss[receiver] = _threshold(probability)
        self._refresh()

    def lose_next(
        self,
        count: int,
        receivers: Iterable["Port"] | None = None,
        matching: Callable[[bytes], bool] | None = None,
    ) -> None:
        """Lose the next `count` frames at `receivers` (None: at all) that `matching` accepts (None: any)."""
        self._losses.append(_Loss(count, frozenset(receivers or ()), matching))
        self._refresh()

    def duplicate(self, probability: float) -> None:
        """Let receivers get a frame twice with `probability` 0..1.

        An error in the last bit but one of EOF: the sender repeats what some receivers have taken already and
        others have thrown away (a coin each). If it dies before, the others never get it (inconsistent omission).
        """
        self._duplicate = _threshold(probability)
        self._refresh()

    def error(self, probability: float, until_us: int | None = None) -> None:
        """Break frames with `probability` 0..1 at any of their bits, until `until_us` (None: until told).

        All see it, nobody gets the frame, the sender counts 8 errors and repeats it at once. 1.0 with an end
        is a burst.
        """
        self._error = _threshold(probability)
        self._error_end_ns = NEVER_NS if until_us is None else until_us * 1000
        self._refresh()

    def deaf(self, rx: "Port | None", tx: "Port | None", on: bool = True) -> None:
        """Let `rx` no longer hear `tx`, or hear it again. None: `rx` hears nobody, or nobody hears `tx`.

        One way only, and above the wire: the frame takes its time, is acknowledged and counts as sent.
        """
        if on:
            self._deaf.add((rx, tx))
        else:
            self._deaf.discard((rx, tx))
        self._refresh()

    def _refresh(self) -> None:
        self._losses = [loss for loss in self._losses if loss.left > 0]
        self._is_faulty = bool(
            any(self._loss.values()) or self._losses or self._duplicate or self._error or self._deaf
        )

    def _breaks(self, now_ns: int) -> bool:
        """Return whether an error destroys the frame that begins now."""
        if not self._error:
            return False
        if now_ns >= self._error_end_ns:
            self._error = 0
            self._refresh()
            return False
        return self.random.next30() < self._error

    def _repeats(self) -> bool:
        """Return whether an error at the end of this frame makes its sender repeat it."""
        if self._duplicate and self.random.next30() < self._duplicate:
            self.duplicated += 1
            return True
        return False

    def _hearers(self, senders: list["Port"], receivers: list["Port"], frame: bytes) -> list["Port"]:
        """Return those of `receivers` that get `frame`; counts the others as lost."""
        losses = [loss for loss in self._losses if loss.meets(frame, receivers)]
        heard = [
            receiver
            for receiver in receivers
            if not any(receiver in loss.receivers or not loss.receivers for loss in losses)
            and not self._is_deaf(receiver, senders)
            and not self._loses(receiver)
        ]
        for loss in losses:
            loss.left -= 1
        if losses:
            self._refresh()
        self.lost += len(receivers) - len(heard)
        return heard

    def _is_deaf(self, receiver: "Port", senders: list["Port"]) -> bool:
        deaf = self._deaf
        if not deaf:
            return False
        return (receiver, None) in deaf or all(
            (receiver, sender) in deaf or (None, sender) in deaf for sender in senders
        )

    def _loses(self, receiver: "Port") -> bool:
        threshold = self._loss.get(receiver, self._loss.get(None, 0))
        return bool(threshold) and self.random.next30() < threshold


def _threshold(probability: float) -> int:
    if not 0 <= probability <= 1:
        raise ValueError(f"the probability is {probability}; it lies in 0..1")
    return round(probability * DRAW_END)

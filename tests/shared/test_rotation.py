"""Turns in shortage: the order of R4, the bound on waiting, fairness, and that newcomers starve nobody.

Why the bound holds (N members, k places, W = ceil(N / k) - 1). Say a member that has waited w slots has
slack W - w, and let c(s) count the members of slack <= s at a slot boundary. Claim: c(s) <= k * (s + 1) for
all s at every boundary. At first all have slack W, and c(W) = N <= k * (W + 1). Let u be the largest c(s) -
k * s over s < W. The u members of least slack are marked overdue, so at least min(u, k) of them are served
first; by the claim u <= k. For each s, at least c(s) - k * s members of slack <= s are served, so at most k
* s remain, and at the next boundary they are those of slack <= s - 1: the claim holds again. Served members
return with slack W, of which there are never more than N. By the claim at s = 0, whoever has slack 0 is
served: nobody waits longer than W slots."""

import random

import pytest
from evenload import wire

SLOT_MS = wire.ROTATION_SLOT_MS_DEFAULT


@pytest.fixture
def rotation_of(backend):
    """Return a function count -> Rotation with its clock started and everyone contending."""

    def build(count):
        rotation = backend("rotation").Rotation(count)
        rotation.tick(0)
        for index in range(count):
            rotation.join(index)
        return rotation

    return build


def order(rotation, member):
    """Return (members in their order, how many are eligible)."""
    member = list(member)
    eligible_count = rotation.order(member, len(member))
    return member, eligible_count


class Shortage:
    """`place_count` places for all members, round by round; keeps how long everyone waits, in slots."""

    def __init__(self, rotation, place_count):
        self.rotation = rotation
        self.place_count = place_count
        self.member = list(range(rotation.count))
        self.now_ms = 0
        self.wait_slots = [0] * rotation.count
        self.wait_slots_max = 0

    def run_slot(self, draw_ma):
        """Let one slot pass; draw_ma: what each EV draws when it may."""
        rotation, count = self.rotation, len(self.member)
        rotation.mark_overdue(self.member, count, self.place_count)
        assert rotation.order(self.member, count) == count
        for place, index in enumerate(self.member):
            is_on = place < self.place_count
            rotation.set_on(index, self.now_ms, 1 if is_on else 0)
            self.wait_slots[index] = 0 if is_on else self.wait_slots[index] + 1
            self.wait_slots_max = max(self.wait_slots_max, self.wait_slots[index])
            for _ in range(90 if is_on else 0):
                rotation.on_drawn(index, draw_ma[index], 0, 10000)
        self.now_ms = (self.now_ms + SLOT_MS) % wire.TICKS_PERIOD_MS
        assert rotation.tick(self.now_ms) == 1


def jain(values):
    return sum(values) ** 2 / (len(values) * sum(value * value for value in values))


SHORTAGES = [(count, place_count) for count in range(2, 13) for place_count in range(1, count)]


def test_identical_evs_get_equal_energy_and_nobody_waits_too_long(rotation_of):
    for count, place_count in SHORTAGES:
        shortage = Shortage(rotation_of(count), place_count)
        for _ in range(count):
            shortage.run_slot([16000] * count)
        assert jain(list(shortage.rotation.served_as)) >= 0.95, (count, place_count)
        assert shortage.wait_slots_max <= -(-count // place_count) - 1, (count, place_count)


def test_the_bound_on_waiting_holds_for_evs_of_any_appetite(rotation_of):
    draw = random.Random(4)
    for count, place_count in SHORTAGES:
        shortage = Shortage(rotation_of(count), place_count)
        appetites_ma = [draw.choice((500, 6000, 16000, 32000, 96000)) for _ in range(count)]
        for _ in range(30):
            shortage.run_slot(appetites_ma)
        assert shortage.wait_slots_max <= -(-count // place_count) - 1, (count, place_count, appetites_ma)


def test_newcomers_starve_nobody(rotation_of):
    # Two places; in each slot the last two newcomers leave for two that have had nothing yet.
    rotation = rotation_of(8)
    shortage = Shortage(rotation, 2)
    for slot in range(40):
        shortage.run_slot([16000] * 8)
        for index in (6, 7) if slot % 2 else (4, 5):
            rotation.leave(index)
            rotation.join(index)
            shortage.wait_slots[index] = 0
    assert shortage.wait_slots_max <= 3
    assert min(rotation.served_as[:4]) > 0


def test_without_shortage_nobody_is_overdue(rotation_of):
    rotation = rotation_of(4)
    rotation.mark_overdue([0, 1, 2, 3], 4, 4)
    assert list(rotation.overdue) == [0, 0, 0, 0]


def test_the_order_is_just_on_in_slot_overdue_then_least_served(rotation_of):
    rotation = rotation_of(6)
    for index, served_s in ((0, 50), (1, 40), (2, 30), (3, 20), (4, 10)):
        rotation.set_on(index, 0, 1)
        for _ in range(served_s):
            rotation.on_drawn(index, 16000, 0, 1000)
        rotation.set_on(index, 1000, 0)
    rotation.tick(300000)
    rotation.set_on(0, 300000, 1)
    rotation.tick(700000)
    rotation.set_on(1, 700000, 1)
    rotation.overdue[2] = 1
    # 1 is just on, 0 has had its minimum time but is inside its slot, 2 is overdue; 5 was never served.
    assert order(rotation, range(6)) == ([1, 0, 2, 5, 4, 3], 6)


def test_of_equally_served_stations_the_longest_waiting_comes_first(rotation_of):
    rotation = rotation_of(3)
    rotation.waited_slots[2] = 2
    rotation.waited_slots[1] = 1
    assert order(rotation, [0, 1, 2]) == ([2, 1, 0], 3)
    rotation.waited_slots[2] = 1
    assert order(rotation, [0, 2, 1]) == ([1, 2, 0], 3)


def test_turns_end_at_slot_boundaries_only(rotation_of):
    rotation = rotation_of(2)
    rotation.set_on(0, 0, 1)
    for now_ms in range(1000, SLOT_MS, 1000):
        assert rotation.tick(now_ms) == 0
        rotation.on_drawn(0, 16000, 0, 1000)
        assert order(rotation, [0, 1])[0] == [0, 1]
    assert rotation.tick(SLOT_MS) == 1
    assert order(rotation, [0, 1])[0] == [1, 0]


def test_a_station_just_off_may_not_restart_for_a_minute(rotation_of):
    rotation = rotation_of(2)
    rotation.set_on(0, 0, 1)
    rotation.set_on(0, 300000, 0)
    rotation.tick(359999)
    assert order(rotation, [0, 1]) == ([1, 0], 1)
    rotation.tick(360000)
    assert order(rotation, [1, 0]) == ([0, 1], 2)


def test_minimum_times_latch_when_the_ring_wraps(rotation_of):
    rotation = rotation_of(1)
    start_ms = wire.TICKS_PERIOD_MS - 100000
    rotation.set_on(0, start_ms, 1)
    rotation.tick(109999)
    assert rotation.held[0] == 1
    rotation.tick(110000)
    assert rotation.held[0] == 0
    # Half a ring later the age has no meaning any more; the latch has.
    rotation.tick(wire.TICKS_PERIOD_MS // 2 + 110000)
    assert rotation.held[0] == 0


def test_served_counts_the_measured_current_or_else_the_granted(rotation_of):
    rotation = rotation_of(3)
    for _ in range(10):
        rotation.on_drawn(0, 9000, 16000, 1000)
        rotation.on_drawn(1, wire.NOT_MEASURED_MA, 16000, 1000)
        rotation.on_drawn(2, 0, 16000, 1000)
    assert list(rotation.served_as) == [90, 160, 0]


def test_small_currents_add_up_without_loss(rotation_of):
    rotation = rotation_of(1)
    for _ in range(10000):
        rotation.on_drawn(0, 333, 0, 100)
    assert rotation.served_as[0] * 1000000 + rotation.served_ma_ms[0] == 333 * 100 * 10000


def test_a_station_that_left_is_neither_ordered_nor_counted(rotation_of):
    rotation = rotation_of(4)
    rotation.leave(1)
    assert order(rotation, [0, 1, 2, 3]) == ([0, 2, 3, 1], 3)
    for index in range(4):
        rotation.waited_slots[index] = 1
    rotation.mark_overdue([0, 1, 2, 3], 4, 3)
    assert list(rotation.overdue) == [0, 0, 0, 0]


def test_the_slot_clock_keeps_its_beat_and_starts_anew_after_a_gap(rotation_of):
    rotation = rotation_of(1)
    assert rotation.tick(SLOT_MS + 700) == 1
    assert rotation.slot_start_ms == SLOT_MS
    assert rotation.tick(9 * SLOT_MS) == 1
    assert rotation.slot_start_ms == 9 * SLOT_MS


def test_many_members_come_in_the_same_order_as_few(rotation_of):
    draw = random.Random(7)
    rotation = rotation_of(300)
    for index in range(300):
        rotation.ranked_as[index] = draw.randrange(6)
        rotation.waited_slots[index] = draw.randrange(4)
        rotation.overdue[index] = draw.randrange(2)
    ordered, _ = order(rotation, draw.sample(range(300), 300))
    few = sorted(draw.sample(range(300), 20), key=ordered.index)
    assert order(rotation, sorted(few))[0] == few
    assert order(rotation, ordered)[0] == ordered

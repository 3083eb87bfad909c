"""The rotation in C is the rotation in Python: one seeded story of a car park, the whole state compared."""

import importlib

import pytest
from evenload.random32 import Random32

COLUMNS = (
    "contending",
    "on",
    "held",
    "in_slot",
    "since_ms",
    "waited_slots",
    "overdue",
    "served_as",
    "served_ma_ms",
    "ranked_as",
)
SCALARS = ("slot_ms", "on_min_ms", "off_min_ms", "is_started", "slot_start_ms")


def state(rotation):
    return [getattr(rotation, name) for name in SCALARS] + [list(getattr(rotation, name)) for name in COLUMNS]


def play(rotation, seed, count, round_count):
    """Drive a rotation with what `seed` draws; yield its state, return values and order after every round."""
    below = Random32(seed).below
    rotation.slot_ms, rotation.on_min_ms, rotation.off_min_ms = 40_000, 9_000, 5_000
    now_ms = (1 << 30) - 50_000
    member = list(range(count))
    for _ in range(round_count):
        now_ms = (now_ms + (below(90_000) if below(50) == 0 else 1000)) % (1 << 30)
        boundary = rotation.tick(now_ms)
        for _ in range(1 + count // 16):
            index = below(count)
            (rotation.leave if below(4) == 0 else rotation.join)(index)
        for index in range(count):
            if rotation.on[index]:
                rotation.on_drawn(index, below(130_000) - 5_000, below(60_000), below(12_000))
        place_count = below(count) + 1
        if boundary or below(3) == 0:
            rotation.mark_overdue(member, count, place_count)
        eligible_count = rotation.order(member, count)
        for place in range(count):
            is_on = 1 if place < min(eligible_count, place_count) else 0
            rotation.set_on(member[place], now_ms, is_on)
        yield [boundary, eligible_count, list(member), state(rotation)]


@pytest.mark.parametrize("count", [1, 2, 7, 32, 33, 200])
def test_both_twins_tell_the_same_story(count):
    twins = [
        importlib.import_module(f"{package}.rotation").Rotation(count)
        for package in ("evenload", "evenload_core")
    ]
    stories = [play(twin, 1000 + count, count, 20_000 // (count + 20)) for twin in twins]
    for number, (python, c) in enumerate(zip(*stories, strict=True)):
        assert python == c, f"round {number}"


def test_the_radix_sort_orders_keys_that_differ_in_every_digit():
    count = 5000
    rotations = [
        importlib.import_module(f"{package}.rotation").Rotation(count)
        for package in ("evenload", "evenload_core")
    ]
    orders = []
    for rotation in rotations:
        below = Random32(3).below
        for index in range(count):
            rotation.join(index)
            rotation.ranked_as[index] = below(1 << 24)
            rotation.waited_slots[index] = below(1024)
            rotation.overdue[index] = below(2)
            rotation.on[index] = below(2)
            rotation.in_slot[index] = below(2)
        member = list(range(count - 1, -1, -1))
        rotation.order(member, count)
        orders.append(member)
    assert orders[0] == orders[1]
    assert sorted(orders[0]) == list(range(count))

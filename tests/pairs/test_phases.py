"""Phases in C are phases in Python: every wiring, random loads, and a seeded story of switching."""

import importlib

from evenload import phases as python
from evenload.random32 import Random32

c = importlib.import_module("evenload_core.phases")
COLUMNS = ("min_ma", "phase_count", "pausing", "paused_ms", "surplus", "surplus_ms", "switch_count")
SCALARS = ("count", "up_ms", "pause_ms", "surplus_ma", "switch_count_max")


def test_every_wiring_maps_alike():
    for wiring in range(13):
        assert c.terminal_count(wiring) == python.terminal_count(wiring)
        for number in range(4):
            assert c.mask(wiring, number) == python.mask(wiring, number)
        for terminal in range(3):
            assert c.site_phase(wiring, terminal) == python.site_phase(wiring, terminal)


def test_loads_are_judged_alike():
    below = Random32(8).below
    for _ in range(3000):
        loads = [below(200_000) - 20_000 for _ in range(3)]
        mask = below(7) + 1
        assert c.unbalance_ma(*loads) == python.unbalance_ma(*loads)
        assert c.best_phase(*loads, mask) == python.best_phase(*loads, mask)
        allowed_ma = below(40_000)
        assert c.room_ma(*loads, mask, allowed_ma) == python.room_ma(*loads, mask, allowed_ma)


def story(switch):
    """Yield the answer and the whole state after each of many random steps across the wrap of the ring."""
    below = Random32(21).below
    now_ms = (1 << 30) - 900_000
    switch.up_ms, switch.pause_ms = 20_000, 3_000
    for _ in range(6000):
        now_ms = (now_ms + below(2000)) % (1 << 30)
        index = below(switch.count)
        if below(400) == 0:
            switch.start(index, 1 + 2 * below(2))
        tight = below(3)
        three_ma = below(5000) if tight == 0 else 7000 + below(9000)
        answer = switch.choose(index, now_ms, three_ma + below(8000) - 1000, three_ma)
        yield (
            [answer]
            + [getattr(switch, name) for name in SCALARS]
            + [list(getattr(switch, name)) for name in COLUMNS]
        )


def test_switching_tells_the_same_story():
    seen = set()
    for expected, actual in zip(story(python.PhaseSwitch(5)), story(c.PhaseSwitch(5)), strict=True):
        assert expected == actual
        seen.add(expected[0])
    assert seen == {0, 1, 3}

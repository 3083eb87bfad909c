"""A world in real time: steps that are due, orders that wait, and lag that is said instead of hidden."""

import pytest
from evenload_sim.faults import UnknownFault
from evenload_sim.live_site import FORGIVEN_LAG_MS, ORDERS_MAX, LiveSite
from evenload_sim.world import World


class HandClock:
    """A clock that a test moves; each look at it costs `look_s`."""

    def __init__(self):
        self.now_s = 100.0
        self.look_s = 0.0

    def __call__(self):
        self.now_s += self.look_s
        return self.now_s


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def live(clock):
    return LiveSite(World(seed=1), 2, clock)


def test_the_world_moves_with_the_clock_times_its_speed(live, clock) -> None:
    clock.now_s += 1
    live.advance()
    assert live.snapshot()["sim_s"] == pytest.approx(2.0)
    assert live.snapshot()["speed"] == 2
    assert live.lag_ms == 0


def test_the_wait_is_until_the_next_step(live, clock) -> None:
    clock.now_s += 0.51
    assert live.advance() == pytest.approx(0.04)


def test_a_snapshot_never_changes_once_published(live, clock) -> None:
    before = live.snapshot()
    copy = {key: str(value) for key, value in before.items()}
    clock.now_s += 1
    live.advance()
    assert live.snapshot() is not before
    assert {key: str(value) for key, value in before.items()} == copy


def test_the_age_counts_from_the_last_publication(live, clock) -> None:
    clock.now_s += 0.75
    assert live.age_ms() == 750
    live.advance()
    assert live.age_ms() == 0


def test_an_order_waits_for_the_next_pass_and_is_published_with_it(live, clock) -> None:
    live.order("meter_unplugged", "main", True)
    assert not any(fault["on"] for fault in live.snapshot()["faults"])
    live.advance()
    assert [fault["target"] for fault in live.snapshot()["faults"] if fault["on"]] == ["main"]


@pytest.mark.parametrize(
    ("order", "field"),
    [(("meteor", "main", True), "name"), (("meter_unplugged", "attic", True), "target")],
)
def test_a_wrong_order_is_refused_at_once(live, order, field) -> None:
    with pytest.raises(UnknownFault) as refused:
        live.order(*order)
    assert refused.value.field == field


def test_the_queue_of_orders_is_bounded(live) -> None:
    for _ in range(ORDERS_MAX):
        live.order("meter_unplugged", "main", True)
    with pytest.raises(UnknownFault):
        live.order("meter_unplugged", "main", True)


def test_a_world_that_cannot_keep_up_says_by_how_much(live, clock) -> None:
    clock.now_s += 4
    clock.look_s = 0.02
    live.advance()
    assert 3000 < live.lag_ms < 5000
    assert live.snapshot()["lag_ms"] == live.lag_ms


def test_time_that_cannot_be_caught_up_is_given_up_and_told_for_a_while(live, clock) -> None:
    clock.now_s += 60
    clock.look_s = 0.02
    live.advance()
    assert live.lag_ms > FORGIVEN_LAG_MS
    clock.look_s = 0.0
    clock.now_s += FORGIVEN_LAG_MS / 1000 + 1
    before_s = live.snapshot()["sim_s"]
    for _ in range(3):
        live.advance()
    assert live.lag_ms == 0
    assert live.snapshot()["sim_s"] - before_s < 30

"""The timing proof: worst-case responses after Davis et al. (2007), and the failover's bounds made of them."""

import pytest
from evenload.random32 import Random32
from evenload_sim.can_analysis import MessageClass, Traffic, analyse, load_permille, response_ms
from evenload_sim.can_rig import make_frame


def as_first_computed(voters, answer_size, chunk_count):
    """Return the classes of the table that the timing proof began with: no lease frames, jitter 5 to 10 ms."""
    return [
        MessageClass("EMERGENCY", voters, 100, 8, 5),
        MessageClass("REQUEST", 2, 20, 8, 5),
        MessageClass("RESPONSE", voters, 10, answer_size, 5),
        MessageClass("PLAN", chunk_count, 10, 8, 5),
        MessageClass("HEARTBEAT", voters, 43, 8, 7),
        MessageClass("SETPOINT", voters, 100, 8, 5),
        MessageClass("TELEMETRY", 4 * voters, 100, 8, 10),
        MessageClass("BULK", 2, 100, 8, 5),
    ]


# Response in ms without and with one error, by class (cluster reference, 5.3: answers of 4 bytes and 3 chunks, 6 for
# 15 voters; then of 8 bytes and 4 chunks).
TABLE = [
    (
        6,
        500_000,
        4,
        3,
        [2.2, 2.9, 4.3, 5.3, 9.6, 11.5, 22.2, 22.6],
        [2.6, 3.3, 4.7, 7.1, 10.0, 11.9, 22.6, 22.9],
    ),
    (
        6,
        500_000,
        8,
        4,
        [2.2, 2.9, 4.8, 8.0, 11.2, 13.1, 24.6, 25.0],
        [2.6, 3.3, 5.2, 8.4, 11.6, 13.5, 25.0, 28.5],
    ),
    (6, 250_000, 8, 4, [4.5, 5.8, 9.6, 21.1, 44.2, 72.3], [5.2, 6.5, 10.4, 21.9, 44.9, 73.1]),
    (15, 500_000, 4, 6, [5.1, 5.8, 9.4], [5.5, 6.1, 9.7, 16.4, 33.7, 54.9, 153.0, 784.3]),
]


@pytest.mark.parametrize("row", TABLE)
def test_the_first_table_is_repeated(row):
    voters, bitrate, answer_size, chunk_count, quiet, one_error = row
    classes = as_first_computed(voters, answer_size, chunk_count)
    for error_count, expected in enumerate((quiet, one_error)):
        for index, value in enumerate(expected):
            assert round(response_ms(classes, index, bitrate, error_count), 1) == value, classes[index]


def test_a_later_burst_can_be_the_worst():
    """The first table had 14.2 ms here: it looked at one burst of the plan only."""
    assert round(response_ms(as_first_computed(6, 4, 3), 3, 250_000, 1), 1) == 15.3


def test_more_than_the_wire_carries_has_no_bound():
    classes = as_first_computed(6, 4, 3)
    assert load_permille(classes, 125_000) == 1754
    assert response_ms(classes, 3, 125_000) is None


def test_a_single_class_waits_for_one_longer_frame_and_its_own():
    classes = [MessageClass("A", 3, 100, 0, 0), MessageClass("B", 1, 100, 8, 0)]
    assert response_ms(classes, 0, 1_000_000) == (160 + 3 * 80) / 1000
    assert response_ms(classes, 1, 1_000_000) == (160 + 3 * 80) / 1000


def test_the_bounds_of_six_voters():
    bounds = analyse(Traffic())["failover"]
    assert (bounds["applied_ms"], bounds["one_fault_ms"], bounds["both_ms"]) == (215.35, 242.35, 269.35)
    assert bounds["contingency_ms"] == 164
    assert (bounds["follower_ms"], bounds["follower_one_loss_ms"]) == (171.422, 188.422)
    assert bounds["stagger_ms"] == 20


@pytest.mark.parametrize(
    ("traffic", "is_in_time"),
    [
        (Traffic(voters=12), True),
        (Traffic(voters=15), False),
        (Traffic(bitrate=250_000), False),
        (Traffic(bitrate=125_000), False),
        (Traffic(tick_ms=10, late_ms=5), False),
        (Traffic(voters=12, others=34), True),
        (Traffic(clusters=3, electing=3), True),
        (Traffic(clusters=4, electing=4), False),
    ],
)
def test_who_is_in_time(traffic, is_in_time):
    assert analyse(traffic)["failover"]["is_in_time"] is is_in_time


def test_a_lease_survives_a_lost_frame_until_the_wire_is_full():
    assert analyse(Traffic(voters=12))["lease"]["is_kept_one_loss"]
    crowded = analyse(Traffic(voters=12, others=34))["lease"]
    assert crowded["is_kept"]
    assert not crowded["is_kept_one_loss"]


def test_the_simulated_bus_stays_below_the_bound():
    """All classes released together on the exact bus, random contents: no response beyond the computed one."""
    from evenload_sim.can_bus import CanBus

    classes = [MessageClass("A", 2, 20, 8, 0), MessageClass("B", 4, 20, 4, 0), MessageClass("C", 3, 50, 8, 0)]
    random = Random32(7)
    bus = CanBus(500_000, random)
    ended_us = {}
    listener = bus.attach("listener")
    listener.on_frame = lambda at_us, frame: ended_us.__setitem__(frame[1], at_us)
    identifier = 0x80000000
    ports = []
    for index, one in enumerate(classes):
        for _ in range(one.count):
            identifier += 1
            data = bytes(random.below(256) for _ in range(one.data_size))
            ports.append((bus.attach(str(identifier)), make_frame(identifier + (index << 8), data)))
    for port, frame in ports:
        port.send(frame)
    bus.advance(50_000)
    for index in range(len(classes)):
        assert 0 < ended_us[index] <= 1000 * response_ms(classes, index, 500_000)

"""The faults of a simulated CAN bus: of frames, of ports, and of the wire."""

import pytest
from evenload.core import kernel
from evenload_sim.can_bus import NEVER_US, RESTART_US
from evenload_sim.can_rig import CanRig, make_frame


def test_loss_is_each_receivers_own_and_repeats_with_the_seed():
    runs = []
    for seed in (1, 1, 2):
        rig = CanRig(seed=seed)
        rig.bus.loss(0.5)
        for count in range(60):
            rig.ports[0].send(make_frame(0x100, bytes([count])))
        rig.run(60_000)
        runs.append(list(rig.heard))
        assert rig.bus.lost == 120 - len(rig.heard)
        assert 15 < len(rig.frames_at(1)) < 45
        assert rig.frames_at(1) != rig.frames_at(2)
    assert runs[0] == runs[1] != runs[2]


def test_a_receivers_own_loss_replaces_that_of_all():
    rig = CanRig()
    rig.bus.loss(1.0)
    rig.bus.loss(0.0, [rig.ports[1]])
    rig.ports[0].send(make_frame(0x100))
    assert [index for _, index, _ in rig.run(1000)] == [1]
    rig.bus.loss(0.0)
    rig.ports[0].send(make_frame(0x100))
    assert [index for _, index, _ in rig.run(1000)] == [1, 2]


def test_the_next_frames_are_lost_where_asked():
    rig = CanRig()
    rig.bus.lose_next(1, [rig.ports[2]])
    rig.bus.lose_next(1, matching=lambda frame: frame[0] == 0x42)
    for can_id in (0x41, 0x42, 0x43):
        rig.ports[0].send(make_frame(can_id))
    rig.run(2000)
    assert [frame[0] for frame in rig.frames_at(1)] == [0x41, 0x43]
    assert [frame[0] for frame in rig.frames_at(2)] == [0x43]
    assert (rig.bus.lost, rig.ports[0].sent) == (3, 3)


def test_a_receiver_that_is_the_sender_does_not_use_up_a_loss():
    rig = CanRig()
    rig.bus.lose_next(1, [rig.ports[0]])
    rig.ports[0].send(make_frame(0x41))
    rig.ports[1].send(make_frame(0x42))
    rig.run(2000)
    assert rig.frames_at(0) == []


def test_a_duplicated_frame_arrives_twice_at_some_and_once_at_the_others():
    rig = CanRig(6, seed=3)
    rig.bus.duplicate(1.0)
    rig.ports[0].send(make_frame(0x100))
    rig.bus.advance(300)
    rig.bus.duplicate(0.0)
    first = {index for _, index, _ in rig.heard}
    rig.bus.advance(2000)
    assert 0 < len(first) < 5
    assert sorted(index for _, index, _ in rig.heard) == sorted([1, 2, 3, 4, 5, *first])
    assert (rig.bus.duplicated, rig.bus.errors, rig.bus.frames) == (1, 1, 1)


def test_a_sender_that_dies_before_the_repetition_leaves_an_inconsistent_omission():
    rig = CanRig(6, seed=3)
    rig.bus.duplicate(1.0)
    rig.ports[0].send(make_frame(0x100))
    rig.bus.advance(300)
    rig.ports[0].power(False)
    first = {index for _, index, _ in rig.heard}
    rig.bus.advance(5000)
    assert 0 < len(first) < 5
    assert {index for _, index, _ in rig.heard} == first


def test_a_burst_of_errors_delays_and_loses_nothing():
    rig = CanRig()
    rig.bus.error(1.0, until_us=2000)
    rig.ports[0].send(make_frame(0x100))
    heard = rig.run(5000)
    assert [index for _, index, _ in heard] == [1, 2]
    assert heard[0][0] > 2000
    assert rig.bus.errors > 5
    assert rig.ports[0].tx_errors == 8 * rig.bus.errors - 1


def test_an_error_costs_23_bits_at_most_the_31_of_the_analysis():
    rig = CanRig()
    rig.bus.error(1.0, until_us=1)
    rig.ports[0].send(make_frame(0x555))
    start_us = rig.run(5000)[0][0] - 216  # 108 bits to the end of EOF.
    assert 2 * 24 <= start_us <= 2 * (108 + 23)


def test_errors_without_end_make_the_sender_bus_off_at_a_limited_rate():
    rig = CanRig()
    rig.bus.error(1.0)
    off_count = 0
    for _ in range(1000):
        rig.ports[0].send(make_frame(0x100))
        was_off = rig.ports[0].is_off
        rig.run(1000)
        off_count += rig.ports[0].is_off and not was_off
    assert 9 <= off_count <= 1_000_000 // RESTART_US + 1
    assert rig.ports[1].tx_errors == 0


def test_a_port_is_bus_off_until_the_time_given():
    rig = CanRig()
    rig.ports[0].send(make_frame(0x100))
    rig.bus.bus_off(rig.ports[0], until_us=20_000)
    assert rig.ports[0].queued == 0
    rig.ports[1].send(make_frame(0x200))
    assert [index for _, index, _ in rig.run(19_999)] == [2]
    assert not rig.ports[0].send(make_frame(0x100))
    rig.run(1)
    assert rig.ports[0].send(make_frame(0x100))
    rig.run(1000)
    assert rig.frames_at(1) == [make_frame(0x100)]


def test_a_port_going_bus_off_breaks_its_own_frame():
    rig = CanRig()
    rig.ports[0].send(make_frame(0x100))
    rig.run(100)
    rig.bus.bus_off(rig.ports[0])
    assert rig.run(5000) == []
    assert rig.bus.errors == 1


def test_deafness_goes_one_way():
    rig = CanRig()
    a, b, c = rig.ports
    rig.bus.deaf(b, a)
    a.send(make_frame(0x100))
    b.send(make_frame(0x200))
    rig.run(2000)
    assert (rig.frames_at(1), rig.frames_at(0)) == ([], [make_frame(0x200)])
    rig.bus.deaf(b, a, on=False)
    rig.bus.deaf(c, None)
    a.send(make_frame(0x100))
    assert [index for _, index, _ in rig.run(1000)] == [1]
    rig.bus.deaf(c, None, on=False)
    rig.bus.deaf(None, c)
    c.send(make_frame(0x300))
    assert rig.run(1000) == []
    assert c.sent == 1


def test_a_cut_makes_two_buses_that_carry_at_the_same_time():
    rig = CanRig(4)
    rig.bus.cut([rig.ports[:2], rig.ports[2:]])
    rig.ports[0].send(make_frame(0x100))
    rig.ports[3].send(make_frame(0x100, b"\x9a" * 8))
    (first_us, first, _), (second_us, second, _) = rig.run(250)
    assert {first, second} == {1, 2}
    assert abs(first_us - second_us) < 20
    rig.bus.cut(())
    rig.ports[0].send(make_frame(0x100))
    assert [index for _, index, _ in rig.run(1000)] == [1, 2, 3]


def test_ports_that_a_cut_does_not_name_stay_together():
    rig = CanRig(4)
    rig.bus.cut([[rig.ports[1]]])
    rig.ports[0].send(make_frame(0x100))
    assert [index for _, index, _ in rig.run(1000)] == [2, 3]
    with pytest.raises(ValueError, match="two groups"):
        rig.bus.cut([[rig.ports[0]], [rig.ports[0]]])


def test_a_cut_breaks_the_frame_under_way_and_it_is_sent_again():
    rig = CanRig(4)
    rig.ports[0].send(make_frame(0x100))
    rig.run(100)
    rig.bus.cut([rig.ports[:2], rig.ports[2:]])
    assert [index for _, index, _ in rig.run(1000)] == [1]
    assert rig.bus.errors == 1


def test_a_stuck_mailbox_holds_back_the_urgent_ones_too():
    rig = CanRig()
    rig.bus.stuck(rig.ports[0], until_us=10_000)
    rig.ports[0].send(make_frame(0x700))
    rig.ports[0].send(make_frame(0x001))
    rig.ports[1].send(make_frame(0x600))
    assert [frame for _, _, frame in rig.run(9_999)] == [make_frame(0x600)] * 2
    assert rig.bus.next_event_us() == 10_000
    rig.run(1000)
    assert rig.frames_at(2) == [make_frame(0x001), make_frame(0x700)]


def test_a_dead_node_breaks_its_frame_and_acknowledges_nothing():
    rig = CanRig(2)
    rig.ports[0].send(make_frame(0x100))
    rig.run(100)
    rig.ports[0].power(False)
    assert rig.run(1000) == []
    assert not rig.ports[0].send(make_frame(0x100))
    rig.ports[1].send(make_frame(0x200))
    rig.run(20_000)
    assert (rig.ports[1].queued, rig.ports[1].tx_errors) == (1, 128)
    rig.ports[0].power(True)
    rig.run(1000)
    assert (rig.frames_at(0), rig.frames_at(1)) == ([make_frame(0x200)], [])


def test_a_callback_may_power_a_port_off():
    rig = CanRig()
    rig.ports[1].on_frame = lambda at_us, frame: rig.ports[0].power(False)
    rig.ports[0].send(make_frame(0x100))
    rig.ports[0].send(make_frame(0x101))
    rig.run(5000)
    assert rig.frames_at(2) == [make_frame(0x100)]


def test_any_faults_end_and_nothing_is_lost_for_good():
    for seed in range(20):
        rig = CanRig(5, seed=seed)
        random = kernel("random32").Random32(seed)
        rig.bus.error(0.2)
        rig.bus.duplicate(0.2)
        sent = 0
        for step in range(200):
            port = rig.ports[random.below(5)]
            sent += port.send(make_frame(random.below(64), bytes([step])))
            rig.run(random.below(400))
            if step % 40 == 20:
                rig.bus.cut([rig.ports[:2], rig.ports[2:]])
            if step % 40 == 30:
                rig.bus.cut(())
        rig.bus.error(0.0)
        rig.bus.duplicate(0.0)
        rig.run(1_000_000)
        assert [port.queued for port in rig.ports] == [0] * 5
        assert rig.bus.next_event_us() == NEVER_US

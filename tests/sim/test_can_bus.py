"""The simulated CAN bus: arbitration, frame times, errors."""

import struct

import pytest
from evenload.core import kernel
from evenload_sim.can_bits import CAN_EXTENDED, CAN_REMOTE, frame_bits
from evenload_sim.can_bus import NEVER_US, QUEUE_COUNT_MAX, CanBus
from evenload_sim.can_rig import CanRig, make_frame


@pytest.mark.parametrize(
    ("bitrate", "eof_us"), [(125_000, 1024), (250_000, 512), (500_000, 256), (1_000_000, 128)]
)
def test_a_frame_arrives_at_all_others_when_its_last_bit_has_ended(bitrate, eof_us):
    rig = CanRig(bitrate=bitrate)
    frame = make_frame(0x15555555 | CAN_EXTENDED)  # 131 bits without a stuff bit, 3 of them IFS.
    assert rig.ports[1].send(frame)
    assert rig.bus.next_event_us() == 0
    assert rig.run(eof_us - 1) == []
    assert rig.bus.next_event_us() == eof_us
    assert rig.run(1) == [(eof_us, 0, frame), (eof_us, 2, frame)]
    assert rig.bus.next_event_us() == NEVER_US
    assert (rig.bus.frames, rig.bus.errors, rig.ports[1].queued) == (1, 0, 0)


def test_a_bit_that_lasts_no_whole_microseconds_adds_up_exactly():
    rig = CanRig(bitrate=800_000)  # 1250 ns a bit.
    for _ in range(20):
        rig.ports[0].send(make_frame(0x555))  # 111 bits.
    times_us = [at_us for at_us, index, _ in rig.run(3000) if index == 1]
    assert times_us == [-(-(111 * count - 3) * 5 // 4) for count in range(1, 21)]


def test_a_bitrate_whose_bit_is_no_whole_nanosecond_is_refused():
    with pytest.raises(ValueError, match="300000"):
        CanBus(300_000, kernel("random32").Random32(1))


def test_the_lowest_identifier_goes_first_whoever_asked_first():
    rig = CanRig()
    rig.ports[0].send(make_frame(0x200))
    rig.ports[0].send(make_frame(0x100))
    rig.ports[1].send(make_frame(0x0FF << 18 | CAN_EXTENDED))
    rig.ports[1].send(make_frame(0x0FF))
    rig.run(2000)
    order = [struct.unpack_from("<I", frame)[0] for frame in rig.frames_at(2)]
    assert order == [0x0FF, 0x0FF << 18 | CAN_EXTENDED, 0x100, 0x200]


def test_a_frame_on_the_wire_is_not_interrupted():
    rig = CanRig()
    rig.ports[0].send(make_frame(0x700))
    rig.run(10)
    rig.ports[1].send(make_frame(0x001))
    assert [frame for _, _, frame in rig.run(2000)][::2] == [make_frame(0x700), make_frame(0x001)]


def test_equal_identifiers_of_one_port_keep_their_order():
    rig = CanRig(2)
    frames = [make_frame(0x10, bytes([count])) for count in range(8)]
    for frame in frames:
        rig.ports[0].send(frame)
    rig.run(5000)
    assert rig.frames_at(1) == frames


def test_an_answer_from_the_callback_takes_part_in_the_next_arbitration():
    rig = CanRig()
    ask, answer, waiting = make_frame(0x100), make_frame(0x080), make_frame(0x300)
    rig.ports[1].on_frame = lambda at_us, frame: frame == ask and rig.ports[1].send(answer)
    rig.ports[0].send(ask)
    rig.ports[0].send(waiting)
    rig.run(2000)
    assert rig.frames_at(2) == [ask, answer, waiting]


def test_a_remote_request_loses_against_its_data_and_has_no_data():
    rig = CanRig()
    rig.ports[0].send(make_frame(0x100 | CAN_REMOTE))
    rig.ports[1].send(make_frame(0x100))
    rig.run(1000)
    assert rig.frames_at(2) == [make_frame(0x100), make_frame(0x100 | CAN_REMOTE)]
    assert rig.bus.collisions == 0


def test_the_callers_buffer_may_be_used_again_at_once():
    rig = CanRig(2)
    buffer = bytearray(make_frame(0x100))
    rig.ports[0].send(buffer)
    buffer[8:] = bytes(8)
    rig.run(1000)
    assert rig.frames_at(1) == [make_frame(0x100)]


def test_a_full_queue_refuses_and_counts():
    rig = CanRig(2)
    taken = [rig.ports[0].send(make_frame(0x100)) for _ in range(QUEUE_COUNT_MAX + 2)]
    assert taken == [True] * QUEUE_COUNT_MAX + [False] * 2
    assert (rig.ports[0].refused, rig.ports[0].queued) == (2, QUEUE_COUNT_MAX)


def test_clearing_forgets_what_waits_but_not_what_is_on_the_wire():
    rig = CanRig(2)
    rig.ports[0].send(make_frame(0x100))
    rig.ports[0].send(make_frame(0x101))
    rig.run(10)
    rig.ports[0].clear()
    rig.run(2000)
    assert rig.frames_at(1) == [make_frame(0x100)]


def test_the_load_is_the_share_of_time_the_wire_was_busy():
    rig = CanRig()
    for _ in range(10):
        rig.ports[0].send(make_frame(0x555))  # 111 bits of 2 us.
    rig.run(2220)
    assert rig.bus.load_permille() == 1000
    rig.run(2220)
    assert rig.bus.load_permille() == 500
    rig.bus.restart_load()
    rig.run(100)
    assert rig.bus.load_permille() == 0


def test_time_never_goes_back():
    rig = CanRig()
    rig.run(100)
    with pytest.raises(ValueError, match="moves forward"):
        rig.bus.advance(99)


def test_two_ports_with_one_identifier_collide_until_the_weaker_one_is_passive():
    rig = CanRig()
    strong, weak = make_frame(0x100, b"\x00" * 8), make_frame(0x100, b"\xff" * 8)
    rig.ports[0].send(weak)
    rig.ports[1].send(strong)
    rig.run(50_000)
    # 16 error frames make both passive; then the recessive bit loses alone, and its frame follows.
    assert (rig.bus.errors, rig.bus.collisions) == (16, 17)
    assert rig.frames_at(2) == [strong, weak]
    assert rig.ports[1].tx_errors == 16 * 8 - 1
    assert rig.ports[0].tx_errors == 17 * 8 - 1


def test_a_port_that_goes_on_colliding_ends_bus_off_and_is_back_after_128_times_11_bits():
    rig = CanRig()
    count = 0
    while not rig.ports[0].is_off:
        rig.ports[0].send(make_frame(0x100, b"\xff" * 8))
        rig.ports[1].send(make_frame(0x100, bytes([0, count & 0xFF])))
        count += 1
        while rig.ports[1].queued and not rig.ports[0].is_off:
            rig.bus.advance(rig.bus.next_event_us())
    off_us = rig.bus.now_us
    assert not rig.ports[1].is_off
    assert not rig.ports[0].send(make_frame(0x100))
    while rig.ports[0].is_off:
        rig.bus.advance(rig.bus.next_event_us())
    assert rig.bus.now_us == off_us + 128 * 11 * 2
    assert rig.ports[0].tx_errors == 0


def test_identical_frames_are_sent_together_and_arrive_once():
    rig = CanRig()
    for port in rig.ports[:2]:
        port.send(make_frame(0x100))
    assert [index for _, index, _ in rig.run(1000)] == [2]
    assert (rig.bus.frames, rig.bus.errors) == (1, 0)
    assert [port.queued for port in rig.ports] == [0, 0, 0]


def test_equal_identifiers_with_different_lengths_collide_as_well():
    rig = CanRig()
    rig.ports[0].send(make_frame(0x100, b"\x01"))
    rig.ports[1].send(make_frame(0x100, b"\x01\x02"))
    rig.run(300)
    assert rig.bus.collisions > 0


def test_a_port_alone_repeats_for_ever_and_is_never_bus_off():
    rig = CanRig(1)
    rig.ports[0].send(make_frame(0x100))
    rig.run(10_000_000)
    assert (rig.ports[0].is_off, rig.ports[0].tx_errors, rig.ports[0].queued) == (False, 128, 1)
    assert rig.bus.next_event_us() == NEVER_US  # The attempts are not simulated one by one.
    rig.add()
    rig.run(1000)
    assert rig.frames_at(1) == [make_frame(0x100)]
    assert rig.ports[0].tx_errors == 127


def test_the_attempts_of_a_lone_port_keep_their_rhythm():
    rig, frame = CanRig(1), make_frame(0x555)  # 111 bits: 100 to the ACK slot, then 14 of error and 3 of IFS.
    rig.ports[0].send(frame)
    for _ in range(15):
        rig.bus.advance(rig.bus.next_event_us())  # Begin
        rig.bus.advance(rig.bus.next_event_us())  # and fail.
    assert rig.bus.now_us == 2 * (15 * 117 - 3)
    period_us = 2 * (117 + 8)  # The 16th made it passive: 8 bits of suspension from now on.
    rig.run(10 * period_us)
    joined_us = rig.bus.now_us
    rig.add()
    at_us = rig.run(1000)[0][0]
    first_us = 2 * (15 * 117) + period_us
    assert (at_us - 216 - first_us) % period_us == 0
    assert joined_us <= at_us - 216 < joined_us + period_us


def test_a_detached_port_is_forgotten():
    rig = CanRig()
    rig.bus.detach(rig.ports[2])
    rig.ports[0].send(make_frame(0x100))
    assert [index for _, index, _ in rig.run(1000)] == [1]
    assert rig.bus.ports == rig.ports[:2]


def test_frame_times_of_a_saturated_bus_add_up_to_the_bit():
    rig = CanRig()
    frames = [make_frame(count * 7919 & 0x7FF, bytes([count] * (count % 9))) for count in range(60)]
    for frame in frames:
        rig.ports[0].send(frame)
    rig.run(100_000)
    assert rig.bus.busy_ns == 2000 * sum(frame_bits(frame) for frame in frames)

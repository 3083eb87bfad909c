"""The plan on the wire: every chunk byte for byte, and only whole, unmixed and possible plans come out of it."""

import json
from array import array
from itertools import permutations, product
from pathlib import Path

import pytest
from evenload import canframe
from evenload import plan as twin
from evenload.wire import (
    CAN_FRAME_SIZE,
    FRAME_CRC,
    FRAME_NOT_OURS,
    FRAME_SHORT,
    FRAME_UNKNOWN,
    FRAME_VALUE,
    FRAME_VERSION,
    PLAN_CAP_PERCENT,
    PLAN_DEMAND_10W,
    PLAN_DERATE,
    PLAN_MASTER,
    PLAN_MODE,
    PLAN_RANK,
    PLAN_SEQ,
    PLAN_SHARE_10W,
    PLAN_SIZE,
    PLAN_SUPPLY_CK,
    PLAN_TERM,
)

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "cluster_frames.json").read_text())["plans"]
SCALARS = {
    "term": PLAN_TERM,
    "seq": PLAN_SEQ,
    "master": PLAN_MASTER,
    "mode": PLAN_MODE,
    "demand_10w": PLAN_DEMAND_10W,
    "cap_percent": PLAN_CAP_PERCENT,
    "supply_ck": PLAN_SUPPLY_CK,
}
COLUMNS = {"ranks": PLAN_RANK, "shares_10w": PLAN_SHARE_10W, "derates": PLAN_DERATE}
SIX, TWELVE = VECTORS
IDENTIFIER = canframe.identifier(7, 0, 63, 3)
HEARTBEAT = canframe.identifier(8, 0, 63, 3)


def plan_of(vector, **others):
    """Return the plan array of a vector, with other values where given by name."""
    plan = array("i", [0] * PLAN_SIZE)
    for name, place in SCALARS.items():
        plan[place] = others.get(name, vector[name])
    for name, place in COLUMNS.items():
        for slot, value in enumerate(others.get(name, vector[name])):
            plan[place + slot] = value
    return plan


def burst(module, plan, voter_count, src=3, identifier=None):
    """Return the frames of a plan."""
    packer = module.Packer(voter_count)
    packer.load(plan, src)
    frames = []
    for index in range(packer.chunk_count):
        frame = bytearray(b"\xa5" * CAN_FRAME_SIZE)
        packer.chunk(index, identifier or canframe.identifier(7, 0, 63, src), frame)
        frames.append(frame)
    return frames


def results(assembler, frames):
    return [assembler.on_chunk(frame) for frame in frames]


def resealed(frames, place, value):
    """Return a copy of the chunks with one byte of the payloads changed and a crc that fits again."""
    payload = bytearray(b"".join(frame[9:] for frame in frames))
    payload[place] = value
    payload[12:14] = b"\0\0"
    chunk = frames[3]
    covered = bytearray([frames[0][0] & 63, frames[0][8] >> 4 | payload[27] & 0xF0]) + payload
    assert chunk[8] & 15 == 3
    payload[12:14] = canframe.crc16(covered, len(covered)).to_bytes(2, "little")
    return [frame[:9] + payload[7 * index : 7 * index + 7] for index, frame in enumerate(frames)]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["id"])
def test_every_vector_is_met_byte_for_byte(backend, vector):
    module = backend("plan")
    expected = [bytearray.fromhex(frame) for frame in vector["frames"]]
    frames = burst(module, plan_of(vector), vector["voter_count"], vector["src"])
    assert [frame.hex() for frame in frames] == [frame.hex() for frame in expected]
    assembler = module.Assembler(vector["voter_count"])
    assert results(assembler, expected) == [0] * (len(expected) - 1) + [1]
    assert list(assembler.plan) == list(plan_of(vector))
    assert (assembler.src, assembler.crc16) == (vector["src"], int(vector["crc16"], 16))


@pytest.mark.parametrize("voter_count", range(1, 13))
def test_slots_without_a_voter_are_zero_on_the_wire(backend, voter_count):
    module = backend("plan")
    packer, assembler = module.Packer(voter_count), module.Assembler(voter_count)
    assert packer.chunk_count == assembler.chunk_count == module.chunk_count(voter_count)
    assert packer.chunk_count == (4 if voter_count <= 6 else 7)
    assert results(assembler, burst(module, plan_of(TWELVE), voter_count))[-1] == 1
    assert packer.voter_count == assembler.voter_count == voter_count
    for name, place in COLUMNS.items():
        expected = TWELVE[name][:voter_count] + [0] * (12 - voter_count)
        assert list(assembler.plan[place : place + 12]) == expected


def test_the_crc_of_a_packer_is_that_of_its_plan(backend):
    packer = backend("plan").Packer(6)
    packer.load(plan_of(SIX), 3)
    assert packer.crc16 == 0x40FB
    packer.load(plan_of(SIX, seq=166), 3)
    packer.load(plan_of(SIX), 3)
    assert packer.crc16 == 0x40FB


def test_chunks_come_in_any_order(backend):
    module = backend("plan")
    frames = burst(module, plan_of(SIX), 6)
    for order in permutations(frames):
        assembler = module.Assembler(6)
        assert results(assembler, order) == [0, 0, 0, 1]
        assert list(assembler.plan) == list(plan_of(SIX))


def test_chunks_come_twice_and_a_repeated_burst_completes_again(backend):
    module = backend("plan")
    assembler = module.Assembler(6)
    frames = burst(module, plan_of(SIX), 6)
    assert results(assembler, [frame for frame in frames for _ in range(2)]) == [0] * 6 + [1, 0]
    assert sum(results(assembler, frames)) == 1
    assert list(assembler.plan) == list(plan_of(SIX))


@pytest.mark.parametrize("other", [{"seq": 149}, {"seq": 5}, {"term": 18}, {"term": 18, "seq": 5}], ids=str)
def test_a_mixture_of_two_plans_with_one_nibble_is_refused(backend, other):
    module = backend("plan")
    plan = plan_of(SIX, **other, demand_10w=23990, shares_10w=[4190, 4400, 4000, 3990, 3800, 3600])
    pairs = list(zip(burst(module, plan_of(SIX), 6), burst(module, plan, 6), strict=True))
    for choice in product((0, 1), repeat=4):
        assembler = module.Assembler(6)
        found = results(assembler, [pair[which] for pair, which in zip(pairs, choice, strict=True)])
        assert found == [0, 0, 0, 1 if len(set(choice)) == 1 else FRAME_CRC]
        assert results(assembler, [pair[1] for pair in pairs]) == [0, 0, 0, 1]
        assert list(assembler.plan) == list(plan)


def test_a_chunk_of_another_nibble_or_sender_starts_anew(backend):
    module = backend("plan")
    first, second = burst(module, plan_of(SIX), 6), burst(module, plan_of(SIX, seq=166), 6)
    foreign = burst(module, plan_of(SIX), 6, src=4)
    for others in (second, foreign):
        assembler = module.Assembler(6)
        assert results(assembler, [*first[:3], others[3], *first]) == [0] * 7 + [1]
        assert results(assembler, [*first[:3], *others]) == [0] * 6 + [1]
    assert assembler.src == 4


def test_a_plan_touches_nothing_before_it_is_complete(backend):
    module = backend("plan")
    assembler = module.Assembler(6)
    results(assembler, burst(module, plan_of(SIX), 6))
    results(assembler, burst(module, plan_of(SIX, seq=166, term=19, master=5), 6)[:3])
    assert list(assembler.plan) == list(plan_of(SIX))


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["id"])
def test_every_flipped_bit_is_refused_or_repaired_by_a_repeat(backend, vector):
    module = backend("plan")
    good = burst(module, plan_of(vector), vector["voter_count"], vector["src"])
    for index, bit in product(range(len(good)), range(8 * CAN_FRAME_SIZE)):
        assembler = module.Assembler(vector["voter_count"])
        bad = [bytearray(frame) for frame in good]
        bad[index][bit // 8] ^= 1 << bit % 8
        is_padding = 40 <= bit < 64
        is_other_cluster_or_dst = 6 <= bit < 12 or 15 <= bit < 19
        assert (1 in results(assembler, bad)) == (is_padding or is_other_cluster_or_dst)
        assert 1 in results(assembler, good)
        assert list(assembler.plan) == list(plan_of(vector))


def test_what_is_no_chunk_is_left_out(backend):
    module = backend("plan")
    assembler, frames = module.Assembler(6), burst(module, plan_of(SIX), 6)
    results(assembler, frames)
    before = list(assembler.plan)
    beat, remote, version, short = (bytearray(frames[0]) for _ in range(4))
    canframe.encode(HEARTBEAT, array("i", [17, 3, 3, 0, 5, 160, 200, 9, 9]), beat)
    remote[3] |= 0x40
    version[1] ^= 0x10
    short[4] = 7
    results(assembler, frames[:2])
    odd = results(assembler, [beat, remote, version, short])
    assert odd == [FRAME_UNKNOWN, FRAME_NOT_OURS, FRAME_VERSION, FRAME_SHORT]
    assert list(assembler.plan) == before
    assert results(assembler, frames[2:]) == [0, 1]


@pytest.mark.parametrize(("voter_count", "first"), [(1, 4), (6, 4), (7, 7), (12, 7)])
def test_a_chunk_that_does_not_exist_is_left_out(backend, voter_count, first):
    module = backend("plan")
    assembler, frames = module.Assembler(voter_count), burst(module, plan_of(TWELVE), voter_count)
    results(assembler, frames[:-1])
    for index in range(first, 16):
        frame = bytearray(frames[0])
        frame[8] = frame[8] & 0xF0 | index
        assert assembler.on_chunk(frame) == FRAME_VALUE
    assert assembler.on_chunk(frames[-1]) == 1


@pytest.mark.parametrize(
    "other", [{"term": 0}, {"seq": 0}, {"cap_percent": 101}, {"cap_percent": 255}], ids=str
)
def test_an_impossible_plan_is_refused(backend, other):
    module = backend("plan")
    assembler = module.Assembler(6)
    assert results(assembler, burst(module, plan_of(SIX, **other), 6)) == [0, 0, 0, FRAME_VALUE]
    assert list(assembler.plan) == [0] * PLAN_SIZE
    assert results(assembler, burst(module, plan_of(SIX), 6))[-1] == 1


def test_a_plan_for_more_voters_is_refused(backend):
    module = backend("plan")
    for place, width in [(PLAN_RANK, 4), (PLAN_SHARE_10W, 16), (PLAN_DERATE, 2)]:
        for slot, bit in product((4, 5), (0, width - 1)):
            plan = plan_of(
                SIX, ranks=[2, 1, 0, 3, 0, 0], shares_10w=[1, 2, 3, 4, 0, 0], derates=[1, 2, 3, 1, 0, 0]
            )
            plan[place + slot] = 1 << bit
            frames = burst(module, plan, 6)
            assert results(module.Assembler(6), frames)[-1] == 1
            assert results(module.Assembler(4), frames) == [0, 0, 0, FRAME_VALUE]


@pytest.mark.parametrize("slot", range(7, 12))
def test_a_large_plan_for_more_voters_is_refused(backend, slot):
    module = backend("plan")
    for place in COLUMNS.values():
        plan = plan_of(TWELVE)
        for column, other in product(COLUMNS.values(), range(slot, 12)):
            plan[column + other] = 0
        plan[place + slot] = 1
        frames = burst(module, plan, 12)
        assert results(module.Assembler(slot + 1), frames)[-1] == 1
        assert results(module.Assembler(slot), frames)[-1] == FRAME_VALUE


@pytest.mark.parametrize(("place", "bit"), [(41, 4), (41, 7), (45, 0), (46, 0), (47, 0), (48, 7)])
def test_spare_bits_are_zero(backend, place, bit):
    module = backend("plan")
    frames = burst(module, plan_of(TWELVE), 12)
    spoilt = resealed(frames, place, frames[place // 7][9 + place % 7] | 1 << bit)
    assert results(module.Assembler(12), resealed(frames, 0, frames[0][9]))[-1] == 1
    assert results(module.Assembler(12), spoilt)[-1] == FRAME_VALUE


def test_within_a_term_the_higher_seq_is_newer(backend):
    """However far one falls behind: a serial comparison took a plan 128 changes old for the newer one."""
    module = backend("plan")
    for seq in range(1, 256):
        assert [other for other in range(1, 256) if module.newer(7, other, 7, seq)] == [*range(seq + 1, 256)]


def test_a_term_has_255_plans(backend):
    next_seq = backend("plan").next_seq
    assert [next_seq(seq) for seq in (0, 1, 254, 255)] == [1, 2, 255, 0]


def test_the_term_comes_first_and_seq_0_is_older_than_any(backend):
    newer = backend("plan").newer
    assert newer(8, 1, 7, 255) == 1
    assert newer(7, 255, 8, 1) == 0
    assert newer(7, 5, 7, 5) == 0
    assert newer(7, 1, 9, 0) == 1
    assert newer(9, 0, 7, 1) == 0
    assert newer(9, 0, 7, 0) == 0


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["id"])
def test_nothing_leaves_30_bits(small, vector):
    packer = twin.Packer(vector["voter_count"])
    packer.load([small(number) for number in plan_of(vector)], small(vector["src"]))
    assembler = twin.Assembler(vector["voter_count"])
    for index in range(packer.chunk_count):
        frame = bytearray(CAN_FRAME_SIZE)
        packer.chunk(small(index), small(IDENTIFIER & ~63 | vector["src"]), frame)
        found = assembler.on_chunk([small(byte) for byte in frame])
    assert found == 1
    assert twin.newer(small(1 << 24), small(1), small(0), small(255)) == 1

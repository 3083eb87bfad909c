"""plan: both twins cut a plan into the same chunks and make the same of any stream of chunks."""

from array import array

from evenload import canframe
from evenload import plan as twin
from evenload.wire import CAN_FRAME_SIZE, PLAN_CAP_PERCENT, PLAN_SEQ, PLAN_SIZE, PLAN_TERM
from evenload_core import plan as core
from hypothesis import given
from hypothesis import strategies as st

NUMBER = st.one_of(st.integers(0, 3), st.integers(0, 65535), st.integers(-(1 << 31), (1 << 31) - 1))
PLAN = st.lists(NUMBER, min_size=PLAN_SIZE, max_size=PLAN_SIZE)
SRC = st.integers(1, 15)
VOTER_COUNT = st.integers(1, 12)
# (which of the plans, chunk, flipped bit): one chunk on the wire; -1 flips none.
EVENT = st.tuples(st.integers(0, 3), st.integers(0, 6), st.one_of(st.just(-1), st.integers(0, 127)))


def chunks(module, plan, voter_count, src):
    packer = module.Packer(voter_count)
    packer.load(array("i", plan), src)
    frames = []
    for index in range(packer.chunk_count):
        frames.append(bytearray(CAN_FRAME_SIZE))
        packer.chunk(index, canframe.identifier(7, 2, 63, src), frames[index])
    return packer.crc16, frames


@given(PLAN, VOTER_COUNT, SRC)
def test_any_plan_gives_the_same_chunks(plan, voter_count, src):
    assert chunks(twin, plan, voter_count, src) == chunks(core, plan, voter_count, src)


def state(assembler):
    return assembler.src, assembler.crc16, list(assembler.plan)


@given(
    st.lists(PLAN, min_size=2, max_size=2),
    VOTER_COUNT,
    st.lists(SRC, min_size=2, max_size=2),
    st.lists(EVENT, max_size=60),
)
def test_any_stream_of_chunks_gives_the_same_plans(plans, voter_count, sources, events):
    for plan in plans:
        plan[PLAN_TERM] |= 1
        plan[PLAN_CAP_PERCENT] &= 127
    # Two plans of one sender whose seqs have one nibble, and whatever the other two are.
    plans = [*plans, [*plans[0]], [*plans[1]]]
    plans[2][PLAN_SEQ] ^= 0x10
    bursts = [chunks(twin, plan, voter_count, sources[i % 2])[1] for i, plan in enumerate(plans)]
    assemblers = [module.Assembler(voter_count) for module in (twin, core)]
    for which, index, bit in events:
        frame = bytearray(bursts[which][index % len(bursts[which])])
        if bit >= 0:
            frame[bit // 8] ^= 1 << bit % 8
        found = [assembler.on_chunk(frame) for assembler in assemblers]
        assert found[0] == found[1]
        assert state(assemblers[0]) == state(assemblers[1])


@given(PLAN, VOTER_COUNT, SRC, st.permutations(range(7)))
def test_what_is_packed_is_assembled(plan, voter_count, src, order):
    plan[PLAN_TERM] |= 1
    plan[PLAN_SEQ] |= 1
    plan[PLAN_CAP_PERCENT] = plan[PLAN_CAP_PERCENT] % 101
    crc16, frames = chunks(twin, plan, voter_count, src)
    for module in (twin, core):
        assembler = module.Assembler(voter_count)
        found = [assembler.on_chunk(frames[index]) for index in order if index < len(frames)]
        assert found == [0] * (len(frames) - 1) + [1]
        assert (assembler.src, assembler.crc16) == (src, crc16)
        assert chunks(module, list(assembler.plan), voter_count, src) == (crc16, frames)


@given(st.integers(0, 1 << 24), st.integers(0, 255), st.integers(-2, 2), st.integers(0, 255))
def test_the_same_version_is_newer(term, seq, step, other):
    assert twin.newer(term, seq, term + step, other) == core.newer(term, seq, term + step, other)
    assert twin.next_seq(seq) == core.next_seq(seq)

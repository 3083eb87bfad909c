"""The corrupted streams that parsers are compared on, and what each policy makes of them."""

from evenload.wire import BL0942_PACKET_SIZE
from evenload_sim.bench.parser import accepted_frames, score, sliding_frames, whole_frames
from evenload_sim.bl0942_stream import Stream


def test_one_seed_gives_one_stream():
    assert Stream(5, 500).data == Stream(5, 500).data
    assert Stream(5, 500).data != Stream(6, 500).data


def test_a_sixth_of_the_frames_is_damaged_and_the_others_lie_in_the_stream():
    stream = Stream(7, 3000)
    assert 0.14 < sum(stream.damaged) / 3000 < 0.20
    position = 0
    for index in range(3000):
        if not stream.damaged[index]:
            position = stream.data.index(stream.frame(index), position) + BL0942_PACKET_SIZE


def test_sliding_and_plausibility_beat_the_common_policy():
    stream = Stream(8, 20_000)
    common, common_false, _ = score(stream, whole_frames(stream))
    sliding, _, _ = score(stream, sliding_frames(stream))
    ours, ours_false, missed = score(stream, accepted_frames(stream))
    assert common < 80 < sliding <= ours
    assert (ours_false, missed) == (0, 0) and common_false > 0

"""Gaps between heartbeats: what is counted, what is left out because the machine itself was late."""

import os

import pytest
from evenload_sim.bench.beats import bare_gaps_ms, is_during, late_spans, rank, results
from evenload_sim.realtime_witness import LATENESS, RECORD, Witness


@pytest.fixture
def witness():
    """Return a witness and a function that tells it of a cycle: (woke, late) in us."""
    reader, writer = os.pipe()

    def tell(*cycles):
        for at_us, late_us in cycles:
            os.write(writer, RECORD.pack(at_us, LATENESS.pack(late_us)))
        made.read_cycles()
        return made

    made = Witness(reader)
    yield tell
    os.close(reader)
    os.close(writer)


def values(rows):
    return {row["name"].partition(": ")[2]: row["value"] for row in rows}


def test_a_gap_is_the_distance_of_two_beats_of_one_node(witness):
    told = witness(*((1000 * n, 0) for n in range(1, 200)))
    found = values(results("x", {1: [0, 50_000, 99_000], 2: [10_000, 61_000]}, told))
    assert found["gap, max"] == 51
    assert found["gap, p99"] == 51
    assert found["beats"] == 5
    assert found["beats left out, the bare thread was late too"] == 0
    assert found["bare cyclic thread, gap of 50 ms, max"] == 50


def test_a_beat_at_which_the_bare_thread_was_late_is_left_out_with_both_gaps(witness):
    told = witness(*((1000 * n, 0) for n in range(1, 100)), (120_000, 19_000))
    found = values(results("x", {1: [0, 50_000, 119_000, 150_000, 200_000]}, told))
    assert found["gap, max"] == 50
    assert found["beats left out, the bare thread was late too"] == 1


def test_a_millisecond_of_lateness_excuses_nothing(witness):
    assert late_spans(witness((5000, 1000))) == []
    assert late_spans(witness((9000, 1001))) == [(7999, 9000)]


def test_a_beat_just_after_the_late_cycle_suffered_from_the_same():
    assert is_during(9900, [(5000, 9000)])
    assert not is_during(10_001, [(5000, 9000)])
    assert not is_during(4999, [(5000, 9000)])


def test_the_gap_of_the_bare_thread_is_between_cycles_that_were_due_50_ms_apart(witness):
    told = witness((1000, 0), (51_700, 700), (101_000, 0), (152_000, 0))
    assert bare_gaps_ms(told) == [50.7, 49.3]


def test_a_rank_is_a_value_that_occurred():
    ordered = [float(n) for n in range(1, 1001)]
    assert rank(ordered, 990) == 990
    assert rank(ordered, 999) == 999
    assert rank([3.0], 999) == 3

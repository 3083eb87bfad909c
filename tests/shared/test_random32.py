"""The random numbers, in both backends. Checked against the paper's formula in big integers."""

import pytest

MASK = (1 << 32) - 1


def reference_words(seed, count):
    """PCG RXS-M-XS 32/32 as the paper has it (HMC-CS-2014-0905, section 6.3.4), in plain big integers."""
    state = (2891336453 + seed) * 747796405 + 2891336453 & MASK
    for _ in range(count):
        word = ((state >> ((state >> 28) + 4)) ^ state) * 277803737 & MASK
        yield (word >> 22) ^ word
        state = state * 747796405 + 2891336453 & MASK


@pytest.mark.parametrize("seed", [0, 1, 42, 0x7FFF, 0x8000, (1 << 30) - 1, (1 << 32) - 1])
def test_the_stream_is_the_published_generator(backend, seed):
    random = backend("random32").Random32(seed)
    assert [random.next30() for _ in range(500)] == [word >> 2 for word in reference_words(seed, 500)]


def test_known_answers(backend):
    """Recorded once: a seed means the same stream for ever, or recorded worlds would no longer replay."""
    random = backend("random32").Random32(42)
    assert [random.next30() for _ in range(4)] == [156947669, 695987020, 96656908, 215127752]


def test_the_state_can_be_read(backend):
    random = backend("random32").Random32(7)
    state = (2891336453 + 7) * 747796405 + 2891336453 & MASK
    assert (random.high << 15) | random.low == state


def test_draws_below_a_bound_are_even(backend):
    """Chi-square over 10 classes: 27.88 is exceeded once in 1000 by chance; the seed is fixed."""
    random = backend("random32").Random32(3)
    counts = [0] * 10
    for _ in range(20_000):
        counts[random.below(10)] += 1
    assert sum((count - 2000) ** 2 for count in counts) / 2000 < 27.88


def test_every_bit_is_even(backend):
    random = backend("random32").Random32(5)
    ones = [0] * 30
    for _ in range(10_000):
        draw = random.next30()
        for bit in range(30):
            ones[bit] += draw >> bit & 1
    assert all(abs(count - 5000) < 4 * 50 for count in ones)  # Four standard deviations.


def test_a_bound_above_half_the_range_is_unbiased(backend):
    """Plain modulo would give the lower half of the results twice as often."""
    bound = 3 << 28
    random = backend("random32").Random32(9)
    low = sum(random.below(bound) < bound // 2 for _ in range(4000))
    assert abs(low - 2000) < 4 * 32


def test_the_smallest_bounds(backend):
    random = backend("random32").Random32(1)
    assert [random.below(1) for _ in range(5)] == [0] * 5
    assert 0 <= random.below((1 << 30) - 1) < (1 << 30) - 1


def test_no_intermediate_leaves_the_small_integers(small):
    from evenload.random32 import Random32

    random = Random32(12345)
    for _ in range(2000):
        random.high, random.low = small(random.high), small(random.low)
        random.below(small(random.next30() | 1))

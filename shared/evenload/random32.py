"""A seeded 32-bit random number generator; mirror: csrc/src/random32.c.

PCG RXS-M-XS 32/32 (M. E. O'Neill, "PCG: A Family of Simple Fast Space-Efficient Statistically Good
Algorithms for Random Number Generation", HMC-CS-2014-0905, section 6.3.4): a linear congruential step, then
a permutation of the state. Every state is visited once in 2^32 draws.

MicroPython boards hold 31 bits in a small int, so the state lives in two parts, `high` (17 bits) and `low`
(15 bits), and products are built from 15-bit limbs: no intermediate reaches 2^30.
"""

_LIMB = 0x7FFF
_HIGH = 0x1FFFF
# The step's multiplier and increment and the permutation's multiplier, in limbs of 15, 15 and 2 bits.
_STEP_0 = 747796405 & _LIMB
_STEP_1 = (747796405 >> 15) & _LIMB
_STEP_2 = 747796405 >> 30
_INCREMENT_LOW = 2891336453 & _LIMB
_INCREMENT_HIGH = 2891336453 >> 15
_MIX_0 = 277803737 & _LIMB
_MIX_1 = (277803737 >> 15) & _LIMB
_MIX_2 = 277803737 >> 30


class Random32:
    """A stream of random numbers; the same seed gives the same stream on every target.

    `high` (17 bits) and `low` (15 bits) are the state: high * 2^15 + low.
    """

    def __init__(self, seed: int):
        """Start the stream `seed` (0 .. 2^32 - 1; higher bits are ignored)."""
        self.high = 0
        self.low = 0
        self._step()
        self.low += seed & _LIMB
        self.high = (self.high + ((seed >> 15) & _HIGH) + (self.low >> 15)) & _HIGH
        self.low &= _LIMB
        self._step()

    def next30(self) -> int:
        """Return the next number, 0 .. 2^30 - 1: the upper 30 of the generator's 32 bits."""
        high = self.high
        low = self.low
        self._step()
        shift = (high >> 13) + 4
        if shift < 15:
            low ^= ((high << (15 - shift)) | (low >> shift)) & _LIMB
            high ^= high >> shift
        else:
            low ^= (high >> (shift - 15)) & _LIMB
            high ^= high >> shift
        product = low * _MIX_0
        crossed_0 = low * _MIX_1
        crossed_1 = (high & _LIMB) * _MIX_0
        carried = (product >> 15) + (crossed_0 & _LIMB) + (crossed_1 & _LIMB)
        top = (carried >> 15) + (crossed_0 >> 15) + (crossed_1 >> 15) + (high & 3) * (_MIX_1 & 3)
        top += (low & 3) * _MIX_2 + (high >> 15) * (_MIX_0 & 3)
        high = ((top & 3) << 15) | (carried & _LIMB)
        low = (product & _LIMB) ^ (high >> 7)  # word ^= word >> 22: ten bits come down.
        return (high << 13) | (low >> 2)

    def below(self, bound: int) -> int:
        """Return an unbiased number 0 .. bound - 1; bound: 1 .. 2^30 - 1.

        Draws from the incomplete last group are thrown away: less than half of them, so this ends.
        """
        highest = 0x3FFFFFFF - (0x3FFFFFFF % bound + 1) % bound
        draw = self.next30()
        while draw > highest:
            draw = self.next30()
        return draw % bound

    def _step(self):
        low = self.low
        high = self.high
        product = low * _STEP_0 + _INCREMENT_LOW
        crossed_0 = low * _STEP_1
        crossed_1 = (high & _LIMB) * _STEP_0
        carried = (product >> 15) + (crossed_0 & _LIMB) + (crossed_1 & _LIMB) + (_INCREMENT_HIGH & _LIMB)
        top = (carried >> 15) + (crossed_0 >> 15) + (crossed_1 >> 15) + (high & 3) * (_STEP_1 & 3)
        top += (low & 3) * _STEP_2 + (high >> 15) * (_STEP_0 & 3) + (_INCREMENT_HIGH >> 15)
        self.low = product & _LIMB
        self.high = ((top & 3) << 15) | (carried & _LIMB)

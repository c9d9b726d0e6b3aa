"""The random stream of the public playground: ARC4, keyed with the text of the seed.

The playground draws its data and then its weights from JavaScript's ``seedrandom`` (D. Bau). With the same stream, a
seed gives here the very data and weights that it gives there, to the last bit.
"""

import math

import numpy as np

from course.simulator.kernel import wasm

_DROPPED = 256  # the first bytes of ARC4 are biased
_SIGNIFICANT = 2**52  # a number takes bytes until it has 52 bits that count


class SeedRandom:
    """A stream of uniform numbers in [0, 1), determined by a text.

    It has the one method of `numpy.random.Generator` that `course.toydata` needs, so either may be passed there.

    Parameters
    ----------
    seed : str
        Any text; the playground uses numbers between 0 and 1 with five decimals.
    """

    def __init__(self, seed):
        """Key the stream."""
        self._state = _schedule(_key(str(seed)))
        self._buffer, self._position = wasm.arc4(self._state, _DROPPED), _DROPPED

    def random(self, size=None):
        """Return the next number, or an array of shape `size` filled in C order."""
        if size is None:
            return self._number()
        return np.array([self._number() for _ in range(math.prod(np.atleast_1d(size)))]).reshape(size)

    def _number(self):
        """Read seven bytes, and more until 52 bits are significant; keep the upper 53."""
        if self._position + 7 > len(self._buffer):
            self._more()
        value, bits = int.from_bytes(self._buffer[self._position : self._position + 7], "big"), 56
        self._position += 7
        while value < _SIGNIFICANT:
            if self._position == len(self._buffer):
                self._more()
            value, bits = value << 8 | self._buffer[self._position], bits + 8
            self._position += 1
        surplus = max(0, value.bit_length() - 53)
        return math.ldexp(value >> surplus, surplus - bits)

    def _more(self, count=16384):
        """Append `count` bytes of ARC4 to what is left."""
        self._buffer, self._position = self._buffer[self._position :] + wasm.arc4(self._state, count), 0


def _key(text):
    """Return up to 256 bytes of key: JavaScript's code units, those after the 256th smeared over the first."""
    key, smear = [], 0
    codes = np.frombuffer(text.encode("utf-16-le", "surrogatepass"), "<u2").tolist()
    for position, code in enumerate(codes):
        if position < 256:
            key.append(code & 255)
        else:
            smear ^= key[position & 255] * 19
            key[position & 255] = (smear + code) & 255
    return key or [0]


def _schedule(key):
    """Return ARC4's first state: the values 0 to 255 shuffled by `key`, and its two places at 0."""
    box, j = list(range(256)), 0
    for i in range(256):
        j = (j + box[i] + key[i % len(key)]) & 255
        box[i], box[j] = box[j], box[i]
    return np.array([*box, 0, 0], np.uint8)

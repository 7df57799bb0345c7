"""TokenTable: distinct tokens as two arrays, cheap to share between processes."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

from sklearn_embed._kernels.common import readonly

_CODEC = ("utf-8", "surrogatepass")


class TokenTable:
    """Distinct tokens by id, as UTF-8 bytes end to end.

    Parameters
    ----------
    blob : ndarray of shape (n_bytes,), uint8
        The tokens, one after the other, in UTF-8 (lone surrogates passed on).
    offsets : ndarray of shape (n_tokens + 1,), int64
        Where each token begins in ``blob``.
    """

    __slots__ = ("blob", "offsets")

    def __init__(self, blob, offsets):
        self.blob = readonly(blob, np.uint8)
        self.offsets = readonly(offsets, np.int64)

    @classmethod
    def from_tokens(cls, tokens):
        """Build the table of a list of distinct strings."""
        pieces = [token.encode(*_CODEC) for token in tokens]
        offsets = np.zeros(len(pieces) + 1, np.int64)
        np.cumsum([len(piece) for piece in pieces], out=offsets[1:])
        return cls(np.frombuffer(b"".join(pieces), np.uint8), offsets)

    def __len__(self):
        return len(self.offsets) - 1

    def __getitem__(self, i):
        return self.take([i])[0]

    def __reduce__(self):
        return TokenTable, (self.blob, self.offsets)

    def take(self, ids):
        """Return the tokens of some ids, as a list of str."""
        starts, stops = self.offsets[:-1][ids], self.offsets[1:][ids]
        if 8 * len(starts) < len(self):
            blob = memoryview(self.blob)
            return [
                str(blob[start:stop], *_CODEC)
                for start, stop in zip(starts.tolist(), stops.tolist(), strict=True)
            ]
        # Many tokens: decode all at once, and cut by characters instead of bytes.
        text = str(memoryview(self.blob), *_CODEC)
        if len(text) < len(self.blob):
            further = np.flatnonzero((self.blob & 0xC0) == 0x80)  # no character begins
            starts = starts - np.searchsorted(further, starts)
            stops = stops - np.searchsorted(further, stops)
        slices = map(slice, starts.tolist(), stops.tolist())
        return list(map(text.__getitem__, slices))

    def tolist(self):
        """Return all tokens, as a list of str."""
        return self.take(slice(None))

"""TokenTable: distinct tokens as two arrays, cheap to share between processes."""

# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Iterable

import numpy as np

from sklearn_embed._core.arrays import readonly
from sklearn_embed._text.checks import check_array, check_offsets

_CODEC = ("utf-8", "surrogatepass")

#: Tokens that are made strings at once, for the sake of memory.
_CUT = 1 << 16

#: The first 0 to 8 bytes of a number.
_FIRST = ~(np.uint64(2**64 - 1) >> np.arange(0, 72, 8).astype(np.uint64))


class TokenTable:
    """Distinct tokens by id, as UTF-8 bytes end to end.

    Parameters
    ----------
    blob : ndarray of shape (n_bytes,), uint8
        The tokens, one after the other, in UTF-8 (lone surrogates passed on).
    offsets : ndarray of shape (n_tokens + 1,), int64
        Where each token begins in ``blob``.

    Raises
    ------
    ValueError
        If an array is of another type, if the tokens overlap, or if a token is not
        UTF-8.
    """

    __slots__ = ("__weakref__", "blob", "offsets")

    blob: np.ndarray
    offsets: np.ndarray

    def __init__(self, blob: np.ndarray, offsets: np.ndarray) -> None:
        check_array("the table's blob", blob, np.uint8)
        check_array("the table's offsets", offsets, np.int64)
        check_offsets("the table's offsets", offsets)
        if offsets[-1] != len(blob):
            raise ValueError(
                f"the table's offsets end at {offsets[-1]}, not at {len(blob)}."
            )
        self.blob, self.offsets = readonly(blob), readonly(offsets)
        _check_utf8(self.blob, self.offsets)

    @classmethod
    def trusted(cls, blob: np.ndarray, offsets: np.ndarray) -> "TokenTable":
        """Return the table of arrays that need no check: made here, or unpickled."""
        table = cls.__new__(cls)
        table.blob = readonly(blob, np.uint8)
        table.offsets = readonly(offsets, np.int64)
        return table

    @classmethod
    def from_tokens(cls, tokens: Iterable[str]) -> "TokenTable":
        """Build the table of a list of distinct strings."""
        tokens = list(tokens)
        text = "".join(tokens)
        pieces: Iterable[str | bytes] = tokens
        if not text.isascii():
            pieces = (token.encode(*_CODEC) for token in tokens)
        lengths = np.fromiter(map(len, pieces), np.int64, len(tokens))
        offsets = np.zeros(len(tokens) + 1, np.int64)
        np.cumsum(lengths, out=offsets[1:])
        blob = text.encode(*_CODEC)
        return cls.trusted(np.frombuffer(blob, np.uint8), offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, i: int) -> str:
        return self.take([i])[0]

    def __reduce__(self):
        return TokenTable.trusted, (self.blob, self.offsets)

    def __sizeof__(self) -> int:
        return object.__sizeof__(self) + self.blob.nbytes + self.offsets.nbytes

    def part(self, ids) -> "TokenTable":
        """Return the table of some tokens alone, in the order of their ids.

        Parameters
        ----------
        ids : ndarray of shape (n,), or slice
            Which tokens.
        """
        starts, stops = self.offsets[:-1][ids], self.offsets[1:][ids]
        offsets = np.zeros(len(starts) + 1, np.int64)
        np.cumsum(stops - starts, out=offsets[1:])
        blob = np.empty(offsets[-1], np.uint8)
        for first in range(0, len(starts), _CUT):  # for the sake of memory
            last = min(first + _CUT, len(starts))
            sizes = np.diff(offsets[first : last + 1])
            begin, end = offsets[first], offsets[last]
            shift = starts[first:last] - offsets[first:last]
            places = np.repeat(shift, sizes) + np.arange(begin, end)
            blob[begin:end] = self.blob[places]
        return TokenTable.trusted(blob, offsets)

    def take(self, ids) -> list[str]:
        """Return the tokens of some ids, as a list of str."""
        starts, stops = self.offsets[:-1][ids], self.offsets[1:][ids]
        if 8 * len(starts) <= len(self) or not self.blob.all():
            blob = self.blob.data
            places = zip(starts.tolist(), stops.tolist(), strict=True)
            return [str(blob[start:stop], *_CODEC) for start, stop in places]
        # Many, none of which has a zero in it: Python cuts at zeros much faster.
        padded, tokens = np.append(self.blob, np.uint8(0)), []
        for first in range(0, len(starts), _CUT):
            some = slice(first, first + _CUT)
            tokens += _cut(padded, starts[some], stops[some] + 1)
        return tokens

    def in_order(self, ids: np.ndarray) -> np.ndarray:
        """Return some ids in the order of their tokens' characters.

        UTF-8 keeps the order of code points, so that eight bytes at a time are
        compared as one number, of those tokens whose bytes before are alike.

        Parameters
        ----------
        ids : ndarray of shape (n,)
            Each once.

        Returns
        -------
        ndarray of shape (n,)
        """
        starts, stops = self.offsets[:-1][ids], self.offsets[1:][ids]
        # A number begins at every byte, whatever its address; zeros follow the last.
        padded = np.append(self.blob, np.zeros(8, np.uint8))
        numbers = np.ndarray(len(padded) - 7, ">u8", padded, strides=(1,))
        order, places = np.arange(len(ids)), np.arange(len(ids))
        alike = np.zeros(len(ids), np.int64)  # the same for those not told apart yet
        while len(places):
            some = order[places]
            left = np.clip(stops[some] - starts[some], 0, 8).astype(np.uint8)
            keys = numbers[starts[some]].astype(np.uint64) & _FIRST[left]
            starts[some] += left
            found = np.lexsort((left, keys, alike))
            order[places] = some[found]
            alike, keys, left = alike[found], keys[found], left[found]
            differs = np.ones(len(found) + 1, bool)
            differs[1:-1] = (np.diff(alike) != 0) | (np.diff(keys) != 0)
            differs[1:-1] |= np.diff(left) != 0
            more = ~(differs[:-1] & differs[1:]) & (left == 8)
            alike, places = np.cumsum(differs[:-1])[more], places[more]
        return ids[order]

    def tolist(self) -> list[str]:
        """Return all tokens, as a list of str."""
        return self.take(slice(None))


def _check_utf8(blob, offsets):
    """Refuse tokens that are not UTF-8, or that begin within a character."""
    begins = offsets[:-1][offsets[1:] > offsets[:-1]]
    wrong = bool((blob[begins] & 0xC0 == 0x80).any())
    first = 0
    while first < len(blob) and not wrong:
        last = begins[min(np.searchsorted(begins, first + _CUT), len(begins) - 1)]
        last = int(last) if last > first else len(blob)
        try:
            str(memoryview(blob[first:last]), *_CODEC)
        except UnicodeDecodeError:
            wrong = True
        first = last
    if wrong:
        raise ValueError("the table holds a token that is not UTF-8.")


def _cut(blob, starts, stops):
    """Return strings without zeros, given with a free byte behind each."""
    ends = np.cumsum(stops - starts)
    places = np.arange(ends[-1]) + np.repeat(stops - ends, stops - starts)
    text = blob[places]
    text[ends - 1] = 0
    return str(memoryview(text[:-1]), *_CODEC).split("\0")

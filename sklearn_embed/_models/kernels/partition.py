"""Deal pairs of words out so that threads that train them never meet.

Sizes: V words, P pairs, G groups, a power of two.  Words, the most frequent first, are
dealt out to the groups as cards are, to and fro, so that every group gets as many
pairs; a word's place in its group takes 16 bits.
"""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

from sklearn_embed._core.compile import kernel, spliced

#: Bytes of the state that one block of rows may take: about half an L2 cache.
BLOCK_BYTES = 1 << 20

#: Rows whose vectors stay in L1 while a block of contexts passes by; 2**3.
_STRIP_BITS = 3


@spliced
def _group_of(row, n_groups):
    """Return the group of a word."""
    turn = row // n_groups
    place = row - turn * n_groups
    return n_groups - 1 - place if turn & 1 else place


@kernel
def deal_pairs(indptr, tiles, records, scale, n_groups, mirrored, block_bits):
    """Sort pairs, where they are, by the groups of their words.

    Parameters
    ----------
    indptr : ndarray of shape (V + 1,), int64
        Where each row begins: compressed sparse rows of counts in units.  With
        `mirrored`, of their upper half.
    tiles : ndarray of shape (P,), int32
        On entry the column of each pair, on return ``a * G + b`` of its two groups.
        Changed in place.
    records : ndarray of shape (P,), int64
        On entry the units of each pair, on return its key and its count, as
        `unpack_records` reads them: sorted as unsigned numbers, the pairs of two
        groups come block by block, and within two blocks eight words at a time.
        Changed in place.
    scale : float
        Units in 1.
    n_groups : int
        G, a power of two, such that V <= 65536 G.
    mirrored : bool
        Whether a pair stands for (i, j) and (j, i); then its group of the lower
        number comes first.
    block_bits : int
        Logarithm of the rows in a block.

    Returns
    -------
    ends : ndarray of shape (G * G + 1,), int64
        Pairs of the groups a and b: ``ends[a * G + b]`` to ``ends[a * G + b + 1]``.
    """
    n_rows, n_tiles = len(indptr) - 1, n_groups * n_groups
    ends = np.zeros(n_tiles + 1, np.int64)
    strip = np.uint32(_STRIP_BITS)
    bits = np.uint32(block_bits)
    block = (np.uint32(1) << bits) - np.uint32(1)
    for i in range(n_rows):
        group = _group_of(i, n_groups)
        for p in range(indptr[i], indptr[i + 1]):
            j = np.int64(tiles[p])
            a, b = group, _group_of(j, n_groups)
            x, y = np.uint32(i // n_groups), np.uint32(j // n_groups)
            if mirrored and a > b:
                a, b, x, y = b, a, y, x
            low, high = x & block, x >> bits
            key = (high << (np.uint32(16) - bits)) | (y >> bits)
            key = (key << (bits - strip)) | (low >> strip)
            key = (key << bits) | (y & block)
            key = (key << strip) | (low & np.uint32(7))
            count = np.float32(records[p] / scale).view(np.uint32)
            records[p] = np.int64((np.uint64(key) << np.uint64(32)) | np.uint64(count))
            tiles[p] = a * n_groups + b
            ends[tiles[p] + 1] += 1
    for tile in range(n_tiles):
        ends[tile + 1] += ends[tile]
    # Each pair is put where it belongs, and what was there is next.
    free = ends[:-1].copy()
    for tile in range(n_tiles):
        while free[tile] < ends[tile + 1]:
            record, to = records[free[tile]], np.int64(tiles[free[tile]])
            while to != tile:
                at = free[to]
                free[to] += 1
                records[at], record = record, records[at]
                tiles[at], to = to, np.int64(tiles[at])
            records[free[tile]] = record
            tiles[free[tile]] = tile
            free[tile] += 1
    return ends


def unpack_records(records, block_bits):
    """Return what records of `deal_pairs` hold.

    Returns
    -------
    places : ndarray of shape (P, 2), uint16
        The place of each word in its group.
    counts : ndarray of shape (P,), float32
    """
    counts = (records & 0xFFFFFFFF).astype(np.uint32).view(np.float32)
    keys = (records >> 32).astype(np.uint32)
    bits, strip = block_bits, _STRIP_BITS
    low = (keys & 7) | (keys >> (bits + strip) & ((1 << (bits - strip)) - 1)) << strip
    places = np.empty((len(keys), 2), np.uint16)
    places[:, 0] = (keys >> (16 + bits)) << bits | low
    second = keys >> (2 * bits) & ((1 << (16 - bits)) - 1)
    places[:, 1] = second << bits | (keys >> strip & ((1 << bits) - 1))
    return places, counts

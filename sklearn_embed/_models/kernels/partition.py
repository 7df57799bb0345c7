"""Partition pairs of words so that threads that train them share no row.

Sizes: V words, P pairs, G groups, a power of two.  Words, the most frequent first, go
to the groups in turn, to and fro, so that every group gets as many pairs.  A *local
row* is the number of a word within its group, and takes 16 bits; a *tile* is the pairs
of two groups.
"""

# SPDX-License-Identifier: BSD-3-Clause

from typing import NamedTuple

import numpy as np

from sklearn_embed._core.compile import inlined, kernel

#: Bytes of the state that one block of rows may take: about half an L2 cache.
BLOCK_BYTES = 1 << 20

#: Rows whose vectors stay in L1 while a block of contexts passes by; 2**3.
_STRIP_BITS = 3


class Partition(NamedTuple):
    """How pairs are divided among groups of words."""

    n_groups: int  # G, a power of two, such that V <= 65536 G
    mirrored: bool  # a pair stands for (i, j) and (j, i); its lower group comes first


@inlined
def local_row(row, group_bits):
    """Return the local row of a word and its group."""
    turn = row >> group_bits
    rest = row & ((1 << group_bits) - 1)
    return turn, rest ^ (-(turn & 1) & ((1 << group_bits) - 1))  # every other turn back


@inlined
def sort_key(row, column, block_bits):
    """Return a key that sorts pairs of local rows block by block.

    From the top: block of the row, block of the column, strip of the row within its
    block, column within its block, row within its strip.
    """
    bits, strip = np.uint32(block_bits), np.uint32(_STRIP_BITS)
    x, y = np.uint32(row), np.uint32(column)
    within = (np.uint32(1) << bits) - np.uint32(1)
    key = ((x >> bits) << (np.uint32(16) - bits)) | (y >> bits)
    key = (key << (bits - strip)) | ((x & within) >> strip)
    key = (key << bits) | (y & within)
    return np.uint64((key << strip) | (x & np.uint32((1 << _STRIP_BITS) - 1)))


@kernel
def partition_pairs(indptr, tiles, records, scale, partition, block_bits, ends, free):
    """Sort pairs in place by the groups of their words.

    Parameters
    ----------
    indptr : ndarray of shape (V + 1,), int64
        Where each row begins: compressed sparse rows of counts in units.  If the
        pairs are mirrored, of their upper half.
    tiles : ndarray of shape (P,), int32
        On entry the column of each pair, on return its tile, ``a * G + b`` of its two
        groups.  Changed in place.
    records : ndarray of shape (P,), int64
        On entry the units of each pair, on return its key and its count, as
        `unpack_records` reads them: sorted as unsigned numbers, the pairs of a tile
        come block by block, and within two blocks eight words at a time.  Changed in
        place.
    scale : float
        Units in 1.
    partition : Partition
    block_bits : int
        Logarithm of the rows in a block.
    ends : ndarray of shape (G * G + 1,), int64
        Zeros on entry; on return, the pairs of a tile are ``ends[tile]`` to
        ``ends[tile + 1]``.  Changed in place.
    free : ndarray of shape (G * G,), int64
        Scratch buffer.
    """
    group_bits = 0
    while 1 << group_bits < partition.n_groups:
        group_bits += 1
    for i in range(len(indptr) - 1):
        row, group = local_row(i, group_bits)
        for p in range(indptr[i], indptr[i + 1]):
            x, a = row, group
            y, b = local_row(np.int64(tiles[p]), group_bits)
            if partition.mirrored and a > b:
                a, b, x, y = b, a, y, x
            key = sort_key(x, y, block_bits)
            count = np.uint64(np.float32(records[p] / scale).view(np.uint32))
            records[p] = np.int64((key << np.uint64(32)) | count)
            tile = (a << group_bits) + b
            tiles[p] = tile
            ends[tile + 1] += 1
    for tile in range(len(free)):
        free[tile] = ends[tile]
        ends[tile + 1] += ends[tile]
    # Each pair is put into its tile, and what was there is next.
    for tile in range(len(free)):
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


def unpack_records(records, block_bits):
    """Return what records of `partition_pairs` hold.

    Returns
    -------
    local_rows : ndarray of shape (P, 2), uint16
        The local row of each word.
    counts : ndarray of shape (P,), float32
    """
    counts = (records & 0xFFFFFFFF).astype(np.uint32).view(np.float32)
    keys = (records >> 32).astype(np.uint32)
    bits, strip = block_bits, _STRIP_BITS
    low = (keys & 7) | (keys >> (bits + strip) & ((1 << (bits - strip)) - 1)) << strip
    local_rows = np.empty((len(keys), 2), np.uint16)
    local_rows[:, 0] = (keys >> (16 + bits)) << bits | low
    second = keys >> (2 * bits) & ((1 << (16 - bits)) - 1)
    local_rows[:, 1] = second << bits | (keys >> strip & ((1 << bits) - 1))
    return local_rows, counts

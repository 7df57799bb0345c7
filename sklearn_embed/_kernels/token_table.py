"""Tokens to ids: hashed, looked up among the distinct ones, added where new."""

# SPDX-License-Identifier: BSD-3-Clause

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from sklearn_embed._kernels.common import prefetch

#: Bytes that must follow the last token of any text and of the table's own bytes.
SLACK = 8

#: Tokens between asking for a slot of the table and looking into it.
AHEAD = 8


@intrinsic
def load_word(typing_context, array, index):
    """Return the eight bytes from ``array[index]`` on as a number."""
    signature = types.uint64(array, types.int64)

    def codegen(context, builder, signature, args):
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        word = ir.IntType(64).as_pointer()
        where = builder.bitcast(builder.gep(data, [args[1]]), word)
        return builder.load(where, align=1)

    return signature, codegen


@numba.njit(cache=True, nogil=True, error_model="numpy", inline="always")
def index_bits(slots):
    """Return how many bits number the slots of a table."""
    bits = np.uint64(0)
    while (1 << bits) < len(slots):
        bits += np.uint64(1)
    return bits


@numba.njit(cache=True, nogil=True, error_model="numpy", inline="always")
def last_bytes(text, start, length):
    """Return up to eight bytes as a number."""
    if length == 0:
        return np.uint64(0)
    unused = np.uint64(64 - 8 * length)
    return load_word(text, start) & (np.uint64(0xFFFFFFFFFFFFFFFF) >> unused)


@numba.njit(cache=True, nogil=True, error_model="numpy", inline="always")
def hash_bytes(text, start, length):
    """Return 32 well-mixed bits of some bytes, eight at a time."""
    z = np.uint64(length) * np.uint64(0x9E3779B97F4A7C15)
    while length > 8:
        z = (z ^ load_word(text, start)) * np.uint64(0xBF58476D1CE4E5B9)
        z ^= z >> np.uint64(32)
        start += 8
        length -= 8
    z = (z ^ last_bytes(text, start, length)) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(32))) * np.uint64(0x94D049BB133111EB)
    return z >> np.uint64(32)


@numba.njit(cache=True, nogil=True, error_model="numpy", inline="always")
def same_bytes(text, start, other, begin, length):
    """Tell whether two runs of bytes are equal."""
    while length > 8:
        if load_word(text, start) != load_word(other, begin):
            return False
        start += 8
        begin += 8
        length -= 8
    return last_bytes(text, start, length) == last_bytes(other, begin, length)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def hash_tokens(out, edges, ends, shortest, mask, hashes, lengths):
    """Drop the runs that are too short, hash the others, count them by document.

    Parameters
    ----------
    out, edges, ends
        From `find_edges`; pair k of `edges` becomes start and length of token k.
    shortest : {1, 2}
        Characters that a token must have.
    mask : uint64
        Bits of the hash that are used; fewer than 32 serve to test collisions.
    hashes : ndarray of shape (n_runs + 1,), uint32
        Receives a hash for each token.
    lengths : ndarray of shape (n_documents,), int64
        Receives the number of tokens of each document.

    Returns
    -------
    int
        Number of tokens.
    """
    e, t = 0, 0
    for d in range(len(ends)):
        first = t
        while e < ends[d]:
            start = np.int64(edges[e])
            length = np.int64(edges[e + 1]) - start
            e += 2
            lead = out[start]
            one = 1 + (lead >= 0xC0) + (lead >= 0xE0) + (lead >= 0xF0)
            hashes[t] = hash_bytes(out, start, length) & mask
            edges[2 * t] = start
            edges[2 * t + 1] = length
            # No branch: single letters come too irregularly to be foreseen.
            t += (shortest == 1) | (length > one)
        lengths[d] = t - first
    return t


@numba.njit(cache=True, nogil=True, error_model="numpy")
def number_tokens(out, spans, hashes, first, n_tokens, table, sizes, ids, grow):
    """Write the id of every token that has none yet, -1 where it is unknown.

    Several threads may look tokens up (``grow=False``) while one adds others: what
    they miss of its work they report as unknown, since a token counts as found only
    when its bytes agree.

    Parameters
    ----------
    out, spans, hashes
        Text, starts and lengths (one after the other), and hashes of the tokens.
    first, n_tokens : int
        Which of them to number.
    table : tuple of ndarray
        slots (hash and id + 1 of a token in the upper and lower half of 64 bits, 0
        where empty; a power of two of them), offsets and blob (the bytes) of the
        distinct tokens.
    sizes : ndarray of shape (2,), int64
        Number of distinct tokens and of their bytes; changed where `grow`.
    ids : ndarray of shape (n_tokens,), int32
        Ids; only those below 0 are changed.
    grow : bool
        Whether to give an id to tokens that are not in the table.

    Returns
    -------
    int
        The token before which the table must grow, `n_tokens` when all is done.
    """
    slots, offsets, blob = table
    last = len(slots) - 1
    down = np.uint64(32) - index_bits(slots)
    for t in range(first, n_tokens):
        later = min(t + AHEAD, n_tokens - 1)
        if ids[later] < 0:
            prefetch(slots, np.int64(np.uint64(hashes[later]) >> down))
        if ids[t] >= 0:
            continue
        hashed = np.uint64(hashes[t])
        start = np.int64(spans[2 * t])
        length = np.int64(spans[2 * t + 1])
        k = np.int64(hashed >> down)
        while True:
            slot = slots[k]
            if slot == 0:
                break
            if slot >> np.uint64(32) == hashed:
                i = np.int64(slot & np.uint64(0xFFFFFFFF)) - 1
                begin = offsets[i]
                if offsets[i + 1] - begin == length and same_bytes(
                    out, start, blob, begin, length
                ):
                    ids[t] = i
                    break
            k = (k + 1) & last
        if slot == 0 and grow:
            i, begin = sizes[0], sizes[1]
            room = len(blob) - begin - length - SLACK
            if 2 * (i + 1) > last or i + 2 > len(offsets) or room < 0:
                return t
            for b in range(length):
                blob[begin + b] = out[start + b]
            offsets[i + 1] = begin + length
            sizes[0] = i + 1
            sizes[1] = begin + length
            slots[k] = hashed << np.uint64(32) | np.uint64(i + 1)
            ids[t] = i
    return n_tokens


@numba.njit(cache=True, nogil=True, error_model="numpy")
def move_slots(old, new):
    """Put the tokens of a table into a larger, empty one."""
    last = len(new) - 1
    down = np.uint64(64) - index_bits(new)
    for slot in old:
        if slot != 0:
            k = np.int64(slot >> down)
            while new[k] != 0:
                k = (k + 1) & last
            new[k] = slot

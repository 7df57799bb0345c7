"""Tokens to ids: hashed, looked up among the distinct ones, added where new."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from sklearn_embed._core.compile import inlined, inner, kernel
from sklearn_embed._core.numeric import prefetch, prefetch_to_read, stack_array
from sklearn_embed._text.kernels.boundaries import find_edges, store_word

#: Bytes that must follow the last token of any text and of the table's own bytes.
SLACK = 16

#: Tokens that are looked up side by side: their memory is waited for together.
SIDE_BY_SIDE = 32

#: Unknown tokens between asking for one's hash and adding it.
AHEAD = 16

#: Read at 16 - n and at 24 - n: which bits of two words belong to n bytes.
_MASKS = np.repeat(np.array([255, 0], np.uint8), 16)


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


@inlined(fastmath=())
def free_bits(slots):
    """Return how many of 32 bits are left when the slots are numbered."""
    bits = np.uint64(32)
    while (np.uint64(len(slots)) << bits) > np.uint64(1) << np.uint64(32):
        bits -= np.uint64(1)
    return bits


@inlined(fastmath=())
def first_bytes(text, start, length):
    """Return up to 16 bytes as two numbers."""
    n = length if length < 16 else 16
    low = load_word(text, start) & load_word(_MASKS, 16 - n)
    return low, load_word(text, start + 8) & load_word(_MASKS, 24 - n)


@inlined(fastmath=())
def mix(low, high):
    """Return 64 well-mixed bits of two words.

    A hash of our own, of multiplications and shifts, with the factors of SplitMix64;
    it is stored nowhere.
    """
    z = low * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(32)) ^ high) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(29))


@inlined(fastmath=())
def hash_bytes(text, start, length):
    """Return 32 well-mixed bits of some bytes."""
    # No branch for what is short: lengths come too irregularly to be foreseen.
    low, high = first_bytes(text, start, length)
    z = mix(low ^ np.uint64(length) * np.uint64(0x9E3779B97F4A7C15), high)
    while length > 16:
        start += 16
        length -= 16
        low, high = first_bytes(text, start, length)
        z = mix(z ^ low, high)
    return (z * np.uint64(0xBF58476D1CE4E5B9)) >> np.uint64(32)


@inlined(fastmath=())
def same_bytes(text, start, other, begin, length):
    """Tell whether two runs of bytes are equal."""
    low, high = first_bytes(text, start, length)
    low_too, high_too = first_bytes(other, begin, length)
    same = (low ^ low_too | high ^ high_too) == np.uint64(0)
    while same and length > 16:
        start += 16
        begin += 16
        length -= 16
        low, high = first_bytes(text, start, length)
        low_too, high_too = first_bytes(other, begin, length)
        same = (low ^ low_too | high ^ high_too) == np.uint64(0)
    return same


@inner(fastmath=())
def hash_runs(out, edges, ends, n_documents, shortest, mask, hashes, lengths):
    """Do what `hash_tokens` says."""
    # Unsigned: numba looks for negative indices elsewhere.
    one, two = np.uint64(1), np.uint64(2)
    e, t = np.uint64(0), np.uint64(0)
    for d in range(n_documents):
        first = t
        while e < np.uint64(ends[d]):
            start = np.int64(edges[e])
            length = np.int64(edges[e + one]) - start
            e += two
            lead = out[np.uint64(start)]
            size = 1 + (lead >= 0xC0) + (lead >= 0xE0) + (lead >= 0xF0)
            hashes[t] = hash_bytes(out, start, length) & mask
            edges[two * t] = start
            edges[two * t + one] = length
            # No branch: single letters come too irregularly to be predicted.
            t += np.uint64((shortest == 1) | (length > size))
        lengths[d] = t - first
    return np.int64(t)


@kernel(allocates=False)
def hash_tokens(out, edges, ends, n_documents, shortest, mask, hashes, lengths):
    """Drop the runs that are too short, hash the others, count them by document.

    Parameters
    ----------
    out, edges, ends
        From `find_edges`; pair k of `edges` becomes start and length of token k.
    n_documents : int
        How many ends there are.
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
    return hash_runs(out, edges, ends, n_documents, shortest, mask, hashes, lengths)


@inlined(fastmath=())
def probe(out, start, length, hashed, down, table):
    """Return the slot where a token is or would be, and its id or -1."""
    slots, offsets, blob = table
    last = len(slots) - 1
    k = np.int64(hashed >> down)
    while slots[k] != np.uint64(0):
        if slots[k] >> np.uint64(32) == hashed:
            i = np.int64(slots[k] & np.uint64(0xFFFFFFFF)) - 1
            begin = offsets[i]
            if offsets[i + 1] - begin == length and same_bytes(
                out, start, blob, begin, length
            ):
                return k, i
        k = (k + 1) & last
    return k, -1


@inlined(fastmath=())
def prefetch_slots(slots, hashes, first, end, down):
    """Ask for the slots that some tokens hash to."""
    for t in range(first, end):
        prefetch_to_read(slots, np.int64(np.uint64(hashes[t]) >> down))


@inlined(fastmath=())
def guess_ids(slots, offsets, hashes, ids, first, end):
    """Write the ids that the hashes point to, of some tokens, right or wrong."""
    down, last = free_bits(slots), np.uint64(len(slots) - 1)
    for t in range(first, end):
        hashed = np.uint64(hashes[t])
        k = hashed >> down
        here, there = slots[k], slots[(k + np.uint64(1)) & last]
        slot = here if here >> np.uint64(32) == hashed else there
        i = slot & np.uint64(0xFFFFFFFF)
        ids[t] = np.int32(i) - np.int32(1)
        prefetch_to_read(offsets, np.int64(i))


@inlined(fastmath=())
def guess_bytes(offsets, blob, ids, begins, sizes, first, end):
    """Write where the bytes of guessed ids begin in the table, and how many."""
    for t in range(first, end):
        i = np.uint64(ids[t] + 1)
        some = np.uint64(i > np.uint64(0))
        begin = offsets[i - some]
        begins[t - first] = begin
        # -1, which no token has, for an empty slot.
        sizes[t - first] = offsets[i] - begin + np.int64(some) - 1
        prefetch_to_read(blob, begin)


@inner(fastmath=())
def find_all(out, spans, hashes, table, ids, missed):
    """Do what `find_tokens` says."""
    slots, offsets, blob = table
    n_tokens = len(ids)
    down = free_bits(slots)
    begins = stack_array(np.int64(0), SIDE_BY_SIDE)
    sizes = stack_array(np.int64(0), SIDE_BY_SIDE)
    n_missed = 0
    for first in range(0, n_tokens, SIDE_BY_SIDE):
        end, soon = first + SIDE_BY_SIDE, first + 2 * SIDE_BY_SIDE
        end = end if end < n_tokens else n_tokens
        # Each loop asks for what the next one needs.
        prefetch_slots(slots, hashes, end, soon if soon < n_tokens else n_tokens, down)
        guess_ids(slots, offsets, hashes, ids, first, end)
        guess_bytes(offsets, blob, ids, begins, sizes, first, end)
        for t in range(first, end):
            start, length = np.int64(spans[2 * t]), np.int64(spans[2 * t + 1])
            if sizes[t - first] != length or not same_bytes(
                out, start, blob, begins[t - first], length
            ):
                _, i = probe(out, start, length, np.uint64(hashes[t]), down, table)
                ids[t] = i
                missed[n_missed] = t
                n_missed += i < 0
    return n_missed


@kernel(allocates=False)
def find_tokens(out, spans, hashes, table, ids, missed):
    """Write the id of every token, -1 where it is unknown.

    Another thread may add tokens meanwhile: what is missed of its work is reported
    as unknown, since a token counts as found only when its bytes agree.

    Parameters
    ----------
    out, spans, hashes
        Text, starts and lengths (one after the other), and hashes of the tokens.
    table : tuple of ndarray
        slots (hash and id + 1 of a token in the upper and lower half of 64 bits, 0
        where empty; a power of two of them), offsets and blob (the bytes) of the
        distinct tokens.
    ids : ndarray of shape (n_tokens,), int32
        Receives the ids.
    missed : ndarray of shape (n_tokens,), int32
        Receives the unknown tokens, by number.

    Returns
    -------
    int
        How many are unknown.
    """
    return find_all(out, spans, hashes, table, ids, missed)


@kernel(allocates=False)
def read_tokens(where, n_documents, characters, scratch, shortest, mask, table):
    """Find the tokens of documents, hash them and look them up.

    All in one, since between two kernels a thread would wait for the interpreter.

    Parameters
    ----------
    where, n_documents
        As in `find_edges`.
    characters : tuple of ndarray
        blocks, entries, forms and ranges, as in `find_edges`.
    scratch : tuple of ndarray
        tail, out, edges, ends and progress, as in `find_edges`; hashes and lengths,
        as in `hash_tokens`; ids and missed, as in `find_tokens`, but for the size,
        that of hashes.  Changed in place.
    shortest, mask
        As in `hash_tokens`.
    table
        As in `find_tokens`.

    Returns
    -------
    n_tokens : int
        How many there are; -1: Python must lower the document whose number is in
        progress, then call again.
    n_missed : int
        How many of them are unknown.
    """
    tail, out, edges, ends, progress, hashes, lengths, ids, missed = scratch
    found = tail, out, edges, ends
    if not find_edges(where, n_documents, characters, found, progress):
        return -1, 0
    n_tokens = hash_runs(out, edges, ends, n_documents, shortest, mask, hashes, lengths)
    n_missed = find_all(out, edges, hashes, table, ids[:n_tokens], missed)
    return n_tokens, n_missed


@inlined(fastmath=())
def prefetch_missed(out, spans, hashes, missed, m, n_missed, slots):
    """Ask for what the unknown tokens after number m need.

    Another thread has written most of what is read here.
    """
    down, last = free_bits(slots), n_missed - 1
    far = missed[m + AHEAD if m + AHEAD < last else last]
    prefetch_to_read(hashes, far)
    prefetch_to_read(spans, 2 * far)
    near = missed[m + AHEAD // 2 if m + AHEAD // 2 < last else last]
    prefetch_to_read(out, spans[2 * near])
    prefetch(slots, np.int64(np.uint64(hashes[near]) >> down))


@kernel(allocates=False)
def add_tokens(tokens, first, n_missed, table, sizes):
    """Give ids to tokens that were not known, in the order of appearance.

    Parameters
    ----------
    tokens : tuple of ndarray
        out, spans, hashes, ids and missed, as in `find_tokens`.  The ids are written.
    first, n_missed : int
        Those from ``missed[first]`` to ``missed[n_missed]``, excluded.
    table : tuple of ndarray
        As in `find_tokens`.  Changed in place.
    sizes : ndarray of shape (2,), int64
        Number of distinct tokens and of their bytes.  Changed in place.

    Returns
    -------
    int
        Place in `missed` before which the table must grow; `n_missed`: all is done.
    """
    out, spans, hashes, ids, missed = tokens
    slots, offsets, blob = table
    down = free_bits(slots)
    for m in range(first, n_missed):
        prefetch_missed(out, spans, hashes, missed, m, n_missed, slots)
        t = missed[m]
        hashed = np.uint64(hashes[t])
        start, length = np.int64(spans[2 * t]), np.int64(spans[2 * t + 1])
        k, known = probe(out, start, length, hashed, down, table)
        if known < 0:
            known, begin = sizes[0], sizes[1]
            n_free = len(blob) - begin - length - SLACK
            full = 2 * (known + 1) >= len(slots) or known + 2 > len(offsets)
            if full or n_free < 0:
                return m
            # Whole words: what is written beyond the end, the next token replaces.
            for b in range(0, length, 8):
                store_word(blob, begin + b, load_word(out, start + b))
            offsets[known + 1] = begin + length
            sizes[0] = known + 1
            sizes[1] = begin + length
            slots[k] = hashed << np.uint64(32) | np.uint64(known + 1)
        ids[t] = known
    return n_missed


@kernel(allocates=False)
def move_slots(old, new):
    """Put the tokens of a table into a larger, empty one."""
    last = len(new) - 1
    down = np.uint64(32) + free_bits(new)
    for slot in old:
        if slot != 0:
            k = np.int64(slot >> down)
            while new[k] != 0:
                k = (k + 1) & last
            new[k] = slot

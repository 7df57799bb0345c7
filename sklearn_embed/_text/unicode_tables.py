"""Character tables of the compiled tokenizer, read off Python's own re and str."""

# SPDX-License-Identifier: BSD-3-Clause

import re
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from sklearn_embed._core.arrays import readonly
from sklearn_embed._text.kernels.boundaries import N_FORMS

#: Code points in one block; equal blocks are stored once, so that the table of
#: an ordinary text (a few alphabets, or thousands of ideographs) stays in L1.
BLOCK = 128

N_CODE_POINTS = 0x110000

#: Ranges of ASCII that one comparison of 64 bytes may test: of characters that form
#: tokens in a row, and of those that belong to no token.
N_RANGES, N_GAPS = 4, 2

#: Bits of an entry: whether the character may stand in a token with others, whether it
#: is a token, whether only Python can lower it; and how many bits these are.
MEMBER, SINGLE, SPECIAL, FLAG_BITS = 1, 2, 4, 3


class CharTable(NamedTuple):
    """What every character becomes: the class, and the lower-case form.

    The entry of code point c is ``entries[blocks[c // 128] + c % 128]``: bit 0 tells
    whether the (lowered) character may stand in a token with others, bit 1 that it is
    a token by itself, bit 2 that only Python can lower it (its form depends on the
    context or is longer than one character), and the rest, ``entry >> 3``, is what
    lowering adds to the code point.

    The form of a code point below 2048 has the same three bits, the number of bytes of
    its lower-case form in the next two, and these bytes from bit 8 on.
    """

    blocks: np.ndarray  # (8704,) int32
    entries: np.ndarray  # (n_different_blocks * 128,) int32
    forms: np.ndarray  # (2048,) uint32
    # First and width of four ranges of ASCII that form tokens, and of two that belong
    # to none (of everything, where no character is a token by itself); then first,
    # width and shift of what is lowered.
    ranges: tuple
    special: str  # the characters that only Python can lower


@lru_cache(maxsize=8)
def char_table(char_class, lowercase, single=None):
    r"""Return the table of a class of characters such as ``\w``.

    ``single`` is a class of others, each of which is a token; None: there are none.
    """
    every = np.arange(N_CODE_POINTS, dtype="<u4").tobytes()
    text = every.decode("utf-32-le", "surrogatepass")
    member = np.zeros(N_CODE_POINTS, np.int32)
    for kind, flag in ((char_class, MEMBER), (single, SINGLE)):
        for match in re.finditer(kind + "+", text) if kind else ():
            member[match.start() : match.end()] = flag
    entries = member.copy()
    for code, shift, special in changed_by_lower(text) if lowercase else ():
        flags = special * SPECIAL + member[code + shift]
        entries[code] = (shift << FLAG_BITS) + flags
    return compress(entries)


def changed_by_lower(text):
    """Yield code point, shift and whether lowering it takes Python."""
    for start in range(0, len(text), BLOCK):
        block = text[start : start + BLOCK]
        if block.lower() == block:
            continue
        for code, char in enumerate(block, start):
            low = char.lower()
            if low == char:
                continue
            # Greek's capital sigma is one letter at the end of a word and another
            # within: whatever else is like it in this Python is found here.
            contexts = (("a", ""), ("", "a"), ("a", "a"))
            special = len(low) != 1 or any(
                (a + char + b).lower() != a + low + b for a, b in contexts
            )
            yield code, 0 if special else ord(low) - code, special


def compress(entries):
    """Return the CharTable of one entry per code point."""
    places, blocks = {}, np.empty(len(entries) // BLOCK, np.int32)
    for b in range(len(blocks)):
        content = entries[b * BLOCK : (b + 1) * BLOCK].tobytes()
        blocks[b] = places.setdefault(content, len(places) * BLOCK)
    different = np.frombuffer(b"".join(places), np.int32)
    special = "".join(map(chr, np.flatnonzero(entries & SPECIAL)))
    arrays = blocks, different, written_forms(entries[:N_FORMS])
    return CharTable(*map(readonly, arrays), ascii_ranges(entries[:128]), special)


def written_forms(entries):
    """Return the forms of the first characters, of their entries."""
    forms = np.empty(len(entries), np.uint32)
    for code, entry in enumerate(entries.tolist()):
        form = chr(code + (entry >> FLAG_BITS)).encode()
        if len(form) > 3:
            raise ValueError(f"the lower-case form of {chr(code)!r} is too long")
        bits = len(form) << FLAG_BITS | entry & (1 << FLAG_BITS) - 1
        forms[code] = int.from_bytes(form, "little") << 8 | bits
    return forms


def ascii_ranges(entries):
    """Return the ASCII part of a table as ranges, the form that vectors compare."""
    shifts = entries >> FLAG_BITS
    lowered = np.flatnonzero(shifts)
    # Bytes from 128 on belong to no ASCII character: a range there is empty.
    first, width, shift = 255, 0, 0
    if len(lowered):
        first, width, shift = lowered[0], np.ptp(lowered), shifts[lowered[0]]
    classes = runs_of_ones((entries & MEMBER) * (shifts == 0))
    classes += [(255, 0)] * (N_RANGES - len(classes))
    gaps = runs_of_ones((entries == 0) * 1)
    if not (entries & SINGLE).any():
        gaps = [(0, 255)]
    gaps += [(255, 0)] * (N_GAPS - len(gaps))
    ranges = (*np.ravel(classes + gaps).tolist(), int(first), int(width), int(shift))
    if not np.array_equal(entries, entries_of_ranges(ranges)):
        raise ValueError("ASCII of this Python is not what the kernel can express")
    return ranges


def entries_of_ranges(ranges):
    """Return the 128 entries that ranges stand for."""
    codes = np.arange(128)
    first, width, shift = ranges[-3:]
    shifts = np.where((codes >= first) & (codes <= first + width), shift, 0)
    lowered = codes + shifts
    starts, widths = np.reshape(ranges[:-3], (-1, 2)).T
    inside = (lowered[:, None] >= starts) & (lowered[:, None] <= starts + widths)
    member, gap = inside[:, :N_RANGES].any(axis=1), inside[:, N_RANGES:].any(axis=1)
    return (shifts << FLAG_BITS) + MEMBER * member + SINGLE * ~(member | gap)


def runs_of_ones(flags):
    """Return first and width (last minus first) of every run of ones."""
    edges = np.flatnonzero(np.diff(flags, prepend=0, append=0))
    return [(a, b - a - 1) for a, b in zip(edges[::2], edges[1::2], strict=True)]

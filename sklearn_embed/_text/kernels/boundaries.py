"""Where tokens begin and end in text, and the text in lower case."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from sklearn_embed._core.compile import inlined, inner

#: Characters that a vector holds, and bytes that must follow what is written: vectors
#: are stored whole.
SLACK = 64

#: Characters of ASCII in a row after which they are read as vectors again.
ASCII_RUN = 16

#: Characters, the first ones, whose form is looked up as it is written: all of at most
#: two bytes.
N_FORMS = 0x800

_BIT, _BYTE, _WORD = map(ir.IntType, (1, 8, 64))
_VECTOR = ir.VectorType(_BYTE, SLACK)


def _address(context, builder, kind, array, index, target):
    """Return a pointer of a kind of LLVM to ``array[index]``."""
    data = context.make_array(kind)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [index]), target.as_pointer())


@intrinsic
def trailing_zeros(typing_context, word):
    """Return the number of the lowest bit that is set, 64 if none is."""
    signature = types.int64(types.uint64)

    def codegen(context, builder, signature, args):
        return builder.cttz(args[0], ir.Constant(_BIT, 0))

    return signature, codegen


@intrinsic
def store_word(typing_context, array, index, word):
    """Write a number to the eight bytes from ``array[index]`` on."""
    signature = types.void(array, types.int64, types.uint64)

    def codegen(context, builder, signature, args):
        where = _address(context, builder, signature.args[0], *args[:2], _WORD)
        builder.store(args[2], where, align=1)
        return context.get_dummy_value()

    return signature, codegen


@intrinsic
def copy_bytes(typing_context, address, target, n):
    """Copy n bytes from an address to the beginning of an array."""

    def codegen(context, builder, signature, args):
        start = ir.Constant(_WORD, 0)
        target = _address(context, builder, signature.args[1], args[1], start, _BYTE)
        source = builder.inttoptr(args[0], _BYTE.as_pointer())
        cgutils.raw_memcpy(builder, target, source, args[2], 1)
        return context.get_dummy_value()

    return types.void(types.int64, target, types.int64), codegen


def _by_width(builder, width, result, load):
    """Return what one of three loads gives: of 1, 2 or 4 bytes a character."""
    done = builder.append_basic_block("loaded")
    wide = [(size, builder.append_basic_block(f"width{size}")) for size in (4, 2)]
    narrow = builder.append_basic_block("narrow")
    switch = builder.switch(width, narrow)
    arrived = []
    for size, block in [*wide, (1, narrow)]:
        if size > 1:
            switch.add_case(ir.Constant(_WORD, size), block)
        builder.position_at_end(block)
        arrived.append((load(ir.IntType(8 * size)), block))
        builder.branch(done)
    builder.position_at_end(done)
    joined = builder.phi(result)
    for value, block in arrived:
        joined.add_incoming(value, block)
    return joined


@intrinsic
def load_char(typing_context, address, p, width):
    """Return character p of those at an address."""

    def codegen(context, builder, signature, args):
        address, p, width = args

        def load(kind):
            data = builder.inttoptr(address, kind.as_pointer())
            char = builder.load(builder.gep(data, [p]), align=kind.width // 8)
            return builder.zext(char, _WORD)

        return _by_width(builder, width, _WORD, load)

    return types.int64(types.int64, types.int64, types.int64), codegen


@intrinsic
def lower_ascii(typing_context, address, width, out, q, ranges):
    """Lower 64 characters of ASCII into ``out[q:]``; return three masks of 64 bits.

    The first tells which of the characters may stand in a token with others, the second
    which are a token each, the third which are no ASCII at all (what was done to those
    means nothing).
    """
    signature = types.UniTuple(types.uint64, 3)(
        types.int64, types.int64, out, types.int64, ranges
    )

    def codegen(context, builder, signature, args):
        address, width, out, q, ranges = args

        def spread(number):
            one = builder.insert_element(
                ir.Constant(_VECTOR, ir.Undefined), number, ir.IntType(32)(0)
            )
            zeros = ir.Constant(ir.VectorType(ir.IntType(32), SLACK), None)
            return builder.shuffle_vector(one, one, zeros)

        bounds = [
            spread(builder.trunc(builder.extract_value(ranges, k), _BYTE))
            for k in range(signature.args[4].count)
        ]

        def within(vector, first, width):
            return builder.icmp_unsigned("<=", builder.sub(vector, first), width)

        def load(kind):
            # Bytes that stand for no ASCII have the sign of a negative number.
            wide = ir.VectorType(kind, SLACK)
            where = builder.inttoptr(address, wide.as_pointer())
            vector = builder.load(where, align=kind.width // 8)
            if kind == _BYTE:
                return vector
            most = ir.Constant(wide, [0x80] * SLACK)
            high = builder.icmp_unsigned(">=", vector, most)
            return builder.trunc(builder.select(high, most, vector), _VECTOR)

        vector = _by_width(builder, width, _VECTOR, load)
        nothing = ir.Constant(_VECTOR, None)
        high = builder.icmp_signed("<", vector, nothing)
        first, width, shift = bounds[-3:]
        upper = within(vector, first, width)
        vector = builder.add(vector, builder.select(upper, shift, nothing))
        where = _address(context, builder, signature.args[2], out, q, _VECTOR)
        builder.store(vector, where, align=1)

        def among(first, end):
            found = within(vector, bounds[first], bounds[first + 1])
            for k in range(first + 2, end, 2):
                more = within(vector, bounds[k], bounds[k + 1])
                found = builder.or_(found, more)
            return found

        n = len(bounds) - 3
        word = among(0, n - 4)
        single = builder.not_(builder.or_(word, among(n - 4, n)))
        masks = [builder.bitcast(mask, _WORD) for mask in (word, single, high)]
        return context.make_tuple(builder, signature.return_type, masks)

    return signature, codegen


@inlined(fastmath=())
def store_char(out, q, code):
    """Write a character as UTF-8 to ``out[q:]``, and return its bytes.

    Eight bytes are written always.
    """
    last, middle = 0x80 | code & 63, 0x80 | (code >> 6) & 63
    if 0x800 <= code < 0x10000:  # the most usual, of those that have no form
        word, n = 0xE0 | code >> 12 | middle << 8 | last << 16, 3
    elif code >= 0x10000:
        second = 0x80 | (code >> 12) & 63
        word, n = 0xF0 | code >> 18 | second << 8 | middle << 16 | last << 24, 4
    elif code >= 0x80:
        word, n = 0xC0 | code >> 6 | last << 8, 2
    else:
        word, n = code, 1
    store_word(out, q, np.uint64(word))
    return np.int64(n)


@inlined(fastmath=())
def put_edges(edges, e, q, before, flags):
    """Write where a token ends, begins, or both, before a character; return the number.

    A place beyond the last edge may be written to.

    Parameters
    ----------
    edges, e
        Where to write.
    q : int
        The place of the character.
    before, flags : {0, 1, 2}
        What the characters before and after are: 1 may stand in a token with others, 2
        is a token, 0 belongs to none.
    """
    # Unsigned: numba looks for negative indices elsewhere.
    edges[np.uint64(e)] = q
    if (before | flags) < 2:  # always, where all tokens are runs
        return e + (before ^ flags)
    edges[np.uint64(e + 1)] = q
    return e + (before > 0) + (flags > 0)


@inlined(fastmath=())
def put_turns(edges, e, q, ends, begins):
    """Write where tokens end and begin among 64 characters; return their number.

    Parameters
    ----------
    edges, e, q
        Where to write, and the place of the first character.
    ends, begins : uint64
        A bit for each character before which a token ends, and where one begins.
    """
    one = np.uint64(1)
    turns, both = ends | begins, ends & begins
    while turns:
        place = trailing_zeros(turns)
        edges[np.uint64(e)] = q + place
        edges[np.uint64(e + 1)] = q + place
        e += 1 + np.int64(both >> np.uint64(place) & one)
        turns &= turns - one
    return e


@inner(fastmath=())
def find_edges(where, n_documents, characters, found, progress):
    """Lower documents and find where their runs of token characters begin and end.

    Parameters
    ----------
    where : ndarray of shape (n_most, 3), int64
        From `read_strings`: what lies there must be alive.
    n_documents : int
        How many of its lines to read.
    characters : tuple of ndarray
        blocks, entries, forms and ranges of a CharTable.
    found : tuple of ndarray
        tail (256,), uint8: for the last characters of a document, so that nothing
        beyond them is read.  out, uint8: receives the lowered text as UTF-8, of the
        size that `read_strings` gives and 64 bytes more.  edges
        (n_characters + n_documents + 64,), int32, or 2 n_characters where some are
        tokens by themselves: receives begin, end, begin, end, … of the tokens, as
        positions in `out`.  ends (n_documents,), int32: receives the
        number of edges found up to the end of each document.
    progress : ndarray of shape (3,), int64
        The document to begin with, and the bytes and edges before it: zeros at
        first.  Changed in place.

    Returns
    -------
    bool
        False if a document, whose number is in `progress`, has a character that only
        Python can lower.
    """
    blocks, entries, forms, ranges = characters
    tail, out, edges, ends = found
    q, e = progress[1], progress[2]
    for d in range(progress[0], n_documents):
        progress[0], progress[1], progress[2] = d, q, e
        address, n, width = where[d, 0], where[d, 1], where[d, 2]
        step = width if width > 1 else 1
        p, inside = 0, 0
        while p < n:
            source, rest = address + p * step, n - p
            if rest < SLACK:
                copy_bytes(source, tail, rest * step)
                source = tail.ctypes.data
            word, single, high = lower_ascii(source, width, out, q, ranges)
            k = trailing_zeros(high)
            k = k if k < rest else rest
            if k:
                keep = np.uint64(0xFFFFFFFFFFFFFFFF) >> np.uint64(64 - k)
                word &= keep
                single &= keep
                one, last = np.uint64(1), np.uint64(k - 1)
                before = word << one | np.uint64(inside & 1)
                if single == 0 and inside < 2:
                    turns = (word ^ before) & keep
                    while turns:
                        edges[np.uint64(e)] = q + trailing_zeros(turns)
                        e += 1
                        turns &= turns - one
                else:
                    alone = single << one | np.uint64(inside >> 1)
                    turns = (before & ~word | alone) & keep
                    begins = word & ~before | single
                    e = put_turns(edges, e, q, turns, begins)
                inside = np.int64(word >> last | single >> last << one)
                p += k
                q += k
            run = 0 if k < SLACK else ASCII_RUN
            while p < n and run < ASCII_RUN:
                code = load_char(address, p, width)
                # Unsigned: numba looks for negative indices elsewhere.
                if code < N_FORMS:
                    form = np.uint64(forms[np.uint64(code)])
                    flags = np.int64(form & np.uint64(7))
                    size = np.int64((form >> np.uint64(3)) & np.uint64(3))
                    store_word(out, q, form >> np.uint64(8))
                else:
                    block = blocks[np.uint64(code >> 7)]
                    entry = np.int64(entries[np.uint64(block + (code & 127))])
                    flags, size = entry & 7, store_char(out, q, code + (entry >> 3))
                if flags & 4:
                    return False
                e = put_edges(edges, e, q, inside, flags)
                inside = flags
                run = (run + 1) * (code < 0x80)
                q += size
                p += 1
        edges[e] = q
        e += inside > 0
        ends[d] = e
    return True

"""Where tokens begin and end in text, and the text in lower case."""

# SPDX-License-Identifier: BSD-3-Clause

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

#: Zero bytes that must follow a text, and room that must be left after what is
#: written: vectors of this many bytes are read and stored whole.
SLACK = 64

#: The byte that ends a document; it occurs nowhere in UTF-8.
END = 0xFF

#: Characters of ASCII in a row after which the vectors take over again.
CALM = 16

_BYTE = ir.IntType(8)
_WORD = ir.IntType(64)
_LANES = ir.VectorType(_BYTE, SLACK)


def _address(context, builder, kind, array, index, target):
    """Return a pointer of a kind of LLVM to ``array[index]``."""
    data = context.make_array(kind)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [index]), target.as_pointer())


@intrinsic
def copy_word(typing_context, source, p, target, q):
    """Copy the eight bytes from ``source[p]`` on to ``target[q]``."""
    signature = types.void(source, types.int64, target, types.int64)

    def codegen(context, builder, signature, args):
        kinds = signature.args
        where = _address(context, builder, kinds[0], args[0], args[1], _WORD)
        word = builder.load(where, align=1)
        where = _address(context, builder, kinds[2], args[2], args[3], _WORD)
        builder.store(word, where, align=1)
        return context.get_dummy_value()

    return signature, codegen


@intrinsic
def trailing_zeros(typing_context, word):
    """Return the number of the lowest bit that is set, 64 if none is."""
    signature = types.int64(types.uint64)

    def codegen(context, builder, signature, args):
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 0))

    return signature, codegen


@intrinsic
def lower_ascii(typing_context, text, p, out, q, ranges):
    """Lower 64 bytes of ASCII into ``out[q:]``; return two masks of 64 bits.

    The first tells which of the bytes may stand in a token, the second which
    are no ASCII at all (what was done to those means nothing).
    """
    signature = types.UniTuple(types.uint64, 2)(
        text, types.int64, out, types.int64, ranges
    )

    def codegen(context, builder, signature, args):
        text, p, out, q, ranges = args

        def spread(number):
            one = builder.insert_element(
                ir.Constant(_LANES, ir.Undefined), number, ir.IntType(32)(0)
            )
            zeros = ir.Constant(ir.VectorType(ir.IntType(32), SLACK), None)
            return builder.shuffle_vector(one, one, zeros)

        bounds = [
            spread(builder.trunc(builder.extract_value(ranges, k), _BYTE))
            for k in range(signature.args[4].count)
        ]

        def within(lanes, first, width):
            return builder.icmp_unsigned("<=", builder.sub(lanes, first), width)

        where = _address(context, builder, signature.args[0], text, p, _LANES)
        lanes = builder.load(where, align=1)
        nothing = ir.Constant(_LANES, None)
        high = builder.icmp_signed("<", lanes, nothing)
        first, width, shift = bounds[-3:]
        upper = within(lanes, first, width)
        lanes = builder.add(lanes, builder.select(upper, shift, nothing))
        where = _address(context, builder, signature.args[2], out, q, _LANES)
        builder.store(lanes, where, align=1)
        word = within(lanes, bounds[0], bounds[1])
        for k in range(2, len(bounds) - 3, 2):
            word = builder.or_(word, within(lanes, bounds[k], bounds[k + 1]))
        masks = [builder.bitcast(mask, _WORD) for mask in (word, high)]
        return context.make_tuple(builder, signature.return_type, masks)

    return signature, codegen


@numba.njit(cache=True, nogil=True, error_model="numpy")
def put_char(out, q, code):
    """Write one character as UTF-8 and return the place after it."""
    if code < 0x80:
        out[q] = code
        return q + 1
    if code < 0x800:
        out[q] = 0xC0 | (code >> 6)
        out[q + 1] = 0x80 | (code & 63)
        return q + 2
    if code < 0x10000:
        out[q] = 0xE0 | (code >> 12)
        out[q + 1] = 0x80 | ((code >> 6) & 63)
        out[q + 2] = 0x80 | (code & 63)
        return q + 3
    out[q] = 0xF0 | (code >> 18)
    out[q + 1] = 0x80 | ((code >> 12) & 63)
    out[q + 2] = 0x80 | ((code >> 6) & 63)
    out[q + 3] = 0x80 | (code & 63)
    return q + 4


@numba.njit(cache=True, nogil=True, error_model="numpy")
def find_edges(text, n_bytes, blocks, entries, ranges, out, edges, ends):
    """Lower a text and find where its runs of token characters begin and end.

    Parameters
    ----------
    text : ndarray of shape (n_bytes + 64,), uint8
        UTF-8 of documents, each followed by one byte 255.
    blocks, entries, ranges
        A CharTable.
    out : ndarray, uint8
        Receives the lowered text without the bytes 255.  No character grows to more
        than twice its bytes: 2 * n_bytes + 64 are enough.
    edges : ndarray of shape (n_bytes + 64,), int32
        Receives begin, end, begin, end, … of the runs, as places in `out`.
    ends : ndarray of shape (n_documents,), int32
        Receives the number of edges found up to the end of each document.

    Returns
    -------
    bool
        False where a character was met that only Python can lower.
    """
    p, q, e, d, inside = 0, 0, 0, 0, 0
    while p < n_bytes:
        word, high = lower_ascii(text, p, out, q, ranges)
        k = trailing_zeros(high)
        if k:
            keep = np.uint64(0xFFFFFFFFFFFFFFFF) >> np.uint64(64 - k)
            word &= keep
            turns = (word ^ (word << np.uint64(1) | np.uint64(inside))) & keep
            while turns:
                edges[e] = q + trailing_zeros(turns)
                e += 1
                turns &= turns - np.uint64(1)
            inside = np.int64(word >> np.uint64(k - 1))
            p += k
            q += k
        # The last byte is no ASCII, so this loop alone arrives at the end.
        calm = 0 if k < SLACK else CALM
        while calm < CALM:
            lead = np.int64(text[p])
            second = np.int64(text[p + 1]) & 63
            if lead < 0xE0:
                # No branch: where words end is too irregular to be foreseen.
                two = np.int64(lead >= 0x80)
                n = 1 + two
                code = lead + two * (((lead & 31) << 6 | second) - lead)
                calm = (calm + 1) * (1 - two)
            elif lead == END:
                edges[e] = q
                e += inside
                inside = 0
                ends[d] = e
                d += 1
                p += 1
                break
            else:
                calm = 0
                third = np.int64(text[p + 2]) & 63
                code = (lead & 15) << 12 | second << 6 | third
                n = 3
                if lead >= 0xF0:
                    fourth = np.int64(text[p + 3]) & 63
                    code = (code & 0x7FFF) << 6 | fourth
                    n = 4
            entry = np.int64(entries[blocks[code >> 7] + (code & 127)])
            if entry & 2:
                return False
            edges[e] = q
            e += inside ^ (entry & 1)
            inside = entry & 1
            shift = entry >> 2
            copy_word(text, p, out, q)
            if shift:
                n_put = put_char(out, q, code + shift) - q
            else:
                n_put = n
            q += n_put
            p += n
    return True


@numba.njit(cache=True, nogil=True, error_model="numpy")
def find_wide_edges(codes, stops, blocks, entries, out, edges, ends):
    """Do what `find_edges` does for documents given as code points.

    Parameters
    ----------
    codes : ndarray of shape (n_characters,), uint32
        The documents, end to end.
    stops : ndarray of shape (n_documents,), int64
        Where each document ends.
    blocks, entries, edges, ends
        As in `find_edges`; n_characters + n_documents + 64 edges are enough.
    out : ndarray, uint8
        Receives the lowered text as UTF-8: 4 * n_characters + 64 bytes are enough.

    Returns
    -------
    bool
        False where a character was met that only Python can lower.
    """
    p, q, e = 0, 0, 0
    for d in range(len(stops)):
        inside = 0
        while p < stops[d]:
            code = np.int64(codes[p])
            entry = np.int64(entries[blocks[code >> 7] + (code & 127)])
            if entry & 2:
                return False
            edges[e] = q
            e += inside ^ (entry & 1)
            inside = entry & 1
            code += entry >> 2
            if code < 0x800:
                # No branch: where words end is too irregular to be foreseen.
                two = np.int64(code >= 0x80)
                out[q] = code + two * ((0xC0 | code >> 6) - code)
                out[q + 1] = 0x80 | (code & 63)
                q += 1 + two
            else:
                q = put_char(out, q, code)
            p += 1
        edges[e] = q
        e += inside
        ends[d] = e
    return True

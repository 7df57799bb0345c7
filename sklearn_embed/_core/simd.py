"""Vectors of a fixed number of float32 for the inner loops of kernels.

The compiler's own vectoriser gives up where rows may overlap, and on some
processors takes half the register.  These few operations say what is meant.
"""

# SPDX-License-Identifier: BSD-3-Clause

from itertools import product

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, models, register_model

from sklearn_embed._core.compile import CONTRACTED, SIMD_WIDTH, inlined
from sklearn_embed._core.numeric import EXP, LOG1P

#: float32 numbers in a vector: those of one register.
WIDTH = SIMD_WIDTH

FLOAT = ir.FloatType()
VECTOR = ir.VectorType(FLOAT, WIDTH)
FLAGS = ("contract", "nsz", "reassoc")


class Vector(types.Type):
    """numba's type of a vector of WIDTH float32."""

    def __init__(self):
        super().__init__(name="vector")


VECTOR_TYPE = Vector()


@register_model(Vector)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, dmm, fe_type):
        super().__init__(dmm, fe_type, VECTOR)


def _pointer(context, builder, array_type, array, index):
    data = context.make_array(array_type)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [index]), VECTOR.as_pointer())


@intrinsic
def load(typing_context, array, index):
    """Return array[index : index + WIDTH]; neither wraps nor checks."""

    def codegen(context, builder, signature, args):
        pointer = _pointer(context, builder, signature.args[0], *args)
        return builder.load(pointer, align=4)

    return VECTOR_TYPE(array, types.int64), codegen


@intrinsic
def store(typing_context, array, index, vector):
    """Set array[index : index + WIDTH]; neither wraps nor checks."""

    def codegen(context, builder, signature, args):
        pointer = _pointer(context, builder, signature.args[0], *args[:2])
        builder.store(args[2], pointer, align=4)
        return context.get_dummy_value()

    return types.void(array, types.int64, VECTOR_TYPE), codegen


@intrinsic
def fill(typing_context, number):
    """Return a vector of one number."""

    def codegen(context, builder, signature, args):
        return _fill(builder, args[0])

    return VECTOR_TYPE(types.float32), codegen


def _fill(builder, number):
    undefined = ir.Constant(VECTOR, ir.Undefined)
    one = builder.insert_element(undefined, number, ir.Constant(ir.IntType(32), 0))
    places = ir.Constant(ir.VectorType(ir.IntType(32), WIDTH), [0] * WIDTH)
    return builder.shuffle_vector(one, undefined, places)


@intrinsic
def add_product(typing_context, total, a, b):
    """Return total + a * b."""

    def codegen(context, builder, signature, args):
        return _add_product(builder, *args)

    return VECTOR_TYPE(VECTOR_TYPE, VECTOR_TYPE, VECTOR_TYPE), codegen


@intrinsic
def add(typing_context, a, b):
    """Return a + b."""

    def codegen(context, builder, signature, args):
        return builder.fadd(*args, flags=FLAGS)

    return VECTOR_TYPE(VECTOR_TYPE, VECTOR_TYPE), codegen


@intrinsic
def multiply(typing_context, a, b):
    """Return a * b."""

    def codegen(context, builder, signature, args):
        return builder.fmul(*args, flags=FLAGS)

    return VECTOR_TYPE(VECTOR_TYPE, VECTOR_TYPE), codegen


@intrinsic
def subtract(typing_context, a, b):
    """Return a - b, never merged with a neighbouring sum."""

    def codegen(context, builder, signature, args):
        return builder.fsub(*args)

    return VECTOR_TYPE(VECTOR_TYPE, VECTOR_TYPE), codegen


@intrinsic
def divide(typing_context, a, b):
    """Return a / b."""

    def codegen(context, builder, signature, args):
        return builder.fdiv(*args, flags=FLAGS)

    return VECTOR_TYPE(VECTOR_TYPE, VECTOR_TYPE), codegen


@intrinsic
def least(typing_context, a, b):
    """Return the lesser of a and b; where b is NaN, NaN."""

    def codegen(context, builder, signature, args):
        a, b = args
        return builder.select(builder.fcmp_ordered("<", a, b), a, b)

    return VECTOR_TYPE(VECTOR_TYPE, VECTOR_TYPE), codegen


@intrinsic
def greatest(typing_context, a, b):
    """Return the greater of a and b; where b is NaN, NaN."""

    def codegen(context, builder, signature, args):
        a, b = args
        return builder.select(builder.fcmp_ordered(">", a, b), a, b)

    return VECTOR_TYPE(VECTOR_TYPE, VECTOR_TYPE), codegen


@intrinsic
def shift_exponent(typing_context, number):
    """Return 2 ** n of a number that holds n in its lowest bits (see ``exp``)."""

    def codegen(context, builder, signature, args):
        whole = ir.VectorType(ir.IntType(32), WIDTH)
        bits = builder.bitcast(args[0], whole)
        bits = builder.shl(bits, ir.Constant(whole, [23] * WIDTH))
        bits = builder.add(bits, ir.Constant(whole, [0x3F800000] * WIDTH))
        return builder.bitcast(bits, VECTOR)

    return VECTOR_TYPE(VECTOR_TYPE), codegen


@intrinsic
def zero_many(typing_context, like):
    """Return as many vectors of zeros as the tuple has numbers."""

    def codegen(context, builder, signature, args):
        return ir.Constant(ir.ArrayType(VECTOR, len(like)), None)

    return types.UniTuple(VECTOR_TYPE, len(like))(like), codegen


@intrinsic
def fill_many(typing_context, array, index, like):
    """Return one vector for each of the numbers that begin at array[index]."""

    def codegen(context, builder, signature, args):
        return _fill_many(context, builder, signature, args, len(like))

    return types.UniTuple(VECTOR_TYPE, len(like))(array, types.int64, like), codegen


def _fill_many(context, builder, signature, args, count):
    data = context.make_array(signature.args[0])(context, builder, args[0]).data
    vectors = []
    for o in range(count):
        at = builder.add(args[1], ir.Constant(ir.IntType(64), o))
        vectors.append(_fill(builder, builder.load(builder.gep(data, [at]))))
    return cgutils.pack_array(builder, vectors)


@intrinsic
def load_many(typing_context, array, index, like):
    """Return vectors that lie end to end from array[index] on."""

    def codegen(context, builder, signature, args):
        vectors = []
        for o in range(len(like)):
            at = builder.add(args[1], ir.Constant(ir.IntType(64), o * WIDTH))
            pointer = _pointer(context, builder, signature.args[0], args[0], at)
            vectors.append(builder.load(pointer, align=4))
        return cgutils.pack_array(builder, vectors)

    return types.UniTuple(VECTOR_TYPE, len(like))(array, types.int64, like), codegen


@intrinsic
def load_rows(typing_context, array, offsets, first, index, like):
    """Return the vectors at array[offsets[first + o] + index], one for each number."""

    def codegen(context, builder, signature, args):
        vectors = [
            builder.load(pointer, align=4)
            for pointer in _row_pointers(context, builder, signature, args, len(like))
        ]
        return cgutils.pack_array(builder, vectors)

    kind = types.UniTuple(VECTOR_TYPE, len(like))
    return kind(array, offsets, types.int64, types.int64, like), codegen


@intrinsic
def store_rows(typing_context, array, offsets, first, index, vectors):
    """Write the vectors to array[offsets[first + o] + index], the first one last."""

    def codegen(context, builder, signature, args):
        given = cgutils.unpack_tuple(builder, args[4])
        pointers = _row_pointers(context, builder, signature, args, len(given))
        for vector, pointer in zip(given[::-1], pointers[::-1], strict=True):
            builder.store(vector, pointer, align=4)
        return context.get_dummy_value()

    return types.void(array, offsets, types.int64, types.int64, vectors), codegen


def _row_pointers(context, builder, signature, args, count):
    data = context.make_array(signature.args[1])(context, builder, args[1]).data
    pointers = []
    for o in range(count):
        place = builder.add(args[2], ir.Constant(ir.IntType(64), o))
        at = builder.add(builder.load(builder.gep(data, [place])), args[3])
        pointers.append(_pointer(context, builder, signature.args[0], args[0], at))
    return pointers


@intrinsic
def load_each(typing_context, array, offsets, index):
    """Return the vectors at array[offset + index], for each offset of a tuple."""

    def codegen(context, builder, signature, args):
        vectors = [
            builder.load(pointer, align=4)
            for pointer in _each_pointer(context, builder, signature, args)
        ]
        return cgutils.pack_array(builder, vectors)

    kind = types.UniTuple(VECTOR_TYPE, len(offsets))
    return kind(array, offsets, types.int64), codegen


@intrinsic
def store_each(typing_context, array, offsets, index, vectors):
    """Write the vectors to array[offset + index], for each offset of a tuple."""

    def codegen(context, builder, signature, args):
        given = cgutils.unpack_tuple(builder, args[3])
        pointers = _each_pointer(context, builder, signature, args)
        for vector, pointer in zip(given, pointers, strict=True):
            builder.store(vector, pointer, align=4)
        return context.get_dummy_value()

    return types.void(array, offsets, types.int64, vectors), codegen


def _each_pointer(context, builder, signature, args):
    return [
        _pointer(context, builder, signature.args[0], args[0], builder.add(at, args[2]))
        for at in cgutils.unpack_tuple(builder, args[1])
    ]


@intrinsic
def add_products(typing_context, totals, a, vectors):
    """Return the tuple of totals[o] + a * vectors[o]."""

    def codegen(context, builder, signature, args):
        pairs = zip(
            cgutils.unpack_tuple(builder, args[0]),
            cgutils.unpack_tuple(builder, args[2]),
            strict=True,
        )
        moved = [_add_product(builder, total, args[1], v) for total, v in pairs]
        return cgutils.pack_array(builder, moved)

    return totals(totals, VECTOR_TYPE, vectors), codegen


@intrinsic
def add_dot(typing_context, total, vectors, others):
    """Return total + the sum of vectors[o] * others[o]."""

    def codegen(context, builder, signature, args):
        total = args[0]
        pairs = zip(
            cgutils.unpack_tuple(builder, args[1]),
            cgutils.unpack_tuple(builder, args[2]),
            strict=True,
        )
        for one, other in pairs:
            total = _add_product(builder, total, one, other)
        return total

    return VECTOR_TYPE(VECTOR_TYPE, vectors, others), codegen


@intrinsic
def zero_products(typing_context, inputs, like):
    """Return vectors of zeros: one for each input and each number of ``like``."""
    n = len(inputs) * len(like)

    def codegen(context, builder, signature, args):
        return ir.Constant(ir.ArrayType(VECTOR, n), None)

    return types.UniTuple(VECTOR_TYPE, n)(inputs, like), codegen


@intrinsic
def fill_products(typing_context, array, index, inputs, like):
    """Return vectors of one number each, as many as `zero_products`.

    The numbers begin at array[index].
    """
    n = len(inputs) * len(like)

    def codegen(context, builder, signature, args):
        return _fill_many(context, builder, signature, args, n)

    kind = types.UniTuple(VECTOR_TYPE, n)
    return kind(array, types.int64, inputs, like), codegen


@intrinsic
def add_pairwise(typing_context, totals, inputs, rows):
    """Return the tuple of totals[i * H + o] + inputs[i] * rows[o], of H rows."""

    def codegen(context, builder, signature, args):
        totals, inputs, rows = (cgutils.unpack_tuple(builder, arg) for arg in args)
        pairs = product(inputs, rows)
        moved = [
            _add_product(builder, total, x, row)
            for total, (x, row) in zip(totals, pairs, strict=True)
        ]
        return cgutils.pack_array(builder, moved)

    return totals(totals, inputs, rows), codegen


@intrinsic
def add_rows(typing_context, inputs, factors, rows):
    """Return the tuple of inputs[i] + sum of factors[i * H + o] * rows[o]."""

    def codegen(context, builder, signature, args):
        inputs, factors, rows = (cgutils.unpack_tuple(builder, arg) for arg in args)
        factors, moved = iter(factors), []
        for total in inputs:
            for row in rows:
                total = _add_product(builder, total, next(factors), row)
            moved.append(total)
        return cgutils.pack_array(builder, moved)

    return inputs(inputs, factors, rows), codegen


@intrinsic
def add_inputs(typing_context, rows, factors, inputs):
    """Return the tuple of rows[o] + sum of factors[i * H + o] * inputs[i]."""

    def codegen(context, builder, signature, args):
        rows, factors, inputs = (cgutils.unpack_tuple(builder, arg) for arg in args)
        factors = iter(factors)
        for x in inputs:
            rows = [_add_product(builder, row, x, next(factors)) for row in rows]
        return cgutils.pack_array(builder, rows)

    return rows(rows, factors, inputs), codegen


def _add_product(builder, total, a, b):
    return builder.fadd(total, builder.fmul(a, b, flags=FLAGS), flags=FLAGS)


@intrinsic
def total(typing_context, vector):
    """Return the sum of a vector's numbers."""

    def codegen(context, builder, signature, args):
        i32, (vector,), n = ir.IntType(32), args, WIDTH
        while n > 1:
            n //= 2
            halves = [
                builder.shuffle_vector(
                    vector,
                    ir.Constant(vector.type, ir.Undefined),
                    ir.Constant(ir.VectorType(i32, n), [*range(first, first + n)]),
                )
                for first in (0, n)
            ]
            vector = builder.fadd(*halves, flags=FLAGS)
        return builder.extract_element(vector, ir.Constant(i32, 0))

    return types.float32(VECTOR_TYPE), codegen


@intrinsic
def store_sums(typing_context, array, index, vectors):
    """Write the sum of each vector of a tuple; their number is rounded up to WIDTH."""
    count = len(vectors)

    def codegen(context, builder, signature, args):
        given = cgutils.unpack_tuple(builder, args[2], count)
        for first in range(0, count, WIDTH):
            group = given[first : first + WIDTH]
            group += [ir.Constant(VECTOR, None)] * (WIDTH - len(group))
            sums = _sums(builder, group)
            at = builder.add(args[1], ir.Constant(ir.IntType(64), first))
            pointer = _pointer(context, builder, signature.args[0], args[0], at)
            builder.store(sums, pointer, align=4)
        return context.get_dummy_value()

    return types.void(array, types.int64, vectors), codegen


def _sums(builder, group):
    """Add up WIDTH vectors side by side: each round halves parts and vectors."""
    part = WIDTH
    while len(group) > 1:
        half = part // 2
        low = [at + k for at in range(0, 2 * WIDTH, part) for k in range(half)]
        masks = [
            ir.Constant(ir.VectorType(ir.IntType(32), WIDTH), places)
            for places in (low, [place + half for place in low])
        ]
        group = [
            builder.fadd(*(builder.shuffle_vector(a, b, m) for m in masks), flags=FLAGS)
            for a, b in zip(group[::2], group[1::2], strict=True)
        ]
        part = half
    return group[0]


# Without ``fastmath`` of its own a function takes its caller's, which would put its
# flags on ``subtract`` too.


@inlined(fastmath=CONTRACTED)
def exp(x):
    """Return exp(x) and exp(-x) for x within [-87, 87], to 3e-7; NaN stays NaN.

    Adding 1.5 * 2**23 leaves the nearest integer n to x / log(2) in the lowest
    bits; what remains, r, goes into the series, its even and odd part apart.
    """
    rounding = fill(np.float32(12582912))
    shifted = add_product(rounding, x, fill(np.float32(1.44269504)))
    back = subtract(shifted, rounding)
    r = add_product(x, back, fill(np.float32(-0.69314718)))
    square = multiply(r, r)
    odd = add_product(fill(EXP[1]), square, fill(EXP[3]))
    odd = multiply(r, add_product(fill(np.float32(1)), square, odd))
    even = add_product(fill(EXP[0]), square, fill(EXP[2]))
    even = add_product(fill(np.float32(1)), square, even)
    up = multiply(add(even, odd), shift_exponent(shifted))
    down = multiply(subtract(even, odd), shift_exponent(subtract(rounding, back)))
    return up, down


@inlined(fastmath=CONTRACTED)
def log1p(x):
    """Return log(1 + x) for x in [0, 1], to 2e-7; NaN stays NaN."""
    y = fill(LOG1P[8])
    y = add_product(fill(LOG1P[7]), y, x)
    y = add_product(fill(LOG1P[6]), y, x)
    y = add_product(fill(LOG1P[5]), y, x)
    y = add_product(fill(LOG1P[4]), y, x)
    y = add_product(fill(LOG1P[3]), y, x)
    y = add_product(fill(LOG1P[2]), y, x)
    y = add_product(fill(LOG1P[1]), y, x)
    y = add_product(fill(LOG1P[0]), y, x)
    return multiply(y, x)

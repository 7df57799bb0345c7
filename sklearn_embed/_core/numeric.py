"""What kernels share: counter-based random bits, prefetch, exp and log1p."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array

from sklearn_embed._core.compile import inlined, spliced


@spliced
def hash64(seed, counter):
    """Return 64 well-mixed bits for one counter under one seed (SplitMix64).

    Steele, Lea and Flood (2014), "Fast splittable pseudorandom number generators".
    """
    z = np.uint64(seed) + np.uint64(counter) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@intrinsic(prefer_literal=True)
def stack_array(typing_context, like, n):
    """Return an array of n numbers like the first one, which lasts as long as a call.

    ``n`` is a constant of the source.  Nothing is allocated, and nothing compiled for
    an allocation.
    """
    if not isinstance(n, types.IntegerLiteral):
        return None
    array = types.Array(types.unliteral(like), 1, "C")

    def codegen(context, builder, signature, args):
        kind = context.get_data_type(array.dtype)
        data = cgutils.alloca_once(builder, kind, size=n.literal_value)
        made = context.make_array(array)(context, builder)
        size = context.get_constant(types.intp, context.get_abi_sizeof(kind))
        shape = context.get_constant(types.intp, n.literal_value)
        populate_array(
            made, data=data, shape=[shape], strides=[size], itemsize=size, meminfo=None
        )
        return made._getvalue()

    return array(like, n), codegen


@intrinsic
def prefetch(typing_context, array, index):
    """Ask for the cache line that holds ``array[index]``; changes nothing."""
    return _prefetch(array, index, (1, 3, 1))  # to write, as near as can be


@intrinsic
def prefetch_to_read(typing_context, array, index):
    """Ask for a cache line that is not written: other processors keep theirs."""
    return _prefetch(array, index, (0, 3, 1))


@intrinsic
def prefetch_l2(typing_context, array, index):
    """Ask for a cache line without driving out what lies in the nearest cache.

    For more lines than that holds.  To be the only owner of a line, which writing
    takes, is not asked for: some processors make that a second, slower request.
    """
    return _prefetch(array, index, (0, 2, 1))


def _prefetch(array, index, numbers):
    signature = types.void(array, index)

    def codegen(context, builder, signature, args):
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        address = builder.gep(data, [args[1]])
        byte = ir.IntType(8).as_pointer()
        i32 = ir.IntType(32)
        # Named by the pointer's kind: LLVM renames the intrinsic to its own taste.
        kind = ir.FunctionType(ir.VoidType(), [byte, i32, i32, i32])
        function = cgutils.get_or_insert_function(
            builder.module, kind, "llvm.prefetch.p0"
        )
        arguments = [ir.Constant(i32, number) for number in numbers]
        builder.call(function, [builder.bitcast(address, byte), *arguments])
        return context.get_dummy_value()

    return signature, codegen


# Polynomials, since the C library's expf and log1pf take one number at a time:
# log1p(exp(-x)) takes 11 ns a number with them and .2 ns in vector code of these (.4 ns
# with 8 numbers in a vector).  Other coefficients would change the last bits of every
# model.  `tests/test_simd.py` computes them again and holds them to their bounds.

#: exp(r) is 1 + r + these times r**2, r**3, r**4 and r**5, to 2.1e-7 of it, for |r| up
#: to log(2) / 2: the polynomial through exp at that interval's six Chebyshev nodes, but
#: for its first two coefficients, 1.00000008 and 1.00000001.
EXP = tuple(
    map(np.float32, (4.999886938e-1, 1.666650526e-1, 4.191750725e-2, 8.369148490e-3))
)

#: log(1 + x) is these times x, x**2, …, x**9, to 7.9e-8 of it, for x from 0 to 1: x
#: times the polynomial through log(1 + x) / x at that interval's nine Chebyshev nodes.
LOG1P = tuple(
    np.float32(c)
    for c in (
        9.99999966e-1,
        -4.9999445e-1,
        3.33181217e-1,
        -2.4835399e-1,
        1.90768807e-1,
        -1.36022476e-1,
        7.7516087e-2,
        -2.9074028e-2,
        5.126102e-3,
    )
)


@inlined(fastmath={"contract", "nsz"})
def decay(x):
    """Return exp(-x) for a float32 x >= 0, to 3e-7; NaN stays NaN.

    Branch-free, so that a loop over it becomes vector code.  Reassociation is
    off: adding and taking away ``1.5 * 2**23`` is what rounds to an integer.
    """
    x = np.float32(87) if x > np.float32(87) else x
    shifted = x * np.float32(-1.44269504) + np.float32(12582912)
    r = -x - (shifted - np.float32(12582912)) * np.float32(0.69314718)
    y = EXP[3]
    y = y * r + EXP[2]
    y = y * r + EXP[1]
    y = y * r + EXP[0]
    y = y * r + np.float32(1.0)
    y = y * r + np.float32(1.0)
    power = (np.float32(shifted).view(np.int32) << 23) + 0x3F800000
    return y * np.int32(power).view(np.float32)


@inlined(fastmath={"contract", "nsz"})
def log1p_unit(x):
    """Return log(1 + x) for a float32 x in [0, 1], to 2e-7; NaN stays NaN."""
    y = LOG1P[8]
    y = y * x + LOG1P[7]
    y = y * x + LOG1P[6]
    y = y * x + LOG1P[5]
    y = y * x + LOG1P[4]
    y = y * x + LOG1P[3]
    y = y * x + LOG1P[2]
    y = y * x + LOG1P[1]
    y = y * x + LOG1P[0]
    return y * x

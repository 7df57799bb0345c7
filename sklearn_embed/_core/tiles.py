"""Products with a matrix that many products share: packed once, summed in order.

A library for matrices packs both factors at every call, which costs as much as the
product where one of them has a few rows, as at each step of a recurrent network.  Here
the shared factor is packed beforehand, in panels of `COLUMNS` columns, and some rows
times one panel are summed in registers.  Large products are cut such that what is read
again and again stays in the cache.

Each number of the product is one sum over k = 0, 1, 2, …, whichever rows and columns
are computed beside it, so that a row of the result depends on its own row alone.
"""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
from llvmlite import binding, ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from sklearn_embed._core.arrays import readonly
from sklearn_embed._core.compile import inner, kernel
from sklearn_embed._core.simd import VECTOR, VECTOR_TYPE, WIDTH

#: Columns of a panel: two vectors.
COLUMNS = 2 * WIDTH

#: Rows that are summed at once; the sums of the tallest tile fill the registers.
HEIGHTS = (10, 4, 2, 1) if WIDTH == 16 else (6, 4, 2, 1)

#: Numbers of a sum, and panels, that are multiplied while they stay in the cache.
DEPTH, GROUP = 256, 8

_I64, _I32 = ir.IntType(64), ir.IntType(32)


def _has_fma():
    """Tell whether a product and a sum are one instruction: a call, where not."""
    features = binding.get_host_cpu_features()
    is_x86 = binding.get_process_triple().startswith(("x86", "i386", "i686"))
    return bool(features.get("fma", False)) if is_x86 else True


_FMA = _has_fma()


def _mask(builder, n):
    """Return which lanes of a vector are below n."""
    kind = ir.VectorType(_I64, WIDTH)
    lanes = ir.Constant(kind, list(range(WIDTH)))
    return builder.icmp_signed("<", lanes, _spread(builder, n, kind))


def _spread(builder, value, kind):
    undefined = ir.Constant(kind, ir.Undefined)
    one = builder.insert_element(undefined, value, ir.Constant(_I32, 0))
    places = ir.Constant(ir.VectorType(_I32, kind.count), [0] * kind.count)
    return builder.shuffle_vector(one, undefined, places)


def _masked_load(builder, pointer, mask):
    kind = ir.FunctionType(VECTOR, [pointer.type, _I32, mask.type, VECTOR])
    name = f"llvm.masked.load.v{WIDTH}f32.p0"
    load = cgutils.get_or_insert_function(builder.module, kind, name)
    zeros = ir.Constant(VECTOR, None)
    return builder.call(load, [pointer, ir.Constant(_I32, 4), mask, zeros])


def _masked_store(builder, value, pointer, mask):
    kind = ir.FunctionType(ir.VoidType(), [VECTOR, pointer.type, _I32, mask.type])
    name = f"llvm.masked.store.v{WIDTH}f32.p0"
    store = cgutils.get_or_insert_function(builder.module, kind, name)
    builder.call(store, [value, pointer, ir.Constant(_I32, 4), mask])


def _data(context, builder, signature, args, place):
    array = context.make_array(signature.args[place])(context, builder, args[place])
    return array.data


def _at(builder, data, index):
    return builder.bitcast(builder.gep(data, [index]), VECTOR.as_pointer())


@intrinsic
def load_part(typing_context, array, index, n):
    """Return a vector of array[index : index + n], zeros behind; n may exceed it."""

    def codegen(context, builder, signature, args):
        pointer = _at(builder, _data(context, builder, signature, args, 0), args[1])
        return _masked_load(builder, pointer, _mask(builder, args[2]))

    return VECTOR_TYPE(array, types.int64, types.int64), codegen


@intrinsic
def store_part(typing_context, array, index, vector, n):
    """Set array[index : index + n] to the first n numbers of a vector."""

    def codegen(context, builder, signature, args):
        pointer = _at(builder, _data(context, builder, signature, args, 0), args[1])
        _masked_store(builder, args[2], pointer, _mask(builder, args[3]))
        return context.get_dummy_value()

    return types.void(array, types.int64, VECTOR_TYPE, types.int64), codegen


def _fused(builder, a, b, c):
    """Return a * b + c, rounded alike in every tile."""
    if not _FMA:
        return builder.fadd(builder.fmul(a, b), c)
    kind = ir.FunctionType(VECTOR, [VECTOR] * 3)
    name = f"llvm.fma.v{WIDTH}f32"
    fma = cgutils.get_or_insert_function(builder.module, kind, name)
    return builder.call(fma, [a, b, c])


def _sum_up(builder, k, begun, add):
    """Return vectors after ``add(i, vectors)`` was done for i = 0, 1, …, k - 1."""
    before = builder.block
    loop, end = (builder.append_basic_block(name) for name in ("tile", "done"))
    some = builder.icmp_signed(">", k, ir.Constant(_I64, 0))
    builder.cbranch(some, loop, end)
    builder.position_at_end(loop)
    i = builder.phi(_I64)
    i.add_incoming(ir.Constant(_I64, 0), before)
    totals = [builder.phi(VECTOR) for _ in begun]
    moved = add(i, totals)
    following = builder.add(i, ir.Constant(_I64, 1))
    i.add_incoming(following, loop)
    for total, first, next_ in zip(totals, begun, moved, strict=True):
        total.add_incoming(first, before)
        total.add_incoming(next_, loop)
    more = builder.icmp_signed("<", following, k)
    builder.cbranch(more, loop, end)
    builder.position_at_end(end)
    results = [builder.phi(VECTOR) for _ in begun]
    for result, first, last in zip(results, begun, moved, strict=True):
        result.add_incoming(first, before)
        result.add_incoming(last, loop)
    return results


def _make_tile(height):
    """Return an intrinsic that adds the product of some rows and a panel.

    ``tile(left, rows, panels, panel, k, out, to, width, n)``, with ``rows`` the tuple
    first, stride, step: `height` rows of k numbers, which begin at left[first],
    left[first + stride], … and go on by `step`, times the panel at panels[panel], are
    added to the first n columns at out[to], out[to + width], ….  Nothing is checked.
    """

    @intrinsic
    def tile(typing_context, left, rows, panels, panel, k, out, to, width, n):
        whole = types.int64
        three = types.UniTuple(whole, 3)
        signature = types.void(
            left, three, panels, whole, whole, out, whole, whole, whole
        )

        def codegen(context, builder, signature, args):
            _, rows, _, panel, k, _, to, width, n = args
            first, stride, step = cgutils.unpack_tuple(builder, rows, 3)
            left, panels, out = (
                _data(context, builder, signature, args, place) for place in (0, 2, 5)
            )

            def place(base, step, number):
                return builder.add(base, builder.mul(step, ir.Constant(_I64, number)))

            rows = [place(first, stride, r) for r in range(height)]
            masks = [
                _mask(builder, builder.sub(n, ir.Constant(_I64, WIDTH * v)))
                for v in (0, 1)
            ]
            targets = [
                _at(
                    builder,
                    out,
                    place(place(to, width, r), ir.Constant(_I64, WIDTH), v),
                )
                for r in range(height)
                for v in (0, 1)
            ]
            sums = [
                _masked_load(builder, target, masks[number % 2])
                for number, target in enumerate(targets)
            ]

            def add(i, totals):
                at = place(panel, i, COLUMNS)
                columns = [
                    builder.load(
                        _at(builder, panels, place(at, ir.Constant(_I64, WIDTH), v)),
                        align=4,
                    )
                    for v in (0, 1)
                ]
                moved, along = [], builder.mul(i, step)
                for r, row in enumerate(rows):
                    number = builder.load(builder.gep(left, [builder.add(row, along)]))
                    factor = _spread(builder, number, VECTOR)
                    for v in (0, 1):
                        total = totals[2 * r + v]
                        moved.append(_fused(builder, factor, columns[v], total))
                return moved

            results = _sum_up(builder, k, sums, add)
            for number, (target, value) in enumerate(
                zip(targets, results, strict=True)
            ):
                _masked_store(builder, value, target, masks[number % 2])
            return context.get_dummy_value()

        return signature, codegen

    return tile


_tall, _four, _two, _one = map(_make_tile, HEIGHTS)
_HEIGHT = HEIGHTS[0]


@inner(fastmath=())
def _add_panel(left, rows, n_rows, panels, panel, k, out, to, width, n):
    """Add the product of some rows and a panel; see `_make_tile`."""
    first, stride, step = rows
    r = np.int64(0)
    while r + _HEIGHT <= n_rows:
        some = (first + r * stride, stride, step)
        _tall(left, some, panels, panel, k, out, to + r * width, width, n)
        r += _HEIGHT
    while r + 4 <= n_rows:
        some = (first + r * stride, stride, step)
        _four(left, some, panels, panel, k, out, to + r * width, width, n)
        r += 4
    while r + 2 <= n_rows:
        some = (first + r * stride, stride, step)
        _two(left, some, panels, panel, k, out, to + r * width, width, n)
        r += 2
    if r < n_rows:
        some = (first + r * stride, stride, step)
        _one(left, some, panels, panel, k, out, to + r * width, width, n)


@inner(fastmath=())
def add_product(left, first, n_rows, panels, out, to, width):
    """Add left @ packed matrix to some rows of another one.

    Parameters
    ----------
    left : ndarray, float32
        Its rows have as many numbers as the panels have rows.
    first, n_rows : int64
        Where the first row begins in `left`, and how many there are.
    panels : ndarray of shape (n_panels, k, COLUMNS), float32
        See `pack`.
    out : ndarray, float32
        Changed in place.
    to, width : int64
        Where the first row begins in `out`, and how many numbers a row has.
    """
    k = np.int64(panels.shape[1])
    rows = (np.int64(first), k, np.int64(1))
    for p in range(panels.shape[0]):
        column = p * COLUMNS
        _add_panel(
            left, rows, n_rows, panels, p * k * COLUMNS, k, out, to + column, width,
            width - column,
        )  # fmt: skip


@kernel(allocates=False)
def _pack(matrix, transposed, panels):
    k = panels.shape[1]
    there = matrix.shape[0] if transposed else matrix.shape[1]
    for p in range(panels.shape[0]):
        first = p * COLUMNS
        n = min(COLUMNS, there - first)
        for i in range(k):
            if transposed:
                for j in range(n):
                    panels[p, i, j] = matrix[first + j, i]
            else:
                for j in range(n):
                    panels[p, i, j] = matrix[i, first + j]
            for j in range(n, COLUMNS):
                panels[p, i, j] = np.float32(0)


@kernel(allocates=False)
def _multiply(left, stride, step, panels, out):
    """Add a product; rows of the left factor and numbers of a row are so far apart."""
    n_rows, width, whole = out.shape[0], out.shape[1], np.int64(panels.shape[1])
    for begin in range(0, whole, DEPTH):
        k = min(DEPTH, whole - begin)
        for group in range(0, panels.shape[0], GROUP):
            last = min(group + GROUP, panels.shape[0])
            for row in range(0, n_rows, _HEIGHT):
                n = min(_HEIGHT, n_rows - row)
                some = (begin * step + row * stride, stride, step)
                for p in range(group, last):
                    column = p * COLUMNS
                    panel, to = (p * whole + begin) * COLUMNS, row * width + column
                    _add_panel(
                        left, some, n, panels, panel, k, out, to, width, width - column
                    )


def shape_of_panels(k, n):
    """Return the shape that `pack` gives k rows and n columns."""
    return -(-n // COLUMNS), k, COLUMNS


def new_panels(k, n):
    """Return memory for `pack` of k rows and n columns."""
    return np.empty(shape_of_panels(k, n), np.float32)


def pack(matrix, transposed=False, panels=None):
    """Return a float32 matrix, C-contiguous, as panels of columns, padded by zeros.

    Parameters
    ----------
    matrix : ndarray of shape (k, n), or (n, k) if transposed, float32
        The right factor of products to come.
    transposed : bool, default=False
        Whether its transpose is that.
    panels : ndarray or None, default=None
        From `new_panels`, overwritten; None: made anew.
    """
    n, k = matrix.shape if transposed else matrix.shape[::-1]
    panels = new_panels(k, n) if panels is None else panels
    _pack(readonly(matrix), transposed, panels)
    return panels


def multiply_packed(left, panels, out, transposed=False):
    """Add left @ packed matrix to ``out``; all C-contiguous float32.

    With `transposed`, the left factor is the transpose of ``left``.
    """
    n_rows, k = left.shape[::-1] if transposed else left.shape
    if k != panels.shape[1] or out.shape[0] != n_rows:
        raise ValueError(f"shapes {left.shape}, {panels.shape}, {out.shape}")
    if -(-out.shape[1] // COLUMNS) != panels.shape[0]:
        raise ValueError(f"shapes {left.shape}, {panels.shape}, {out.shape}")
    stride, step = (1, n_rows) if transposed else (k, 1)
    _multiply(left, stride, step, panels, out)

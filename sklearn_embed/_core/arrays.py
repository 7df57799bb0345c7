"""Arrays as kernels take them: aligned, padded, read-only."""

# SPDX-License-Identifier: BSD-3-Clause

import math

import numpy as np

from sklearn_embed._core.compile import kernel

#: Bytes of a cache line, and the alignment of every matrix that kernels change.
LINE = 64

#: Numbers (float32) in a cache line; rows are padded to a multiple of it.
LINE_FLOATS = LINE // 4
LANES = LINE_FLOATS  # its former name, until nothing asks for it

#: No machine has more.
MOST_BYTES = 2**60


def padded_width(n_columns):
    """Round a number of columns up to whole cache lines of float32."""
    return -(-n_columns // LINE_FLOATS) * LINE_FLOATS


def aligned_zeros(shape, dtype=np.float32):
    """Return zeros whose first element begins a cache line."""
    size = math.prod(map(int, shape if np.ndim(shape) else (shape,)))
    size *= np.dtype(dtype).itemsize
    if size > MOST_BYTES:  # numpy says ValueError there, or counts round to less
        raise MemoryError(f"Unable to allocate {size:.3g} bytes")
    buffer = np.zeros(size + LINE, np.uint8)
    start = -buffer.ctypes.data % LINE
    return buffer[start : start + size].view(dtype).reshape(shape)


def readonly(array, dtype=None):
    """Return a C-contiguous, aligned, read-only view (a copy only where needed).

    numba compiles a kernel anew for every kind of array.  What a kernel never changes
    is given to it in this form, so that a memory map, a slice of one and an ordinary
    array all meet the same compiled version.
    """
    view = np.require(np.asarray(array), dtype, ["C", "A"]).view(np.ndarray)
    view = view[...]
    view.flags.writeable = False
    return view


def padded_zeros(n_rows, width):
    """Return float32 zeros for kernels: whole cache lines a row, aligned."""
    return aligned_zeros((n_rows, padded_width(width)))


def draw_rows(matrix, width, bound, rng):
    """Fill the first columns of a matrix with numbers between -bound and bound."""
    step = 4096
    for first in range(0, len(matrix), step):
        part = matrix[first : first + step, :width]
        numbers = rng.random(part.shape, np.float32)
        np.subtract(numbers, np.float32(0.5), out=numbers)
        np.multiply(numbers, np.float32(2 * bound), out=part)


def padded(matrix):
    """Copy a matrix into one for kernels."""
    out = padded_zeros(*matrix.shape)
    out[:, : matrix.shape[1]] = matrix
    return out


def stripped(matrix, width, in_place=False):
    """Return the first ``width`` columns as a C-contiguous matrix.

    ``in_place`` moves the rows together within their own memory, so that the end of
    a fit needs no second matrix; ``matrix`` is then used up.
    """
    n_rows, stride = matrix.shape
    if not in_place:
        return np.ascontiguousarray(matrix[:, :width])
    if width == stride:
        return matrix
    flat = matrix.reshape(-1)
    step = 4096
    for first in range(0, n_rows, step):
        rows = matrix[first : first + step, :width].copy()
        flat[first * width : first * width + rows.size] = rows.ravel()
    return flat[: n_rows * width].reshape(n_rows, width)


@kernel(allocates=False)
def put_rows(matrix, rows, values):
    """Overwrite the first columns of some rows.

    Parameters
    ----------
    matrix : ndarray of shape (V, D), float32
        Changed in place.
    rows : ndarray of shape (n,), int32
        Which rows.
    values : ndarray of shape (n, d), float32
        d <= D.
    """
    for n in range(len(rows)):
        i = rows[n]
        for d in range(values.shape[1]):
            matrix[i, d] = values[n, d]

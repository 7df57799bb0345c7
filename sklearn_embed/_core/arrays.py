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


def draw_rows(matrix, width, bound, rng, skip=0):
    """Fill the first columns of a matrix with numbers between -bound and bound.

    With ``skip``, those of a new Generator of NumPy's default that rows after so many
    others would get.
    """
    step, skipped = 4096, skip * width
    if skipped:
        rng.bit_generator.advance(skipped // 2)  # 64 bits are two numbers
        rng.random(skipped % 2, np.float32)
    for first in range(0, len(matrix), step):
        part = matrix[first : first + step, :width]
        numbers = rng.random(part.shape, np.float32)
        np.subtract(numbers, np.float32(0.5), out=numbers)
        np.multiply(numbers, np.float32(2 * bound), out=part)


class Room(np.ndarray):
    """Memory that an array may grow into; nothing else is kept there."""


def grown(array, n_rows, at=None, n_at=0, fresh=False):
    """Return an array that has more rows than another, the new ones zeros.

    It is the same memory where the other has room behind it, which is made as soon as
    there is none, so that rows can be added one by one.  Nobody else may then add rows
    to the same array.

    Parameters
    ----------
    array : ndarray
        One axis or two.
    n_rows : int
        No less than it has.
    at, n_at : int
        Where new rows stand, and how many of them; all others stand at the end.
    fresh : bool, default=False
        Whether other memory is taken in any case.
    """
    n, each = len(array), array.itemsize * math.prod(array.shape[1:])
    shape, room = (n_rows, *array.shape[1:]), array.base
    if isinstance(room, Room) and not n_at and not fresh and array.flags.writeable:
        place = array.ctypes.data - room.ctypes.data
        if place + n_rows * each <= len(room):
            out = np.ndarray(shape, array.dtype, room, place)
            out[n:] = 0
            return out
    out = _roomy(shape, n_rows + n_rows // 2, array.dtype)
    cut = at if n_at else n
    out[:cut], out[cut : cut + n_at] = array[:cut], 0
    out[cut + n_at : n + n_at], out[n + n_at :] = array[cut:], 0
    return out


def _roomy(shape, n_most, dtype):
    """Return an array, not written to, that may grow to so many rows."""
    # Pages that are not written to cost nothing.
    size = n_most * np.dtype(dtype).itemsize * math.prod(shape[1:])
    if size > MOST_BYTES:
        raise MemoryError(f"Unable to allocate {size:.3g} bytes")
    room = Room(size + LINE, np.uint8)
    return np.ndarray(shape, dtype, room, -room.ctypes.data % LINE)


def roomy_zeros(n_rows, width):
    """Return what `padded_zeros` does, with room for an eighth more rows."""
    out = _roomy((n_rows, padded_width(width)), n_rows + n_rows // 8, np.float32)
    out[:] = 0
    return out


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

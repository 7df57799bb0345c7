"""Arrays that grow at their end: in memory, or in a file that nobody has to remove."""

# SPDX-License-Identifier: BSD-3-Clause

import errno
import mmap
import tempfile
from contextlib import contextmanager, suppress

import numpy as np

#: Bytes that a Spool keeps in memory before it goes to a file.
IN_MEMORY = 1 << 27

#: Bytes of a large page, and from which on a Growing takes such pages, where it can.
PAGE = 1 << 21


class Growing:
    """A one-dimensional array that is appended to.

    Parameters
    ----------
    dtype : dtype
        Of its elements.
    """

    def __init__(self, dtype):
        self._array, self._pages = np.empty(0, dtype), None
        self._dtype = np.dtype(dtype)
        self.used = 0

    def append(self, values):
        """Add values at the end."""
        end = self.used + len(values)
        if end > len(self._array):
            # Reallocated in place where the system can, so by small steps; of whole
            # pages, since the system cuts large ones if only a part of one is wanted.
            size = (end + end // 8) * self._dtype.itemsize
            self._resize(size if size < PAGE else -(-size // PAGE) * PAGE)
        self._array[self.used : end] = values
        self.used = end

    def add_to_last(self, value):
        """Add to the number that stands at the end."""
        self._array[self.used - 1] += value

    def result(self):
        """Return what was added; nothing can be added any more."""
        self._resize(self.used * self._dtype.itemsize)
        array, self._array = self._array, None
        return array

    def _resize(self, n_bytes):
        if self._pages is None:
            if n_bytes < PAGE or not hasattr(mmap, "MADV_HUGEPAGE"):
                self._array.resize(n_bytes // self._dtype.itemsize, refcheck=False)
                return
            self._pages = large_pages(n_bytes)
            moved = np.frombuffer(self._pages, self._dtype)
            moved[: self.used] = self._array[: self.used]
            self._array = moved
            return
        self._array = None  # nobody may look at pages that the system moves
        with memory_errors(n_bytes):
            self._pages.resize(n_bytes)
        self._array = np.frombuffer(self._pages, self._dtype)


def large_pages(n_bytes):
    """Return memory that comes in large pages, if the system has any (Linux).

    Small ones cost more than what is written to them, and this memory moves without
    a copy when it grows.
    """
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
    with memory_errors(n_bytes):
        pages = mmap.mmap(-1, n_bytes, flags=flags)
    with suppress(OSError):  # a system without
        pages.madvise(mmap.MADV_HUGEPAGE)
    return pages


class Spool:
    """A Growing that moves to a temporary file when it has become large.

    The file has no name from the beginning, so that it disappears with the last
    array over it, even if the process is killed.

    Parameters
    ----------
    dtype : dtype
        Of its elements.
    """

    def __init__(self, dtype):
        self._memory, self._file = Growing(dtype), None
        self._dtype = np.dtype(dtype)
        self.used = 0

    def append(self, values):
        """Add values at the end."""
        values = np.ascontiguousarray(values, self._dtype)
        self.used += len(values)
        if self._file is None:
            self._memory.append(values)
            if self.used * self._dtype.itemsize > IN_MEMORY:
                self._file = tempfile.TemporaryFile(prefix="sklearn_embed")
                self._file.write(self._memory.result())
                self._memory = None
        else:
            self._file.write(values)

    def result(self):
        """Return what was added, as a memory map if it is large."""
        if self._file is None:
            return self._memory.result()
        with self._file as file:
            file.flush()
            # Not numpy.memmap: joblib would look for the file by its name.
            with memory_errors(self.used * self._dtype.itemsize):
                mapped = mmap.mmap(file.fileno(), 0)
        return np.frombuffer(mapped, self._dtype)


def pages(n_items, dtype):
    """Return an array of zeros whose memory goes back to the system with it.

    What malloc is given back it often keeps, and the fit that follows has no use for
    it.  A page that nothing was written to takes no memory.
    """
    n_bytes = max(1, n_items * np.dtype(dtype).itemsize)
    with memory_errors(n_bytes):
        return np.frombuffer(mmap.mmap(-1, n_bytes), dtype, n_items)


@contextmanager
def memory_errors(n_bytes):
    """Turn the OSError with which a memory map tells that memory is short."""
    try:
        yield
    except OSError as error:
        if error.errno != errno.ENOMEM:
            raise
        raise MemoryError(f"Unable to allocate {n_bytes / 2**20:.1f} MiB.") from None

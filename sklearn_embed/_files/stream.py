"""Bytes of a file, decompressed on the way, with a position and bounded memory."""

# SPDX-License-Identifier: BSD-3-Clause

import lzma
import os
import zipfile
import zlib

import numpy as np

from sklearn_embed._files.errors import VectorFileError

#: Bytes that one read asks for at most, whatever a header says.
PIECE = 1 << 24

# Bytes between two rows that are read rather than jumped over, and bytes read at once
# where nothing can be jumped over.
_NEAR, _AT_ONCE = 1 << 14, 1 << 20

# Text and float32 numbers shrink 2 to 5 times; a bomb, 1000 times and more.
_BOMB_RATIO = 400
_BOMB_BYTES = 1 << 26

#: What decompressing damaged data raises.
DAMAGED = (
    EOFError,
    OSError,
    zlib.error,
    lzma.LZMAError,
    zipfile.BadZipFile,
    NotImplementedError,
    RuntimeError,
    ValueError,
)


class Source:
    """A stream of bytes with lookahead and a position.

    Parameters
    ----------
    stream : binary file
        Read from its present position on.
    name : str
        For messages.
    size : int or None
        Bytes in all, None where it is unknown (compressed files, pipes).
    packed : tuple of (callable, int) or None
        For compressed files: a function that returns how many of their bytes have been
        read, and how many there are.
    """

    def __init__(self, stream, name, size=None, packed=None):
        self.stream, self.name, self.size, self.packed = stream, name, size, packed
        self.position = 0
        self._ahead = b""

    def error(self, problem, remedy="", *, row=None, offset=None):
        """Build the error for this file, by default at the present position."""
        offset = self.position if offset is None else offset
        return VectorFileError(self.name, problem, remedy, row=row, offset=offset)

    def remaining(self):
        """Return the number of bytes left, None where it is unknown."""
        return None if self.size is None else max(self.size - self.position, 0)

    def peek(self, n_bytes):
        """Return up to `n_bytes` that come next without moving on."""
        n_missing, parts = n_bytes - len(self._ahead), [self._ahead]
        while n_missing > 0:
            more = self._pull(min(n_missing, PIECE))
            if not more:
                break
            parts.append(more)
            n_missing -= len(more)
        self._ahead = b"".join(parts)
        return self._ahead[:n_bytes]

    def read(self, n_bytes):
        """Return up to `n_bytes`, fewer only at the end."""
        parts = [self._ahead[:n_bytes]]
        self._ahead = self._ahead[n_bytes:]
        n_missing = n_bytes - len(parts[0])
        while n_missing:
            part = self._pull(min(n_missing, PIECE))
            if not part:
                break
            parts.append(part)
            n_missing -= len(part)
        data = b"".join(parts)
        self.position += len(data)
        return data

    def unread(self, data):
        """Put back bytes that were read too far."""
        self._ahead = data + self._ahead
        self.position -= len(data)

    def exactly(self, n_bytes, what):
        """Return `n_bytes` or fail: the file ends inside `what`."""
        self.expect(n_bytes, what)
        data = self.read(n_bytes)
        if len(data) < n_bytes:
            raise self.error(f"the file ends inside {what}", "Fetch it again")
        return data

    def expect(self, n_bytes, what):
        """Fail early if fewer than `n_bytes` can be left."""
        remaining = self.remaining()
        if n_bytes < 0 or (remaining is not None and n_bytes > remaining):
            raise self.error(
                f"{what} should take {n_bytes} bytes, but {remaining} are left",
                "The file is damaged or cut short; fetch it again",
            )

    def block(self, n_bytes, what):
        """Read bytes into an array that grows as they really arrive."""
        self.expect(n_bytes, what)
        known = self.remaining() is not None
        flat = np.empty(n_bytes if known else min(n_bytes, PIECE), np.uint8)
        done = 0
        while done < n_bytes:
            if done == len(flat):
                # realloc: no copy where the system can move pages.
                flat.resize(min(n_bytes, 2 * done), refcheck=False)
            part = memoryview(flat)[done : done + PIECE]
            n_new, n_wanted = self.readinto(part), len(part)
            part.release()
            if n_new < n_wanted:
                raise self.error(f"the file ends inside {what}", "Fetch it again")
            done += n_new
        return flat

    def matrix(self, n_rows, n_columns, what):
        """Read a matrix of little-endian float32."""
        flat = self.block(4 * n_rows * n_columns, what).view("<f4")
        return flat.reshape(n_rows, n_columns).astype(np.float32, copy=False)

    def rows(self, n_rows, n_columns, chosen, what):
        """Read some rows of a matrix of little-endian float32.

        Parameters
        ----------
        n_rows, n_columns : int
            Shape of the whole.
        chosen : ndarray of int64
            The rows wanted, in ascending order, each once.
        what : str
            What it is, for messages.
        """
        width = 4 * n_columns
        self.expect(width * n_rows, what)
        # Where no size of a file confirms the number of rows, the matrix grows.
        n_sure = len(chosen) if self.remaining() is not None else PIECE // width + 1
        matrix = np.empty((min(n_sure, len(chosen)), n_columns), np.float32)
        near = max(1, _NEAR // width)
        most = max(1, PIECE // (near * width))
        at = done = 0
        while done < len(chosen):
            first, last = int(chosen[done]), done + 1
            end = min(len(chosen), done + most)
            while last < end and chosen[last] - chosen[last - 1] <= near:
                last += 1
            self.skip(width * (first - at), what)
            at = int(chosen[last - 1]) + 1
            part = self.matrix(at - first, n_columns, what)
            if last > len(matrix):
                grown = min(max(last, 2 * len(matrix)), len(chosen))
                matrix.resize((grown, n_columns), refcheck=False)
            matrix[done:last] = part[chosen[done:last] - first]
            done = last
        self.skip(width * (n_rows - at), what)
        return matrix

    def skip(self, n_bytes, what):
        """Move on without looking at what comes."""
        n_ahead = min(n_bytes, len(self._ahead))
        self._ahead = self._ahead[n_ahead:]
        self.position += n_ahead
        n_bytes -= n_ahead
        if self.remaining() is not None:
            self.expect(n_bytes, what)
            self.stream.seek(n_bytes, os.SEEK_CUR)
            self.position += n_bytes
            return
        while n_bytes:
            part = min(n_bytes, _AT_ONCE)
            self.exactly(part, what)
            n_bytes -= part

    def readinto(self, view):
        """Fill a memoryview as far as the file goes; return the number of bytes."""
        done = min(len(view), len(self._ahead))
        view[:done] = self._ahead[:done]
        self._ahead = self._ahead[done:]
        while done < len(view):
            part = self._pull_into(view[done:])
            if not part:
                break
            done += part
        self.position += done
        return done

    def _pull_into(self, view):
        """Read once, straight into place where the stream can do that."""
        if self.packed is None and hasattr(self.stream, "readinto"):
            return self.stream.readinto(view)
        data = self._pull(min(len(view), PIECE))
        view[: len(data)] = data
        return len(data)

    def _pull(self, n_bytes):
        """Read once from the stream, with a limit where it is compressed."""
        if self.packed is None:
            return self.stream.read(n_bytes)
        try:
            data = self.stream.read(n_bytes)
        except DAMAGED as error:
            raise self.error(
                f"the compressed data is damaged: {error}", "Fetch it again"
            ) from error
        so_far = self.position + len(self._ahead) + len(data)
        taken = min(max(self.packed[0](), 1), self.packed[1])
        if so_far > _BOMB_BYTES and so_far > _BOMB_RATIO * taken:
            raise self.error(
                f"{taken} compressed bytes have become {so_far}: this is no file of "
                "vectors but a decompression bomb",
                "If you trust it, decompress it first",
            )
        return data

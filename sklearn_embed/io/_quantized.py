"""fastText's compressed matrices: product quantisation.

Jégou, Douze and Schmid (2011), "Product quantization for nearest neighbor search";
Joulin et al. (2016), "FastText.zip".
"""

# SPDX-License-Identifier: BSD-3-Clause

import struct
from typing import NamedTuple

import numpy as np

_N_CENTROIDS = 256


class Header(NamedTuple):
    """What stands before a quantised matrix."""

    has_norms: bool
    n_rows: int
    n_columns: int
    n_codes: int


def read_header(source, what):
    """Read the shape of a quantised matrix, and how it is kept."""
    header = Header(*struct.unpack("<?qqi", source.exactly(21, what)))
    _, n_rows, n_columns, n_codes = header
    if not (0 <= n_rows < 1 << 31 and 0 < n_columns < 1 << 20 and n_codes >= 0):
        raise _contradiction(source, what)
    return header


class QuantizedMatrix(NamedTuple):
    """A matrix of n rows and d columns, cut into pieces of some columns.

    For each row and piece one of 256 centroids is named.  The rows' lengths may be
    quantised apart: rows are then the centroids times a length.
    """

    codes: np.ndarray  # (n, n_pieces) uint8
    centroids: np.ndarray  # (256, d) float32: those of each piece in its columns
    width: int  # columns of a piece; the last one may have fewer
    norm_codes: np.ndarray | None = None  # (n,) uint8
    norms: np.ndarray | None = None  # (256,) float32

    @property
    def n_rows(self):
        """How many rows there are."""
        return len(self.codes)

    @property
    def n_columns(self):
        """How wide a row is."""
        return self.centroids.shape[1]

    def pieces(self):
        """Return the columns of each piece, as slices."""
        last = self.n_columns
        edges = range(0, last, self.width)
        return [slice(at, min(at + self.width, last)) for at in edges]

    def rows(self, chosen=slice(None)):
        """Return some rows as float32."""
        codes = self.codes[chosen]
        matrix = np.empty((len(codes), self.n_columns), np.float32)
        for piece, code in zip(self.pieces(), codes.T, strict=True):
            matrix[:, piece] = self.centroids[:, piece][code]
        if self.norms is not None:
            matrix *= self.norms[self.norm_codes[chosen]][:, None]
        return matrix

    def part(self, chosen):
        """Return the codes of some rows."""
        norm_codes = self.norm_codes
        if norm_codes is not None:
            norm_codes = norm_codes[chosen]
        return self._replace(codes=self.codes[chosen], norm_codes=norm_codes)

    def check(self, name, n_columns):
        """Refuse parts, read from a file, that do not belong together."""
        codes, centroids, width, norm_codes, norms = self
        has_norms = norms is not None
        right = (
            codes.dtype == np.uint8
            and codes.ndim == 2
            and centroids.dtype == np.float32
            and centroids.shape == (_N_CENTROIDS, n_columns)
            and 0 < width <= n_columns
            and codes.shape[1] == -(-n_columns // width)
            and has_norms == (norm_codes is not None)
        )
        if right and has_norms:
            right = (norms.dtype, norms.shape) == (np.float32, (_N_CENTROIDS,)) and (
                (norm_codes.dtype, norm_codes.shape) == (np.uint8, (len(codes),))
            )
        if not right:
            raise ValueError(f"the codes of {name} do not fit together")

    def write(self, stream):
        """Write it as fastText does, from the mark that it is quantised on."""
        has_norms, (n_rows, n_pieces) = self.norms is not None, self.codes.shape
        header = has_norms, n_rows, self.n_columns, n_rows * n_pieces
        stream.write(struct.pack("<??qqi", True, *header))
        stream.write(np.ascontiguousarray(self.codes).data)
        pieces, n_columns = self.pieces(), self.n_columns
        last = pieces[-1].stop - pieces[-1].start
        stream.write(struct.pack("<4i", n_columns, n_pieces, self.width, last))
        for piece in pieces:
            stream.write(np.ascontiguousarray(self.centroids[:, piece], "<f4").data)
        if has_norms:
            stream.write(np.ascontiguousarray(self.norm_codes).data)
            stream.write(struct.pack("<4i", 1, 1, 1, 1))
            stream.write(np.ascontiguousarray(self.norms, "<f4").data)


def read_matrix(source, header, what, chosen=None):
    """Read a quantised matrix, or some of its rows, and return it as float32."""
    has_norms, n_rows, n_columns, n_codes = header
    chosen = slice(None) if chosen is None else chosen
    codes = source.block(n_codes, what)
    centroids, width, n_pieces = _read_centroids(source, n_columns, what)
    if n_codes != n_rows * n_pieces:
        raise _contradiction(source, what)
    parts = codes.reshape(n_rows, n_pieces), centroids, width
    if has_norms:
        norm_codes = source.block(n_rows, what)
        norms, _, _ = _read_centroids(source, 1, what)
        parts = *parts, norm_codes, norms[:, 0]
    return QuantizedMatrix(*parts).rows(chosen)


def _read_centroids(source, n_columns, what):
    """Return the 256 centroids of all pieces, their width, and how many there are."""
    dim, n_pieces, width, last = struct.unpack("<4i", source.exactly(16, what))
    whole = (n_pieces - 1) * width
    if not (
        dim == n_columns
        and 0 < n_pieces <= dim
        and 0 < last <= width <= dim
        and whole + last == dim
    ):
        raise _contradiction(source, what)
    flat = source.matrix(1, dim * _N_CENTROIDS, what)[0]
    centroids = np.empty((_N_CENTROIDS, dim), np.float32)
    first = flat[: whole * _N_CENTROIDS].reshape(n_pieces - 1, _N_CENTROIDS, width)
    centroids[:, :whole] = first.swapaxes(0, 1).reshape(_N_CENTROIDS, whole)
    centroids[:, whole:] = flat[whole * _N_CENTROIDS :].reshape(_N_CENTROIDS, last)
    return centroids, width, n_pieces


def _contradiction(source, what):
    """Build the error for sizes that do not fit together."""
    return source.error(
        f"the sizes in the quantised {what} contradict each other",
        "The file is damaged; fetch it again",
    )

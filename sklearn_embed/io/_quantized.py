"""fastText's compressed matrices: product quantisation, undone while reading.

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


def read_matrix(source, header, what, chosen=None):
    """Read a quantised matrix, or some of its rows, and return it as float32.

    Every row is cut into pieces; for each piece the file names one of 256 centroids.
    The rows' lengths may be quantised apart.
    """
    has_norms, n_rows, n_columns, n_codes = header
    chosen = slice(None) if chosen is None else chosen
    codes = source.block(n_codes, what)
    centroids = _read_centroids(source, n_columns, what)
    if n_codes != n_rows * len(centroids):
        raise _contradiction(source, what)
    codes = codes.reshape(n_rows, len(centroids))[chosen]
    pieces = [piece[code] for piece, code in zip(centroids, codes.T, strict=True)]
    matrix = np.concatenate(pieces, axis=1)
    if has_norms:
        norm_codes = source.block(n_rows, what)[chosen]
        (norms,) = _read_centroids(source, 1, what)
        matrix *= norms[norm_codes]
    return matrix


def _read_centroids(source, n_columns, what):
    """Return the 256 centroids of each piece of a row."""
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
    pieces = list(
        flat[: whole * _N_CENTROIDS].reshape(n_pieces - 1, _N_CENTROIDS, width)
    )
    return [*pieces, flat[whole * _N_CENTROIDS :].reshape(_N_CENTROIDS, last)]


def _contradiction(source, what):
    """Build the error for sizes that do not fit together."""
    return source.error(
        f"the sizes in the quantised {what} contradict each other",
        "The file is damaged; fetch it again",
    )

"""word2vec's binary format: a header, then each word and its raw float32 numbers."""

# SPDX-License-Identifier: BSD-3-Clause

import sys

import numpy as np

from sklearn_embed._core.arrays import readonly
from sklearn_embed.io._collect import Rows, Window
from sklearn_embed.io.kernels.parse import copy_rows, find_binary_rows

# No word is longer; a file that has no blank for so long is something else.
_LONGEST_WORD = 1 << 16


def read_rows(source, n_dimensions, n_rows, options):
    """Read rows of a word, a blank and `n_dimensions` little-endian float32.

    Parameters
    ----------
    source : Source
        At the first row.
    n_dimensions, n_rows : int
        What the header promises.
    options : Options
        What the caller asked for.

    Returns
    -------
    WordVectors
    """
    source.expect(n_rows * (4 * n_dimensions + 1), f"the {n_rows} rows of the header")
    rows = Rows(source, n_dimensions, n_rows, options)
    window = Window(source)
    budget = n_rows if options.limit is None else min(n_rows, options.limit)
    done = 0
    while done < budget and not rows.complete:
        window.slide()
        n_new = _take(window, done, budget - done, rows)
        if n_new == 0 and window.exhausted:
            raise source.error(
                f"the header promises {n_rows} rows, but the file ends after {done}",
                "Fetch it again"
                + f", or read what is there with limit={done}" * (done > 0),
                row=done,
                offset=window.offset + window.begin,
            )
        done += n_new
    if done == n_rows and not rows.complete:
        _check_end(window, n_rows)
    return rows.finish()


def _take(window, done, budget, rows):
    """Read the whole rows in the window; return their number."""
    width = 4 * rows.next_rows(0).shape[1]
    most = min(budget, (window.end - window.begin) // (width + 1) + 1)
    starts, ends = np.empty(most, np.int64), np.empty(most, np.int64)
    data = readonly(window.data)
    n_rows, stop = find_binary_rows(data, window.begin, window.end, width, starts, ends)
    if n_rows == 0 and window.end - window.begin > width + _LONGEST_WORD:
        raise rows.source.error(
            f"no blank ends the word within {_LONGEST_WORD} bytes",
            "The file is damaged, or not in word2vec's binary format",
            row=done,
            offset=window.offset + window.begin,
        )
    text = window.data[:stop].tobytes() if n_rows else b""
    words = []
    for r, (start, end) in enumerate(
        zip(starts[:n_rows].tolist(), ends[:n_rows].tolist(), strict=True)
    ):
        words.append(rows.decode(text[start:end], done + r, window.offset + start))
    chosen = rows.choose(words)
    out = rows.next_rows(len(chosen))
    copy_rows(data, readonly(ends[chosen] + 1), out.view(np.uint8))
    if sys.byteorder == "big":
        out.byteswap(inplace=True)
    window.begin = stop
    return n_rows


def _check_end(window, n_rows):
    """Refuse bytes beyond the rows of the header."""
    window.slide()
    if window.data[window.begin : window.end].tobytes().strip():
        raise window.source.error(
            f"there are more bytes than the {n_rows} rows of the header take",
            f"The file is damaged, or its header; limit={n_rows} reads it nevertheless",
            row=n_rows,
            offset=window.offset + window.begin,
        )

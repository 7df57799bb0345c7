"""Rows of text to rows of numbers, and the words of binary rows.

Sizes: R rows, D dimensions, N bytes.
"""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

from sklearn_embed._core.compile import kernel, spliced

#: What `find_words` and `parse_rows` say about a row.
GOOD, HARD, BLANK = 0, 1, 2

_POWERS = 10.0 ** np.arange(23)  # all exact in float64
_SPACE, _TAB, _RETURN, _NEWLINE = 32, 9, 13, 10
_ZERO, _DOT, _PLUS, _MINUS = 48, 46, 43, 45
_LARGEST = float(np.finfo(np.float32).max)


@kernel
def parse_rows(data, starts, ends, out):
    """Parse one line of numbers into each row of `out`.

    The result is the float32 nearest to the float64 nearest to the decimal number:
    what ``numpy.float32(text)`` gives, to the last bit.

    Parameters
    ----------
    data : ndarray of shape (N,), uint8
        The text.
    starts, ends : ndarray of shape (R,), int64
        Where the numbers of each row begin and end in `data`.
    out : ndarray of shape (R, D), float32
        Changed in place.

    Returns
    -------
    status : ndarray of shape (R,), uint8
        GOOD, or HARD where the row does not consist of D plain finite numbers, or
        where float64 arithmetic cannot tell which float32 is the nearest.

    Notes
    -----
    A number of at most 15 digits and a power of ten up to 22 is one exact division
    or product (Clinger 1990).  Any other is computed within a few float64 roundings;
    only if both ends of that interval round to the same float32 is it taken.
    """
    status = np.zeros(len(starts), np.uint8)
    n_dimensions = out.shape[1]
    for r in range(len(starts)):
        i, end = starts[r], ends[r]
        for d in range(n_dimensions):
            while i < end and (data[i] == _SPACE or data[i] == _TAB):
                i += 1
            value, i, good = _number(data, i, end)
            out[r, d] = value
            if not good:
                status[r] = HARD
                break
        while i < end and (data[i] == _SPACE or data[i] == _TAB):
            i += 1
        if i < end:
            status[r] = HARD
    return status


@spliced
def _number(data, i, end):
    """Parse one number that must end at a blank or at `end`."""
    negative = False
    if i < end and (data[i] == _MINUS or data[i] == _PLUS):
        negative = data[i] == _MINUS
        i += 1
    mantissa, power, n_digits = np.uint64(0), 0, 0
    first, dots = i, 0
    while i < end:
        digit = np.uint8(data[i] - np.uint8(_ZERO))
        if digit <= 9:
            if n_digits < 18:
                mantissa = mantissa * np.uint64(10) + np.uint64(digit)
                if mantissa > 0:
                    n_digits += 1
                power -= dots
            else:  # beyond what matters; the interval below allows for it
                power += 1 - dots
        elif data[i] == _DOT and dots == 0:
            dots = 1
        else:
            break
        i += 1
    good = i - first > dots
    if i < end and (data[i] | 32) == 101:  # e or E
        i += 1
        down = False
        if i < end and (data[i] == _MINUS or data[i] == _PLUS):
            down = data[i] == _MINUS
            i += 1
        exponent, first = 0, i
        while i < end and np.uint8(data[i] - np.uint8(_ZERO)) <= 9:
            exponent = min(exponent * 10 + np.int64(data[i]) - _ZERO, 10000)
            i += 1
        good = good and i > first
        power += -exponent if down else exponent
    good = good and (i == end or data[i] == _SPACE or data[i] == _TAB)
    value = np.float64(mantissa)
    if mantissa > 0:
        if -22 <= power < 0:
            value /= _POWERS[-power]
        elif 0 < power <= 22:
            value *= _POWERS[power]
        elif -44 <= power < -22:
            value = value / 1e22 / _POWERS[-power - 22]
        elif power != 0:
            good = False
        if n_digits > 15 or power < -22:
            margin = value * 2.0**-50
            good = good and np.float32(value - margin) == np.float32(value + margin)
        good = good and value <= _LARGEST
    return np.float32(-value if negative else value), i, good


@kernel
def find_words(data, starts, ends):
    """Find where the word of each line ends.

    Parameters
    ----------
    data : ndarray of shape (N,), uint8
        The text.
    starts : ndarray of shape (R,), int64
        First byte of each line.
    ends : ndarray of shape (R,), int64
        One past the last byte of each line.  Changed in place: blanks at the end are
        cut off.

    Returns
    -------
    word_ends : ndarray of shape (R,), int64
        Where the first blank of each line is.
    status : ndarray of shape (R,), uint8
        GOOD, BLANK for an empty line, HARD if what follows the first blank does not
        look like a number: a word that contains blanks, or damage.
    """
    word_ends = np.empty(len(starts), np.int64)
    status = np.zeros(len(starts), np.uint8)
    for r in range(len(starts)):
        i, end = starts[r], ends[r]
        while end > i and (
            data[end - 1] == _SPACE or data[end - 1] == _TAB or data[end - 1] == _RETURN
        ):
            end -= 1
        ends[r] = end
        if i == end:
            status[r] = BLANK
        while i < end and data[i] != _SPACE and data[i] != _TAB:
            if data[i] == 0:
                status[r] = HARD
            i += 1
        word_ends[r] = i
        while i < end and (data[i] == _SPACE or data[i] == _TAB):
            i += 1
        if i < end:
            _, _, good = _number(data, i, end)
            if not good:
                status[r] = HARD
    return word_ends, status


@kernel
def find_binary_rows(data, begin, end, n_bytes, starts, word_ends):
    """Find the rows of word2vec's binary format that lie whole in `data`.

    Parameters
    ----------
    data : ndarray of shape (N,), uint8
        Part of the file.
    begin, end : int
        The bytes to look at.
    n_bytes : int
        Bytes of one vector.
    starts, word_ends : ndarray of shape (R,), int64
        Changed in place: where each word begins, newlines before it skipped, and
        ends.  Their length is the largest number of rows to look for.

    Returns
    -------
    n_rows : int
        Rows found.
    stop : int
        Where the first row that was not found begins.
    """
    row = 0
    while row < len(starts):
        i = begin
        while i < end and data[i] == _NEWLINE:
            i += 1
        start = i
        while i < end and data[i] != _SPACE:
            i += 1
        if i + 1 + n_bytes > end:
            break
        starts[row], word_ends[row] = start, i
        begin = i + 1 + n_bytes
        row += 1
    return row, begin


@kernel
def copy_rows(data, starts, out):
    """Copy fixed lengths of bytes, from anywhere, into the rows of a matrix.

    Parameters
    ----------
    data : ndarray of shape (N,), uint8
        Where from.
    starts : ndarray of shape (R,), int64
        Where each row begins.
    out : ndarray of shape (R, D), uint8
        Changed in place.
    """
    width = out.shape[1]
    for r in range(len(starts)):
        out[r] = data[starts[r] : starts[r] + width]

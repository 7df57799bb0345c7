"""Words, counts and numbers checked before they become word vectors."""

# SPDX-License-Identifier: BSD-3-Clause

import operator

import numpy as np
from scipy.sparse import issparse


def frozen_array(array, dtype):
    """Return a C-contiguous read-only view (a copy only where the type differs)."""
    view = np.require(np.asarray(array), dtype, ["C", "A"]).view(np.ndarray)[...]
    view.flags.writeable = False
    return view


def float32_numbers(values, name):
    """Return an array of float32, or say by name why there is none.

    Raises
    ------
    ValueError
        If the values are not real numbers, or rows differ in their lengths.
    """
    if issparse(values):
        raise ValueError(f"{name} is sparse: use its toarray()")
    if isinstance(values, np.ndarray) and values.dtype == np.float32:
        return values
    try:
        array = np.asarray(values)
        if array.dtype.kind not in "biufO":
            raise TypeError(f"dtype {array.dtype}")
        with np.errstate(over="ignore"):  # infinity is found afterwards
            return array.astype(np.float32)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must hold numbers alone: {error}") from error


def checked_counts(counts, words):
    """Return int64 counts, one for each word and none below zero."""
    given = np.asarray(counts)
    if given.shape != (len(words),):
        raise ValueError(f"counts must have shape ({len(words)},); got {given.shape}")
    if given.dtype == np.int64:
        whole = given
    else:
        try:
            with np.errstate(invalid="ignore"):
                whole = given.astype(np.int64)
        except (TypeError, ValueError, OverflowError) as error:
            raise ValueError(f"counts must be whole numbers: {error}") from error
    # What was cut off or wrapped is no longer equal.
    wrong = (whole < 0) | (whole != given)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise ValueError(
            f"counts must be whole numbers and not negative; that of {words[row]!r} "
            f"(row {row}) is {given[row]}"
        )
    return frozen_array(whole, np.int64)


def agrees(row_of, words):
    """Tell whether a dict holds these very words and their rows, in their order."""
    return (
        type(row_of) is dict
        and len(row_of) == len(words)
        and all(map(operator.is_, row_of, words))
        and all(map(operator.eq, row_of.values(), range(len(words))))
    )


def check_words(words, unique=False):
    """Refuse what is not a string, and words that come twice."""
    if not set(map(type, words)) <= {str}:
        for row, word in enumerate(words):
            if not isinstance(word, str):
                raise TypeError(f"words must be strings; row {row} is {word!r}")
    if unique or len(set(words)) == len(words):
        return
    first = {}
    for row, word in enumerate(words):
        if first.setdefault(word, row) != row:
            raise ValueError(
                f"each word may come once; {word!r} is in rows {first[word]} and {row}"
            )


def check_finite_vectors(vectors, words):
    """Refuse NaN and infinity by the name of the word."""
    flat = vectors.reshape(-1)
    # One pass without temporaries; only a doubtful sum is looked into.
    with np.errstate(all="ignore"):
        if np.isfinite(np.dot(flat, flat)):
            return
    for row, vector in enumerate(vectors):
        if not np.isfinite(vector).all():
            raise ValueError(
                f"the vector of {words[row]!r} (row {row}) is not finite: remove the "
                "word, or replace its NaN and infinite numbers"
            )

"""Checks of arrays that kernels take on trust."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

#: Ids that are looked at together, for the sake of memory.
_BLOCK = 1 << 22


def check_array(name, array, dtype):
    """Refuse what is not a one-dimensional array of this very type."""
    if isinstance(array, np.ndarray) and array.dtype == dtype and array.ndim == 1:
        return
    found = f"a {type(array).__name__}"
    if isinstance(array, np.ndarray):
        found = f"an array of shape {array.shape} and type {array.dtype}"
    raise ValueError(
        f"{name} must be a one-dimensional array of type {np.dtype(dtype)}, not "
        f"{found}."
    )


def check_offsets(name, offsets):
    """Refuse offsets that do not rise from 0."""
    # Compared, not subtracted: a difference of wild numbers may wrap to a tame one.
    if len(offsets) == 0 or offsets[0] != 0 or (offsets[1:] < offsets[:-1]).any():
        raise ValueError(f"{name} must rise from 0.")


def check_documents(ids, starts, offsets, n_distinct):
    """Refuse arrays of a TokenizedDocuments that do not fit together.

    Parameters
    ----------
    ids, starts, offsets : ndarray
        As of TokenizedDocuments.
    n_distinct : int
        Tokens in the table.

    Raises
    ------
    ValueError
        If a type is another, a document lies elsewhere than in `ids`, or an id is
        no number of a token.
    """
    check_array("ids", ids, np.int32)
    check_array("starts", starts, np.int64)
    check_array("offsets", offsets, np.int64)
    check_offsets("offsets", offsets)
    if len(offsets) != len(starts) + 1:
        raise ValueError(
            f"{len(starts)} documents need {len(starts) + 1} offsets, not "
            f"{len(offsets)}."
        )
    # Offsets rise from 0, so that neither difference can wrap.
    if len(starts) and (
        starts.min() < 0 or (starts > len(ids) - np.diff(offsets)).any()
    ):
        raise ValueError(f"a document lies beyond the {len(ids)} ids.")
    for first in range(0, len(ids), _BLOCK):
        part = ids[first : first + _BLOCK]
        if part.min() < 0 or part.max() >= n_distinct:
            raise ValueError(f"there are ids of none of the {n_distinct} tokens.")

"""The parameter `unlabeled`: further texts that a fit learns from."""

# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Iterator


def further_texts(estimator, unlabeled, options):
    """Return further texts as tokens, or None if there are none.

    Parameters
    ----------
    estimator : estimator
        With the parameter `unlabeled`.
    unlabeled : iterable of documents or None
        What `fit` was given in place of the parameter.
    options : TextOptions
        How strings become tokens.

    Raises
    ------
    ValueError
        If the parameter is an iterator, which could serve one fit alone.
    """
    further = estimator.unlabeled if unlabeled is None else unlabeled
    if further is None:
        return None
    if unlabeled is None and isinstance(further, Iterator):
        raise ValueError(
            "unlabeled is an iterator, which the first fit would use up: give "
            "TokenizedDocuments.from_documents(...) of it, or a list."
        )
    return estimator._tokenize_further(further, options, "unlabeled")

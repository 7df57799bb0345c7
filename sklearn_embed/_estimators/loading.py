"""Checks of what a file of an estimator says, beyond its being JSON and arrays."""

# SPDX-License-Identifier: BSD-3-Clause

import types
import typing
from dataclasses import fields, is_dataclass
from functools import cache

import numpy as np

from sklearn_embed._text.corpus_file import checked_options, checked_tokenizer
from sklearn_embed._text.pieces import PieceTokenizer
from sklearn_embed._text.tokens import TextOptions, stop_word_set


def make_record(record, values):
    """Return a NamedTuple or dataclass of values read from a file.

    Parameters
    ----------
    record : type
        With annotations, which the values must fit.
    values : list
        One for each field.

    Raises
    ------
    ValueError
        If there are more or fewer values than fields, or one is of another type.
    """
    names, hints = _fields(record)
    if len(values) > len(names):
        raise ValueError(f"{record.__name__} has {len(names)} parts, not {len(values)}")
    for name, value in zip(names, values, strict=False):
        if not _fits(value, hints[name]):
            raise ValueError(f"{name} of {record.__name__} is a {type(value).__name__}")
    if record is TextOptions:
        return checked_options(dict(zip(names, values, strict=False)))
    if record is PieceTokenizer:
        return checked_tokenizer(*values)
    return record(*values)


@cache
def _fields(record):
    """Return the names of the parts of a record, and their types."""
    names = record._fields if not is_dataclass(record) else None
    if names is None:
        names = tuple(field.name for field in fields(record))
    return names, typing.get_type_hints(record)


def _fits(value, hint):
    """Tell whether a value is of the type of an annotation."""
    if hint is typing.Any or hint is object:
        return True
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return any(_fits(value, part) for part in parts)
    if hint is None or hint is type(None):
        return value is None
    if hint is float:
        return type(value) in (int, float)
    if hint in (int, bool, str):
        return type(value) is hint
    if origin is list:
        return type(value) is list and all(_fits(item, parts[0]) for item in value)
    kind = origin or hint
    return not isinstance(kind, type) or isinstance(value, kind)


def check_fitted(estimator, params):
    """Refuse what a fitted estimator cannot have, whichever it is.

    These are parameters out of range, its own or those that its model was trained
    with, and attributes of other types than `fit` gives them.

    Parameters
    ----------
    estimator : estimator
        Loaded, and fitted.
    params : dict
        Its parameters.

    Raises
    ------
    ValueError
        If there is one; it is named.
    """
    is_trained = hasattr(estimator, "_model") and "epochs" in params
    for name, is_right in _ATTRIBUTES.items():
        # What is made of the model when it is asked for waits until that is checked.
        is_there = name in vars(estimator)
        if is_there and not is_right(getattr(estimator, name)):
            raise ValueError(f"{name} is nothing that fit gives")
        if is_trained and not is_there and name in _TRAINED:
            raise ValueError(f"{name} is missing")
    estimator._validate_params()
    _check_outcomes(estimator, params)
    settings = getattr(getattr(estimator, "_model", None), "settings", None)
    if settings is None:
        return
    own = {
        name: getattr(settings, name)
        for name in _fields(type(settings))[0]
        if name in params
    }
    stop_word_set(own.get("stop_words"))
    # Those that the model was trained with, which may have been set anew since.
    type(estimator)(**{**params, **own})._validate_params()
    for name, value in own.items():
        if isinstance(value, float) and not np.isfinite(value):
            raise ValueError(f"{name} of the model is {value}")


def _check_outcomes(estimator, params):
    """Refuse what "auto" has become, if it is no value of the parameter."""
    chosen = {
        name: vars(estimator)[f"{name}_"]
        for name in getattr(estimator, "_rules", {})
        if vars(estimator).get(f"{name}_") is not None
    }
    for name, value in chosen.items():
        is_number = type(value) in (int, float) and bool(np.isfinite(value))
        if not is_number and (type(value) is not str or value == "auto"):
            raise ValueError(f"{name}_ is nothing that fit gives")
    type(estimator)(**{**params, **chosen})._validate_params()


def _is_matrix(value):
    return (
        isinstance(value, np.ndarray) and value.ndim == 2 and value.dtype == np.float32
    )


def _is_vector(value):
    return (
        isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype == np.float32
    )


def _is_count(value):
    return type(value) is int and 0 <= value < 1 << 62


def _is_curve(value):
    return type(value) is list and set(map(type, value)) <= {float, int}


def _are_rare(value):
    return (
        type(value) is dict
        and set(map(type, value)) <= {str}
        and all(map(_is_count, value.values()))
    )


# What every estimator has that was trained.
_TRAINED = ("n_iter_", "_seed", "_n_documents", "loss_curve_")

#: Attributes of a fitted estimator, and what each must be.
_ATTRIBUTES = {
    **dict.fromkeys(_TRAINED[:3], _is_count),
    **dict.fromkeys((*_TRAINED[3:], "validation_loss_curve_"), _is_curve),
    **dict.fromkeys(
        (
            *("vectors_", "context_vectors_", "subword_vectors_", "word_vectors_"),
            "output_vectors_",
        ),
        _is_matrix,
    ),
    **dict.fromkeys(("word_biases_", "context_biases_"), _is_vector),
    "_rare_counts": _are_rare,
}


def check_rows(name, array, n_rows, dtype=np.float32):
    """Refuse what is no one-dimensional array of a type and length; None is none."""
    if array is None:
        return
    if (
        not isinstance(array, np.ndarray)
        or array.dtype != dtype
        or array.shape != (n_rows,)
    ):
        raise ValueError(f"{name} is not {n_rows} numbers of type {np.dtype(dtype)}")


def check_vocabulary(estimator):
    """Refuse words, counts and options, read from a file, that do not fit together."""
    words, counts = estimator.words_, estimator.counts_
    if type(words) is not list or not set(map(type, words)) <= {str}:
        raise ValueError("words_ is no list of strings")
    if estimator.vocabulary_ != {word: row for row, word in enumerate(words)}:
        raise ValueError("vocabulary_ differs from words_")
    check_counts("counts_", counts, len(words))
    if not isinstance(estimator._text_options, TextOptions):
        raise ValueError("_text_options are none")


def check_counts(name, counts, n_rows):
    """Refuse what is no array of a count for each of some words or classes."""
    check_rows(name, counts, n_rows, np.int64)
    if counts is None or counts.min(initial=0) < 0:
        raise ValueError(f"{name} must be counts, from 0 on")
    # Added up as float64, which does not wrap.
    if counts.sum(dtype=np.float64) >= 1 << 62:
        raise ValueError(f"{name} add up to more than can be counted")


def check_words(estimator):
    """Refuse words, counts and vectors, read from a file, that do not fit together."""
    check_vocabulary(estimator)
    vectors, n_words = estimator.vectors_, len(estimator.words_)
    if vectors.dtype != np.float32 or vectors.ndim != 2 or len(vectors) != n_words:
        raise ValueError(f"{n_words} words, but vectors {vectors.shape}")

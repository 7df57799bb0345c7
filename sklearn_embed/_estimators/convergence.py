"""What a fit says of itself: numbers that are none, and nothing learned."""

# SPDX-License-Identifier: BSD-3-Clause

import math
import re
import sys
import warnings
from contextlib import contextmanager
from dataclasses import fields, is_dataclass

import numpy as np
from sklearn.exceptions import ConvergenceWarning

#: Products of two numbers as large as this, summed over a vector, are float32 still.
LARGEST = 1e15

#: Words, the most frequent ones, whose vectors are looked at.
N_SAMPLE = 256

#: Fewer words, or dimensions, may point the same way by chance.
LEAST_WORDS, LEAST_SIZE = 20, 8

#: Length of the mean of unit vectors above which they count as parallel.
PARALLEL = 0.98


def warn(message, category=ConvergenceWarning):
    """Warn of a fit, at the line of the first caller outside of the packages."""
    warnings.warn(message, category, stacklevel=level_outside())


def level_outside():
    """Return the `stacklevel` of that first caller, for a warning by whoever asks."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back and frame.f_globals.get("__name__", "").startswith("sklearn"):
        level, frame = level + 1, frame.f_back
    return level


#: Parameters that memory grows with.
SIZES = (
    *("vector_size", "hidden_size", "order", "bucket", "max_n", "window", "negative"),
    "max_length",
)


#: What NumPy says of arrays larger than any memory.
_TOO_LARGE = re.compile("Maximum allowed|array is too big|too large to convert")


@contextmanager
def named_memory(estimator, n_words=None):
    """Let an error for want of memory name the parameters that ask for so much."""
    try:
        yield
    except (MemoryError, OverflowError, ValueError) as error:
        if not isinstance(error, MemoryError) and not _TOO_LARGE.search(str(error)):
            raise
        params = estimator.get_params(deep=False)
        sizes = [f"{name}={params[name]!r}" for name in SIZES if name in params]
        words = "" if n_words is None else f" for {n_words} words"
        raise MemoryError(
            f"{type(estimator).__name__} needs more memory than there is{words}: "
            f"lower one of {', '.join(sizes)}, or set max_features. ({error})"
        ) from error


def check_finite(estimator, fitted):
    """Refuse arrays with NaN, infinity or what overflows, whatever the losses were.

    Those within the model count, too: what is made of them later, such as scores and
    vectors of unknown words, is then finite.
    """
    checked = set()
    for name, array in _arrays("", fitted):
        # Some arrays have several names.
        place = array.__array_interface__["data"][0], array.shape, array.strides
        if array.dtype.kind != "f" or not array.size or place in checked:
            continue
        checked.add(place)
        most = np.finfo(np.float32).max if "squares" in name else LARGEST
        if not (-most <= array.min() and array.max() <= most):
            name = name if name.endswith("_") else "a parameter of the model"
            raise FloatingPointError(
                f"Training diverged: {name} of {type(estimator).__name__} holds "
                f"NaN, infinity or numbers beyond {most:.0e}. Lower learning_rate."
            )


def _arrays(name, value):
    """Yield names and arrays of a value, those in dataclasses and tuples included."""
    if isinstance(value, np.ndarray):
        yield name, value
        return
    if isinstance(value, dict):
        parts = value
    elif is_dataclass(value):
        parts = {field.name: getattr(value, field.name) for field in fields(value)}
    elif hasattr(value, "_asdict"):
        parts = value._asdict()
    else:
        return
    for part, inner in parts.items():
        if part not in ("vocabulary_", "settings"):
            yield from _arrays(part, inner)


def warn_of_losses(losses, held_out_losses, what):
    """Warn if there was nothing to learn from, or nothing to measure a loss on.

    Parameters
    ----------
    losses, held_out_losses : list of float
        Of the epochs that were trained.
    what : str
        What one prediction takes, as the message names it.
    """
    if losses and all(map(math.isnan, losses)):
        warn(
            f"Nothing was learned: no document has {what}. Vectors are as they were "
            "before, random or pretrained. Give more or longer documents, or a lower "
            f"min_count{' or sample=0' * ('sample=' in what)}."
        )
    if held_out_losses and all(map(math.isnan, held_out_losses)):
        warn(
            "early_stopping had nothing to measure: no document held out has "
            f"{what}. All epochs were trained. Give more documents, a larger "
            "validation_fraction or a lower min_count, or set early_stopping=False.",
        )


def warn_if_parallel(estimator, vectors):
    """Warn if the vectors of the commonest words all point the same way."""
    sample = vectors[:N_SAMPLE]
    if len(sample) < LEAST_WORDS or sample.shape[1] < LEAST_SIZE:
        return
    lengths = np.linalg.norm(sample, axis=1)
    unit = sample[lengths > 0] / lengths[lengths > 0, None]
    if len(unit) < LEAST_WORDS:
        return
    unit *= np.where(unit @ unit[0] < 0, -1, 1)[:, None]
    if np.linalg.norm(unit.mean(axis=0)) > PARALLEL:
        warn(
            f"{type(estimator).__name__} has learned next to nothing: the vectors of "
            "the commonest words all point the same way, and rows hardly differ. "
            "Raise epochs or learning_rate, or give more documents.",
        )

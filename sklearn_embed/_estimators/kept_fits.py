"""Fits that are kept in files, so that one of more epochs goes on from one of fewer."""

# SPDX-License-Identifier: BSD-3-Clause

import numbers
import pickle

import joblib
from sklearn.utils.validation import check_memory

from sklearn_embed._core import version
from sklearn_embed._estimators.convergence import warn
from sklearn_embed._estimators.snapshot import fitted_state, publish
from sklearn_embed._estimators.training import learn_epochs

#: Parameters that do not change what an epoch learns, or that the documents stand for.
_NOT_KEYS = ("epochs", "memory", "n_jobs", "verbose", "warm_start", "unlabeled")

#: Attributes that only some fits leave.
_OPTIONAL = ("validation_loss_curve_", "_rare_counts", "_rare_limits")


def learn_kept_epochs(estimator, training, seed, given, continued):
    """Train, or recall a kept fit of as many epochs, or go on from one of fewer.

    Parameters
    ----------
    estimator : estimator
        With a parameter `memory`.
    training : Training
        Of all epochs.
    seed : int
        Of all that is drawn.
    given : object
        The documents, and whatever else was given to `fit`.
    continued : bool
        Whether `estimator` is fitted and goes on by itself: then nothing is kept.
    """
    memory = check_memory(estimator.memory)
    keeps = memory.store_backend is not None and not continued
    if keeps and not isinstance(estimator.random_state, numbers.Integral):
        keeps = False
        if not getattr(estimator, "_keeps_counts", False):
            warn(
                "Nothing is kept in memory: every fit draws other numbers. Set "
                "random_state to an integer."
            )
    if not keeps:
        learn_epochs(estimator, training, seed, estimator if continued else None)
        return
    kept = memory.cache(_trained, ignore=["estimator", "training", "seed", "earlier"])
    settled = training.settled or estimator
    key = _key(settled, seed, given)
    arguments = estimator, training, seed
    done = settled.epochs
    while done and not kept.check_call_in_cache(key, done, *arguments, None):
        done -= 1
    earlier = None
    if 0 < done < settled.epochs:
        state = kept(key, done, *arguments, None)
        if len(state["loss_curve_"]) == done:  # not stopped early
            earlier = _restored(estimator, state)
    state = kept(key, settled.epochs, *arguments, earlier)
    if done == settled.epochs:
        fitted = vars(_restored(estimator, state))
        names = fitted.keys() - estimator.get_params(deep=False).keys()
        publish(estimator, {name: fitted[name] for name in names}, _OPTIONAL)


def _key(settled, seed, given):
    """Return a hash of all that a fit of some epochs depends on."""
    params = settled.get_params(deep=False)
    for name in _NOT_KEYS:
        params.pop(name, None)
    # Another version may train otherwise, or keep other attributes.
    name = type(settled).__qualname__, version.__version__
    try:
        return joblib.hash((name, params, seed, given))
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise ValueError(
            "memory cannot tell whether parameters are the same that hold what cannot "
            f"be pickled ({error}): use functions of a module, or memory=None."
        ) from error


def _trained(key, epochs, estimator, training, seed, earlier):
    """Return the fitted attributes after so many epochs, given those after fewer."""
    learn_epochs(estimator, training, seed, earlier)
    names = fitted_state(estimator).keys()
    state = estimator.__getstate__()
    return {name: state[name] for name in names & state.keys()}


def _restored(estimator, state):
    """Return an estimator of the same parameters that was fitted before."""
    earlier = object.__new__(type(estimator))
    earlier.__setstate__(estimator.get_params(deep=False) | state)
    return earlier

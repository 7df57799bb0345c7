"""Fitted attributes change all at once, and a reader sees those of one fit."""

# SPDX-License-Identifier: BSD-3-Clause

import os
import sys
import threading
from collections import Counter
from dataclasses import fields

import numpy as np
from sklearn.utils.validation import check_is_fitted

# What scikit-learn's callbacks leave behind belongs to the process, not to the model.
_PASSING = (
    "_skl_callbacks",
    "_skl_callbacks_to_teardown",
    "_parent_callback_ctx",
    "_callback_fit_ctx",
)


class _Lock:
    """Held while rows of fitted arrays change, and while a snapshot is taken."""

    def __init__(self):
        self.renew()
        if hasattr(os, "register_at_fork"):  # another thread may hold it
            os.register_at_fork(after_in_child=self.renew)

    def renew(self):
        """Be free."""
        self.lock = threading.RLock()


_CHANGE = _Lock()


def snapshot(estimator):
    """Return a fitted estimator whose attributes stay as they are now.

    Another thread may fit the estimator meanwhile.  Only references are copied, in one
    step that no other thread can come between.

    Raises
    ------
    NotFittedError
        If it is not fitted.
    """
    twin = object.__new__(type(estimator))
    with _CHANGE.lock:
        twin.__dict__ = dict(vars(estimator))
    check_is_fitted(twin)
    return twin


def fitted_state(estimator):
    """Return what makes a fitted estimator of one with its parameters.

    Returns
    -------
    dict
        Attributes by name, without those that `__setstate__` makes anew.
    """
    left_out = {*estimator.get_params(deep=False), *_PASSING}
    # `Pretrained` has no words.
    plain = getattr(estimator, "_plain_state", estimator.__getstate__)
    state = plain()
    return {name: value for name, value in state.items() if name not in left_out}


def publish(estimator, fitted, optional=()):
    """Set all attributes of a fit in one step.

    Parameters
    ----------
    estimator : estimator
        Changed in place.
    fitted : dict
        Attributes by name.
    optional : iterable of str, default=()
        Attributes that an earlier fit may have left, removed unless they are set anew.
    """
    vars(estimator).update(fitted)
    for name in optional:
        if name not in fitted:
            vars(estimator).pop(name, None)


def publish_rows(estimator, few, make_fitted, rare, optional=()):
    """Write few rows of fitted arrays and set the attributes of a fit, or do neither.

    Arrays that anybody else holds, such as a reader in another thread or whoever was
    given `vectors_`, are not changed: then copies take their place.

    Parameters
    ----------
    estimator : estimator
        Changed in place.
    few : FewRows
        What was trained.
    make_fitted : callable
        ``make_fitted(published, model)`` returns all attributes by name.
    rare : dict of str to int, or None
        What changes in `_rare_counts`, 0 where a word is rare no more; None: they are
        forgotten.
    optional : iterable of str
        As of `publish`.
    """
    state = vars(estimator)
    with _CHANGE.lock:
        held = _are_held(state, few.writes)
        targets = {id(write.matrix): write.target(held) for write in few.writes}

        def new_of(array):
            return targets.get(id(array), array)

        writes = [(new_of(w.matrix), w.rows, w.values()) for w in few.writes]
        old = [matrix[rows] for matrix, rows, _ in writes]
        published, model = few.rebuilt(new_of)
        counts = {} if rare is None else state.get("_rare_counts", {})
        if rare and _references(lambda: state.get("_rare_counts")) > 2:
            counts = dict(counts)  # others than this function have it
        fitted = make_fitted(published, model) | {"_rare_counts": counts}
        rare = rare or {}
        old_counts = {word: counts.get(word) for word in rare}
        try:
            for matrix, rows, values in writes:
                matrix[rows] = values
            _change(counts, rare)
            publish(estimator, fitted, optional)
        except BaseException:  # Ctrl-C, too
            if state.get("_model") is not model:
                for (matrix, rows, _), values in zip(writes, old, strict=True):
                    matrix[rows] = values
                _change(counts, old_counts)
            raise


def _change(counts, changes):
    """Set some counts; those of 0 or None are taken out."""
    counts.update(changes)
    for word in [word for word, n in changes.items() if not n]:
        del counts[word]


def _references(get):
    """Return how many references there are to what a function returns."""
    thing = get()
    return sys.getrefcount(thing) - _TAKEN


#: What has one reference, and how many the function above makes itself.
_PROBE, _TAKEN = [object()], 0
_TAKEN = _references(lambda: _PROBE[0]) - 1


def _are_held(state, writes):
    """Tell whether anybody but an estimator holds arrays that are to be written to.

    Parameters
    ----------
    state : dict
        The estimator's attributes.
    writes : list of Write
        They hold each array as well, and what made them holds the model once.
    """
    if _references(lambda: state["_model"]) > 2:
        return True
    holders = Counter(map(id, _arrays(state)))
    bases = {id(array): id(array.base) for array in _arrays(state)}
    views = Counter(bases.values())
    holders.update(bases.values())  # what has room is the base of its own views
    for write in writes:
        holders[id(write.matrix)] += 1
    for n in range(len(writes)):
        matrix = id(writes[n].matrix)
        if (
            not writes[n].matrix.flags.writeable
            or _references(lambda n=n: writes[n].matrix) > holders[matrix]
            or matrix not in bases
        ):
            return True
        base = id(writes[n].matrix.base)
        known = holders if base in bases else views
        if writes[n].matrix.base is not None and (
            _references(lambda n=n: writes[n].matrix.base) > known[base]
        ):
            return True
    return False


def _arrays(state):
    """Yield the arrays of an estimator, and those of its model, once a reference."""
    model = state["_model"]
    values = [*state.values(), *(getattr(model, field.name) for field in fields(model))]
    while values:
        value = values.pop()
        if isinstance(value, np.ndarray):
            yield value
        elif hasattr(value, "_asdict") and value is not state.get("_text_options"):
            values += value

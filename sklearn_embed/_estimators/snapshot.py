"""Fitted attributes change all at once, and a reader sees those of one fit."""

# SPDX-License-Identifier: BSD-3-Clause

from sklearn.utils.validation import check_is_fitted


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
    twin.__dict__ = dict(vars(estimator))
    check_is_fitted(twin)
    return twin


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

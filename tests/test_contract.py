"""Every estimator against every promise: ours, and scikit-learn's own checks."""

import numpy as np
import pytest
from estimators import ESTIMATORS, every_estimator
from sklearn.utils.estimator_checks import parametrize_with_checks

from sklearn_embed.testing import text_checks

# What scikit-learn asks of matrices of numbers and documents cannot answer.
NO_NUMBER_OF_FEATURES = "documents have no number of features"
NO_NUMBERS = "documents hold no numbers"
NOT_OURS = {
    "check_n_features_in": NO_NUMBER_OF_FEATURES,
    "check_n_features_in_after_fitting": NO_NUMBER_OF_FEATURES,
    "check_transformer_general": NO_NUMBER_OF_FEATURES,
    "check_estimators_empty_data_messages": NO_NUMBER_OF_FEATURES,
    "check_fit1d": "one dimension is what documents have",
    "check_fit2d_predict1d": "one dimension is what documents have",
    "check_complex_data": NO_NUMBERS,
    "check_estimators_nan_inf": NO_NUMBERS,
}


@every_estimator
@pytest.mark.parametrize("check", text_checks(), ids=lambda check: check.__name__)
def test_contract(estimator, check):
    check(estimator)


def as_documents(X):
    """Turn the rows of a matrix into strings; leave everything else to ourselves."""
    X = np.asarray(X) if hasattr(X, "__array__") else X
    if isinstance(X, np.ndarray) and X.ndim == 2:
        return [str(row) for row in X]
    return X


def over_numbers(estimator):
    """Return the estimator in a subclass whose documents are rows of a matrix.

    An honest text estimator says that it takes no matrices, and is spared nearly all
    of scikit-learn's checks.  This one claims to take them.
    """
    parent = type(estimator)
    name = f"{parent.__name__}OverNumbers"
    if name not in globals():
        globals()[name] = _subclass(parent, name)
    params = estimator.get_params(deep=False)
    if "token_pattern" in params:
        params["token_pattern"] = r"\S+"
    if hasattr(params.get("embedding"), "token_pattern"):
        params["token_pattern"] = parent(None).token_pattern
        params["embedding"] = params["embedding"].set_params(token_pattern=r"\S+")
    return globals()[name](**params)


def _subclass(parent, name):
    def __sklearn_tags__(self):
        tags = parent.__sklearn_tags__(self)
        tags.input_tags.two_d_array = True
        return tags

    methods = {"__sklearn_tags__": __sklearn_tags__, "__init__": parent.__init__}
    for method in ("fit", "partial_fit", "transform", "fit_transform"):
        if hasattr(parent, method):
            methods[method] = _over_documents(getattr(parent, method))
    return type(name, (parent,), methods | {"__module__": __name__})


def _over_documents(method):
    def over_documents(self, X, *args, **kwargs):
        return method(self, as_documents(X), *args, **kwargs)

    return over_documents


@parametrize_with_checks(
    [over_numbers(estimator) for estimator in ESTIMATORS],
    expected_failed_checks=lambda estimator: NOT_OURS,
    xfail_strict=True,
)
def test_scikit_learn_check(estimator, check):
    check(estimator)

"""A common scale for columns that belong together, to stand beside others."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from sklearn_embed._estimators.base import NOT_NEGATIVE, Interval, Real, _fit_context
from sklearn_embed._estimators.records import trust
from sklearn_embed._vectors.shift import learn_shift, shift

if TYPE_CHECKING:
    from typing_extensions import Self

_TYPES = [np.float32, np.float64]


@trust
class BlockScaler(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    r"""Centre rows, and multiply all of them by one number.

    Dense rows, such as those of an embedding, join sparse ones of length 1, such as
    those of TF-IDF, in a :class:`~sklearn.pipeline.FeatureUnion`.  A linear model that
    is regularised makes more of what is larger: this says how large the block is,
    and leaves the relations of its columns as they are.

    Parameters
    ----------
    scale : float, default=0.3
        Root mean square of the lengths that the rows of `fit` have in the end; above
        0.  Rows of TF-IDF have 1.
    shrinkage : float, default=0.0
        Where the rows are learned from the same texts and their labels, few texts make
        poor rows: `scale` is multiplied by :math:`\sqrt{n / (n + s)}`, with
        :math:`n` rows in `fit` and this as :math:`s`.  0: it is not.
    center : bool, default=True
        Whether the mean of the rows of `fit` is subtracted.  Rows of zeros, those of
        documents without words, stay zeros, which then are in the middle.

    Attributes
    ----------
    mean_ : ndarray of shape (n_columns,), float32, or None
        What is subtracted from rows.
    factor_ : float
        What rows are multiplied by, after that.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, where they had any.

    See Also
    --------
    sklearn.preprocessing.StandardScaler : A scale of its own for each column.
    MeanPoolEmbedder : Has the same as parameters.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_embed import BlockScaler
    >>> BlockScaler(1.0).fit_transform(np.array([[3.0, 5.0], [7.0, 11.0]])).round(2)
    array([[-0.55, -0.83],
           [ 0.55,  0.83]])
    """

    _parameter_constraints: dict = {
        "scale": [Interval(Real, 0, 1e6, closed="right")],
        "shrinkage": [NOT_NEGATIVE],
        "center": ["boolean"],
    }

    def __init__(
        self, scale: float = 0.3, *, shrinkage: float = 0.0, center: bool = True
    ) -> None:
        self.scale = scale
        self.shrinkage = shrinkage
        self.center = center

    if TYPE_CHECKING:  # scikit-learn's methods, which have no types

        def fit_transform(
            self, X: ArrayLike, y: Any = None, **fit_params: Any
        ) -> NDArray[Any]: ...

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: object = None) -> Self:
        """Learn the mean and the scale of rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.
        y : None
            Ignored.

        Returns
        -------
        self : object
            The fitted estimator.
        """
        rows: NDArray[Any] = validate_data(self, X, dtype=_TYPES)
        n, n_columns = rows.shape
        scale = self.scale * np.sqrt(n / (n + self.shrinkage))
        found = learn_shift([rows], n_columns, self.center, scale)
        self.mean_, self.factor_, _ = found
        return self

    def transform(self, X: ArrayLike) -> NDArray[Any]:
        """Subtract the mean, and multiply.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
            The rows, of the type that they had, if it is one of floating-point numbers.
        """
        check_is_fitted(self)
        rows = validate_data(self, X, dtype=_TYPES, reset=False, copy=True)
        shift(rows, self.mean_, self.factor_)
        return rows

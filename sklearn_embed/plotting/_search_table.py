"""The results of a search as a small table."""

# SPDX-License-Identifier: BSD-3-Clause

from numbers import Real

import numpy as np


class _Absent:
    """The value of a parameter that a candidate does not have."""

    def __repr__(self):
        return "–"


ABSENT = _Absent()


class Table:
    """Scores of the shown combinations, ready to draw.

    Parameters
    ----------
    params : sequence of str
        Full names of the parameters.
    values : list of tuple
        Their values, one tuple for each combination.
    means, errors : ndarray
        Score and standard deviation of each.
    metric : str
        Name of the score.
    """

    def __init__(self, params, values, means, errors, metric):
        self.params, self.values, self.metric = params, values, metric
        self.means, self.errors = means, errors
        short = [name.rpartition("__")[2] for name in params]
        self.names = [
            name if short.count(last) > 1 else last
            for name, last in zip(params, short, strict=True)
        ]

    def axis(self, k):
        """Return the distinct values of a parameter, in order, and whose is which."""
        column = [row[k] for row in self.values]
        distinct = list({key_of(value): value for value in column}.values())
        if self.is_numeric(k):
            distinct.sort()
        number = {key_of(value): i for i, value in enumerate(distinct)}
        return distinct, np.array([number[key_of(value)] for value in column])

    def is_numeric(self, k):
        """Tell whether all values of a parameter are numbers."""
        return all(
            isinstance(row[k], Real) and not isinstance(row[k], (bool, np.bool_))
            for row in self.values
        )

    def label(self, i):
        """Describe a combination in words."""
        return ", ".join(
            f"{name} {show(value)}"
            for name, value in zip(self.names, self.values[i], strict=True)
            if value is not ABSENT
        )

    def sorted(self, n):
        """Return the n best combinations, the best first."""
        order = np.argsort(-self.means, kind="stable")
        order = order[np.isfinite(self.means[order])][:n]
        values = [self.values[i] for i in order]
        return Table(
            self.params, values, self.means[order], self.errors[order], self.metric
        )


def show(value):
    """Return a parameter's value as a short text."""
    if isinstance(value, Real) and not isinstance(value, (bool, np.bool_)):
        return f"{value:g}"
    if hasattr(value, "get_params"):
        return type(value).__name__
    return str(getattr(value, "__name__", value))


def key_of(value):
    """Return what two equal values share; many values cannot be hashed."""
    if isinstance(value, Real) and not isinstance(value, (bool, np.bool_)):
        return float(value)
    return repr(value)

"""What parameters that are "auto" become: rules by the number of training tokens.

A text of some thousand sentences needs many passes, wide windows and every word that
occurs twice; with the same values, vectors of millions of tokens tell less well which
words are alike.  Each estimator has a table of rules, ``_rules``, by parameter.

A rule has one method, ``value(n_tokens)``.  The number of tokens is that of the
training documents, rare words included, or None where it is not known, as in a stream,
which is taken for a large text.
"""

# SPDX-License-Identifier: BSD-3-Clause

import math
from typing import Any, NamedTuple

#: From so many tokens on, a text is a large one.
LARGE = 2_000_000

AUTO = "auto"


class BySize(NamedTuple):
    """One value for texts below `LARGE` tokens, another one from there on."""

    small: Any
    large: Any

    def value(self, n_tokens):
        """Return the value."""
        return self.large if n_tokens is None or n_tokens >= LARGE else self.small


class Passes(NamedTuple):
    """As many epochs as make up so many tokens, within limits."""

    n_tokens: float
    least: int
    most: int

    def value(self, n_tokens):
        """Return the value."""
        if n_tokens is None:
            return self.least
        passes = math.ceil(self.n_tokens / max(n_tokens, 1))
        return min(max(passes, self.least), self.most)


def settled(estimator, n_tokens=None, keep=True):
    """Return an unfitted estimator of the same parameters, none of them "auto".

    Parameters
    ----------
    estimator : estimator
        Left as it is.
    n_tokens : int or None, default=None
        Of the training documents; None: not known.
    keep : bool, default=True
        Whether what an earlier fit chose stays.
    """
    params = estimator.get_params(deep=False)
    for name, rule in estimator._rules.items():
        if _is_auto(params[name]):
            earlier = getattr(estimator, f"{name}_", None) if keep else None
            params[name] = rule.value(n_tokens) if earlier is None else earlier
    return type(estimator)(**params)


def outcomes(estimator):
    """Return the fitted attributes that tell what a settled estimator was given."""
    rules = getattr(estimator, "_rules", {})
    return {f"{name}_": getattr(estimator, name) for name in rules}


def _is_auto(value):
    return isinstance(value, str) and value == AUTO

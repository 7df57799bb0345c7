"""What "auto" means for parameters of a text classifier: rules by what it learns from.

Unit vectors make every step count alike, whatever a document's length, so that one
learning rate serves all texts, and a penalty keeps many passes from learning the
training texts by heart.  A mean of many rows moves less by each step than one of few.
"""

# SPDX-License-Identifier: BSD-3-Clause

import math
from typing import NamedTuple


class Seen(NamedTuple):
    """What a fit learns from."""

    n_documents: int | None  # None: a stream
    n_classes: int
    n_judged: int  # rows of outputs that say yes or no, each by itself; softmax: 1
    n_features: float  # of a document, on average


class Constant(NamedTuple):
    """The same value for all."""

    number: float

    def value(self, seen):
        """Return the value."""
        return self.number


class ByJudged(NamedTuple):
    """One rate, unless a document moves by so many rows that a step would overshoot."""

    rate: float
    most_judged: float

    def value(self, seen):
        """Return the value."""
        if seen is None:
            return self.rate
        return self.rate * min(1.0, self.most_judged / seen.n_judged)


class Passes(NamedTuple):
    """As many epochs as make up so many documents, within limits."""

    n_documents: int
    least: int
    most: int

    def value(self, seen):
        """Return the value."""
        if seen is None or seen.n_documents is None:
            return self.least
        passes = math.ceil(self.n_documents / max(seen.n_documents, 1))
        return min(max(passes, self.least), self.most)


class ByLength(NamedTuple):
    """A share of the root of the number of features, within limits."""

    share: float
    least: float
    most: float

    def value(self, seen):
        """Return the value."""
        rate = self.share * math.sqrt(0 if seen is None else seen.n_features)
        return min(max(rate, self.least), self.most)


class ByClasses(NamedTuple):
    """A share of what documents of one of that many classes pull together."""

    share: float

    def value(self, seen):
        """Return the value."""
        return self.share / math.sqrt(2 if seen is None else seen.n_classes)


#: By `normalization`, what parameters that are "auto" become.
RULES = {
    "l2": {
        "learning_rate": ByJudged(0.2, 50),
        "epochs": Passes(40_000, 5, 20),
        "alpha": ByClasses(2e-3),
    },
    "l1": {
        "learning_rate": ByLength(0.2, 0.3, 3.0),
        "epochs": Passes(40_000, 10, 50),
        "alpha": Constant(0.0),
    },
}

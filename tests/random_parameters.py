"""Parameters at random, right and wrong, of every estimator; and what may come of them.

Strategies are made of the tables that the estimators check their parameters with, so
that a new parameter is searched as soon as it is checked.
"""

# SPDX-License-Identifier: BSD-3-Clause

import re
import warnings
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from hypothesis import strategies as st
from sklearn.utils._param_validation import Interval, StrOptions

from sklearn_embed import (
    ContextualVectorizer,
    FastTextClassifier,
    FastTextVectorizer,
    GloVeVectorizer,
    MeanPoolEmbedder,
    NGramLanguageModel,
    OneHotTokens,
    PPMIVectorizer,
    Pretrained,
    RecurrentClassifier,
    RecurrentLanguageModel,
    TokenizedDocuments,
    WindowLanguageModel,
    Word2VecVectorizer,
    WordClassVectorizer,
)

#: What may be raised, with a message that names a parameter or the documents.
ALLOWED = (ValueError, TypeError, FloatingPointError, MemoryError)

#: What a message may name besides parameters; a vector is named with its word.
NAMED = {
    "X",
    "y",
    "vector",
    "document",
    "documents",
    "Document",
    "classes",
    "sample_weight",
}

VECTORS = {"cat": [1.0, 0.5, -1.0], "dog": [0.0, 2.0, 0.5], "кошка": [-1.0, 0.0, 3.0]}

#: Values that are right by themselves, and wrong ones, where the table of constraints
#: does not tell, or where others would take long or compile something.
INSTEAD: dict[str, tuple[list, list]] = {
    "encoding": (["utf-8", "latin-1"], ["utf-99", 8]),
    "epochs": ([1, 2, 4], [0, -1, 1.5]),
    "negative": ([1, 2, 5, 7, 1000], [0, 1001, "few"]),
    "n_jobs": ([None, 1, 2, -1], [0]),
    "bucket": ([1, 2, 50, 100_000], [None, 0, 2**31, 2.0]),
    "vector_size": ([1, 2, 3, 15, 17, 40], [0, -3, 2**40, 2**62, 2**80, 3.0, None]),
    "window": ([1, 2, 5, 63, 65, 10**9, 10**30, "document"], [0, 2.5]),
    "hidden_size": ([1, 2, 3, 17, 33], [0, -1, 2**40, 2**80, 2.5]),
    "num_layers": ([1, 2, 3], [0, 101, 1.5]),
    "batch_size": ([1, 2, 9, 100, 10**6], [0, 2.5]),
    "bptt": ([1, 2, 35, 10**6], [0, 2.5]),
    "max_norm": ([None, 1e-3, 1.0, 1e30], [0, -1.0]),
    "momentum": ([0, 0.5, 0.99], [1, -0.1]),
    "order": ([1, 2, 3, 20], [0, 21, 2.5, None]),
    "word_ngrams": ([1, 2, 3, 50, 10**9], [0]),
    "min_n": ([1, 2, 3, 7], [0, 10**6, -1]),
    "max_n": ([0, 1, 3, 6, 99], [101, 10**6, -1]),
    "max_length": ([None, 1, 2, 50], [2**40, 0]),
    "max_memory": ([None, 1, 10_000, 10**9], [0]),
    "memory": ([None], [5]),
    "ngram_range": ([(1, 1), (1, 3), (2, 2), (1, 10**9)], [(2, 1), (0, 1), (1,), "12"]),
    "max_features": ([None, 1, 2, 10, 10**18, 10**30], [0]),
    "min_count": ([1, 2, 5], [10**9, 10**30, 0]),
    "vocabulary": (
        [None, ["cat", "dog"], {"cat": 0, "dog": 1}, {"мир"}, np.array(["cat", "的"])],
        [{"cat": 5, "dog": 1}, ["cat", "cat"], [], [1, 2], "cat"],
    ),
    "stop_words": ([None, "english", ["cat"], {"the"}], ["latin", [3], ["The Cat"]]),
    "tokenizer": (
        [None, "char", str.split, list],
        [len, lambda text: [1], "word"],
    ),
    "token_pattern": (
        [r"(?u)\b\w\w+\b", r"\S+", r"(?u)\b\w+\b"],
        ["", "(", "(a)(b)"],
    ),
    "preprocessor": ([None, str.upper], [len, lambda text: None]),
    "strip_accents": ([None, "ascii", "unicode", str.strip], ["both"]),
    "pretrained": (
        [
            None,
            VECTORS,
            Pretrained(VECTORS, trainable=False),
            Pretrained(VECTORS, penalty=0.5),
        ],
        [{}, {"cat": [np.nan, 1.0, 2.0]}, {"cat": [1e30, 1.0, 2.0]}, 5],
    ),
    "embedding": (
        [
            VECTORS,
            Word2VecVectorizer(3, min_count=1, epochs=1),
            FastTextVectorizer(3, min_count=1, epochs=1, bucket=50),
        ],
        [{}, {"cat": [np.inf, 1.0]}, None],
    ),
    # Fitted ones have tests of their own: no import trains anything.
    "language_model": ([None], [5, "forward", RecurrentLanguageModel(3), (None, 1)]),
    "unlabeled": ([None, ["cat sat on the mat"], [["cat", "dog"]]], ["cat", [None]]),
    "layers": (["all", 0, 1, -1, [0, 1], (-1, 0)], [7, -9, [], [0, 0], [0.5], "top"]),
    "layer_weights": (["concat", "mean", [1.0], [0.5, 2]], [[], [np.nan], ["a"], 1.0]),
    "language_models": ([None], [5, (), (None, None)]),
    "weights": (
        [None, "idf", "sif", "usif", "mutual_info", len],
        [lambda word: np.nan, "tf"],
    ),
    "class_weight": (
        [None, "balanced", {0: 2.0}],
        [{0: -1.0}, {0: np.nan}, {5: 1}, "no"],
    ),
    "powers": (
        [(1,), [1, 2, 3], (-np.inf, 1, np.inf), [0.5, -2], [1e6]],
        [[], [0], [np.nan], ["a"], 1],
    ),
    "dtype": ([np.int64, np.float32, "int8", bool], [str, object, "nonsense"]),
    "cv": ([2, 3, 5], [0, 1, 10**9, "few", [([0], [0])]]),
    "random_state": ([0, 1, None], [-1, "seed"]),
    "verbose": ([False], [-1]),
    "learning_rate": (
        [1e-300, 1e-4, 0.05, 0.5, 3.0],
        [1e4, 1e38, 1e300, np.inf, np.nan],
    ),
}

CLASSES = [
    ContextualVectorizer,
    OneHotTokens,
    Word2VecVectorizer,
    FastTextVectorizer,
    GloVeVectorizer,
    PPMIVectorizer,
    MeanPoolEmbedder,
    FastTextClassifier,
    RecurrentClassifier,
    WordClassVectorizer,
    NGramLanguageModel,
    RecurrentLanguageModel,
    WindowLanguageModel,
]

#: What every case begins with, that small texts can be learned from.
PLAIN = {"vector_size": 3, "min_count": 1, "epochs": 2, "random_state": 0}

TEXTS = [
    [],
    [""],
    ["", "  ", "?!"],
    ["cat"],
    ["cat", "dog"],
    ["cat cat cat cat"] * 9,
    ["the cat sat on the mat", "a dog met the cat", "", "the dog sat"] * 5,
    ["猫坐在门边", "狗在门边，猫也在", "的"] * 4,
    ["猫 坐 在 门 边", "狗 在 门 边"] * 6,
    ["Мир и труд: кошка", "кошка и собака", "naïve ΣΑΣ"] * 4,
    [["cat", "dog", "cat"], [], ["", "a b"], ["dog"]] * 4,
    ["x " * 300, "cat " + "y" * 5000],
    ["\x00 \ud800 cat", "dog\u2028cat 😀"] * 3,
    ["aa bb cc"] * 10,
    TokenizedDocuments.from_documents(["cat sat mat", "dog sat", "cat"] * 5),
    [" ".join(np.random.default_rng(n).choice(list("abcdefgh"), 9)) for n in range(30)],
]


class Case(NamedTuple):
    """An estimator, its parameters in the order of its fits, and texts."""

    cls: type
    params: dict[str, Any]
    texts: Any
    then: str  # what follows the first fit
    more: dict[str, Any]  # parameters that are changed before it
    others: Any
    labels: str

    def __repr__(self):
        """Show what can be pasted."""
        return (
            f"{self.cls.__name__}(**{self.params!r}) on {self.texts!r:.300}; then "
            f"{self.then} with {self.more!r} on {self.others!r:.100}; y {self.labels}"
        )


def values_of(name, constraints):
    """Return strategies of right and of wrong values for one parameter."""
    if name in INSTEAD:
        return tuple(map(st.sampled_from, INSTEAD[name]))
    if constraints == "no_validation":
        raise AssertionError(f"no values are known for {name}")
    right, wrong = [], [None, -1, "", [1], np.nan]
    for constraint in constraints:
        if isinstance(constraint, StrOptions):
            right += sorted(constraint.options)
        elif isinstance(constraint, Interval):
            numbers = _numbers_near(constraint)
            right += [number for number in numbers if number in constraint]
            wrong += [number for number in numbers if number not in constraint]
        elif constraint == "boolean":
            right += [True, False]
        elif constraint is None:
            right.append(None)
    return st.sampled_from(right), st.sampled_from(wrong)


def _numbers_near(interval):
    """Return numbers near the bounds of an interval, and some extreme ones."""
    bounds = [b for b in (interval.left, interval.right) if b is not None]
    if issubclass(interval.type, Integral):
        return [int(b) + step for b in bounds for step in (-1, 0, 1, 2)] or [0, 1, 2]
    near = [b * 1.0 + step for b in bounds for step in (-0.5, 0, 1e-9, 0.1, 0.9, 1)]
    return [*near, 1e-30, 0.5, 3.0, 1e30, 1e300, np.inf, -np.inf, np.nan]


@st.composite
def cases(draw, classes=CLASSES):
    """Draw a Case: few parameters, so that some of them are right."""
    cls = draw(st.sampled_from(classes))
    table = cls._parameter_constraints
    params = {name: value for name, value in PLAIN.items() if name in table}
    if cls is MeanPoolEmbedder:
        params["embedding"] = VECTORS
    names = st.sampled_from(sorted(table))

    def some(least, most):
        chosen = draw(st.lists(names, min_size=least, max_size=most, unique=True))
        values = {}
        for name in sorted(chosen):
            right, wrong = values_of(name, table[name])
            values[name] = draw(wrong if draw(st.integers(0, 24)) == 13 else right)
        return values

    n = draw(st.sampled_from([1, 3, 6, 10]))
    params |= some(n // 2, n)
    then = draw(st.sampled_from(["nothing", "transform", "fit", "partial_fit"]))
    more = {} if then == "nothing" else some(0, 2)
    texts = st.sampled_from(TEXTS + TEXTS[4:] * 4)
    labels = draw(st.sampled_from(["two"] * 5 + ["three", "several", "one", "wrong"]))
    return Case(cls, params, draw(texts), then, more, draw(texts), labels)


def problem_of(case):
    """Run a case; return what is wrong with its end, or None."""
    try:
        estimator = case.cls(**case.params)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            fitted = _fitted(estimator, case)
            rows = _rows(fitted, ["", "cat sat", "unheardof", "猫坐在门边 的"])
            again = case.then in ("fit", "partial_fit") and hasattr(fitted, case.then)
            own = _rows(fitted, case.others if again else case.texts)
    except ALLOWED as error:
        return None if _names_something(case.cls, error) else f"unnamed: {error!r}"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    for name, value in vars(fitted).items():
        if isinstance(value, np.ndarray) and value.dtype.kind == "f":
            if not np.isfinite(value).all():
                return f"{name} is not finite"
    expected_nan = getattr(fitted, "empty", None) == "nan"
    if not expected_nan and not np.isfinite(rows).all():
        return "rows are not finite"
    # Empty texts are what they look like.
    has_tokens = any(map(len, case.others if again else case.texts))
    if has_tokens and not np.nan_to_num(own).any() and not caught:
        return "all rows are zero, in silence"
    odd = [w for w in caught if issubclass(w.category, RuntimeWarning)]
    return f"a RuntimeWarning: {odd[0].message}" if odd else None


def _fitted(estimator, case):
    """Fit as the case says."""
    estimator.fit(case.texts, *_labels(case, case.texts))
    if case.then == "nothing" or not hasattr(estimator, case.then):
        return estimator
    estimator.set_params(**case.more)
    if case.then == "transform":
        return estimator
    getattr(estimator, case.then)(case.others, *_labels(case, case.others))
    return estimator


def _labels(case, texts):
    """Return labels for a classifier."""
    if case.cls not in (FastTextClassifier, RecurrentClassifier, WordClassVectorizer):
        return ()
    n = np.arange(len(texts))
    made = {
        "two": n % 2,
        "three": np.array(["a", "b", "c"])[n % 3],
        "one": n * 0,
        "several": np.stack([n % 2, n % 3 == 0], axis=1).astype(int),
        "wrong": np.ones(len(texts) + 1),
    }
    return (made[case.labels],)


def _rows(fitted, X):
    """Return rows of documents, or probabilities."""
    names = "predict_proba", "transform", "score_samples"
    rows = next(getattr(fitted, n) for n in names if hasattr(fitted, n))(X)
    rows = rows.toarray() if sp.issparse(rows) else np.asarray(rows)
    return rows.astype(np.float64) if rows.dtype.kind in "iufb" else np.ones(1)


def _names_something(cls, error):
    """Tell whether a message names a parameter or the documents."""
    words = set(re.findall(r"\w+", str(error)))
    return bool(words & (NAMED | set(cls._parameter_constraints)))

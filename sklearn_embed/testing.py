"""The contract of a text estimator, as checks that anybody can run.

scikit-learn's own checks feed matrices of numbers, so that on an estimator whose
tags say "documents" nearly none of them runs.  These feed documents.
"""

# SPDX-License-Identifier: BSD-3-Clause

import pickle
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, clone, is_classifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import MiniBatchKMeans
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import TruncatedSVD
from sklearn.ensemble import RandomForestClassifier, StackingClassifier
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.feature_selection import SelectKBest, VarianceThreshold, chi2, f_classif
from sklearn.linear_model import LogisticRegression, Perceptron, SGDClassifier
from sklearn.model_selection import GridSearchCV, TunedThresholdClassifierCV
from sklearn.naive_bayes import GaussianNB, MultinomialNB
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.utils import get_tags
from sklearn.utils.fixes import parse_version

from sklearn_embed._text.tokenized import TokenizedDocuments

__all__ = ["check_text_estimator", "text_checks"]

_DOCUMENTS = (
    "The cat sat on the mat, and the dog sat by the door.",
    "A dog and a cat met; the cat ran and the dog ran after it.",
    "",
    "Мир и труд: кошка и собака, собака и кошка.",
    "the cat sat on the dog and the dog sat on the cat",
    "的 猫 和 的 狗 在 门 边, the cat and the dog",
)


def check_text_estimator(estimator: BaseEstimator) -> None:
    """Run every check of this module on an estimator of documents.

    Parameters
    ----------
    estimator : estimator
        An unfitted transformer, or language model (with `score_samples` in place of
        `transform`), that can learn from six short sentences and whose randomness is
        fixed (``min_count=1``, ``random_state=0`` or the like).

    Raises
    ------
    AssertionError
        If the estimator violates the contract; the message says how.

    Examples
    --------
    >>> from sklearn_embed import OneHotTokens
    >>> from sklearn_embed.testing import check_text_estimator
    >>> check_text_estimator(OneHotTokens())
    """
    for check in text_checks():
        check(estimator)


def text_checks() -> list[Callable[[BaseEstimator], None]]:
    """Return the checks, functions of one unfitted estimator each.

    Returns
    -------
    list of callable
        For ``pytest.mark.parametrize`` and the like.
    """
    return [thing for name, thing in globals().items() if name.startswith("check_each")]


def check_each_container_gives_the_same_rows(estimator: BaseEstimator) -> None:
    """Demand that all containers of the same documents give the same rows."""
    expected = _rows(_fit(estimator, list(_DOCUMENTS)), list(_DOCUMENTS))
    for make in _CONTAINERS:
        fitted = _fit(estimator, make(_DOCUMENTS))
        assert_array_equal(_rows(fitted, make(_DOCUMENTS)), expected)


def check_each_row_depends_on_its_document_alone(estimator: BaseEstimator) -> None:
    """Demand that no row changes with its neighbours or its place."""
    fitted = _fit(estimator, _DOCUMENTS)
    together = _rows(fitted, _DOCUMENTS)
    for document, row in zip(_DOCUMENTS, together, strict=True):
        assert_array_equal(_rows(fitted, [document])[0], row)
    assert_array_equal(_rows(fitted, _DOCUMENTS[::-1]), together[::-1])


def check_each_row_is_finite(estimator: BaseEstimator) -> None:
    """Demand zeros, not NaN, for empty and unknown documents."""
    fitted = _fit(estimator, _DOCUMENTS)
    rows = _rows(fitted, ["", "   ", "?!", "zzz qqq"])
    assert np.isfinite(rows).all(), "a document without known words gives NaN"
    if _gives_rows(fitted):
        assert not rows[:3].any(), "an empty document is not a row of zeros"
    assert len(_rows(fitted, [])) == 0


def check_each_fit_is_reproducible(estimator: BaseEstimator) -> None:
    """Demand the same bits of the same seed, and of fit_transform.

    The latter of estimators that need no labels.
    """
    first, second = (_fit(estimator, _DOCUMENTS) for _ in range(2))
    expected = _rows(first, _DOCUMENTS)
    assert_array_equal(_rows(second, _DOCUMENTS), expected)
    again = first.fit(_DOCUMENTS, *_labels(first))
    assert_array_equal(_rows(again, _DOCUMENTS), expected)
    if _gives_rows(estimator):
        together = _dense(_fit_transform(estimator, list(_DOCUMENTS)))
        if _labels(estimator):  # rows of training texts may be cross-fitted
            expected = _dense(_fit_transform(estimator, list(_DOCUMENTS)))
        assert_array_equal(together, expected)


def check_each_wrong_input_is_refused(estimator: BaseEstimator) -> None:
    """Demand that a lone string, missing texts, bytes and numbers are named."""
    fitted = _fit(estimator, _DOCUMENTS)
    for method in (partial(_fit, estimator), _method_of(fitted)):
        for wrong, word in _WRONG:
            error = _error_of(method, wrong)
            assert isinstance(error, (TypeError, ValueError)), f"accepts {wrong!r}"
            assert word in str(error), f"{error!r} does not say {word!r}"
    assert isinstance(_error_of(partial(_fit, estimator), []), ValueError)


def check_each_failed_fit_changes_nothing(estimator: BaseEstimator) -> None:
    """Demand that a fitted estimator survives a fit that fails."""
    fitted = _fit(estimator, _DOCUMENTS)
    before, names = _rows(fitted, _DOCUMENTS), set(vars(fitted))
    for wrong in ([None], ["a", 3], "text", []):
        fit = partial(_fit, fitted, copies=False)
        assert _error_of(fit, wrong) is not None
        assert set(vars(fitted)) == names, "a failed fit leaves attributes behind"
        assert_array_equal(_rows(fitted, _DOCUMENTS), before)


def check_each_fit_leaves_parameters_alone(estimator: BaseEstimator) -> None:
    """Demand that fit changes no parameter and returns self."""
    fitted = clone(estimator)
    before = {name: str(value) for name, value in fitted.get_params().items()}
    assert _fit(fitted, _DOCUMENTS, copies=False) is fitted
    after = {name: str(value) for name, value in fitted.get_params().items()}
    assert before == after, "fit changes a parameter"
    added = set(vars(fitted)) - set(vars(clone(estimator)))
    public = [name for name in added if not name.startswith("_")]
    assert all(name.endswith("_") for name in public), f"fit sets {public}"


def check_each_copy_gives_the_same_rows(estimator: BaseEstimator) -> None:
    """Demand that pickled estimators transform alike, and clones are unfitted."""
    fitted = _fit(estimator, _DOCUMENTS)
    twin = pickle.loads(pickle.dumps(fitted))
    assert_array_equal(_rows(twin, _DOCUMENTS), _rows(fitted, _DOCUMENTS))
    error = _error_of(_method_of(clone(fitted)), list(_DOCUMENTS))
    assert isinstance(error, NotFittedError), "use before fit is not refused"


def check_each_column_has_a_name(estimator: BaseEstimator) -> None:
    """Demand names for the columns, and frames that bear them."""
    if not _gives_rows(estimator):
        return
    fitted = _fit(estimator, _DOCUMENTS)
    rows = fitted.transform(list(_DOCUMENTS))
    names = fitted.get_feature_names_out()
    assert len(names) == rows.shape[1] == len(set(names))
    assert names.dtype == object
    assert all(isinstance(name, str) for name in names)
    if hasattr(fitted, "set_output"):
        texts = pd.DataFrame({"text": _DOCUMENTS}, index=range(10, 16))
        frame = _fit_transform(clone(estimator).set_output(transform="pandas"), texts)
        assert isinstance(frame, pd.DataFrame)
        assert list(frame.columns) == list(names)
        assert list(frame.index) == list(range(10, 16)), "the index is lost"
        rows = _fit_transform(estimator, list(_DOCUMENTS))
        assert_array_equal(frame.to_numpy(), _dense(rows))


def check_each_pipeline_can_be_searched(estimator: BaseEstimator) -> None:
    """Demand that a search runs, on strings and TokenizedDocuments alike."""
    if not _gives_rows(estimator):
        return
    documents, y = list(_DOCUMENTS) * 3, [0, 1, 0, 1, 0, 1] * 3
    pipeline = Pipeline([("text", clone(estimator)), ("clf", LogisticRegression())])
    scores = []
    for X in (documents, TokenizedDocuments.from_documents(documents)):
        search = GridSearchCV(pipeline, {"clf__C": [0.1, 1]}, cv=2, error_score="raise")
        scores.append(search.fit(X, y).cv_results_["mean_test_score"])
        assert search.predict(documents[:2]).shape == (2,)
    assert_array_equal(*scores)


def check_each_learner_takes_the_rows(estimator: BaseEstimator) -> None:
    """Demand rows that classifiers, clusterers, selectors and resamplers accept.

    Sparse ones have int32 indices, as those of ``CountVectorizer``: compiled learners
    refuse others.
    """
    if not _gives_rows(estimator):
        return
    documents, y = list(_DOCUMENTS) * 3, np.tile([0, 1], 9)
    rows = clone(estimator).fit(documents, y).transform(documents)
    learners = [make() for make in _LEARNERS]
    if sp.issparse(rows):
        kinds = rows.indices.dtype, rows.indptr.dtype
        assert kinds == (np.int32, np.int32), f"indices are {kinds}"
        assert rows.has_canonical_format, "indices are not sorted, or occur twice"
        learners += [MultinomialNB(), SelectKBest(chi2, k=1)]
    else:
        learners += [GaussianNB(), SelectKBest(f_classif, k=1)]
        assert rows.flags.c_contiguous
    with _quiet():
        for learner in learners:
            learner.fit(rows, y)
        if find_spec("imblearn"):
            samplers: Any = import_module("imblearn.over_sampling")
            sampler = samplers.RandomOverSampler(random_state=0)
            more, _ = sampler.fit_resample(rows[:17], y[:17])
            assert more.shape == (18, rows.shape[1])


def check_each_container_can_be_asked_for(estimator: BaseEstimator) -> None:
    """Demand frames of every library that scikit-learn's `set_output` knows."""
    if not hasattr(estimator, "set_output"):
        return
    expected = _dense(_fit_transform(estimator, list(_DOCUMENTS)))
    for name in ("default", "pandas", "polars"):
        if name != "default" and not find_spec(name):
            continue
        fitted = clone(estimator).set_output(transform=name)
        frame = fitted.fit_transform(list(_DOCUMENTS), *_labels(fitted))
        assert type(frame).__module__.partition(".")[0] in (name, "numpy", "scipy")
        assert name == "default" or type(frame).__name__ == "DataFrame"
        assert_array_equal(_dense(frame), expected)
        if name != "default":
            assert list(frame.columns) == list(fitted.get_feature_names_out())


def check_each_frame_column_is_documents(estimator: BaseEstimator) -> None:
    """Demand that a ColumnTransformer can hand on a column of any frame."""
    if not _gives_rows(estimator):
        return
    expected = _dense(_fit_transform(estimator, list(_DOCUMENTS)))
    transformed = _rows(_fit(estimator, list(_DOCUMENTS)), list(_DOCUMENTS))
    # An array, not "passthrough": scikit-learn 1.6 asks polars' frames for their size.
    numbers = FunctionTransformer(np.asarray)
    columns = [("text", clone(estimator), "text"), ("n", numbers, ["n"])]
    for frame in _frames():
        union = ColumnTransformer(columns, sparse_threshold=0)
        rows = np.asarray(union.fit_transform(frame, *_labels(estimator)))
        assert_array_equal(rows[:, :-1].astype(expected.dtype), expected)
        assert_array_equal(rows[:, -1], np.arange(len(_DOCUMENTS)))
        later = np.asarray(union.transform(frame))[:, :-1]
        assert_array_equal(later.astype(expected.dtype), transformed)


def check_each_pipeline_routes_metadata(estimator: BaseEstimator) -> None:
    """Demand that weights pass by the text estimator, to what asks for them."""
    if not _gives_rows(estimator):
        return
    documents, y = list(_DOCUMENTS) * 3, np.tile([0, 1], 9)
    weights = np.linspace(0.1, 2, len(y))
    with sklearn.config_context(enable_metadata_routing=True), _quiet():
        learner = LogisticRegression().set_fit_request(sample_weight=True)
        pipeline = make_pipeline(clone(estimator), learner)
        pipeline.fit(documents, y, sample_weight=weights)
        rows = clone(estimator).fit_transform(documents, y)
        alone = LogisticRegression().fit(rows, y, sample_weight=weights)
    assert_allclose(pipeline[-1].coef_, alone.coef_, rtol=1e-5, atol=1e-7)


def check_each_wrapper_takes_documents(estimator: BaseEstimator) -> None:
    """Demand that scikit-learn's wrappers of classifiers work on texts.

    A transformer is the first step of a pipeline; a classifier is wrapped itself.
    """
    if not (_gives_rows(estimator) or is_classifier(estimator)):
        return
    documents, y = list(_DOCUMENTS) * 4, np.tile([0, 1], 12)
    classifier = clone(estimator)
    if not is_classifier(classifier):
        scaler = StandardScaler(with_mean=False)  # sparse rows stay sparse
        classifier = make_pipeline(classifier, scaler, LogisticRegression())
    wrappers = (
        CalibratedClassifierCV(classifier, cv=2),
        StackingClassifier([("text", classifier)], cv=2),
        TunedThresholdClassifierCV(classifier, cv=2),
    )
    with _quiet():
        for wrapper in wrappers:
            wrapper.fit(documents, y)
            assert wrapper.predict(documents[:3]).shape == (3,)
            shares = wrapper.predict_proba(documents[:3])
            assert np.isfinite(shares).all()
            assert_allclose(shares.sum(axis=1), 1, rtol=1e-6)


def check_each_language_model_predicts(estimator: BaseEstimator) -> None:
    """Demand probabilities that sum to 1, agree with each other, and can be drawn."""
    if not hasattr(estimator, "predict_next"):
        return
    fitted, documents = _fit(estimator, _DOCUMENTS), list(_DOCUMENTS)
    tokens = [*TokenizedDocuments.from_documents(documents)]
    words = fitted.log_proba(documents)
    assert [len(values) for values in words] == [len(text) + 1 for text in tokens]
    for values, document in zip(words, tokens, strict=True):
        for n, value in enumerate(values):
            found = dict(fitted.predict_next(document[:n], topn=None))
            assert_allclose(sum(found.values()), 1, rtol=1e-5)
            word = document[n] if n < len(document) else "</s>"
            expected = found[word if word in found else "<unk>"]
            assert_allclose(np.exp(value), expected, rtol=1e-4)
    together = np.concatenate(words)
    assert_allclose(fitted.score(documents), together.mean(), rtol=1e-12)
    assert_allclose(fitted.perplexity(documents), np.exp(-together.mean()))
    assert_allclose(fitted.score_samples(documents), [w.sum() for w in words])
    assert fitted.unknown_share(["zzz qqq"]) == 1
    first, again = (fitted.sample("the", 20, random_state=0) for _ in range(2))
    assert first == again, "the same seed gives another text"
    assert set(first) <= set(fitted.words_)


def check_each_language_model_can_be_searched(estimator: BaseEstimator) -> None:
    """Demand that a search finds the best score, on any documents."""
    if not hasattr(estimator, "predict_next"):
        return
    documents, scores = list(_DOCUMENTS) * 3, []
    grid = {"max_features": [5, 10]}
    for X in (documents, TokenizedDocuments.from_documents(documents)):
        search = GridSearchCV(clone(estimator), grid, cv=2, error_score="raise")
        scores.append(search.fit(X).cv_results_["mean_test_score"])
        assert search.best_score_ == scores[-1].max() < 0
    assert_array_equal(*scores)


#: What is fitted to rows; more are in `check_each_learner_takes_the_rows`.
_LEARNERS: tuple[Callable[[], BaseEstimator], ...] = (
    LinearSVC,
    SVC,
    lambda: SGDClassifier(random_state=0),
    lambda: Perceptron(random_state=0),
    lambda: LogisticRegression(solver="liblinear"),
    lambda: LogisticRegression(solver="saga", random_state=0),
    lambda: MiniBatchKMeans(2, n_init=1, random_state=0),
    lambda: RandomForestClassifier(2, random_state=0),
    lambda: TruncatedSVD(1, random_state=0),
    VarianceThreshold,
    NearestNeighbors,
)


@contextmanager
def _quiet() -> Iterator[None]:
    """Ignore what learners say of so few documents: it is not what is checked."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


def _frames():
    """Yield frames with a column of documents and one of numbers."""
    data = {"text": list(_DOCUMENTS), "n": range(len(_DOCUMENTS))}
    for dtype in (object, "str", "string"):
        yield pd.DataFrame(data).astype({"text": dtype})
    if find_spec("pyarrow"):
        yield pd.DataFrame(data).astype({"text": "string[pyarrow]"})
    if find_spec("polars"):
        polars: Any = import_module("polars")
        # scikit-learn before 1.9 asks for a protocol that polars 2 has no more.
        if _TAKES_POLARS or hasattr(polars.DataFrame, "__dataframe__"):
            yield polars.DataFrame(data)


_TAKES_POLARS = parse_version(sklearn.__version__) >= parse_version("1.9")
_CONTAINERS = (
    tuple,
    iter,
    np.array,
    lambda X: np.array(X, dtype=object)[:, None],
    lambda X: pd.Series(X, index=range(len(X), 0, -1)),
    lambda X: pd.DataFrame({"text": X}),
    TokenizedDocuments.from_documents,
)

_WRONG = (
    ("a lone string", "single string"),
    (["a", None], "Document 1"),
    (["a", "b", float("nan")], "Document 2"),
    (["a", b"b"], "Document 1"),
    ([1.5], "Document 0"),
    (np.array([["a", "b"]]), "shape"),
    ({"a": "b"}, "dict"),
)


def _gives_rows(estimator):
    """Tell whether an estimator is a transformer, and not a language model."""
    return hasattr(estimator, "transform") or not hasattr(estimator, "score_samples")


def _method_of(estimator):
    """Return what an estimator is fitted for."""
    return estimator.transform if _gives_rows(estimator) else estimator.score_samples


def _labels(estimator):
    """Return a tuple of labels of the documents, where an estimator needs them."""
    return (np.arange(len(_DOCUMENTS)) % 2,) * get_tags(estimator).target_tags.required


def _fit(estimator, X, copies=True):
    """Fit, or have a copy fitted."""
    estimator = clone(estimator) if copies else estimator
    return estimator.fit(X, *_labels(estimator))


def _fit_transform(estimator, X):
    """Have a copy fitted, and return its rows of the same documents."""
    return clone(estimator).fit_transform(X, *_labels(estimator))


def _rows(fitted, X):
    """Return the transformed documents as a dense array."""
    return _dense(_method_of(fitted)(X))


def _dense(rows):
    """Return an array of what may be sparse or a frame."""
    return rows.toarray() if sp.issparse(rows) else np.asarray(rows)


def _error_of(method, X):
    """Return the exception that a call raises, or None."""
    try:
        method(X)
    except Exception as error:
        return error
    return None

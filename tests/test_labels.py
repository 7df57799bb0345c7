"""Labels that a classifier takes, and what it says of those that it does not."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from sklearn_embed import FastTextClassifier
from sklearn_embed._estimators import label_fits, labels

TEXTS = ["good film", "bad film", "good fun", "bad and long"] * 5
Y = [1, 0, 1, 0] * 5
SEVERAL = np.array([[1, 0, 1], [0, 1, 1], [1, 0, 0], [0, 1, 0]] * 5)


def model(**params):
    return FastTextClassifier(4, epochs=2, random_state=0, **params)


@pytest.mark.parametrize("wrong", [0.25, -1, np.nan, 2, 3])
@pytest.mark.parametrize("form", [sp.csr_matrix, sp.csc_array, sp.coo_array])
def test_indicators_are_zeros_and_ones(form, wrong):
    y = SEVERAL.astype(float)
    y[3, 1] = wrong
    with pytest.raises(ValueError, match="must be 0 and 1"):
        model().fit(TEXTS, form(y))


def test_entries_of_a_sparse_matrix_add_up_before_they_are_judged():
    rows, columns = [0, 0, *range(1, 20)], [0, 0, *([1] * 19)]
    y = sp.coo_array((np.ones(21), (rows, columns)), shape=(20, 2))
    with pytest.raises(ValueError, match=r"holds 2\.0"):
        model().fit(TEXTS, y)


@pytest.mark.parametrize(
    "y",
    [
        [["a"], ["b"], ["a", "b"], []] * 5,
        [("a",), ("b",)] * 10,
        [{"a"}, {"b"}] * 10,
        pd.Series([["a"], ["b", "c"]] * 10),
        np.array([["a"], ["b", "c"]] * 10, object),
    ],
)
def test_lists_of_labels_are_sent_to_the_binarizer(y):
    with pytest.raises(ValueError, match="MultiLabelBinarizer"):
        model().fit(TEXTS, y)


def test_lists_of_zeros_and_ones_are_indicators():
    one = model().fit(TEXTS, SEVERAL.tolist())
    assert np.array_equal(
        one.predict(TEXTS), model().fit(TEXTS, SEVERAL).predict(TEXTS)
    )


def test_no_labels_are_missed_by_name():
    with pytest.raises(
        ValueError, match="requires y to be passed, but the target y is None"
    ):
        model().fit(TEXTS, None)
    for missing in (None, pd.NA, pd.NaT):
        y = ["yes", "no", missing, *["no"] * (len(TEXTS) - 3)]
        for form in (y, np.array(y, dtype=object), pd.Series(y, dtype=object)):
            with pytest.raises(ValueError, match=r"y\[2\] is missing"):
                model().fit(TEXTS, form)


@pytest.mark.parametrize(
    "weights", [{0: -1.0}, {0: np.nan}, {0: np.inf}, {1: "2"}, {0: 0.0, 1: 0.0}]
)
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_weights_of_classes_are_checked(weights, method):
    arguments = {"classes": [0, 1]} if method == "partial_fit" else {}
    with pytest.raises(ValueError, match="class_weight"):
        getattr(model(class_weight=weights), method)(TEXTS, Y, **arguments)


@pytest.mark.parametrize("y", [SEVERAL, sp.csr_array(SEVERAL)])
def test_weights_by_class_are_refused_for_several_labels(y):
    with pytest.raises(ValueError, match="class_weight is a dict"):
        model(class_weight={0: 2.0}).fit(TEXTS, y)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("several", [False, True])
def test_no_class_is_held_out_whole(held_out, seed, several):
    texts, y = [*TEXTS, "rare words", "rarer words"], [*Y, 2, 3]
    y = np.eye(4, dtype=int)[y] if several else y
    one = model(early_stopping=True, validation_fraction=0.5)
    one.set_params(random_state=seed).fit(texts, y)
    assert len(held_out) <= 11 and not {20, 21} & set(held_out)


def test_held_out_documents_are_a_fair_share_of_each_class(held_out):
    y = [0] * 60 + [1] * 30 + [2] * 10
    model(early_stopping=True, validation_fraction=0.2).fit(["some words"] * 100, y)
    assert np.bincount(np.array(y)[held_out]).tolist() == [12, 6, 2]


@pytest.fixture
def held_out(monkeypatch):
    """List the documents that a fit holds out."""
    chosen = []

    def watched(*arguments):
        chosen.extend(labels.stratified(*arguments).tolist())
        return np.array(chosen)

    monkeypatch.setattr(label_fits, "stratified", watched)
    return chosen

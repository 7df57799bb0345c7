"""Labels as classifiers of text take them: classes, weights, trees of classes."""

# SPDX-License-Identifier: BSD-3-Clause

from numbers import Real

import numpy as np
import scipy.sparse as sp
from sklearn.utils import check_consistent_length, compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import assert_all_finite, check_array, column_or_1d


def checked_labels(y, classes=None):
    """Return classes, whether there can be several, and labels as a CSR matrix.

    Parameters
    ----------
    y : array-like
        Labels or indicators.
    classes : ndarray or None
        All classes, where they are known; None: those of `y`.
    """
    _refuse_collections(y)
    if not sp.issparse(y):
        assert_all_finite(y, input_name="y")
    if sp.issparse(y) or type_of_target(y, input_name="y") == "multilabel-indicator":
        matrix = _indicators(y)
        found = np.arange(matrix.shape[1])
        if classes is not None and len(classes) != len(found):
            raise ValueError(
                f"y has {len(found)} columns, but the classes are {classes}: a column "
                "for each of them is needed."
            )
        return found if classes is None else classes, True, matrix
    y = column_or_1d(y, warn=True)
    check_classification_targets(y)
    if classes is None:
        classes, numbers = np.unique(y, return_inverse=True)
        if len(classes) < 2:
            raise ValueError(
                f"y holds {len(classes)} class, {classes}: at least two are needed."
            )
    else:
        numbers = np.searchsorted(classes, y)
        numbers = np.minimum(numbers, len(classes) - 1)
        if not np.array_equal(classes[numbers], y):
            unknown = np.setdiff1d(y, classes)
            raise ValueError(f"y holds {unknown}, which are not in classes, {classes}.")
    n = len(y)
    matrix = (np.ones(n, np.int8), numbers, np.arange(n + 1))
    return classes, False, sp.csr_array(matrix, shape=(n, len(classes)))


def _refuse_collections(y):
    """Refuse no labels at all, and lists of labels, which are no array."""
    if y is None:
        raise ValueError(
            "A classifier requires y to be passed, but the target y is None: give one "
            "label a document."
        )
    is_list = isinstance(y, (list, tuple))
    if not is_list and getattr(y, "dtype", None) != np.dtype(object):
        return
    y = list(y)
    for place, label in enumerate(y):
        if label is None or repr(label) in {"<NA>", "NaT"}:
            raise ValueError(
                f"y[{place}] is missing ({label!r}): every document needs a label; "
                "leave out those that have none."
            )
        # Rows of numbers of the same length are indicators.
        if isinstance(label, (set, frozenset)) or (
            isinstance(label, (list, tuple))
            and (len(label) != len(y[0]) or any(isinstance(x, str) for x in label))
        ):
            raise ValueError(
                f"y[{place}] is {label!r:.60}, a collection of labels: give a matrix "
                "of 0 and 1, such as scikit-learn's MultiLabelBinarizer makes."
            )


def _indicators(y):
    """Return a matrix of 0 and 1, dense or sparse, as CSR."""
    matrix = sp.csr_array(y)
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    matrix.sort_indices()
    wrong = matrix.data[matrix.data != 1]
    if len(wrong):
        raise ValueError(
            f"y is a matrix of indicators, but holds {wrong[0]}: its numbers must be "
            "0 and 1."
        )
    return matrix


def stratified(labelled, order, n_out):
    """Return documents to hold out: of every class its share, never all it has.

    Parameters
    ----------
    labelled : Labelled
        Documents and labels.
    order : ndarray of shape (n,), int64
        The documents in random order.
    n_out : int
        How many to hold out, at most.

    Notes
    -----
    A document with several labels counts for each of them; it stays if it is the last
    one of a label.
    """
    offsets, labels = labelled.targets[:2]
    n_classes = int(labels.max(initial=-1)) + 1
    left = np.bincount(labels, minlength=n_classes)
    # Rounded up, so that the quotas leave enough; what is too much is not taken.
    quota = np.minimum(np.ceil(left * (n_out / len(order))), left - 1)
    chosen = []
    for document in order.tolist():
        if len(chosen) == n_out:
            break
        own = labels[offsets[document] : offsets[document + 1]]
        if len(own) and not (quota[own] > 0).all():
            continue
        quota[own] -= 1
        chosen.append(document)
    return np.array(chosen, np.int64)


def document_weights(documents, y, sample_weight, class_weight, scale=True):
    """Return the weight of each document; their mean is 1 if scaled.

    Parameters
    ----------
    documents, y : sequences of the same length
        Documents and labels.
    sample_weight, class_weight : object
        The parameters of these names.
    scale : bool
        Whether only the relations count.
    """
    check_consistent_length(documents, y)
    weights = np.ones(len(documents))
    if sample_weight is not None:
        weights = check_array(
            sample_weight, ensure_2d=False, dtype=np.float64, copy=True
        )
        if weights.shape != (len(documents),):
            raise ValueError(
                f"sample_weight must have shape ({len(documents)},), not "
                f"{weights.shape}."
            )
        if weights.min() < 0:
            raise ValueError("sample_weight must not be negative.")
        if not weights.any():
            raise ValueError("every sample_weight is zero: nothing would count.")
    if class_weight is not None:
        weights *= _class_weights(class_weight, y)
    if scale and weights.any():
        weights /= weights.mean()
    return weights


def _class_weights(class_weight, y):
    """Return the weight of each document by its classes, checked."""
    if isinstance(class_weight, dict):
        if sp.issparse(y) or (np.ndim(y) == 2 and np.shape(y)[1] > 1):
            raise ValueError(
                "class_weight is a dict, but y holds indicators of several labels, "
                "where weights multiply: give 'balanced', or sample_weight."
            )
        for label, weight in class_weight.items():
            if not isinstance(weight, Real) or not 0 <= weight < np.inf:
                raise ValueError(
                    f"class_weight of {label!r} is {weight!r}: weights must be finite "
                    "numbers that are not negative."
                )
    weights = compute_sample_weight(class_weight, y)
    if not weights.any():
        raise ValueError("class_weight is zero for every document: nothing counts.")
    return weights

"""Labels as classifiers of text take them: classes, weights, trees of classes."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
import scipy.sparse as sp
from sklearn.utils import check_consistent_length, compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import assert_all_finite, check_array, column_or_1d

from sklearn_embed._core.arrays import readonly
from sklearn_embed._models.kernels.sampling import Tree, huffman_tree


def check_labels(y, classes=None):
    """Return classes, whether there can be several, and labels as a CSR matrix.

    Parameters
    ----------
    y : array-like
        Labels or indicators.
    classes : ndarray or None
        All classes, where they are known; None: those of `y`.
    """
    if not sp.issparse(y):
        assert_all_finite(y, input_name="y")
    if sp.issparse(y) or type_of_target(y, input_name="y") == "multilabel-indicator":
        matrix = sp.csr_array(y)
        matrix.eliminate_zeros()
        matrix.sort_indices()
        found = np.arange(matrix.shape[1])
        if classes is not None and not np.array_equal(classes, found):
            raise ValueError(
                f"y has {len(found)} columns, but the classes are {classes}."
            )
        return found, True, matrix
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
        weights *= compute_sample_weight(class_weight, y)
    if scale and weights.any():
        weights /= weights.mean()
    return weights


def tree_of(counts, leaves):
    """Return the Huffman tree of classes whose leaves stand in a given order."""
    tree = huffman_tree(counts[leaves])
    place = np.argsort(leaves)
    sizes = np.diff(tree.offsets)[place]
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    shift = np.repeat(tree.offsets[:-1][place] - offsets[:-1], sizes)
    path = shift + np.arange(offsets[-1])
    return Tree(*map(readonly, (offsets, tree.nodes[path], tree.codes[path])))

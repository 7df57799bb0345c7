"""An embedding as a matrix: rank, spectrum, orthogonality, isotropy."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.preprocessing import normalize

from sklearn_embed._core.typing import VectorSource
from sklearn_embed.evaluation._source import embedding_of

if TYPE_CHECKING:
    import pandas as pd


def singular_values(vectors: VectorSource) -> NDArray[np.float64]:
    """Return the singular values of the matrix of vectors, largest first.

    Parameters
    ----------
    vectors : object
        Word vectors of any kind.

    Returns
    -------
    ndarray of shape (min(n_words, n_dimensions),), float64

    Notes
    -----
    Computed from the triangle of a QR decomposition that is built block by block, in
    float64 and in little memory, and not from the products of columns, which would
    lose half of the digits.
    """
    matrix = embedding_of(vectors).vectors
    triangle: Any = np.zeros((0, matrix.shape[1]))
    step = max(4 * matrix.shape[1], 1024)
    for start in range(0, len(matrix), step):
        block = matrix[start : start + step].astype(np.float64)
        triangle = np.linalg.qr(np.vstack([triangle, block]), mode="r")
    return np.linalg.svd(triangle, compute_uv=False)


def embedding_report(
    vectors: VectorSource, *, n_sample: int = 2000, random_state: int = 0
) -> pd.DataFrame:
    """Describe an embedding as a matrix, beside the one-hot code of the same words.

    Parameters
    ----------
    vectors : object
        Word vectors of any kind.
    n_sample : int, default=2000
        Words drawn, without replacement, for the cosines between words.
    random_state : int, default=0
        Seed of that draw.

    Returns
    -------
    pandas.DataFrame
        Columns "embedding" and "one_hot", and the rows

        - "n_words" and "n_dimensions": the shape;
        - "rank": dimensions really spanned, at most the smaller of the two; one-hot
          vectors span as many as there are words;
        - "effective_rank": the exponential of the entropy of the squared singular
          values (as shares of their sum): how many directions carry the weight;
        - "largest_singular_value", "smallest_singular_value", "condition_number";
        - "first_direction_share": the largest squared singular value, as a share;
        - "mean_cosine", "mean_absolute_cosine", "largest_absolute_cosine" between
          different words: all 0 where the words are orthogonal;
        - "isotropy": in [0, 1], 1 if the words look alike from every direction;
        - "mean_norm": mean length of a vector.

    Notes
    -----
    Isotropy is min Z(c) / max Z(c), where Z(c) sums exp(c · w) over all words w, and c
    runs over the eigenvectors of the matrix of products of columns, in both
    directions (Mu and Viswanath 2018, equation 5).  One-hot vectors, whose
    eigenvectors are the axes, are given the value for one direction of each.

    References
    ----------
    Roy and Vetterli (2007), "The effective rank"; Mu and Viswanath (2018),
    "All-but-the-top".
    """
    import pandas as pd

    vectors = embedding_of(vectors)
    matrix, n_words = vectors.vectors, len(vectors)
    if n_words < 2:
        raise ValueError(f"at least two words are needed; got {n_words}")
    values = singular_values(vectors)
    shares = values**2 / max((values**2).sum(), np.finfo(float).tiny)
    weighty = shares[shares > 0]
    # Rounding the numbers to float32 can change no singular value by more.
    threshold = np.sqrt((values**2).sum()) * np.finfo(np.float32).eps
    rng = np.random.default_rng(random_state)
    drawn = rng.choice(n_words, min(n_sample, n_words), replace=False)
    rows = normalize(matrix[drawn])
    cosines = (rows @ rows.T)[np.triu_indices(len(rows), 1)]
    with np.errstate(divide="ignore", invalid="ignore"):
        condition = values[0] / values[-1]
    report = {
        "n_words": (n_words, n_words),
        "n_dimensions": (matrix.shape[1], n_words),
        "rank": (int((values > threshold).sum()), n_words),
        "effective_rank": (np.exp(-(weighty * np.log(weighty)).sum()), n_words),
        "largest_singular_value": (values[0], 1),
        "smallest_singular_value": (values[-1], 1),
        "condition_number": (condition, 1),
        "first_direction_share": (shares[0], 1 / n_words),
        "mean_cosine": (cosines.mean(), 0),
        "mean_absolute_cosine": (np.abs(cosines).mean(), 0),
        "largest_absolute_cosine": (np.abs(cosines).max(), 0),
        "isotropy": (_isotropy(matrix), 1),
        "mean_norm": (np.linalg.norm(matrix, axis=1).mean(dtype=np.float64), 1),
    }
    return pd.DataFrame.from_dict(
        report, orient="index", columns=["embedding", "one_hot"], dtype=np.float64
    )


def _isotropy(matrix, block=4096):
    """Return min Z / max Z over the eigenvectors of the products of columns."""
    products = np.zeros((matrix.shape[1],) * 2)
    for start in range(0, len(matrix), block):
        part = matrix[start : start + block].astype(np.float64)
        products += part.T @ part
    _, directions = np.linalg.eigh(products)
    directions = np.hstack([directions, -directions])
    # Sums of exponentials as logarithms, since long vectors would overflow.
    logs = np.full(directions.shape[1], -np.inf)
    for start in range(0, len(matrix), block):
        part = matrix[start : start + block] @ directions
        most = part.max(axis=0)
        sums = np.exp(part - most).sum(axis=0)
        logs = np.logaddexp(logs, np.log(sums) + most)
    return float(np.exp(logs.min() - logs.max()))

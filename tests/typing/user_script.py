"""What a type checker says of a user's code; mypy reads it, nobody runs it.

`assert_type` fails unless a type is exactly the one given; an error that is expected
is ignored by its code, and mypy refuses an ignore that is not needed.
"""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
from numpy.typing import NDArray
from typing_extensions import assert_type

from sklearn_embed import TokenizedDocuments, Word2VecVectorizer
from sklearn_embed.datasets import load_docstrings
from sklearn_embed.evaluation import most_similar, singular_values
from sklearn_embed.io import WordVectors, read_vectors, write_vectors

texts, labels = load_docstrings(subset="train", return_X_y=True)
assert_type(texts, list[str])
assert_type(labels, NDArray[np.int64])

vectors = read_vectors("vectors.txt")
assert_type(vectors, WordVectors)
assert_type(most_similar(vectors, "cat"), list[tuple[str, float]])
assert_type(singular_values(vectors), NDArray[np.float64])
write_vectors(vectors, "vectors.native")
read_vectors("vectors.txt", limit="10")  # type: ignore[arg-type]
read_vectors("vectors.txt", limits=10)  # type: ignore[call-arg]

X = TokenizedDocuments.from_documents(texts)
assert_type(X, TokenizedDocuments)
assert_type(X[0], list[str])
assert_type(X[np.int64(0)], list[str])
assert_type(X[1:], TokenizedDocuments)
assert_type(X[np.array([0, 1])], TokenizedDocuments)
assert_type(X[[0, 1]], TokenizedDocuments)
assert_type(X.shape, tuple[int])
for tokens in X:
    assert_type(tokens, list[str])
X["0"]  # type: ignore[index]
Word2VecVectorizer(vector_size=50)

"""Analogies, answered as the lecture's pages show them."""
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
import pandas as pd

from sklearn_embed.evaluation import most_similar
from sklearn_embed.io import as_word_vectors


def ask(model, questions):
    """Answer analogies; say what the nearest word is if those asked with count."""
    rows = []
    vectors = as_word_vectors(model)
    units = vectors.vectors / np.linalg.norm(vectors.vectors, axis=1, keepdims=True)
    for a, b, c, right in map(str.split, questions.splitlines()):
        answer, cosine = most_similar(model, [b, c], [a], topn=1)[0]
        place = dict(zip(vectors.words, units, strict=True))
        target = place[b] - place[a] + place[c]
        nearest = vectors.words[int(np.argmax(units @ target))]
        rows.append((f"{b} − {a} + {c}", right, answer, round(cosine, 2), nearest))
    columns = ["question", "expected", "answer", "cosine", "nearest of all words"]
    return pd.DataFrame(rows, columns=columns)

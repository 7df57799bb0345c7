"""What a type checker says of a user's code; mypy reads it, nobody runs it.

`assert_type` fails unless a type is exactly the one given; an error that is expected
is ignored by its code, and mypy refuses an ignore that is not needed.
"""

# SPDX-License-Identifier: BSD-3-Clause

from typing import Any

import numpy as np
from numpy.typing import NDArray
from typing_extensions import assert_type

from sklearn_embed import (
    CooccurrenceCounts,
    FastTextClassifier,
    FastTextVectorizer,
    GloVeVectorizer,
    MeanPoolEmbedder,
    NGramCounts,
    NGramLanguageModel,
    OneHotTokens,
    Pretrained,
    RecurrentLanguageModel,
    TokenizedDocuments,
    WindowLanguageModel,
    Word2VecVectorizer,
)
from sklearn_embed.datasets import load_docstrings
from sklearn_embed.evaluation import most_similar, singular_values
from sklearn_embed.io import WordVectors, fasttext, read_vectors, write_vectors
from sklearn_embed.plotting import WordMapDisplay

# Data
texts, labels = load_docstrings(subset="train", return_X_y=True)
assert_type(texts, list[str])
assert_type(labels, NDArray[np.int64])
X = TokenizedDocuments.from_documents(texts)
assert_type(X[0], list[str])
assert_type(X[:10], TokenizedDocuments)
assert_type(X[np.arange(3)], TokenizedDocuments)
assert_type(X[[0, 2]], TokenizedDocuments)
assert_type(len(X), int)
for document in X:
    assert_type(document, list[str])
X["first"]  # type: ignore[index]

# Vectors and files
vectors = read_vectors("vectors.txt")
assert_type(vectors, WordVectors)
assert_type(vectors["cat"], NDArray[np.float32])
assert_type(vectors.words, list[str])
assert_type(most_similar(vectors, "cat"), list[tuple[str, float]])
assert_type(singular_values(vectors), NDArray[np.float64])
write_vectors(vectors, "vectors.native")
read_vectors("vectors.txt", limit="10")  # type: ignore[arg-type]
read_vectors("vectors.txt", limits=10)  # type: ignore[call-arg]

# Estimators
word2vec = Word2VecVectorizer(50, window=10, n_jobs=2, random_state=0)
assert_type(word2vec.fit(X), Word2VecVectorizer)
assert_type(word2vec.fit(texts, unlabeled=X).transform(["a text"]), NDArray[np.float32])
assert_type(word2vec.fit_transform(X), NDArray[np.float32])
assert_type(word2vec.most_similar("cat"), list[tuple[str, float]])
assert_type(word2vec.to_word_vectors(), WordVectors)
assert_type(Word2VecVectorizer.load("model"), Word2VecVectorizer)
Word2VecVectorizer(vector_size="50")  # type: ignore[arg-type]
Word2VecVectorizer(50, 10)  # type: ignore[call-arg]
Word2VecVectorizer(size=50)  # type: ignore[call-arg]
word2vec.fit(3)  # type: ignore[arg-type]

assert_type(FastTextVectorizer(bucket=None).fit(X).vector("cats"), NDArray[np.float32])
assert_type(FastTextVectorizer().to_fasttext(), fasttext.FastTextModel)
FastTextVectorizer(min_n=2.5)  # type: ignore[arg-type]

counts = CooccurrenceCounts.from_documents(X, window=5)
assert_type(counts + counts, CooccurrenceCounts)
assert_type(GloVeVectorizer(window="document").fit_counts(counts), GloVeVectorizer)
GloVeVectorizer(pretrained=Pretrained(vectors, trainable=False))
Pretrained(vectors, penalty="strong")  # type: ignore[arg-type]

assert_type(MeanPoolEmbedder(word2vec).fit_transform(texts), NDArray[np.float32])
MeanPoolEmbedder()  # type: ignore[call-arg]
OneHotTokens("ids", max_length=10).fit(texts)
OneHotTokens(ngram_range=2)  # type: ignore[arg-type]

classifier = FastTextClassifier(word_ngrams=2).fit(texts, labels)
assert_type(classifier, FastTextClassifier)
assert_type(classifier.predict(["a text"]), NDArray[Any])
FastTextClassifier().fit(texts)  # type: ignore[call-arg]

ngrams = NGramCounts.from_documents(X, order=3)
assert_type(ngrams + ngrams, NGramCounts)
model = NGramLanguageModel(3, min_count=1).fit(texts)
assert_type(model.fit_counts(ngrams), NGramLanguageModel)
assert_type(model.perplexity(X), float)
assert_type(model.log_proba(X), list[NDArray[np.float64]])
assert_type(model.sample("the", 5, random_state=0), list[str])
assert_type(model.predict_next(["the", "cat"]), list[tuple[str, float]])
NGramLanguageModel("three")  # type: ignore[arg-type]

window = WindowLanguageModel(8, order=3, min_count=1).fit(texts)
assert_type(window, WindowLanguageModel)
assert_type(window.partial_fit(X), WindowLanguageModel)
WindowLanguageModel(order="three")  # type: ignore[arg-type]
recurrent = RecurrentLanguageModel(8, hidden_size=8, min_count=1).fit(texts)
assert_type(recurrent, RecurrentLanguageModel)
assert_type(recurrent.partial_fit(X), RecurrentLanguageModel)
assert_type(recurrent.sample("the", 5, random_state=0), list[str])
arrays = recurrent.to_torch_state_dict()
again = RecurrentLanguageModel.from_torch_state_dict(arrays, recurrent.words_)
assert_type(again, RecurrentLanguageModel)
RecurrentLanguageModel(hidden_size="many")  # type: ignore[arg-type]

# Pictures
display = WordMapDisplay.from_estimator(word2vec, ["cat", "dog"])
assert_type(display, WordMapDisplay)
WordMapDisplay.from_estimator(word2vec, n_words="all")  # type: ignore[arg-type]

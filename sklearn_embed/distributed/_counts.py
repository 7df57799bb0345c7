"""Words and pairs counted in partitions, and vectors learned from them."""

# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Sequence
from typing import Any, TypeVar

from sklearn_embed._estimators import auto
from sklearn_embed._models.cooccurrence import CooccurrenceCounts
from sklearn_embed._models.counting import Window
from sklearn_embed._text.vocabulary import given_words
from sklearn_embed._text.word_counts import WordCounts
from sklearn_embed.distributed._partitions import (
    everywhere,
    partitions_of,
    summed,
    text_options,
    tokenized,
)

Estimator = TypeVar("Estimator", bound=Any)


def count_words(collection: Any, **text: Any) -> WordCounts:
    """Count the words of all partitions.

    Parameters
    ----------
    collection : bag, Series, DataFrame of one column, or array of Dask's
        The documents: strings, or lists of tokens.
    **text : Any
        How strings are cut: parameters of
        `TokenizedDocuments.from_documents`.

    Returns
    -------
    WordCounts
        Those of all documents, whatever the partitions are.

    Raises
    ------
    TypeError
        If the collection is none of Dask's, or a document neither a string nor a list
        of strings.

    Examples
    --------
    >>> import dask.bag
    >>> from sklearn_embed.distributed import count_words
    >>> texts = dask.bag.from_sequence(["the cat sat", "the dog"], npartitions=2)
    >>> count_words(texts).select(max_features=1)
    ['the']
    """
    return _counted(collection, text_options(text)).compute()


def count_cooccurrences(
    collection: Any,
    *,
    vocabulary: Sequence[str],
    window: int | str = 10,
    weighting: str = "harmonic",
    direction: str = "both",
    max_memory: int | None = None,
    **text: Any,
) -> CooccurrenceCounts:
    """Count which words stand together in all partitions.

    Parameters
    ----------
    collection : bag, Series, DataFrame of one column, or array of Dask's
        The documents: strings, or lists of tokens.
    vocabulary : sequence of str
        The words that count, such as those of `WordCounts.select`.  Others
        leave no gap: the words around one become neighbours.
    window : int or "document", default=10
        Words on each side that count, at least 1; "document": all there are.
    weighting : {"harmonic", "flat"}, default="harmonic"
        Whether a word at distance k weighs 1/k, or 1.
    direction : {"both", "left", "right"}, default="both"
        On which side of a word its contexts stand.
    max_memory : int or None, default=None
        Bytes that counting one partition may work in, in addition to what its
        documents and the result take.  None: no bound.
    **text : Any
        How strings are cut: parameters of
        `TokenizedDocuments.from_documents`.

    Returns
    -------
    CooccurrenceCounts
        Those of all documents, whatever the partitions are.

    Raises
    ------
    ValueError
        If the vocabulary is empty or holds a word twice, or a parameter is out of
        range.
    TypeError
        If the collection is none of Dask's, or a document neither a string nor a list
        of strings.

    Examples
    --------
    >>> import dask.bag
    >>> from sklearn_embed.distributed import count_cooccurrences
    >>> texts = dask.bag.from_sequence(["the cat sat", "the dog"], npartitions=2)
    >>> count_cooccurrences(texts, vocabulary=["the", "cat", "dog"], window=1)
    CooccurrenceCounts(3 words, 2 pairs)
    """
    shape = Window(window, weighting, direction).checked()._asdict()
    shape |= {"window": shape.pop("size"), "max_memory": max_memory}
    words = given_words(vocabulary)
    return _pairs(collection, text_options(text), words, shape).compute()


def fit_counts(estimator: Estimator, collection: Any) -> Estimator:
    """Fit an estimator that learns from counts on all partitions.

    Words are counted, those that the estimator's own limits allow are chosen, their
    pairs are counted, and the estimator learns from the sum: two passes over the
    collection, which is worth being persisted if reading it is slow.

    Parameters
    ----------
    estimator : GloVeVectorizer, or another estimator with `fit_counts`
        Is fitted, here and not on a worker.  Its parameters of text, vocabulary and
        window count; `unlabeled`, `early_stopping` and `warm_start` play no part.
    collection : bag, Series, DataFrame of one column, or array of Dask's
        The documents: strings, or lists of tokens.

    Returns
    -------
    estimator : object
        The same, fitted.

    Raises
    ------
    TypeError
        If the estimator cannot learn from counts, or the collection is none of Dask's.
    ValueError
        If no word is left, or a parameter is out of range.

    Examples
    --------
    >>> import dask.bag
    >>> from sklearn_embed import GloVeVectorizer
    >>> from sklearn_embed.distributed import fit_counts
    >>> texts = dask.bag.from_sequence(["the cat sat", "the dog sat"] * 5)
    >>> glove = fit_counts(GloVeVectorizer(4, random_state=0), texts)
    >>> glove.words_
    ['sat', 'the', 'cat', 'dog']
    """
    if not hasattr(estimator, "fit_counts"):
        raise TypeError(
            f"{type(estimator).__name__} does not learn from counts: tokenise the "
            "collection with sklearn_embed.distributed.tokenize, and fit it on that."
        )
    estimator._validate_params()
    options = estimator._options()
    counts = _counted(collection, options).compute()
    settled: Any = auto.settled(estimator, counts.n_tokens, keep=False)
    if estimator.vocabulary is not None:
        # The limits apply to a given vocabulary as well.
        counts = counts.among(given_words(estimator.vocabulary))
    words = counts.select(
        min_count=settled.min_count,
        min_df=settled.min_df,
        max_df=settled.max_df,
        max_features=settled.max_features,
        stop_words=settled.stop_words,
    )
    shape = {name: getattr(settled, name) for name in Window._fields if name != "size"}
    shape |= {"window": settled.window, "max_memory": settled.max_memory}
    return estimator.fit_counts(_pairs(collection, options, words, shape).compute())


def _counted(collection, options):
    """Return the delayed WordCounts of all partitions."""
    import dask

    count = dask.delayed(_count_words, pure=True)
    options = everywhere(options)
    return summed([count(part, options) for part in partitions_of(collection)])


def _pairs(collection, options, words, shape):
    """Return the delayed CooccurrenceCounts of all partitions."""
    import dask

    count = dask.delayed(_count_pairs, pure=True)
    options, words = everywhere(options), everywhere(words)
    parts = partitions_of(collection)
    return summed([count(part, options, words, shape) for part in parts])


def _count_words(part, options):
    return WordCounts.from_documents(tokenized(part, options))


def _count_pairs(part, options, words, shape):
    documents = tokenized(part, options)
    return CooccurrenceCounts.from_documents(documents, vocabulary=words, **shape)

"""Words, pairs and n-grams counted in partitions, and models learned from them."""

# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Sequence
from typing import Any, TypeVar

from sklearn_embed._estimators import auto
from sklearn_embed._estimators.language_model import warn_of_unknown
from sklearn_embed._estimators.ngram_language_model import NGramLanguageModel
from sklearn_embed._models.cooccurrence import CooccurrenceCounts
from sklearn_embed._models.counting import Window
from sklearn_embed._models.kept_counts import window_of
from sklearn_embed._models.ngram_counts import NGramCounts, check_order
from sklearn_embed._models.sequences import MARKS
from sklearn_embed._text.vocabulary import check_limits, given_words
from sklearn_embed._text.word_counts import WordCounts, added, counted
from sklearn_embed.distributed._partitions import (
    everywhere,
    partitions_of,
    tables_of,
    text_options,
    tokenized,
)
from sklearn_embed.distributed._tables import (
    NGramCounting,
    PairCounting,
    Words,
    read_rows,
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
    return _counted(collection, text_options(text))


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
        Bytes that counting up to eight partitions may work in, in addition to what
        their documents and the result take.  None: no bound.
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
    shape = Window(window, weighting, direction).checked()
    check_limits(0, max_memory=max_memory)
    words = given_words(vocabulary)
    kind = PairCounting(len(words), shape, max_memory)
    return _summed(kind, collection, text_options(text), words)


def count_ngrams(
    collection: Any,
    *,
    vocabulary: Sequence[str],
    order: int = 5,
    max_memory: int | None = None,
    **text: Any,
) -> NGramCounts:
    """Count which words follow each other in all partitions.

    Parameters
    ----------
    collection : bag, Series, DataFrame of one column, or array of Dask's
        The documents: strings, or lists of tokens.
    vocabulary : sequence of str
        The words, such as those of `WordCounts.select`.  Others are counted as one
        unknown word.
    order : int, default=5
        Number of words of the longest n-grams, from 1 to 20.
    max_memory : int or None, default=None
        Bytes that counting up to eight partitions may work in, in addition to what
        their documents and the result take.  None: no bound.
    **text : Any
        How strings are cut: parameters of
        `TokenizedDocuments.from_documents`.

    Returns
    -------
    NGramCounts
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
    >>> from sklearn_embed.distributed import count_ngrams
    >>> texts = dask.bag.from_sequence(["the cat sat", "the dog"], npartitions=2)
    >>> count_ngrams(texts, vocabulary=["the", "cat", "dog"], order=2)
    NGramCounts(3 words, order 2, 6 n-grams)
    """
    check_order(order)
    check_limits(0, max_memory=max_memory)
    words = [word for word in given_words(vocabulary) if word not in MARKS]
    kind = NGramCounting(len(words), int(order), max_memory)
    return _summed(kind, collection, text_options(text), words)


def fit_counts(estimator: Estimator, collection: Any) -> Estimator:
    """Fit an estimator that learns from counts on all partitions.

    Words are counted, those that the estimator's own limits allow are chosen, their
    pairs or n-grams are counted, and the estimator learns from the sum: two passes
    over the collection, which is worth being persisted if reading it is slow.

    Parameters
    ----------
    estimator : GloVeVectorizer, PPMIVectorizer or NGramLanguageModel
        Is fitted, here and not on a worker.  Its parameters of text, vocabulary,
        window or order count; `unlabeled`, `early_stopping` and `warm_start` play no
        part.
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
    if isinstance(estimator, type):
        raise TypeError(f"estimator is a class: give {estimator.__name__}(...).")
    if not hasattr(estimator, "fit_counts"):
        raise TypeError(
            f"{type(estimator).__name__} does not learn from counts: tokenise the "
            "collection with sklearn_embed.distributed.tokenize, and fit it on that."
        )
    estimator._validate_params()
    options = estimator._options()
    counts = _counted(collection, options)
    n_tokens = counts.n_tokens
    if estimator.vocabulary is not None:
        # The limits apply to a given vocabulary as well.
        counts = counts.among(given_words(estimator.vocabulary))
    if isinstance(estimator, NGramLanguageModel):
        words = _language_words(estimator, counts, n_tokens)
        ngrams = NGramCounting(len(words), int(estimator.order), estimator.max_memory)
        return estimator.fit_counts(_summed(ngrams, collection, options, words))
    settled: Any = auto.settled(estimator, n_tokens, keep=False)
    words = counts.select(
        min_count=settled.min_count,
        min_df=settled.min_df,
        max_df=settled.max_df,
        max_features=settled.max_features,
        stop_words=settled.stop_words,
    )
    pairs = PairCounting(len(words), window_of(settled), settled.max_memory)
    return estimator.fit_counts(_summed(pairs, collection, options, words))


def _language_words(estimator, counts, n_tokens):
    """Return the words of a language model, of which none is spelled like a mark."""
    there = set(counts.words)
    marks = [mark for mark in MARKS if mark in there]
    words = counts.select(
        min_count=estimator.min_count,
        min_df=estimator.min_df,
        max_df=estimator.max_df,
        max_features=estimator.max_features,
        stop_words=marks or None,
    )
    warn_of_unknown(n_tokens - counts.among(words).n_tokens, n_tokens, True)
    return words


def _counted(collection, options):
    """Return the WordCounts of all partitions."""
    import dask

    count = dask.delayed(_count_words)
    options = everywhere(options)
    parts = [count(part, options) for part in partitions_of(collection)]
    return WordCounts._sorted(*added(tables_of(parts, added, added)))


def _count_words(part, options):
    return counted(tokenized(part, options))


def _summed(kind, collection, options, words):
    """Return the counts of one kind of all partitions."""
    import dask

    read = dask.delayed(read_rows)
    options, given = everywhere(options), everywhere(Words(words))
    parts = [read(part, options, given) for part in partitions_of(collection)]
    return kind.total(tables_of(parts, kind.count, kind.add), words)

"""Whole fastText models to and from gensim and Facebook's files."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sklearn_embed._estimators.fasttext import FastTextVectorizer
from sklearn_embed._estimators.fasttext_classifier import FastTextClassifier
from sklearn_embed._models.classifier import FeatureSpace, Ngrams
from sklearn_embed._models.interop_gensim import (
    arguments_for_gensim,
    build_vocabulary,
    outputs_from_gensim,
    parameters_from_gensim,
)
from sklearn_embed._text.char_ngrams import ngram_buckets, numbered
from sklearn_embed._text.table import TokenTable
from sklearn_embed._text.vocabulary import Vocabulary
from sklearn_embed.io._fasttext_model import Arguments, FastTextModel
from sklearn_embed.io.fasttext import ARCHITECTURES, LOSSES, read_model

_LOSS_CODES = {name: code for code, name in LOSSES.items()}
_ARCHITECTURE_CODES = {name: code for code, name in ARCHITECTURES.items()}

#: What stands before a label, and what ends every document, in fastText's files.
_LABEL, _END = "__label__", "</s>"


def fasttext_to_gensim(estimator):
    """Return a gensim model with everything that a fit has learned.

    Parameters
    ----------
    estimator : FastTextVectorizer
        A fitted one.

    Returns
    -------
    gensim.models.FastText
        With copies of the matrices and a row for every bucket.
    """
    from gensim.models import FastText

    arguments = arguments_for_gensim(estimator)
    parts = estimator.to_word_vectors().subwords
    if parts is None:
        raise ValueError(
            "gensim's FastText needs n-grams: with max_n=0 this is word2vec, for which "
            "Word2VecVectorizer.to_gensim is there."
        )
    model = FastText(
        min_n=parts.min_n, max_n=parts.max_n, bucket=parts.n_buckets, **arguments
    )
    build_vocabulary(model, estimator)
    model.wv.vectors_vocab[:] = parts.own
    model.wv.vectors_ngrams[:] = parts.full()
    model.wv.adjust_vectors()
    model.wv.norms = None
    return model


def fasttext_from_gensim(model, **params):
    """Return a fitted estimator with what a gensim model has learned.

    Parameters
    ----------
    model : gensim.models.FastText
        A trained one.
    **params : dict
        Further parameters of `FastTextVectorizer`, such as `lowercase`.

    Returns
    -------
    FastTextVectorizer
        Fitted, with copies of the matrices.  Buckets of n-grams that no known word
        has are left behind; unknown words then take zeros for them.  The inner nodes
        of a Huffman tree begin anew.
    """
    known = parameters_from_gensim(model, "FastText")
    if not hasattr(model.wv, "vectors_ngrams"):
        raise TypeError(f"expected a gensim FastText model, got {type(model).__name__}")
    known |= {
        "min_n": int(model.wv.min_n),
        "max_n": int(model.wv.max_n),
        "bucket": int(model.wv.bucket),
    }
    estimator = FastTextVectorizer(**(known | params))
    words = list(model.wv.index_to_key)
    state = _state_of(estimator, words, model.wv.vectors_vocab, model.wv.vectors_ngrams)
    state |= outputs_from_gensim(model)
    estimator._adopt(words, model.wv.expandos["count"], state)
    return estimator


def _state_of(estimator, words, own, buckets):
    """Return the inputs of an estimator, of a row for every bucket."""
    limits = estimator.min_n, estimator.max_n, estimator.bucket
    _, numbers = ngram_buckets(TokenTable.from_tokens(words), *limits)
    # Every bucket that something is stored in: unknown words need them, too.
    rows = numbered(buckets.any(axis=1).astype(np.uint8) | _marks(numbers, limits[2]))
    matrix = np.concatenate([own, buckets[rows >= 0]]).astype(np.float32)
    rows[rows >= 0] += np.int32(len(words))
    return {"words": words, "matrix": matrix, "bucket_rows": rows}


def _marks(numbers, n_buckets):
    """Return uint8 (n_buckets,): 1 for numbers that occur."""
    marks = np.zeros(n_buckets, np.uint8)
    marks[numbers] = 1
    return marks


def vectorizer_to_fasttext(estimator):
    """Return all that a vectorizer has learned as fastText's files hold it.

    Parameters
    ----------
    estimator : FastTextVectorizer
        A fitted one.

    Returns
    -------
    FastTextModel

    Raises
    ------
    ValueError
        If the loss is "softmax", which fastText has for labels only.
    """
    vectors = estimator.to_word_vectors()
    if estimator.loss == "softmax":
        raise ValueError("fastText has no full softmax over words.")
    parts, size = vectors.subwords, vectors.vector_size
    own, buckets = vectors.vectors, np.empty((0, size), np.float32)
    if parts is not None:
        own, buckets = parts.own, parts.full()
    output = estimator._state.get("output")
    if output is None:  # one row more than there are nodes
        output = np.zeros_like(own)
        output[: len(estimator.node_vectors_)] = estimator.node_vectors_
    arguments = Arguments(
        dim=size,
        ws=estimator.window,
        epoch=estimator.epochs,
        min_count=estimator.min_count,
        neg=estimator.negative,
        loss=_LOSS_CODES[estimator.loss],
        model=_ARCHITECTURE_CODES[estimator.architecture],
        bucket=len(buckets),
        minn=0 if parts is None else parts.min_n,
        maxn=0 if parts is None else parts.max_n,
        t=estimator.sample,
    )
    n_tokens = int(estimator.counts_.sum())
    words, counts = estimator.words_, estimator.counts_
    no_labels = [], np.empty(0, np.int64)
    return FastTextModel(
        arguments, words, counts, *no_labels, n_tokens, own, buckets, output
    )


def classifier_to_fasttext(estimator):
    """Return all that a classifier has learned as fastText's files hold it.

    Parameters
    ----------
    estimator : FastTextClassifier
        A fitted one.

    Returns
    -------
    FastTextModel
        fastText finds the same labels for documents whose tokens are joined by
        blanks.  A blank in a label becomes "_".

    Raises
    ------
    ValueError
        If ``</s>``, fastText's mark for the end of a document, is a word.
    """
    check_is_fitted(estimator)
    if _END in estimator.vocabulary_:
        raise ValueError(f"{_END!r} is a word here, but fastText's mark there.")
    n_words, size = len(estimator.words_), estimator.vector_size
    inputs = estimator._state["inputs"][:, :size]
    bucket_rows = estimator._state["bucket_rows"]
    buckets = np.zeros((len(bucket_rows), size), np.float32)
    stored = np.flatnonzero(bucket_rows >= 0)
    buckets[stored] = inputs[n_words + 1 + bucket_rows[stored]]
    ngrams = estimator._ngrams
    counts = np.append(estimator.counts_, max(estimator._n_documents, 1))
    label_counts = np.maximum(estimator.label_counts_, 1)
    order = estimator._leaves
    outputs = np.zeros((len(order), size), np.float32)
    if estimator._loss == "hierarchical_softmax":
        outputs[:-1] = estimator.output_vectors_  # fastText has one row more
        label_counts = estimator.label_counts_
    else:
        outputs[:] = estimator.output_vectors_[order]
    arguments = Arguments(
        dim=size,
        epoch=estimator.epochs,
        min_count=estimator.min_count,
        neg=estimator.negative,
        word_ngrams=ngrams.word_ngrams,
        loss=_LOSS_CODES[estimator._loss],
        model=_ARCHITECTURE_CODES["supervised"],
        bucket=len(buckets),
        minn=ngrams.min_n,
        maxn=ngrams.max_n,
    )
    labels = [
        _LABEL + "_".join(str(label).split()) for label in estimator.classes_[order]
    ]
    return FastTextModel(
        arguments,
        [*estimator.words_, _END],
        counts,
        labels,
        label_counts[order].astype(np.int64),
        int(counts.sum()),
        np.ascontiguousarray(inputs[: n_words + 1]),
        buckets,
        outputs,
    )


def classifier_from_fasttext(source, **params):
    """Return a fitted classifier with what a supervised fastText model has learned.

    Parameters
    ----------
    source : FastTextModel, str, path or binary file
        A supervised model, quantised or not.
    **params : dict
        Further parameters of `FastTextClassifier`.  Unless told otherwise, tokens are
        what stands between blanks, as in fastText.

    Returns
    -------
    FastTextClassifier
        Fitted; its classes are the labels without ``__label__``.

    Raises
    ------
    ValueError
        If the model is not supervised, or does not know the end of a document.
    """
    model = source if isinstance(source, FastTextModel) else read_model(source)
    arguments = model.arguments
    if ARCHITECTURES[arguments.model] != "supervised" or model.output is None:
        raise ValueError("the model has no labels: read_vectors reads its vectors.")
    if _END not in model.words:
        raise ValueError(f"the model does not know {_END!r}, which ends documents.")
    loss = LOSSES[arguments.loss]
    known = {
        "vector_size": arguments.dim,
        "loss": loss,
        "negative": max(arguments.neg, 1),
        "word_ngrams": max(arguments.word_ngrams, 1),
        "min_n": arguments.minn if arguments.maxn > 0 else 0,
        "max_n": max(arguments.maxn, 0),
        "bucket": max(arguments.bucket, 1),
        "epochs": max(arguments.epoch, 1),
        "min_count": max(arguments.min_count, 1),
        "token_pattern": r"\S+",
        "lowercase": False,
    }
    estimator = FastTextClassifier(**(known | params))
    at = model.words.index(_END)
    kept = np.delete(np.arange(len(model.words)), at)
    words = [model.words[row] for row in kept]
    space = FeatureSpace(
        Vocabulary(words, np.asarray(model.counts)[kept]),
        Ngrams(
            estimator.word_ngrams, estimator.min_n, estimator.max_n, arguments.bucket
        ),
        estimator.stop_words,
        numbered(np.ones(len(model.buckets), np.uint8))
        if model.rows is None
        else model.rows,
        skip=model.rows is not None,
    )
    labels = np.array([label.removeprefix(_LABEL) for label in model.labels])
    order = np.argsort(labels, kind="stable")
    outputs = model.output[: max(len(labels) - 1, 1)]
    if loss != "hierarchical_softmax":
        outputs = model.output[order]
    space.classes, space.several, space.loss = labels[order], False, loss
    space.label_counts = np.asarray(model.label_counts)[order]
    space.leaves = np.argsort(order)
    inputs = [model.own[kept], model.own[[at]], model.buckets]
    estimator._adopt(space, np.concatenate(inputs), outputs)
    return estimator

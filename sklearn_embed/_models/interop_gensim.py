"""Whole word2vec and fastText models to and from gensim, to be trained further there.

What comes from gensim is returned as plain data.
"""

# SPDX-License-Identifier: BSD-3-Clause

from typing import NamedTuple

import numpy as np

from sklearn_embed._models.bags import numbered
from sklearn_embed._models.kernels.sampling import huffman_tree
from sklearn_embed._models.prediction import Outputs
from sklearn_embed._text.char_ngrams import ngram_buckets
from sklearn_embed._text.table import TokenTable


class Parts(NamedTuple):
    """What a gensim model has learned; copies."""

    params: dict  # parameters under the names of our estimators
    words: list[str]
    counts: np.ndarray
    inputs: np.ndarray  # fastText: rows of words, then of buckets that hold something
    outputs: Outputs
    bucket_rows: np.ndarray | None = None  # fastText: row of each bucket, or -1


def word2vec_to_gensim(model, vocabulary, seed, n_documents):
    """Return a gensim model with everything that a fit has learned.

    Parameters
    ----------
    model : Word2Vec
        A fitted one.
    vocabulary : Vocabulary
        Its words and their counts.
    seed : int
        Of the fit.
    n_documents : int
        Documents of the fit.

    Returns
    -------
    gensim.models.Word2Vec
        With copies of the matrices; its ``train`` and ``build_vocab(update=True)``
        go on from there.

    Raises
    ------
    ValueError
        If the loss is "softmax", which gensim does not know.
    """
    from gensim.models import Word2Vec

    theirs = Word2Vec(**_arguments(model, seed))
    _build_vocabulary(theirs, model, vocabulary, n_documents)
    theirs.wv.vectors[:] = model.inputs
    theirs.wv.norms = None
    return theirs


def fasttext_to_gensim(model, vocabulary, vectors, seed, n_documents):
    """Return a gensim model with everything that a fit has learned.

    Parameters
    ----------
    model : FastText
        A fitted one.
    vocabulary, seed, n_documents
        As of `word2vec_to_gensim`.
    vectors : ndarray of shape (n_words, d), float32
        The vectors of words.

    Returns
    -------
    gensim.models.FastText
        With copies of the matrices and a row for every bucket.
    """
    from gensim.models import FastText

    arguments = _arguments(model, seed)
    parts = model.exported(vectors)
    if parts is None:
        raise ValueError(
            "gensim's FastText needs n-grams: with max_n=0 this is word2vec, for which "
            "Word2VecVectorizer.to_gensim is there."
        )
    theirs = FastText(
        min_n=parts.min_n, max_n=parts.max_n, bucket=parts.n_buckets, **arguments
    )
    _build_vocabulary(theirs, model, vocabulary, n_documents)
    theirs.wv.vectors_vocab[:] = parts.own
    theirs.wv.vectors_ngrams[:] = parts.full()
    theirs.wv.adjust_vectors()
    theirs.wv.norms = None
    return theirs


def _arguments(model, seed):
    """Return the arguments of a gensim model with the parameters of a fit."""
    settings, is_tree = model.settings, model.outputs.is_tree
    if settings.loss == "softmax":
        raise ValueError(
            "gensim has no full softmax, so that it could not train this model "
            "further. to_keyed_vectors() exports the vectors."
        )
    return dict(
        vector_size=settings.vector_size,
        window=settings.window,
        sg=int(settings.architecture == "skipgram"),
        hs=int(is_tree),
        negative=0 if is_tree else settings.negative,
        ns_exponent=settings.ns_exponent,
        sample=settings.sample,
        cbow_mean=int(settings.cbow_mean),
        shrink_windows=bool(settings.shrink_windows),
        alpha=settings.learning_rate,
        min_alpha=min(settings.min_learning_rate, settings.learning_rate),
        epochs=settings.epochs,
        seed=seed,
        min_count=1,
        # Our order is kept: gensim would turn words of equal counts round.
        sorted_vocab=0,
        workers=1,
    )


def _build_vocabulary(theirs, model, vocabulary, n_documents):
    """Give a gensim model the words, counts and output parameters of ours."""
    counts = vocabulary.counts.tolist()
    words = dict(zip(vocabulary.words, counts, strict=True))
    theirs.build_vocab_from_freq(words, corpus_count=n_documents)
    theirs.min_count = theirs.effective_min_count = model.settings.min_count
    theirs.corpus_total_words = sum(counts)
    matrix = model.outputs.matrix
    if model.outputs.is_tree:
        theirs.syn1[: len(matrix)] = matrix
        _set_codes(theirs.wv, huffman_tree(vocabulary.counts))
    else:
        theirs.syn1neg[:] = matrix


def _set_codes(keyed, tree):
    """Give gensim the tree that the nodes were trained on."""
    for row in range(len(keyed)):
        path = slice(tree.offsets[row], tree.offsets[row + 1])
        keyed.set_vecattr(row, "code", tree.codes[path].astype(np.uint8))
        keyed.set_vecattr(row, "point", tree.nodes[path].astype(np.uint32))


def read_word2vec(theirs):
    """Return what a gensim Word2Vec model has learned.

    Parameters
    ----------
    theirs : gensim.models.Word2Vec
        A trained one.

    Returns
    -------
    Parts
        The inner nodes of a Huffman tree are not taken over, since the two programs
        break ties differently; training starts them anew.

    Raises
    ------
    TypeError
        If it is not a Word2Vec model.
    ValueError
        If it has no vocabulary yet.
    """
    params = _parameters(theirs, "Word2Vec")
    if hasattr(theirs.wv, "vectors_ngrams"):
        raise TypeError(
            "expected a gensim Word2Vec model, got FastText, whose words are made of "
            "n-grams, too: use FastTextVectorizer.from_gensim."
        )
    inputs = np.array(theirs.wv.vectors, np.float32, order="C")
    return Parts(params, *_words(theirs), inputs, _outputs(theirs))


def read_fasttext(theirs):
    """Return what a gensim FastText model has learned.

    Parameters
    ----------
    theirs : gensim.models.FastText
        A trained one.

    Returns
    -------
    Parts
        Buckets of n-grams that hold nothing and that no known word has are left
        behind; unknown words then take zeros for them.  The inner nodes of a Huffman
        tree begin anew.
    """
    params = _parameters(theirs, "FastText")
    if not hasattr(theirs.wv, "vectors_ngrams"):
        raise TypeError(
            f"expected a gensim FastText model, got {type(theirs).__name__}"
        )
    limits = _ngram_limits(theirs)
    params |= dict(zip(("min_n", "max_n", "bucket"), limits, strict=True))
    words, counts = _words(theirs)
    own, buckets = theirs.wv.vectors_vocab, theirs.wv.vectors_ngrams
    if limits[1] == 0:
        buckets = np.zeros((limits[2], own.shape[1]), np.float32)
    _, numbers = ngram_buckets(TokenTable.from_tokens(words), *limits)
    marks = np.zeros(limits[2], np.uint8)
    marks[numbers] = 1
    # Every bucket that something is stored in: unknown words need them, too.
    rows = numbered(buckets.any(axis=1).astype(np.uint8) | marks)
    inputs = np.concatenate([own, buckets[rows >= 0]]).astype(np.float32)
    rows[rows >= 0] += np.int32(len(words))
    return Parts(params, words, counts, inputs, _outputs(theirs), rows)


def _ngram_limits(theirs):
    """Return min_n, max_n and bucket as we name them; max_n 0: there are no n-grams."""
    min_n, max_n = int(theirs.wv.min_n), int(theirs.wv.max_n)
    bucket = int(theirs.wv.bucket)
    # gensim switches n-grams off by limits upside down, or by no bucket at all.
    if max_n < max(min_n, 1) or bucket == 0:
        return 3, 0, max(bucket, 1)
    if min_n < 1:
        raise ValueError(
            f"the model has n-grams of min_n={min_n} characters: train one with "
            "min_n of at least 1."
        )
    return min_n, max_n, bucket


def _words(theirs):
    """Return the words of a gensim model, and how often they occurred."""
    return list(theirs.wv.index_to_key), theirs.wv.expandos["count"]


def _parameters(theirs, kind):
    """Return a gensim model's parameters under our names."""
    has_documents = hasattr(theirs, "dv") or hasattr(theirs, "docvecs")
    if not hasattr(theirs, "wv") or not hasattr(theirs, "sg") or has_documents:
        raise TypeError(
            f"expected a gensim {kind} model, got {type(theirs).__name__}; "
            "MeanPoolEmbedder takes KeyedVectors, such as a model's wv."
        )
    if len(theirs.wv) == 0:
        raise ValueError("the model has no vocabulary yet: train it first.")
    most = getattr(theirs, "max_final_vocab", None)
    return {
        "vector_size": int(theirs.vector_size),
        "window": max(int(theirs.window), 1),
        "architecture": "skipgram" if theirs.sg else "cbow",
        "loss": "hierarchical_softmax" if theirs.hs else "negative_sampling",
        "negative": int(theirs.negative) or 5,
        "ns_exponent": float(theirs.ns_exponent),
        "sample": float(theirs.sample),
        "cbow_mean": bool(theirs.cbow_mean),
        "shrink_windows": bool(theirs.shrink_windows),
        "learning_rate": float(theirs.alpha),
        "min_learning_rate": float(theirs.min_alpha),
        "epochs": int(theirs.epochs),
        "min_count": max(int(theirs.min_count), 1),
        "max_features": None if most is None else int(most),
        "random_state": int(theirs.seed) % 2**32,
    }


def _outputs(theirs):
    """Return a copy of the output parameters; nodes of a tree begin anew."""
    if theirs.hs:
        shape = max(len(theirs.wv) - 1, 1), theirs.vector_size
        return Outputs(np.zeros(shape, np.float32), True)
    return Outputs(np.array(theirs.syn1neg, np.float32, order="C"), False)

"""Whole word2vec models to and from gensim, ready to be trained further there."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sklearn_embed._kernels.sampling import huffman_tree
from sklearn_embed._word2vec import Word2VecVectorizer


def word2vec_to_gensim(estimator):
    """Return a gensim model with everything that a fit has learned.

    Parameters
    ----------
    estimator : Word2VecVectorizer
        A fitted one.

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

    check_is_fitted(estimator)
    tree = "nodes" in estimator._state
    if estimator.loss == "softmax":
        raise ValueError(
            "gensim has no full softmax, so that it could not train this model "
            "further. to_keyed_vectors() exports the vectors."
        )
    counts = estimator.counts_.tolist()
    model = Word2Vec(
        vector_size=estimator.vector_size,
        window=estimator.window,
        sg=int(estimator.architecture == "skipgram"),
        hs=int(tree),
        negative=0 if tree else estimator.negative,
        ns_exponent=estimator.ns_exponent,
        sample=estimator.sample,
        cbow_mean=int(estimator.cbow_mean),
        shrink_windows=bool(estimator.shrink_windows),
        alpha=estimator.learning_rate,
        min_alpha=min(estimator.min_learning_rate, estimator.learning_rate),
        epochs=estimator.epochs,
        seed=estimator._seed,
        min_count=1,
        # Our order is kept: gensim would turn words of equal counts round.
        sorted_vocab=0,
        workers=1,
    )
    words = dict(zip(estimator.words_, counts, strict=True))
    model.build_vocab_from_freq(words, corpus_count=estimator._n_documents)
    model.min_count = model.effective_min_count = estimator.min_count
    model.corpus_total_words = sum(counts)
    inputs, outputs = estimator._state.values()
    model.wv.vectors[:] = inputs
    model.wv.norms = None
    if tree:
        model.syn1[: len(outputs)] = outputs
        _set_codes(model.wv, huffman_tree(estimator.counts_))
    else:
        model.syn1neg[:] = outputs
    return model


def _set_codes(keyed, tree):
    """Give gensim the tree that the nodes were trained on."""
    for row in range(len(keyed)):
        path = slice(tree.offsets[row], tree.offsets[row + 1])
        keyed.set_vecattr(row, "code", tree.codes[path].astype(np.uint8))
        keyed.set_vecattr(row, "point", tree.nodes[path].astype(np.uint32))


def word2vec_from_gensim(model, **params):
    """Return a fitted estimator with what a gensim model has learned.

    Parameters
    ----------
    model : gensim.models.Word2Vec
        A trained one.
    **params : dict
        Further parameters of `Word2VecVectorizer`, such as `lowercase`, which a
        gensim model knows nothing of.

    Returns
    -------
    Word2VecVectorizer
        Fitted, with copies of the matrices; ``partial_fit`` and ``warm_start`` go on
        from there.  The inner nodes of a Huffman tree are not taken over, since the
        two programs break ties differently; training then starts them anew.

    Raises
    ------
    TypeError
        If it is not a Word2Vec model.
    ValueError
        If it has no vocabulary yet.
    """
    if not hasattr(model, "wv") or not hasattr(model, "sg"):
        raise TypeError(
            f"expected a gensim Word2Vec model, got {type(model).__name__}; "
            "MeanPoolEmbedder takes KeyedVectors."
        )
    if len(model.wv) == 0:
        raise ValueError("the model has no vocabulary yet: train it first.")
    tree = bool(model.hs)
    known = {
        "vector_size": int(model.vector_size),
        "window": int(model.window),
        "architecture": "skipgram" if model.sg else "cbow",
        "loss": "hierarchical_softmax" if tree else "negative_sampling",
        "negative": int(model.negative) or 5,
        "ns_exponent": float(model.ns_exponent),
        "sample": float(model.sample),
        "cbow_mean": bool(model.cbow_mean),
        "shrink_windows": bool(model.shrink_windows),
        "learning_rate": float(model.alpha),
        "min_learning_rate": float(model.min_alpha),
        "epochs": int(model.epochs),
        "min_count": int(model.min_count),
    }
    estimator = Word2VecVectorizer(**(known | params))
    words = list(model.wv.index_to_key)
    inputs = np.array(model.wv.vectors, np.float32, order="C")
    if tree:
        state = {"input": inputs, "nodes": np.zeros_like(inputs[: len(words) - 1])}
    else:
        outputs = np.array(model.syn1neg, np.float32, order="C")
        state = {"input": inputs, "output": outputs}
    estimator._adopt(words, model.wv.expandos["count"], state)
    return estimator

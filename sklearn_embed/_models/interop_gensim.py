"""Whole word2vec models to and from gensim, ready to be trained further there."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sklearn_embed._estimators.word2vec import Word2VecVectorizer
from sklearn_embed._models.kernels.sampling import huffman_tree


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

    model = Word2Vec(**arguments_for_gensim(estimator))
    build_vocabulary(model, estimator)
    model.wv.vectors[:] = estimator._state["input"]
    model.wv.norms = None
    return model


def arguments_for_gensim(estimator):
    """Return the arguments of a gensim model with an estimator's parameters."""
    check_is_fitted(estimator)
    tree = "nodes" in estimator._state
    if estimator.loss == "softmax":
        raise ValueError(
            "gensim has no full softmax, so that it could not train this model "
            "further. to_keyed_vectors() exports the vectors."
        )
    return dict(
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


def build_vocabulary(model, estimator):
    """Give a gensim model an estimator's words, counts and output parameters."""
    counts = estimator.counts_.tolist()
    words = dict(zip(estimator.words_, counts, strict=True))
    model.build_vocab_from_freq(words, corpus_count=estimator._n_documents)
    model.min_count = model.effective_min_count = estimator.min_count
    model.corpus_total_words = sum(counts)
    if "nodes" in estimator._state:
        nodes = estimator._state["nodes"]
        model.syn1[: len(nodes)] = nodes
        _set_codes(model.wv, huffman_tree(estimator.counts_))
    else:
        model.syn1neg[:] = estimator._state["output"]


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
    known = parameters_from_gensim(model, "Word2Vec")
    estimator = Word2VecVectorizer(**(known | params))
    inputs = np.array(model.wv.vectors, np.float32, order="C")
    state = {"input": inputs, **outputs_from_gensim(model)}
    words = list(model.wv.index_to_key)
    estimator._adopt(words, model.wv.expandos["count"], state)
    return estimator


def parameters_from_gensim(model, kind):
    """Return a gensim model's parameters under our names."""
    if not hasattr(model, "wv") or not hasattr(model, "sg"):
        raise TypeError(
            f"expected a gensim {kind} model, got {type(model).__name__}; "
            "MeanPoolEmbedder takes KeyedVectors."
        )
    if len(model.wv) == 0:
        raise ValueError("the model has no vocabulary yet: train it first.")
    return {
        "vector_size": int(model.vector_size),
        "window": int(model.window),
        "architecture": "skipgram" if model.sg else "cbow",
        "loss": "hierarchical_softmax" if model.hs else "negative_sampling",
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


def outputs_from_gensim(model):
    """Return a copy of the output parameters; nodes of a tree begin anew."""
    if model.hs:
        shape = max(len(model.wv) - 1, 1), model.vector_size
        return {"nodes": np.zeros(shape, np.float32)}
    return {"output": np.array(model.syn1neg, np.float32, order="C")}

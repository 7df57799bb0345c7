"""The embedding of a `MeanPoolEmbedder`, and its parameters as `_vectors` has them."""

# SPDX-License-Identifier: BSD-3-Clause

from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted, has_fit_parameter

from sklearn_embed._estimators.callbacks import fit_inside
from sklearn_embed._text.lookup import WordLookup, make_lookup
from sklearn_embed._text.tokens import TextOptions, stop_word_set
from sklearn_embed._vectors.pooled import Pooled, Settings
from sklearn_embed._vectors.pooling import PoolingSpec


def is_unfitted(embedding):
    """Tell whether this is an estimator that has to be fitted first."""
    if not hasattr(embedding, "fit") or not hasattr(embedding, "get_params"):
        return False
    try:
        check_is_fitted(embedding)
    except NotFittedError:
        return True
    return False


def fitted(owner, embedding, documents, y, sample_weight=None, unlabeled=None):
    """Return something with vectors; of an unfitted estimator, a clone is fitted.

    Further texts, if any, are handed to it if its `fit` takes them, unless its own
    parameter `unlabeled` says which ones it is to have.

    Raises
    ------
    ValueError
        If weights are given, but nothing is fitted that takes any.
    """
    unfitted = is_unfitted(embedding)
    if sample_weight is not None and not (
        unfitted and has_fit_parameter(embedding, "sample_weight")
    ):
        why = "takes none" if unfitted else "is fitted already"
        raise ValueError(
            f"sample_weight is given, but the embedding {why}: give weights only with "
            "an unfitted embedding whose fit takes them, such as FastTextClassifier()."
        )
    if not unfitted:
        return embedding
    more = {}
    if sample_weight is not None:
        more["sample_weight"] = sample_weight
    if (
        unlabeled is not None
        and has_fit_parameter(embedding, "unlabeled")
        and getattr(embedding, "unlabeled", None) is None
    ):
        more["unlabeled"] = unlabeled
    return fit_inside(owner, clone(embedding), documents, y, more)


def text_options(embedding, own, source=None):
    """Return how strings are cut: as a vectorizer does it, else by one's own rules.

    A static model brings a tokenizer, which is the `analyzer` then.

    Parameters
    ----------
    embedding : object
        The parameter.
    own : TextOptions
        Those of the estimator that holds it.
    source : WordVectors or None, default=None
        The vectors, if they are known already.

    Raises
    ------
    ValueError
        If both have something to say.
    """
    if source is not None and source.tokenizer is not None:
        if own != TextOptions():
            raise ValueError(
                "A static model cuts strings by a tokenizer of its own: leave "
                "lowercase, tokenizer and the like at their defaults."
            )
        return TextOptions(analyzer=source.tokenizer)
    if hasattr(embedding, "_text_options"):
        options = embedding._text_options
    elif hasattr(embedding, "_options"):
        options = embedding._options()
    else:
        return own
    if own != TextOptions():
        raise ValueError(
            "A vectorizer cuts strings by its own rules: set lowercase, tokenizer "
            "and the like on the embedding (embedding__lowercase=…), not here."
        )
    return options


def refuse_words(estimator, source):
    """Refuse what is said of words where a static model has but pieces of them."""
    if source.tokenizer is None:
        return
    if estimator.oov != "skip":
        raise ValueError(
            f"oov={estimator.oov!r} is for words without a vector, which a static "
            "model does not know: it cuts every word into pieces. Set oov='skip'."
        )
    others = stop_word_set(estimator.stop_words) - source.row_of.keys()
    if others:
        raise ValueError(
            f"stop_words holds {min(others)!r}, which is no piece of this static "
            "model: give pieces, as its tokenizer makes them, or None."
        )


def lookup_of(embedding, source, options, stops):
    """Return the lookup of a source's words: the embedding's, if it is the same."""
    words = source.words
    if source.tokenizer is not None and source.tokenizer == options.analyzer:
        return make_lookup(words, options, stops, pieces=True)
    lookup = getattr(embedding, "_lookup", None)
    if (
        isinstance(lookup, WordLookup)
        and lookup.options == options
        and lookup.index.left_out == stops
        and lookup.index.words == words
    ):
        return lookup
    return make_lookup(words, options, stops)


def refuse_inner(params, embedding):
    """Refuse parameters of an embedding that is fitted already."""
    inner = [name for name in params if name.startswith("embedding__")]
    if inner and hasattr(embedding, "get_params") and not is_unfitted(embedding):
        raise ValueError(
            f"{inner[0]} would have no effect, since the embedding is fitted "
            "already. Give sklearn.base.clone(embedding) to have it fitted anew."
        )


def is_normalized(estimator, source):
    """Return whether rows get length 1; None leaves that to a static model."""
    return source.normalize if estimator.normalize is None else estimator.normalize


def settings_of(estimator):
    """Return the parameters that pooling depends on; powers are those of its spec."""
    return Settings(
        estimator.pooling,
        [],
        estimator.max_length,
        estimator.weights,
        estimator.smoothing,
        estimator.n_components_removed,
        estimator.normalize_words,
        bool(estimator.normalize),
        estimator.center,
        estimator.scale,
        estimator.oov,
        estimator._n_threads(),
    )


def pooled_of(estimator):
    """Return what was fitted."""
    spec = PoolingSpec(
        **estimator._spec,
        components=estimator.components_,
        strengths=estimator.component_weights_,
    )
    arrays = estimator.weights_, estimator._factors, *estimator._unknown
    moved = estimator.mean_, estimator.factor_
    return Pooled(estimator._source, estimator._lookup, *arrays, spec, *moved)

"""The two language models of a `ContextualVectorizer`: trained or given."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Collection, Sequence
from inspect import Parameter, signature
from numbers import Integral, Real

from sklearn.utils.validation import check_is_fitted

from sklearn_embed._estimators import language_model
from sklearn_embed._estimators.callbacks import fit_all_inside
from sklearn_embed._estimators.convergence import warn
from sklearn_embed._estimators.recurrent_language_model import RecurrentLanguageModel
from sklearn_embed._estimators.snapshot import snapshot
from sklearn_embed._estimators.training import draw_seed
from sklearn_embed._models.contextual import TokenLayers
from sklearn_embed._text.vocabulary import token_counts

#: Directions of the two, in order.
DIRECTIONS = "forward", "backward"

#: Settings in which the two must be equal: their vectors have the same sizes.
ALIKE = "vector_size", "hidden_size", "num_layers"

#: Parameters that count where language models are given; others are of their training.
OWN = frozenset(
    (
        *("pooling", "layers", "layer_weights", "normalize_layers", "language_models"),
        *("n_jobs", "random_state", "verbose"),
    )
)


def fit_pair(estimator, X):
    """Return the two language models, trained on documents or given.

    Parameters
    ----------
    estimator : ContextualVectorizer
        Left as it is.
    X : documents
        Of `fit`.

    Returns
    -------
    tuple of two RecurrentLanguageModel
    """
    if estimator.language_models is not None:
        pair = _given_pair(estimator)
        layers_of(estimator, pair[0]._model.settings)
        documents, _ = estimator._tokenize_to_fit(X, estimator._cutting_options())
        warn_of_unknown(estimator, documents, pair[0])
        return pair
    layers_of(estimator, estimator)
    estimator._checked_pretrained()
    documents, _ = estimator._tokenize_to_fit(X)
    continued = estimator.warm_start and "language_models_" in vars(estimator)
    pair = _continued_pair(estimator) if continued else _new_pair(estimator)
    return _trained(estimator, pair, X, lambda model: model.fit(documents))


def partial_fit_pair(estimator, X, update_vocabulary):
    """Return the two language models, trained with one more batch; see `fit_pair`."""
    given = estimator.language_models is not None
    options = estimator._cutting_options() if given else None
    begun = "language_models_" in vars(estimator)
    if given:
        pair = _given_pair(estimator)
        if begun:
            pair = tuple(map(snapshot, estimator.language_models_))
        layers_of(estimator, pair[0]._model.settings)
    else:
        layers_of(estimator, estimator)
        estimator._checked_pretrained()
        pair = _continued_pair(estimator) if begun else _new_pair(estimator)
    documents, _ = estimator._tokenize_to_fit(X, options)
    if documents.n_tokens == 0:
        warn(
            "None of the documents has a token: nothing is learned but that they end. "
            "Check token_pattern and tokenizer.",
            UserWarning,
        )
    more = {"update_vocabulary": update_vocabulary}
    return _trained(estimator, pair, X, lambda m: m.partial_fit(documents, **more))


def _trained(estimator, pair, X, train):
    """Train both, one after the other."""
    fit_all_inside(estimator, pair, X, None, train)
    return pair


def _training_parameters(estimator):
    """Return the parameters of training, but for the seed."""
    params = estimator.get_params(deep=False)
    names = RecurrentLanguageModel._get_param_names()
    return {n: params[n] for n in names if n in params and n != "random_state"}


def _new_pair(estimator):
    """Return two models that are not trained yet; both hold out the same documents."""
    shared = _training_parameters(estimator) | {"random_state": draw_seed(estimator)}
    return tuple(RecurrentLanguageModel(direction=d, **shared) for d in DIRECTIONS)


def _continued_pair(estimator):
    """Return copies of the two that were trained, with the parameters as they are."""
    params = _training_parameters(estimator)
    pair = tuple(map(snapshot, estimator.language_models_))
    for model in pair:
        for name, value in params.items():
            setattr(model, name, value)
    return pair


def _given_pair(estimator):
    """Return copies of the two that were given; refuse parameters of a training."""
    pair = checked_pair(estimator.language_models)
    for name, parameter in signature(type(estimator)).parameters.items():
        value = getattr(estimator, name)
        if name in OWN or parameter.default is Parameter.empty:
            continue
        if value is not parameter.default and not (
            isinstance(value, str | Real | tuple) and value == parameter.default
        ):
            raise ValueError(
                f"{name}={value!r:.80} would have no effect, since language_models are "
                "given, which are trained already: leave it at its default."
            )
    return pair


def checked_pair(models, name="language_models"):
    """Return a forward and a backward model, fitted and of the same words and sizes.

    Parameters
    ----------
    models : object
        What was given.
    name : str, default="language_models"
        What messages call it.

    Returns
    -------
    tuple of two RecurrentLanguageModel
        Snapshots.
    """
    if (
        not isinstance(models, Sequence)
        or len(models) != 2
        or not all(isinstance(model, RecurrentLanguageModel) for model in models)
    ):
        raise TypeError(
            f"{name} must be a pair of RecurrentLanguageModel, one of each direction, "
            f"not {type(models).__name__}."
        )
    for model, direction in zip(models, DIRECTIONS, strict=True):
        check_is_fitted(model)
        found = model._model.settings.direction
        if found != direction:
            raise ValueError(
                f"{name}: the first must read forward and the second backward, but "
                f"the {'first' if direction == 'forward' else 'second'} reads {found}."
            )
    forward, backward = map(snapshot, models)
    if forward.words_ != backward.words_:
        raise ValueError(
            f"{name} know other words: train them on the same documents, or give both "
            "the same vocabulary."
        )
    if forward._text_options != backward._text_options:
        raise ValueError(f"{name} cut strings into tokens in different ways.")
    for attribute in ALIKE:
        values = [getattr(m._model.settings, attribute) for m in (forward, backward)]
        if values[0] != values[1]:
            raise ValueError(
                f"{name} have {attribute}={values[0]} and {values[1]}: these must be "
                "equal."
            )
    return forward, backward


def layers_of(estimator, settings):
    """Return what vectors are made of, as `TokenLayers`.

    Parameters
    ----------
    estimator : ContextualVectorizer
        With the parameters.
    settings : object
        With the sizes of the models.

    Raises
    ------
    ValueError
        If there are no such layers, or they cannot be added up.
    """
    n = int(settings.num_layers) + 1
    numbers = layer_numbers(estimator.layers, n)
    weights = estimator.layer_weights
    if isinstance(weights, str):
        weights = None if weights == "concat" else (1 / len(numbers),) * len(numbers)
    else:
        weights = _checked_weights(weights, len(numbers))
    first, other = settings.vector_size, settings.hidden_size
    if weights is not None and 0 in numbers and any(numbers) and first != other:
        raise ValueError(
            f"layer_weights={estimator.layer_weights!r:.80} adds up layers, but "
            f"vector_size={first} of layer 0 is not hidden_size={other} of the others: "
            "make them equal, leave 0 out of layers, or set layer_weights='concat'."
        )
    return TokenLayers(numbers, weights, bool(estimator.normalize_layers))


def layer_numbers(layers, n):
    """Return the numbers of layers, of which there are n, from 0 on."""
    if isinstance(layers, str):
        return tuple(range(n))
    numbers = [layers] if isinstance(layers, Integral) else list(layers)
    if not numbers:
        raise ValueError("layers is empty: name at least one.")
    for number in numbers:
        if not isinstance(number, Integral) or isinstance(number, bool):
            raise ValueError(f"layers={layers!r:.80}: give integers.")
        if not -n <= number < n:
            raise ValueError(
                f"layers={layers!r:.80}, but there are layers 0 to {n - 1} alone."
            )
    numbers = tuple(int(number) % n for number in numbers)
    if len(set(numbers)) < len(numbers):
        raise ValueError(f"layers={layers!r:.80} names a layer twice.")
    return numbers


def _checked_weights(weights, n):
    """Return given weights of n layers."""
    numbers = list(weights)
    if len(numbers) != n or not all(
        isinstance(w, Real) and not isinstance(w, bool) and abs(w) <= 1e6
        for w in numbers
    ):
        raise ValueError(
            f"layer_weights={weights!r:.80}: give {n} numbers, one for each of layers, "
            "of at most a million."
        )
    return tuple(map(float, numbers))


def warn_of_unknown(estimator, documents, model=None):
    """Warn where most words are unknown: all of them have much the same vector."""
    model = estimator if model is None else model
    counts = token_counts(documents)
    n_unknown = int(counts[model._lookup.rows(documents.table) < 0].sum())
    effect = "their vectors are those of the unknown word"
    language_model.warn_of_unknown(n_unknown, int(counts.sum()), effect=effect)


def one_document(text):
    """Return one document, as text or as tokens."""
    if not isinstance(text, str) and not (
        isinstance(text, Sequence) and all(isinstance(t, str) for t in text)
    ):
        raise TypeError(
            "text must be a string or a sequence of strings, not "
            f"{type(text).__name__}: it is one document."
        )
    return text


def listed(words):
    """Return a collection of words as a list."""
    if isinstance(words, str) or not isinstance(words, Collection):
        raise TypeError("among must be a collection of strings.")
    if not all(isinstance(word, str) for word in words):
        raise TypeError("among must hold nothing but strings.")
    return list(dict.fromkeys(words))

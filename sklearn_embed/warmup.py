"""Compile ahead of time what estimators need: ``python -m sklearn_embed.warmup``."""

# SPDX-License-Identifier: BSD-3-Clause

import argparse
import inspect
import itertools
import time
import warnings

from sklearn.utils import get_tags

from sklearn_embed._core.notice import NOT_KEPT
from sklearn_embed._estimators.base import StrOptions
from sklearn_embed._estimators.contextual_vectorizer import ContextualVectorizer
from sklearn_embed._estimators.fasttext import FastTextVectorizer
from sklearn_embed._estimators.fasttext_classifier import FastTextClassifier
from sklearn_embed._estimators.glove import GloVeVectorizer
from sklearn_embed._estimators.mean_pool import MeanPoolEmbedder
from sklearn_embed._estimators.ngram_language_model import NGramLanguageModel
from sklearn_embed._estimators.one_hot import OneHotTokens
from sklearn_embed._estimators.ppmi import PPMIVectorizer
from sklearn_embed._estimators.recurrent_classifier import RecurrentClassifier
from sklearn_embed._estimators.recurrent_language_model import (
    RecurrentLanguageModel,
)
from sklearn_embed._estimators.window_language_model import WindowLanguageModel
from sklearn_embed._estimators.word2vec import Word2VecVectorizer
from sklearn_embed._estimators.word_class import WordClassVectorizer
from sklearn_embed._text.tokenized import TokenizedDocuments

__all__ = ["warmup"]

ESTIMATORS = {
    estimator.__name__: estimator
    for estimator in (
        ContextualVectorizer,
        FastTextClassifier,
        FastTextVectorizer,
        GloVeVectorizer,
        MeanPoolEmbedder,
        NGramLanguageModel,
        OneHotTokens,
        RecurrentClassifier,
        RecurrentLanguageModel,
        PPMIVectorizer,
        WindowLanguageModel,
        Word2VecVectorizer,
        WordClassVectorizer,
    )
}

# Whatever the estimator has of these is set so; no number decides what is compiled.
_SMALL = {
    "embedding": {"cat": [1.0, 0.0], "dog": [0.0, 1.0]},
    "vector_size": 4,
    "hidden_size": 4,
    "min_count": 1,
    "epochs": 1,
    "bucket": 100,
    "random_state": 0,
}

# Parameters whose values have code of their own.
_CHOICES = ("architecture", "loss", "output", "pooling")

_TEXTS = ["the cat sat on the mat", "the dog sat by the door", "Кошка и собака"] * 4
_LABELS = ["cat", "dog", "both"] * 4


def warmup(estimators=None, *, variants=False, report=None):
    """Compile what estimators need, so that later processes need only load it.

    Each of them is fitted on a few words.  What is compiled is kept in the folder that
    the environment variable ``NUMBA_CACHE_DIR`` names; without it, beside the
    package's source files or, where that is not allowed, in the user's cache folder.

    Parameters
    ----------
    estimators : iterable of str or None, default=None
        Names of classes; None: all.
    variants : bool, default=False
        Whether to compile every architecture, loss, output and pooling, too, instead
        of the default ones alone.
    report : callable or None, default=None
        Called with a line of text after each estimator, e.g. `print`.

    Returns
    -------
    seconds : dict of str to float
        How long each estimator took, by its name and what differs from the defaults.

    Raises
    ------
    ValueError
        If there is no estimator of a name.

    Examples
    --------
    >>> from sklearn_embed.warmup import warmup
    >>> list(warmup(["OneHotTokens"]))
    ['OneHotTokens()']
    """
    names = list(ESTIMATORS) if estimators is None else list(estimators)
    unknown = [name for name in names if name not in ESTIMATORS]
    if unknown:
        raise ValueError(
            f"There is no estimator {unknown[0]!r}; there are {', '.join(ESTIMATORS)}."
        )
    seconds = {}
    for name in names:
        for options in _options(ESTIMATORS[name], variants):
            shown = ", ".join(f"{key}={value!r}" for key, value in options.items())
            began = time.perf_counter()
            _use(ESTIMATORS[name], options)
            taken = seconds[f"{name}({shown})"] = time.perf_counter() - began
            if report is not None:
                report(f"{name}({shown}): {taken:.1f} s")
    return seconds


def _options(estimator, variants):
    """Yield the parameters to compile for: the defaults, then all others."""
    yield {}
    if not variants:
        return
    defaults = inspect.signature(estimator).parameters
    values = {
        name: sorted(
            value
            for constraint in estimator._parameter_constraints[name]
            if isinstance(constraint, StrOptions)
            for value in constraint.options
        )
        for name in _CHOICES
        if name in defaults
    }
    for chosen in itertools.product(*values.values()):
        options = dict(zip(values, chosen, strict=True))
        options = {k: v for k, v in options.items() if v != defaults[k].default}
        if options:
            yield options


def _use(estimator, options):
    """Fit an estimator and apply it to all that a document can be."""
    known = inspect.signature(estimator).parameters
    small = {name: value for name, value in _SMALL.items() if name in known}
    fitted = estimator(**small, **options)
    if options.get("pooling") == "concat":
        fitted.set_params(max_length=2)
    needs_labels = get_tags(fitted).target_tags.required
    fitted.fit(_TEXTS, _LABELS if needs_labels else None)
    names = "predict_proba", "transform", "score_samples"
    apply = next(getattr(fitted, name) for name in names if hasattr(fitted, name))
    lists = [text.split() for text in _TEXTS]
    tokenized = (
        TokenizedDocuments.from_documents(_TEXTS, analyzer=analyzer)
        for analyzer in ("word", "char")
    )
    with warnings.catch_warnings():
        # Documents of characters hold no known word.
        warnings.simplefilter("ignore", UserWarning)
        for documents in (_TEXTS, lists, *tokenized):
            apply(documents[:2])
    if hasattr(fitted, "predict_next"):
        fitted.sample(_TEXTS[0], 2)


def main(arguments=None):
    """Run the command; see ``python -m sklearn_embed.warmup --help``."""
    parser = argparse.ArgumentParser(
        prog="python -m sklearn_embed.warmup",
        description="Compile what estimators need, for images and continuous "
        "integration. NUMBA_CACHE_DIR names the folder where it is kept.",
    )
    parser.add_argument("estimators", nargs="*", help="names of classes; none: all")
    parser.add_argument(
        "--variants",
        action="store_true",
        help="every architecture, loss, output and pooling, not only the defaults",
    )
    parser.add_argument("--list", action="store_true", help="list the names and stop")
    given = parser.parse_args(arguments)
    if given.list:
        print(*ESTIMATORS, sep="\n")
        return
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=NOT_KEPT)
        try:
            seconds = warmup(
                given.estimators or None, variants=given.variants, report=print
            )
        except (ValueError, UserWarning) as error:
            parser.exit(1, f"{error}\n")
    print(f"all: {sum(seconds.values()):.1f} s")


if __name__ == "__main__":
    main()

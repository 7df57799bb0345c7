"""Docstrings of the estimators: whole in the source, and alike where they share.

Each class has its docstring in full, so that editors show it.  What several classes
have in common is therefore written several times, and kept equal by these tests.
"""

# SPDX-License-Identifier: BSD-3-Clause

import ast
import inspect
import re
import textwrap
from collections import defaultdict
from itertools import cycle
from pathlib import Path

import numpy as np
import pytest
from docutils import nodes
from docutils.core import publish_doctree
from numpydoc.docscrape import NumpyDocString
from sklearn.base import BaseEstimator

import sklearn_embed
from sklearn_embed._estimators.language_model import LanguageModel

ROOT = Path(sklearn_embed.__file__).parent
ESTIMATORS = {
    name: getattr(sklearn_embed, name)
    for name in sklearn_embed.__all__
    if inspect.isclass(getattr(sklearn_embed, name))
    and issubclass(getattr(sklearn_embed, name), BaseEstimator)
}

# What a class says in its own words, and why; all others must agree.
OWN_WORDS = {
    ("ContextualVectorizer", "pooling"): "of states, without documents' labels",
    ("FastTextClassifier", "loss"): "classes are predicted, not words",
    ("FastTextClassifier", "negative"): "classes are drawn, not words",
    ("FastTextClassifier", "min_n"): "no n-grams by default",
    ("FastTextClassifier", "max_n"): "no n-grams by default",
    ("FastTextClassifier", "bucket"): "always hashed, word n-grams too",
    ("FastTextClassifier", "learning_rate"): "it has no min_learning_rate",
    ("FastTextClassifier", "epochs"): "documents are shuffled",
    ("FastTextClassifier", "min_count"): "a number alone",
    ("FastTextClassifier", "token_pattern"): "follows other parameters",
    ("FastTextClassifier", "weights"): "of all features",
    ("FastTextClassifier", "weights_"): "of all features, trained with",
    ("FastTextClassifier", "alpha"): "a penalty",
    ("FastTextClassifier", "normalization"): "of documents that are trained",
    ("GloVeVectorizer", "learning_rate"): "of another optimiser",
    ("GloVeVectorizer", "epochs"): "over pairs, not documents",
    ("GloVeVectorizer", "window"): "may be whole documents",
    ("GloVeVectorizer", "memory"): "keeps counts, too",
    ("PPMIVectorizer", "memory"): "keeps counts alone",
    ("GloVeVectorizer", "combine"): "other parameters are combined",
    ("GloVeVectorizer", "context_vectors_"): "described with word_vectors_",
    ("PPMIVectorizer", "window"): "may be whole documents",
    ("PPMIVectorizer", "window_"): "likewise",
    ("PPMIVectorizer", "combine"): "other parameters are combined",
    ("PPMIVectorizer", "context_vectors_"): "described with word_vectors_",
    ("MeanPoolEmbedder", "stop_words"): "ends the list of text parameters",
    ("MeanPoolEmbedder", "n_jobs"): "never changes the result",
    ("MeanPoolEmbedder", "pooling"): "more ways to pool",
    ("MeanPoolEmbedder", "max_length"): "of another output",
    ("MeanPoolEmbedder", "max_length_"): "of another output",
    ("MeanPoolEmbedder", "vectors_"): "not trained but given",
    ("MeanPoolEmbedder", "unlabeled"): "says for what",
    ("NGramLanguageModel", "counts_"): "zeros, if nothing was counted",
    ("NGramLanguageModel", "max_memory"): "of other counts",
    ("RecurrentClassifier", "hidden_size"): "in each direction",
    ("RecurrentClassifier", "layers"): "with weights that are learned",
    ("RecurrentClassifier", "pooling"): "of states",
    ("RecurrentClassifier", "dropout"): "of pooled states, too",
    ("RecurrentClassifier", "max_length"): "limits what is read",
    ("RecurrentClassifier", "batch_size"): "of documents",
    ("RecurrentClassifier", "learning_rate"): "one number for all optimisers",
    ("RecurrentClassifier", "epochs"): "a number alone",
    ("RecurrentClassifier", "min_count"): "a number alone",
    ("RecurrentClassifier", "output_vectors_"): "of other sizes",
    ("RecurrentLanguageModel", "direction"): "of reading, not of contexts",
    ("OneHotTokens", "ngram_range"): "of words, too",
    ("OneHotTokens", "min_count"): "counts are its output, too",
    ("OneHotTokens", "vocabulary"): "gives the order of the columns",
    ("OneHotTokens", "words_"): "words are columns",
    ("OneHotTokens", "vocabulary_"): "words are columns",
    ("OneHotTokens", "counts_"): "of the documents of fit alone",
    ("WindowLanguageModel", "order"): "a window, not n-grams",
    ("WindowLanguageModel", "hidden_size"): "of one layer without a state",
    ("WindowLanguageModel", "dropout"): "of one layer without a state",
    ("WindowLanguageModel", "batch_size"): "words, not places in the text",
    ("BlockScaler", "scale"): "of any rows, and never None",
    ("WordClassVectorizer", "min_n"): "n-grams beside words, not of them",
    ("WordClassVectorizer", "max_n"): "n-grams beside words, not of them",
    ("WordClassVectorizer", "min_count"): "n-grams count, too",
    ("WordClassVectorizer", "min_df"): "n-grams count, too",
    ("WordClassVectorizer", "max_df"): "n-grams count, too",
    ("WordClassVectorizer", "max_features"): "n-grams count, too",
    ("WordClassVectorizer", "smoothing"): "of another weight",
    ("WordClassVectorizer", "weights"): "of words and n-grams",
    ("WordClassVectorizer", "n_jobs"): "never changes the result",
    ("WordClassVectorizer", "components_"): "of classes",
}


#: What learns to predict the next word.
PREDICTORS = LanguageModel, sklearn_embed.ContextualVectorizer

#: What all language models say alike, and nobody else.
OF_LANGUAGE_MODELS = {
    "min_count": "other words are unknown, not left out",
    "min_df": "other words are unknown, not left out",
    "max_df": "other words are unknown, not left out",
    "loss": "words may be drawn, and only to learn",
    "negative": "drawn for a step, not a word",
    "learning_rate": "of several optimisers",
    "epochs": "its rule gives another number",
}


def entries(cls, *sections):
    """Yield name, type, default and description of all that a class documents."""
    parsed = NumpyDocString(inspect.getdoc(cls))
    for section in sections:
        for entry in parsed[section]:
            names, (kind, _, default) = entry.name, entry.type.partition(" default=")
            # "min_n, max_n : int, default=3 and 6", or both have the same.
            defaults = cycle(default.split(" and "))
            for name, own in zip(names.split(", "), defaults, strict=False):
                yield name, kind.rstrip(","), own, "\n".join(entry.desc)


def rendered(text):
    """Return what a reader of the manual sees in place of some reST."""
    visible = publish_doctree(text, settings_overrides={"report_level": 5})
    return "".join(node.astext() for node in visible.findall(nodes.Text))


def test_shared_parameters_and_attributes_are_described_alike():
    described = defaultdict(dict)
    for owner, cls in ESTIMATORS.items():
        for name, kind, _, text in entries(cls, "Parameters", "Attributes"):
            if name in OF_LANGUAGE_MODELS and issubclass(cls, PREDICTORS):
                name = f"{name} of a language model"
            described[name][owner] = kind, text
    for name in OF_LANGUAGE_MODELS:
        assert not {*described[name].values()} & {
            *described[f"{name} of a language model"].values()
        }
    for name, texts in described.items():
        common = [t for owner, t in texts.items() if (owner, name) not in OWN_WORDS]
        assert len(set(common)) <= 1, f"{name} is described in several ways: {texts}"
        for owner in texts:
            if (owner, name) in OWN_WORDS:
                assert texts[owner] not in common, f"{owner}.{name} is as elsewhere"


def test_own_words_are_those_of_something_there():
    there = {
        (owner, name)
        for owner, cls in ESTIMATORS.items()
        for name, *_ in entries(cls, "Parameters", "Attributes")
    }
    assert set(OWN_WORDS) <= there


@pytest.mark.parametrize("owner", ESTIMATORS)
def test_the_manual_shows_the_real_defaults(owner):
    parameters = inspect.signature(ESTIMATORS[owner]).parameters
    shown = {
        name: rendered(default)
        for name, _, default, _ in entries(ESTIMATORS[owner], "Parameters")
    }
    assert list(shown) == list(parameters)
    for name, text in shown.items():
        default = parameters[name].default
        if default is inspect.Parameter.empty:
            assert not text
        else:
            assert eval(text, {"np": np, "inf": np.inf}) == default, name


def test_the_pattern_of_tokens_has_its_backslashes_in_the_manual():
    described = entries(sklearn_embed.Word2VecVectorizer, "Parameters")
    defaults = {name: default for name, _, default, _ in described}
    assert rendered(defaults["token_pattern"]) == r'r"(?u)\b\w\w+\b"'


@pytest.mark.parametrize(
    "path", sorted(ROOT.rglob("*.py")), ids=lambda p: p.relative_to(ROOT).as_posix()
)
def test_docstrings_stand_whole_in_the_source(path):
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.Module):
            text = ast.get_docstring(node) or ""
            assert not re.search(r"^\s*\{\w+\}$", text, re.M), (
                f"a placeholder in {getattr(node, 'name', path)}"
            )
        elif isinstance(node, ast.Assign):
            targets = {getattr(target, "attr", None) for target in node.targets}
            assert "__doc__" not in targets, "a docstring is put together at import"


@pytest.mark.parametrize("owner", ESTIMATORS)
def test_what_editors_show_is_what_python_has(owner):
    cls = ESTIMATORS[owner]
    tree = ast.parse(textwrap.dedent(inspect.getsource(cls)))
    assert ast.get_docstring(tree.body[0]) == inspect.getdoc(cls)

"""What all language models share, seen with one that knows how often words occur."""

# SPDX-License-Identifier: BSD-3-Clause

from fractions import Fraction

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_embed import TokenizedDocuments
from sklearn_embed._estimators.language_model import (
    LANGUAGE_CONSTRAINTS,
    LanguageModel,
    learn_words,
)
from sklearn_embed._estimators.training import word_attributes
from sklearn_embed._models.sequences import Sequences, draw_word, encode
from sklearn_embed._text.tokens import DEFAULT_PATTERN
from sklearn_embed.testing import check_text_estimator

TEXTS = ["the cat sat", "the dog sat down", "", "a cat and a dog"] * 3


class Frequencies:
    """Predicts every word by how often it occurs, whatever stands before it."""

    def __init__(self, counts):
        self.log_p = np.log(np.asarray(counts, float) / np.sum(counts))

    def start(self):
        return ()

    def advance(self, state, word):
        return (*state, word)

    def next_log_proba(self, state):
        return self.log_p.copy()

    def log_proba(self, sequences, n_jobs=1):
        return self.log_p[sequences.ids]

    def check(self, n_words):
        assert len(self.log_p) == n_words + 2


class UnigramModel(LanguageModel):
    _parameter_constraints = LANGUAGE_CONSTRAINTS

    def __init__(
        self,
        *,
        lowercase=True,
        strip_accents=None,
        preprocessor=None,
        tokenizer=None,
        token_pattern=DEFAULT_PATTERN,
        analyzer="word",
        ngram_range=(1, 1),
        min_count=1,
        min_df=1,
        max_df=1.0,
        max_features=None,
        vocabulary=None,
        n_jobs=None,
    ):
        self.lowercase = lowercase
        self.strip_accents = strip_accents
        self.preprocessor = preprocessor
        self.tokenizer = tokenizer
        self.token_pattern = token_pattern
        self.analyzer = analyzer
        self.ngram_range = ngram_range
        self.min_count = min_count
        self.min_df = min_df
        self.max_df = max_df
        self.max_features = max_features
        self.vocabulary = vocabulary
        self.n_jobs = n_jobs

    def fit(self, X, y=None):
        documents, options = self._tokenize_to_fit(X)
        vocabulary = learn_words(self, [documents])
        counts = [*vocabulary.counts, 1, len(documents)]
        attributes = word_attributes(
            self, vocabulary, options, model := Frequencies(counts)
        )
        vars(self).update(attributes, _model=model)
        return self


@pytest.fixture
def model():
    return UnigramModel().fit(TEXTS)


def test_the_contract_of_language_models():
    check_text_estimator(UnigramModel())


def test_documents_are_ids_that_end_with_a_mark():
    documents = TokenizedDocuments.from_documents([["b", "x"], [], ["a"]])[:2]
    rows = np.array([1, -1, 0], np.int32)
    ids, offsets = encode(documents, rows, 2)
    assert_array_equal(ids, [1, 2, 3, 3])
    assert_array_equal(offsets, [0, 3, 4])
    assert isinstance(encode(documents[:0], rows, 2), Sequences)


def test_marks_in_a_text_are_unknown_words():
    texts = [["<unk>", "cat", "</s>", "<s>"]] * 3
    fitted = UnigramModel(vocabulary=["cat", "<unk>"]).fit(texts)
    assert fitted.words_ == ["cat"]
    assert fitted.unknown_share(texts) == 0.75
    assert UnigramModel(max_features=1).fit(texts).words_ == ["cat"]


def test_scores_agree(model):
    words = model.log_proba(TEXTS)
    assert [len(w) for w in words] == [4, 5, 1, 4] * 3
    assert model.score(TEXTS) == pytest.approx(np.concatenate(words).mean())
    assert model.perplexity(TEXTS) == pytest.approx(np.exp(-model.score(TEXTS)))
    assert_allclose(model.score_samples(TEXTS), [w.sum() for w in words])
    assert model.log_proba([]) == []
    assert model.score_samples([]).shape == (0,)
    with pytest.raises(ValueError, match="X holds no documents"):
        model.score([])


def test_most_words_unknown_is_worth_a_warning(model):
    with pytest.warns(UserWarning, match="30 of 30 words .* are unknown"):
        model.score(["zzz qqq xxx"] * 10)
    with pytest.warns(UserWarning, match="Lower min_count"):
        UnigramModel(max_features=1).fit(TEXTS)
    assert model.unknown_share(["zzz cat"]) == 0.5
    assert model.unknown_share([""]) == model.unknown_share([]) == 0


def test_what_follows(model):
    found = model.predict_next("the cat", topn=None)
    assert len(found) == len(model.words_) + 2
    assert sum(p for _, p in found) == pytest.approx(1)
    assert found == sorted(found, key=lambda pair: -pair[1])
    assert model.predict_next(["the", "cat"], topn=2) == found[:2]
    assert model.predict_next(None, 3) == model.predict_next("", 3)
    for wrong, name in ((0, "topn"), (True, "topn"), (1.5, "topn")):
        with pytest.raises(ValueError, match=name):
            model.predict_next("the", wrong)
    for wrong in (5, [3], {"a": 1}):
        with pytest.raises(TypeError, match="prefix"):
            model.predict_next(wrong)


def test_a_text_is_drawn_from_the_probabilities(model):
    rng = np.random.RandomState(0)
    drawn = [
        (model.sample(None, 1, random_state=rng) or ["</s>"])[0] for _ in range(4000)
    ]
    expected = dict(model.predict_next(None, topn=None))
    total = 1 - expected.pop("<unk>")
    for word, p in expected.items():
        n = drawn.count(word)
        assert abs(n / 4000 - p / total) < 4 * np.sqrt(p / 4000), word
    assert model.sample("the", 50, random_state=1) == model.sample(
        ["the"], 50, random_state=1
    )


def test_temperature_and_top_k(model):
    likeliest = next(w for w, _ in model.predict_next(None) if w != "</s>")
    assert model.sample(n_words=3, temperature=0) in ([], [likeliest] * 3)
    halved = [
        model.sample(temperature=t, random_state=0) for t in (0.5, Fraction(1, 2))
    ]
    assert halved[0] == halved[1]
    few = {w for seed in range(50) for w in model.sample(top_k=2, random_state=seed)}
    assert len(few) <= 2
    for options, name in (
        ({"temperature": -1}, "temperature"),
        ({"temperature": np.nan}, "temperature"),
        ({"temperature": "warm"}, "temperature"),
        ({"temperature": 10**400}, "temperature"),
        ({"top_k": 0}, "top_k"),
        ({"n_words": 0}, "n_words"),
    ):
        with pytest.raises(ValueError, match=name):
            model.sample(**options)
    with pytest.raises(TypeError, match="prompt"):
        model.sample(3)


@pytest.mark.parametrize("temperature", [1e-320, 1e-3, 1.0, 1e300])
@pytest.mark.parametrize("top_k", [None, 1, 2, 100])
def test_draws_are_never_impossible_words(temperature, top_k):
    rng = np.random.RandomState(0)
    log_p = np.array([-np.inf, -1.0, -1.0, -800.0, -np.inf])
    for _ in range(50):
        drawn = draw_word(log_p.copy(), temperature, top_k, rng)
        assert drawn == 1 if top_k == 1 else drawn in (1, 2, 3)

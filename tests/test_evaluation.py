"""Queries, test sets and linear algebra, against gensim and numpy."""

# SPDX-License-Identifier: BSD-3-Clause

import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklearn_embed import MeanPoolEmbedder, OneHotTokens, evaluation
from sklearn_embed.io import WordVectors

FAMILY = {
    "brother": [1.0, 0.0, 1.0],
    "sister": [1.0, 1.0, 1.0],
    "man": [0.0, 0.0, 1.0],
    "woman": [0.0, 1.0, 1.0],
    "table": [-1.0, 0.2, -1.0],
}
PAIRS = [("brother", "sister", 9), ("man", "woman", 8), ("man", "table", 1)]
ANALOGIES = [
    ("man", "brother", "woman", "sister"),
    ("woman", "sister", "man", "brother"),
    ("brother", "man", "sister", "woman"),
    ("sister", "woman", "brother", "man"),
]
RNG = np.random.default_rng(0)


def random_vectors(n_words, n_dimensions):
    words = [f"word{i}" for i in range(n_words)]
    return WordVectors(words, RNG.normal(size=(n_words, n_dimensions)))


class Embedder(TransformerMixin, BaseEstimator):
    """The family turned by noise: fitted, and worse the larger the noise."""

    def __init__(self, noise=0.0):
        self.noise = noise

    def fit(self, X, y=None):
        rng = np.random.default_rng(0)
        self.words_ = list(FAMILY)
        matrix = np.array(list(FAMILY.values()))
        self.vectors_ = matrix + rng.normal(0, self.noise, matrix.shape)
        return self

    def transform(self, X):
        rows = dict(zip(self.words_, self.vectors_, strict=True))
        return np.array([sum(rows[w] for w in text.split()) for text in X])


def test_the_answers_are_gensims():
    keyed = WordVectors(list(FAMILY), list(FAMILY.values())).to_keyed_vectors()
    assert evaluation.most_similar(FAMILY, "man") == keyed.most_similar("man")
    expected = keyed.most_similar([keyed["man"]], ["woman"], topn=2)
    ours = evaluation.most_similar(FAMILY, np.array([0.0, 0, 1]), "woman", topn=2)
    assert ours == expected
    assert evaluation.similarity(FAMILY, "man", "woman") == pytest.approx(0.5**0.5)


def test_brother_minus_man_plus_woman_is_sister():
    assert evaluation.analogy(FAMILY, "man", "brother", "woman")[0][0] == "sister"


def test_the_odd_word_is_found_among_known_words():
    words = ["man", "woman", "sister", "table"]
    assert evaluation.doesnt_match(FAMILY, words) == "table"
    told = "words are left out: words without a vector: 'unheard'$"
    with pytest.warns(UserWarning, match=told):
        assert evaluation.doesnt_match(FAMILY, [*words, "unheard"]) == "table"
    with pytest.raises(ValueError, match="none of"):
        evaluation.doesnt_match(FAMILY, ["unheard"])


def test_unknown_words_are_key_errors():
    with pytest.raises(KeyError):
        evaluation.most_similar(FAMILY, "unheard")


def test_nearest_documents_come_first():
    embedder = Embedder().fit(None)
    documents = ["table", "man woman", "man", "man"]
    table = evaluation.nearest_documents(embedder, documents, ["man", "table"], topn=3)
    assert table["query"].tolist() == [0, 0, 0, 1, 1, 1]
    assert table["document"].tolist()[:4] == [2, 3, 1, 0]
    assert_allclose(table["similarity"][0], 1)


def test_word_pairs_are_compared_as_gensim_compares_them(tmp_path):
    path = tmp_path / "family.tsv"
    lines = ["# comment", "word1\tword2\tscore"]
    lines += ["\t".join(map(str, pair)) for pair in PAIRS]
    path.write_text("\n".join([*lines, "man\tunheard\t3", "Man\tSister\t5"]))
    table = evaluation.evaluate_word_pairs(FAMILY, path)
    keyed = WordVectors(list(FAMILY), list(FAMILY.values())).to_keyed_vectors()
    pearson, spearman, _ = keyed.evaluate_word_pairs(str(path))
    row = table.loc["family"]
    assert_allclose([row["pearson"], row["pearson_pvalue"]], pearson)
    assert_allclose([row["spearman"], row["spearman_pvalue"]], spearman)
    assert row["n_pairs"] == 5 and row["n_known"] == 4
    exact = evaluation.evaluate_word_pairs(FAMILY, path, case_insensitive=False)
    assert exact["n_known"].tolist() == [3]


@pytest.mark.parametrize("separator", ["\t", ",", " "])
def test_pairs_are_separated_by_tabs_commas_or_blanks(tmp_path, separator):
    path = tmp_path / "pairs"
    path.write_text("\n".join(separator.join(map(str, pair)) for pair in PAIRS))
    assert evaluation.evaluate_word_pairs(FAMILY, path)["n_known"].tolist() == [3]


def test_several_sets_of_pairs_make_several_rows():
    frame = pd.DataFrame(PAIRS, columns=["a", "b", "score"])
    sets = {"one": PAIRS, "two": frame, "none": [("x", "y", 1)]}
    table = evaluation.evaluate_word_pairs(FAMILY, sets)
    assert table.index.tolist() == ["one", "two", "none"]
    assert table["spearman"].iloc[0] == table["spearman"].iloc[1]
    assert np.isnan(table["spearman"].iloc[2]) and table["n_known"].iloc[2] == 0


def test_a_set_without_pairs_is_refused():
    with pytest.raises(ValueError, match="no lines of two words and a number"):
        evaluation.evaluate_word_pairs(FAMILY, [("a", "b")])


def test_analogies_are_counted_by_section(tmp_path):
    path = tmp_path / "questions"
    right = "man brother woman sister"
    path.write_text(f": family\n{right}\nman brother woman table\n: rest\nx y z w\n")
    table = evaluation.evaluate_word_analogies(FAMILY, path)
    assert table.index.tolist() == ["family", "rest", "total"]
    assert table["n_correct"].tolist() == [1, 0, 1]
    assert table["n_known"].tolist() == [2, 0, 2]
    assert table["accuracy"].iloc[0] == 0.5 and np.isnan(table["accuracy"].iloc[1])
    listed = evaluation.evaluate_word_analogies(FAMILY, [right.split()])
    assert listed["accuracy"].tolist() == [1, 1]


@pytest.mark.parametrize(
    "scorer",
    [
        evaluation.WordPairScorer(PAIRS, "pearson"),
        evaluation.AnalogyScorer(ANALOGIES),
    ],
    ids=lambda scorer: type(scorer).__name__,
)
def test_a_search_can_be_scored_by_words(scorer):
    again = pickle.loads(pickle.dumps(scorer))
    search = GridSearchCV(
        make_pipeline(FunctionTransformer(), Embedder()),
        {"embedder__noise": [3.0, 0.0]},
        scoring=again,
        cv=2,
    )
    search.fit(["man", "woman", "table", "sister"])
    assert search.best_params_ == {"embedder__noise": 0.0}
    assert search.best_score_ == pytest.approx(scorer(FAMILY))
    assert scorer(search) == pytest.approx(scorer(FAMILY))


def test_an_unknown_measure_is_refused():
    with pytest.raises(ValueError, match="measure must be"):
        evaluation.WordPairScorer(PAIRS, "kendall")


def test_the_vectors_inside_another_embedder_are_found():
    class Pooling:
        embedding_ = FAMILY

    assert evaluation.similarity(Pooling(), "man", "man") == pytest.approx(1)


def test_what_has_no_vectors_says_why():
    counts = OneHotTokens().fit(["good film"])
    with pytest.raises(TypeError, match="OneHotTokens is fitted, but has no word"):
        evaluation.most_similar(counts, "film")
    with pytest.raises(ValueError, match=r"MeanPoolEmbedder .* call fit first"):
        evaluation.most_similar(MeanPoolEmbedder(FAMILY), "man")
    with pytest.raises(TypeError, match=r"no step.*onehottokens: this OneHotTokens"):
        evaluation.similarity(make_pipeline(counts), "a", "b")


@pytest.mark.parametrize("shape", [(3, 5), (5, 3), (5000, 7)])
def test_singular_values_are_numpys(shape):
    vectors = random_vectors(*shape)
    expected = np.linalg.svd(vectors.vectors.astype(float), compute_uv=False)
    assert_allclose(evaluation.singular_values(vectors), expected, rtol=1e-12)


def test_one_hot_words_are_orthogonal_and_span_all():
    words = [f"word{i}" for i in range(6)]
    report = evaluation.embedding_report(WordVectors(words, np.eye(6)))
    ours = report["embedding"].drop("isotropy")
    assert_allclose(ours, report["one_hot"].drop("isotropy"), atol=1e-12)


def test_dense_vectors_span_at_most_their_dimensions():
    matrix = RNG.normal(size=(50, 2)) @ RNG.normal(size=(2, 8))
    words = [f"word{i}" for i in range(50)]
    report = evaluation.embedding_report(WordVectors(words, matrix))["embedding"]
    assert report["rank"] == 2 and report["n_dimensions"] == 8
    assert 1 <= report["effective_rank"] <= 2 + 1e-6


def test_a_common_direction_spoils_isotropy():
    vectors = random_vectors(500, 10)
    shifted = WordVectors(vectors.words, vectors.vectors + np.eye(10)[0] * 5)
    even, uneven = (evaluation.embedding_report(v) for v in (vectors, shifted))
    assert even["embedding"]["isotropy"] > 0.6
    assert uneven["embedding"]["isotropy"] < 0.01
    assert uneven["embedding"]["mean_cosine"] > 0.5


def test_a_report_needs_two_words():
    with pytest.raises(ValueError, match="at least two words"):
        evaluation.embedding_report({"cat": [1.0]})

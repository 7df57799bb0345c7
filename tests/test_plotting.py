"""Every display draws what it says, on any words, and labels never overlap."""

# SPDX-License-Identifier: BSD-3-Clause

import warnings
from functools import partial

import matplotlib
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from pictures import CHINESE, FAMILY, RESULTS, boxes_of, many, n_overlaps
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from sklearn_embed import (
    ContextualVectorizer,
    FastTextVectorizer,
    MeanPoolEmbedder,
    Word2VecVectorizer,
    evaluation,
)
from sklearn_embed._vectors.word_vectors import WordVectors
from sklearn_embed.plotting import (
    AnalogyDisplay,
    ContextualSensesDisplay,
    LossCurveDisplay,
    NextWordsDisplay,
    SearchDisplay,
    SimilarityDisplay,
    WordMapDisplay,
    _labels,
    _projection,
    _style,
)

matplotlib.use("Agg")
import matplotlib.pyplot as plt

RUSSIAN = {"кошка": [1.0, 0], "собака": [0.9, 0.1], "мир": [0, 1.0]}
HOSTILE = [
    "$x$",
    "$\\alpha",
    "_hidden",
    "a\nb\tc",
    "nul\x00",
    "\ud800",
    "שלום",
    "\u202eevil",
    "{}%s<b>",
    "x" * 500,
    "",
    " ",
]


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def model():
    texts = ["the cat sat", "the dog sat", "a cat and a dog"] * 20
    model = Word2VecVectorizer(
        8, min_count=1, epochs=3, early_stopping=True, random_state=0
    )
    return model.fit(texts)


PICTURES = [
    pytest.param(draw, id=name)
    for name, draw in {
        "map": partial(WordMapDisplay.from_estimator, FAMILY, projection="pca"),
        "loss": LossCurveDisplay([2.0, 1.0], [2.5, 1.5]).plot,
        "next words": NextWordsDisplay(
            ["a", "</s>"], [0.3, 0.001], [[("a", 0.3), ("$b", 0.2)], [("<unk>", 0.9)]]
        ).plot,
        "senses": ContextualSensesDisplay(
            [[0.0, 1], [1, 0], [2, 2]], ["a $b c", "b", "猫 b"], labels=[1, 2, 1]
        ).plot,
        "similarity": partial(SimilarityDisplay.from_estimator, FAMILY),
        "search": partial(SearchDisplay.from_cv_results, RESULTS),
        "analogy": partial(
            AnalogyDisplay.from_estimator, FAMILY, "man", "woman", "king"
        ),
    }.items()
]


# ---------------------------------------------------------------- all displays


@pytest.mark.parametrize("draw", PICTURES)
def test_each_display_draws_on_the_axes_it_is_given(draw):
    figure, (left, right) = plt.subplots(1, 2)
    display = draw(ax=left)
    assert display.ax_ is left
    assert display.figure_ is figure
    assert not right.has_data()


@pytest.mark.parametrize("draw", PICTURES)
def test_each_display_makes_a_figure_if_it_is_given_none(draw):
    display = draw()
    assert display.figure_ is display.ax_.figure
    display.figure_.canvas.draw()


@pytest.mark.parametrize("draw", PICTURES)
def test_each_display_draws_in_a_subfigure(draw):
    figure = plt.figure(layout="constrained")
    part, _ = figure.subfigures(1, 2)
    assert draw(ax=part.subplots()).figure_ is part
    figure.canvas.draw()


@pytest.mark.parametrize("draw", PICTURES)
def test_each_display_names_the_package_that_is_missing(draw, monkeypatch):
    monkeypatch.setattr(_style, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"pip install sklearn-embed\[plot\]"):
        draw()


@pytest.mark.parametrize("wrap", ["pipeline", "pooled"])
def test_the_embedding_is_found_inside_other_estimators(model, wrap):
    texts, y = ["the cat", "the dog", "a cat"], [0, 1, 0]
    inside = model if wrap == "pipeline" else MeanPoolEmbedder(model)
    outer = make_pipeline(inside, LogisticRegression())
    if wrap == "pipeline":
        outer.steps[1][1].fit(model.transform(texts), y)
    else:
        outer.fit(texts, y)
    display = WordMapDisplay.from_estimator(outer, projection="pca")
    assert display.words == model.words_
    assert LossCurveDisplay.from_estimator(outer).loss == model.loss_curve_


def test_words_of_any_kind_are_drawn_as_they_are_written():
    rng = np.random.default_rng(0)
    vectors = dict(zip(HOSTILE, rng.normal(size=(len(HOSTILE), 3)), strict=True))
    displays = [
        WordMapDisplay.from_estimator(vectors, projection="pca"),
        WordMapDisplay.from_estimator(
            vectors, {f"_{word}": [word] for word in HOSTILE}, projection="pca"
        ),
        SimilarityDisplay.from_estimator(vectors, title="$"),
        AnalogyDisplay.from_estimator(vectors, *HOSTILE[:3], title="$"),
        LossCurveDisplay([1.0, 2.0], name="_$").plot(title="$"),
        NextWordsDisplay(
            HOSTILE, [0.1] * len(HOSTILE), [[(word, 0.1)] for word in HOSTILE]
        ).plot(title="$"),
    ]
    for display in displays:
        display.figure_.canvas.draw()
    shown = {label.get_text() for label in displays[0].labels_ if label is not None}
    assert {"$x$", r"a\nb\tc", r"nul\x00", r"\ud800", "_hidden"} <= shown
    assert len(displays[1].legend_.get_texts()) == len(HOSTILE)


# ---------------------------------------------------------------- fonts


def test_cyrillic_is_drawn_in_the_usual_font():
    display = WordMapDisplay.from_estimator(RUSSIAN, projection="pca")
    display.figure_.canvas.draw()
    assert {label.get_text() for label in display.labels_} == set(RUSSIAN)


def test_characters_without_a_font_are_said_in_one_warning(monkeypatch):
    usual = matplotlib.font_manager.findfont("DejaVu Sans")
    monkeypatch.setattr(
        _style, "_installed_fonts", lambda fresh: {"DejaVu Sans": usual}
    )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        display = WordMapDisplay.from_estimator(CHINESE, projection="pca")
        display.figure_.canvas.draw()
        display.figure_.canvas.draw()
    [warning] = caught
    assert "2 of the characters to be shown (狗猫)" in str(warning.message)
    assert "fonts-noto-cjk" in str(warning.message)
    assert {label.get_text() for label in display.labels_} == {"□", "cat"}
    assert display.words == list(CHINESE)


MARKED = {
    "Devanagari": "हिन्दी",
    "Thai": "ที่นี่",
    "Tamil": "தமிழ்",
    "joined": "क\u200dष",
    "a mark on a letter that has none": "猫\u0301",
    "a mark that no font has": "a\U0001e2ec",
}


@pytest.mark.parametrize("word", MARKED.values(), ids=MARKED)
def test_marks_without_a_font_are_said_once_with_their_letters(word, monkeypatch):
    usual = matplotlib.font_manager.findfont("DejaVu Sans")
    monkeypatch.setattr(
        _style, "_installed_fonts", lambda fresh: {"DejaVu Sans": usual}
    )
    vectors = {word: [1.0, 0.0], "cat": [0.0, 1.0]}
    for draw in (
        partial(WordMapDisplay.from_estimator, projection="pca"),
        SimilarityDisplay.from_estimator,
    ):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            draw(vectors).figure_.canvas.draw()
        [warning] = caught
        assert "No installed font has" in str(warning.message)
    display = WordMapDisplay([[0, 0], [1, 1]], [word, "cat"])
    with pytest.warns(UserWarning, match="No installed font"):
        labels = display.plot().labels_
    drawn = labels[0].get_text()
    assert set(drawn) <= {"□", "a", "\u200d"} and 1 <= len(drawn) <= len(word)


def test_letters_and_marks_that_share_a_font_are_drawn_together():
    words = ["a\u0301b", "שָׁלוֹם", "e\u0302\u0301"]
    display = WordMapDisplay.from_estimator(
        dict(zip(words, np.eye(3), strict=True)), projection="pca"
    )
    display.figure_.canvas.draw()
    assert {label.get_text() for label in display.labels_} == set(words)


@pytest.mark.parametrize("word", ["a\U000e0041", "a\ufeff", "a\ufe0f", "a\u200b\u2060"])
def test_what_is_never_seen_needs_no_font(word):
    vectors = {word: [1.0, 0.0], "b\u3000c\u2007d": [0.0, 1.0]}
    display = WordMapDisplay.from_estimator(vectors, projection="pca")
    display.figure_.canvas.draw()
    assert display.labels_[0].get_text()[0] == "a"


def test_where_no_font_has_the_square_another_sign_stands_in(monkeypatch):
    usual = matplotlib.font_manager.findfont("STIXSizeOneSym")
    monkeypatch.setattr(
        _style, "_installed_fonts", lambda fresh: {"STIXSizeOneSym": usual}
    )
    monkeypatch.setattr(_style, "_characters", lambda path: frozenset("cat?…− "))
    with pytest.warns(UserWarning, match=r"\? stands for them"):
        lettering = _style.Lettering(["cat", "猫"])
    assert lettering("猫 cat") == "? cat"


def test_unknown_words_are_made_of_their_ngrams():
    texts = ["the cat sat", "the dog sat", "cats and dogs"] * 20
    model = FastTextVectorizer(4, min_count=1, epochs=1, random_state=0).fit(texts)
    words = ["cat", "catty", "doggy"]
    assert WordMapDisplay.from_estimator(model, words, projection="pca").words == words
    table = SimilarityDisplay.from_estimator(model, words, order="given")
    expected = evaluation.similarity(model, "catty", "doggy")
    assert table.similarities[1, 2] == pytest.approx(expected, abs=1e-6)
    display = AnalogyDisplay.from_estimator(model, "cat", "catty", "dog")
    assert display.words[:3] == ["cat", "catty", "dog"]
    pairs = [("cat", "catty"), ("dog", "doggy")]
    assert len(AnalogyDisplay.from_pairs(model, pairs).pairs) == 2


def test_an_unknown_word_is_named_with_its_other_spelling():
    with pytest.raises(KeyError, match=r"'Кошка' .but 'кошка' has one"):
        WordMapDisplay.from_estimator(RUSSIAN, ["Кошка"])


def test_vectors_of_zeros_are_drawn_without_nan():
    vectors = {**FAMILY, "<pad>": [0.0] * 4}
    display = AnalogyDisplay.from_estimator(vectors, "man", "woman", "king")
    assert display.words[display.answer] == "queen"
    assert "nan" not in display.title and np.isfinite(display.positions).all()
    display = AnalogyDisplay.from_estimator(vectors, "<pad>", "man", "king")
    assert "nan" not in display.title and np.isfinite(display.positions).all()
    zeros = {word: [0.0, 0.0] for word in "abcd"}
    display = AnalogyDisplay.from_estimator(zeros, *"abc")
    assert "cosine 0.00" in display.title
    table = SimilarityDisplay.from_estimator(vectors)
    assert np.isfinite(table.similarities).all()
    WordMapDisplay.from_estimator(zeros, projection="pca").figure_.canvas.draw()


@pytest.mark.parametrize(
    "words, error, message",
    [
        ({"pets": "cat"}, ValueError, r"words\['pets'\] must be a sequence of str"),
        ([3], TypeError, "words must hold words; got int 3"),
        ([], ValueError, "nothing to show"),
    ],
)
def test_what_names_no_words_is_refused(words, error, message):
    with pytest.raises(error, match=message):
        WordMapDisplay.from_estimator(FAMILY, words)


def test_a_font_that_has_the_characters_is_used_where_the_usual_one_has_not():
    with matplotlib.rc_context({"font.family": "STIXSizeOneSym"}):
        display = WordMapDisplay.from_estimator(RUSSIAN, projection="pca")
        display.figure_.canvas.draw()
    assert display.labels_[0].get_fontfamily()[0] == "STIXSizeOneSym"
    assert display.labels_[0].get_text() == "кошка"


@pytest.mark.parametrize(
    ("word", "shown"),
    [("a\u2028b", r"a\u2028b"), ("ab" * 40, "ab" * 14 + "a…"), ("naïve", "naïve")],
)
def test_a_word_is_shown_on_one_line_of_bounded_length(word, shown):
    assert _style.printable(word) == shown


# ---------------------------------------------------------------- labels


#: Points of labels two of which touch, up to rounding.
TOUCHING = [*[(0, 0)] * 2, (167, 98), *[(0, 0)] * 2, (134, 125), (188, 74), (0, 0)]
TOUCHING += [(175, 103), (192, 46)]


@settings(deadline=None, max_examples=60)
@given(
    places=st.lists(st.tuples(st.integers(0, 300), st.integers(0, 200)), min_size=1),
    seed=st.integers(0, 99),
)
@example(places=TOUCHING, seed=29)
def test_labels_never_overlap_and_stay_inside(places, seed):
    points = np.array(places, float)
    extents = np.random.default_rng(seed).uniform(4, 60, (len(points), 2))
    dots = np.hstack([points - 2, points + 2])
    frame = np.array([0.0, 0, 300, 200])
    offsets = _labels.arrange(points, dots, extents, frame)
    boxes = [
        np.concatenate([p + o - e / 2, p + o + e / 2])
        for p, o, e in zip(points, offsets, extents, strict=True)
        if o is not None
    ]
    if boxes:
        boxes = np.array(boxes)
        assert n_overlaps(boxes) == 0
        assert (boxes[:, :2] >= -1e-9).all()
        assert (boxes[:, 2:] <= frame[2:] + 1e-9).all()


def test_a_lone_label_stands_close_to_the_right_of_its_point():
    [offset] = _labels.arrange(
        np.array([[50.0, 50]]),
        np.array([[48.0, 48, 52, 52]]),
        np.array([[20.0, 10]]),
        np.array([0.0, 0, 100, 100]),
    )
    assert_allclose(offset, [10 + 2 + _labels.RINGS[0], 0])


@pytest.mark.parametrize("size", [(4, 3), (8, 6)])
def test_labels_of_a_drawn_map_do_not_overlap(size):
    _, ax = plt.subplots(figsize=size, layout="constrained")
    display = WordMapDisplay.from_estimator(many(), projection="pca", ax=ax)
    display.figure_.canvas.draw()
    boxes = boxes_of(display.labels_)
    assert n_overlaps(boxes) == 0
    assert len(boxes) >= 20
    assert display.labels_[0] is not None


def test_the_same_map_is_drawn_twice():
    first, second = (
        WordMapDisplay.from_estimator(many(), projection="tsne") for _ in range(2)
    )
    assert_array_equal(first.positions, second.positions)
    for a, b in zip(first.labels_, second.labels_, strict=True):
        assert (a is None) == (b is None)
        assert a is None or a.xyann == b.xyann


# ---------------------------------------------------------------- word map


def test_frequent_words_come_first_and_stop_words_not_at_all():
    words = ["the", "cat", "of", "dog"]
    vectors = WordVectors(words, np.eye(4), [9, 8, 7, 6])
    display = WordMapDisplay.from_estimator(
        vectors, n_words=2, stop_words="english", projection="pca"
    )
    assert display.words == ["cat", "dog"]
    assert_array_equal(display.counts, [8, 6])
    display = WordMapDisplay.from_estimator(
        vectors, stop_words=["cat"], projection="pca"
    )
    assert display.words == ["the", "of", "dog"]


def test_groups_get_colours_and_a_legend():
    groups = {"people": ["man", "woman", "king"], "animals": ["cat", "dog"]}
    display = WordMapDisplay.from_estimator(FAMILY, groups, projection="pca")
    assert [t.get_text() for t in display.legend_.get_texts()] == list(groups)
    assert [len(p.get_offsets()) for p in display.points_] == [3, 2]
    colors = [tuple(p.get_facecolor()[0]) for p in display.points_]
    assert len(set(colors)) == 2
    display.plot(legend=False, title="$ two groups")
    assert display.legend_ is None
    assert display.ax_.get_title() == "$ two groups"


def test_more_groups_than_colours_differ_by_markers():
    looks = {(_style.color_of(k), _style.marker_of(k)) for k in range(40)}
    assert len(looks) == 40


def test_the_number_of_labels_can_be_limited():
    display = WordMapDisplay.from_estimator(FAMILY, projection="pca", n_labels=2)
    assert [label is not None for label in display.labels_] == [True] * 2 + [False] * 4
    assert display.plot(n_labels=99, fontsize=7).labels_[0].get_fontsize() == 7


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"words": "man"}, ValueError, "sequence of str"),
        ({"words": ["man", "moose"]}, KeyError, "'moose'"),
        ({"words": [f"w{i}" for i in range(9)]}, KeyError, "and 4 more"),
        ({"words": []}, ValueError, "empty"),
        ({"stop_words": "klingon"}, ValueError, "klingon"),
        ({"stop_words": list(FAMILY)}, ValueError, "no word is left"),
        ({"projection": "umap"}, ValueError, "umap"),
        ({"projection": PCA(3)}, ValueError, "2 columns"),
    ],
)
def test_a_map_of_nothing_sensible_is_refused(options, error, message):
    with pytest.raises(error, match=message):
        WordMapDisplay.from_estimator(FAMILY, **options)


def test_positions_that_do_not_fit_the_words_are_refused():
    with pytest.raises(ValueError, match=r"shape \(2, 2\)"):
        WordMapDisplay(np.zeros((3, 2)), ["a", "b"]).plot()


@pytest.mark.parametrize("projection", ["pca", "tsne"])
@pytest.mark.parametrize(
    "matrix",
    [np.eye(1), np.eye(2), np.eye(4), np.ones((9, 3)), np.ones((9, 1)), np.eye(7)],
)
def test_any_matrix_has_finite_positions(matrix, projection):
    places = _projection.positions(matrix, projection)
    assert places.shape == (len(matrix), 2)
    assert np.isfinite(places).all()


def test_a_transformer_projects():
    places = _projection.positions(many().vectors, PCA(2, random_state=0))
    assert_allclose(places, PCA(2, random_state=0).fit_transform(many().vectors))


def test_neighbours_stay_together_on_the_map():
    rng = np.random.default_rng(0)
    centres = np.repeat(rng.normal(size=(3, 10)), 20, axis=0)
    places = _projection.positions(centres + 0.05 * rng.normal(size=centres.shape))
    kind = np.repeat(range(3), 20)
    distances = np.linalg.norm(places[:, None] - places[None], axis=-1)
    np.fill_diagonal(distances, np.inf)
    assert_array_equal(kind[distances.argmin(1)], kind)


def test_fonts_installed_since_are_found_and_damaged_ones_passed_over(
    monkeypatch, tmp_path
):
    font_manager = matplotlib.font_manager
    damaged = tmp_path / "damaged.ttf"
    damaged.write_bytes(b"no font")
    usual = font_manager.findfont("DejaVu Sans")
    monkeypatch.setattr(
        font_manager, "findSystemFonts", lambda: [str(damaged), usual + "/../x.ttf"]
    )
    before = len(font_manager.fontManager.ttflist)
    assert _style._installed_fonts(fresh=True)["DejaVu Sans"]
    assert len(font_manager.fontManager.ttflist) == before
    assert _style._characters(str(damaged)) == frozenset()


# ---------------------------------------------------------------- senses of a word


@pytest.fixture(scope="module")
def in_context():
    texts = ["the bank of the river", "the bank of england", "a river and england"]
    params = {"hidden_size": 6, "layers": 1, "epochs": 3, "random_state": 0}
    return ContextualVectorizer(6, **params).fit(texts * 20), texts * 20


def test_senses_are_coloured_by_labels_or_groups(in_context):
    model, texts = in_context
    named = np.tile(["shore", "money", "none"], 20)
    display = ContextualSensesDisplay.from_estimator(
        model, texts, "Bank", labels=named, n_labels=2
    )
    assert sorted(set(display.labels)) == ["money", "shore"]
    assert len(display.contexts) == len(display.positions) == 40
    assert set(display.contexts[:2]) == {"the bank of england", "the bank of the"}
    assert [label is not None for label in display.labels_].count(True) <= 2
    assert display.ax_.get_title() == "40 × Bank"
    shown = [text.get_text() for text in display.legend_.get_texts()]
    assert shown == ["money", "shore"]
    grouped = ContextualSensesDisplay.from_estimator(
        model, texts, "bank", max_occurrences=9, title=None
    )
    assert len(grouped.contexts) == 9
    by_context = dict(zip(grouped.contexts, grouped.labels, strict=True))
    assert sorted(by_context.values()) == [1, 2], "the contexts make the groups"
    assert grouped.labels.count(1) == 5
    wide = ContextualSensesDisplay.from_estimator(model, texts, "bank", window=2)
    assert sorted(wide.contexts) == sorted(display.contexts)
    assert not np.array_equal(wide.positions, display.positions)


def test_senses_of_what_is_not_there(in_context):
    model, texts = in_context
    with pytest.raises(ValueError, match="'dog' occurs in none"):
        ContextualSensesDisplay.from_estimator(model, texts, "dog")
    with pytest.raises(ValueError, match="inconsistent"):
        ContextualSensesDisplay.from_estimator(model, texts, "bank", labels=[1])
    same = ["the bank of england"] * 5
    display = ContextualSensesDisplay.from_estimator(model, same, "bank")
    assert display.labels == [1] * 5

import numpy as np
import pytest
from gensim.models import Doc2Vec, FastText, Word2Vec
from gensim.models.doc2vec import TaggedDocument
from numpy.testing import assert_array_equal
from sklearn.base import clone

from sklearn_embed import FastTextVectorizer, TokenizedDocuments, Word2VecVectorizer
from sklearn_embed._core.arrays import padded
from sklearn_embed._models.bags import bags
from sklearn_embed._models.loop import Data, Run, Schedule, mean_loss
from sklearn_embed._models.prediction import Outputs, PredictionJob
from sklearn_embed._text.vocabulary import Vocabulary

RNG = np.random.default_rng(1)
GROUPS = [["sun", "moon", "star", "sky"], ["king", "queen", "crown", "throne"]]
TEXTS = [" ".join(RNG.choice(GROUPS[i % 2], 8)) for i in range(300)]
FAST = {"min_count": 1, "epochs": 10, "random_state": 0, "sample": 0, "window": 5}
SENTENCES = list(TokenizedDocuments.from_documents(TEXTS))

KINDS = pytest.mark.parametrize(
    "kind",
    [
        {"architecture": architecture, "loss": loss}
        for architecture in ("skipgram", "cbow")
        for loss in ("negative_sampling", "hierarchical_softmax")
    ],
    ids=lambda kind: "-".join(kind.values()),
)


def loss_in_gensim(model, epochs=1):
    """Train in gensim and return its (running) loss."""
    model.train(
        SENTENCES,
        total_examples=len(SENTENCES),
        epochs=epochs,
        compute_loss=True,
        start_alpha=0.025,
        end_alpha=0.025,
    )
    return model.get_latest_training_loss()


@KINDS
def test_gensim_goes_on_where_the_fit_ended(kind):
    trained = Word2VecVectorizer(10, learning_rate=0.1, **kind, **FAST).fit(TEXTS)
    model = trained.to_gensim()
    assert_array_equal(model.wv.vectors, trained.vectors_)
    assert model.wv.index_to_key == trained.words_
    fresh = Word2Vec(
        vector_size=10,
        min_count=1,
        sample=0,
        workers=1,
        seed=1,
        sg=model.sg,
        hs=model.hs,
        negative=model.negative,
    )
    fresh.build_vocab(SENTENCES)
    assert loss_in_gensim(model) < 0.95 * loss_in_gensim(fresh)
    assert np.isfinite(model.wv.vectors).all()
    assert not np.array_equal(model.wv.vectors, trained.vectors_)


def loss_here(model, documents):
    """Return what a model's next word costs it, without training it."""
    vocabulary, of = Vocabulary(model.words_, model.counts_), None
    if hasattr(model, "subword_vectors_"):
        bounds, rows = model._model.subwords().rows_of(model.words_)
        of = bags(np.arange(len(model.words_), dtype=np.int32), bounds, rows)
        of = *of, np.ones(len(of[1]), np.float32)
        inputs = model.subword_vectors_
    else:
        inputs = model._model.inputs
    outputs = Outputs(padded(model.context_vectors_), False)
    data = Data([documents], [documents])
    matrices, run = (padded(inputs), outputs), Run(0, Schedule(0.025, 0.025, 1), 1)
    job = PredictionJob(model._model.settings, data, vocabulary, matrices, run, of)
    return mean_loss(job.validation_phases(), 1)


@pytest.mark.filterwarnings("ignore:.*next to nothing")  # one epoch
@pytest.mark.parametrize("architecture", ["skipgram", "cbow"])
@pytest.mark.parametrize("trainer", [Word2VecVectorizer, FastTextVectorizer])
def test_the_loss_goes_on_falling_there_and_back_again(trainer, architecture):
    rng = np.random.default_rng(0)
    words = [
        "".join(rng.choice(list("abcdefghijklmnopqrstuvwxyz"), 6)) for _ in range(400)
    ]
    texts = [
        [words[20 * (i % 20) + n] for n in rng.integers(0, 20, 50)] for i in range(300)
    ]
    documents = TokenizedDocuments.from_documents(texts)
    options = FAST | {"epochs": 1, "learning_rate": 0.025}
    first = trainer(10, architecture=architecture, **options)
    losses = [loss_here(first.fit(documents), documents)]
    there = first.to_gensim()
    there.train(texts, total_examples=len(texts), epochs=1)
    back = trainer.from_gensim(there)
    losses.append(loss_here(back, documents))
    losses.append(loss_here(back.partial_fit(documents), documents))
    assert losses[0] > losses[1] + 0.01
    assert losses[1] > losses[2] + 0.005


@KINDS
def test_gensim_can_add_words(kind):
    model = Word2VecVectorizer(10, **kind, **FAST).fit(TEXTS).to_gensim()
    more = [["comet", "sun", "comet"]] * 5
    model.build_vocab(more, update=True)
    model.train(more, total_examples=5, epochs=1)
    assert "comet" in model.wv


@KINDS
def test_a_gensim_model_becomes_a_fitted_vectorizer(kind):
    model = Word2VecVectorizer(10, **kind, **FAST).fit(TEXTS).to_gensim()
    loss_in_gensim(model, epochs=2)
    back = Word2VecVectorizer.from_gensim(model, lowercase=False)
    assert back.architecture == kind["architecture"]
    assert back.loss == kind["loss"]
    assert_array_equal(back.vectors_, model.wv.vectors)
    expected = model.wv.get_mean_vector(["sun", "king"], pre_normalize=False)
    np.testing.assert_allclose(back.transform(["sun king"])[0], expected, rtol=1e-6)
    assert not back.transform(["SUN"]).any()
    before = back.vectors_.copy()
    back.partial_fit(TEXTS)
    assert back.vectors_.shape == before.shape
    assert 0 < np.abs(back.vectors_ - before).max() < 1


def test_what_gensim_cannot_do_is_said():
    model = Word2VecVectorizer(3, loss="softmax", **FAST).fit(TEXTS)
    with pytest.raises(ValueError, match="no full softmax"):
        model.to_gensim()
    with pytest.raises(TypeError, match="Word2Vec model, got KeyedVectors"):
        Word2VecVectorizer.from_gensim(model.to_keyed_vectors())
    with pytest.raises(ValueError, match="no vocabulary"):
        Word2VecVectorizer.from_gensim(Word2Vec())


ODD = {
    "no count is too low": {"min_count": 0},
    "rates down to nothing": {"min_alpha": 0},
    "a limit of words": {"max_final_vocab": 5},
    "a seed": {"seed": 7},
    "both losses": {"hs": 1, "negative": 5},
    "a sum": {"sg": 0, "cbow_mean": 0},
    "whole windows": {"shrink_windows": False},
}
ODD_NGRAMS = {
    "upside down": {"min_n": 4, "max_n": 2},
    "none": {"min_n": 0, "max_n": 0},
    "no bucket": {"bucket": 0},
    "one bucket": {"bucket": 1},
    "single characters": {"min_n": 1, "max_n": 1, "bucket": 50},
}


def fitted_again(model, trainer):
    """Return what becomes of a gensim model, and a clone of it that was fitted."""
    back = trainer.from_gensim(model)
    return back, clone(back).fit(SENTENCES)


@pytest.mark.parametrize("params", ODD.values(), ids=ODD)
@pytest.mark.parametrize("trainer", [Word2VecVectorizer, FastTextVectorizer])
def test_parameters_of_gensim_are_ours_too(trainer, params):
    theirs = Word2Vec if trainer is Word2VecVectorizer else FastText
    options = {"vector_size": 5, "min_count": 1, "epochs": 1, "workers": 1} | params
    if theirs is FastText:
        options["bucket"] = 100
    back, again = fitted_again(theirs(SENTENCES, **options), trainer)
    if "max_final_vocab" in params:
        assert back.max_features == 5 and len(again.words_) <= 5
    if "seed" in params:
        assert back.random_state == 7
    assert np.isfinite(again.vectors_).all()


@pytest.mark.parametrize("params", ODD_NGRAMS.values(), ids=ODD_NGRAMS)
def test_limits_of_ngrams_mean_what_gensim_means(params):
    options = {"vector_size": 5, "min_count": 1, "epochs": 1, "workers": 1}
    model = FastText(SENTENCES, **{"bucket": 100} | options | params)
    back, again = fitted_again(model, FastTextVectorizer)
    np.testing.assert_allclose(back.vectors_, model.wv.vectors, rtol=1e-6, atol=1e-7)
    assert again.transform(["sun king"]).any()


def test_models_of_other_kinds_are_refused_by_name():
    documents = [TaggedDocument(words, [i]) for i, words in enumerate(SENTENCES[:20])]
    options = {"vector_size": 5, "min_count": 1, "epochs": 1}
    with pytest.raises(TypeError, match="got Doc2Vec"):
        Word2VecVectorizer.from_gensim(Doc2Vec(documents, **options))
    model = FastText(SENTENCES, bucket=100, **options)
    with pytest.raises(TypeError, match=r"FastTextVectorizer\.from_gensim"):
        Word2VecVectorizer.from_gensim(model)
    with pytest.raises(TypeError, match="FastText model, got Word2Vec"):
        FastTextVectorizer.from_gensim(Word2Vec(SENTENCES, **options))
    with pytest.raises(ValueError, match="min_n=0"):
        FastTextVectorizer.from_gensim(
            FastText(SENTENCES, bucket=100, min_n=0, max_n=2, **options)
        )

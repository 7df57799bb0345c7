import numpy as np
import pytest
from gensim.models import Word2Vec
from numpy.testing import assert_array_equal

from sklearn_embed import TokenizedDocuments, Word2VecVectorizer

RNG = np.random.default_rng(1)
GROUPS = [["sun", "moon", "star", "sky"], ["king", "queen", "crown", "throne"]]
TEXTS = [" ".join(RNG.choice(GROUPS[i % 2], 8)) for i in range(300)]
FAST = {"min_count": 1, "epochs": 10, "random_state": 0, "sample": 0}
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

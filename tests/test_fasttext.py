import pickle

import numpy as np
import pytest
from gensim.models import FastText
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

from sklearn_embed import FastTextVectorizer, MeanPoolEmbedder, TokenizedDocuments
from sklearn_embed._models import prediction as job
from sklearn_embed.io import fasttext, read_vectors, write_vectors

RNG = np.random.default_rng(0)
GROUPS = [["sunny", "moon", "starry", "skies"], ["king", "queen", "crown", "throne"]]
TEXTS = [" ".join(RNG.choice(GROUPS[i % 2], 8)) for i in range(400)]
FAST = {"min_count": 1, "epochs": 3, "random_state": 0}
KINDS = [
    {"architecture": architecture, "loss": loss}
    for architecture in ("skipgram", "cbow")
    for loss in ("negative_sampling", "hierarchical_softmax", "softmax")
]
every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda k: "-".join(k.values()))
BUCKETS = [2_000_000, 100, None]
every_bucket = pytest.mark.parametrize("bucket", BUCKETS)
UNKNOWN = ["moonlight", "kings", "crowned", "skier", "queenmoon"]


@every_kind
def test_words_of_a_group_lie_together(kind):
    model = FastTextVectorizer(10, **kind, **(FAST | {"epochs": 20})).fit(TEXTS)
    within = [model.similarity(group[0], other) for group in GROUPS for other in group]
    across = [model.similarity(a, b) for a in GROUPS[0] for b in GROUPS[1]]
    assert min(within) > max(across) + 0.3
    assert len(model.loss_curve_) == model.n_iter_ == 20
    name = "node_vectors_" if "hier" in kind["loss"] else "context_vectors_"
    assert getattr(model, name).shape[1] == 10


@every_bucket
def test_unknown_words_are_like_what_they_are_made_of(bucket):
    model = FastTextVectorizer(10, bucket=bucket, **(FAST | {"epochs": 20})).fit(TEXTS)
    for word, known in [("kings", "king"), ("moonlight", "moon"), ("crowned", "crown")]:
        a, b = model.vector(word), model.vector(known)
        assert a @ b > 0.8 * np.linalg.norm(a) * np.linalg.norm(b)
        assert word not in model.vocabulary_
    rows = model.transform(["kings moon", "zzzz", "", "zzzz moon"])
    expected = (model.vector("kings") + model.vector("moon")) / 2
    assert_allclose(rows[0], expected, rtol=1e-5, atol=1e-6)
    if bucket != 100:  # where every n-gram meets a known one
        assert_array_equal(rows[1], 0)
        assert_allclose(rows[3], model.vector("moon"), rtol=1e-6)
    assert_array_equal(rows[2], 0)


@every_bucket
def test_a_word_is_the_mean_of_its_own_vector_and_its_ngrams(bucket):
    model = FastTextVectorizer(4, bucket=bucket, min_n=2, max_n=4, **FAST).fit(TEXTS)
    parts = model.to_word_vectors().subwords
    row = model.vocabulary_["moon"]
    sums, counts = parts.sums(["moon"], parts.own[[row]])
    assert counts[0] == 5 + 4 + 3
    assert_allclose(model.vectors_[row], sums[0] / 13, rtol=1e-5, atol=1e-7)


def test_numbering_by_spelling_tells_all_ngrams_apart():
    model = FastTextVectorizer(4, bucket=None, **FAST).fit(TEXTS)
    assert sorted(model._model.ngrams) == sorted(ngrams_of_texts())
    crowded = FastTextVectorizer(4, bucket=10, **FAST).fit(TEXTS)
    assert len(np.unique(crowded._model.bucket_rows)) == 10


def ngrams_of_texts():
    words = {word for group in GROUPS for word in group}
    return {
        f"<{word}>"[start : start + n]
        for word in words
        for n in range(3, 7)
        for start in range(len(word) + 3 - n)
    }


def test_only_ngrams_of_different_words_take_memory():
    model = FastTextVectorizer(4, **FAST).fit(TEXTS)
    sets = {
        frozenset(word for group in GROUPS for word in group if ngram in f"<{word}>")
        for ngram in ngrams_of_texts()
    }
    n_words = len(model.words_)
    shared = [words for words in sets if len(words) > 1]
    assert len(model.subword_vectors_) == n_words + len(shared)
    stored = model._model.bucket_rows >= 0
    assert len(ngrams_of_texts()) - 2 <= stored.sum() <= len(ngrams_of_texts())
    assert model.bucket == 2_000_000


def test_without_ngrams_only_the_words_are_left():
    model = FastTextVectorizer(10, max_n=0, **(FAST | {"epochs": 20})).fit(TEXTS)
    assert model.subword_vectors_.shape == (8, 10)
    assert not model.vector("kings").any()
    assert model.to_word_vectors().subwords is None
    assert model.similarity("king", "queen") > model.similarity("king", "moon") + 0.3


@every_kind
def test_the_cut_into_calls_changes_nothing(kind, monkeypatch):
    X = TokenizedDocuments.from_documents([" ".join(TEXTS), *TEXTS])
    whole = FastTextVectorizer(5, **kind, **FAST).fit(X)
    monkeypatch.setattr(job, "LEAST_TOKENS", 37)
    monkeypatch.setattr(job, "CALL_FLOPS", 1)
    cut = FastTextVectorizer(5, **kind, **FAST).fit(X)
    assert_array_equal(cut.vectors_, whole.vectors_)


def test_threads_learn_the_same_to_the_eye():
    one = FastTextVectorizer(10, **FAST).fit(TEXTS)
    two = clone(one).set_params(n_jobs=2).fit(TEXTS)
    assert_allclose(two.loss_curve_, one.loss_curve_, rtol=0.1)
    assert_array_equal(clone(one).fit(iter(TEXTS)).vectors_, one.vectors_)


def test_rows_can_be_means_of_unit_vectors():
    model = FastTextVectorizer(5, pooling="normalized_mean", **FAST).fit(TEXTS)
    words = ["moon", "kings", "queen", "queen", "zzzz"]
    vectors = [model.vector(word) for word in words[:4]]
    expected = np.mean([v / np.linalg.norm(v) for v in vectors], axis=0)
    assert_allclose(model.transform([" ".join(words)])[0], expected, rtol=1e-5)


def test_stop_words_do_not_come_back_as_unknown_ones():
    model = FastTextVectorizer(5, stop_words=["king"], **FAST).fit(TEXTS)
    assert not model.transform(["king", "kings"])[0].any()
    assert model.transform(["kings"]).any() == model.vector("kings").any()


def test_mean_pooling_takes_it_as_it_is():
    model = FastTextVectorizer(5, **FAST).fit(TEXTS)
    texts = ["kings moon", "", "moonlight moon"]
    pooled = MeanPoolEmbedder(model, oov="subword").fit(texts)
    assert_allclose(pooled.transform(texts), model.transform(texts), atol=1e-6)


@every_bucket
def test_fit_goes_on_where_it_stopped(bucket):
    model = FastTextVectorizer(5, bucket=bucket, warm_start=True, **FAST).fit(TEXTS)
    vectors = model.vectors_.copy()
    assert_array_equal(model.fit(TEXTS).vectors_, vectors)
    model.set_params(epochs=4).fit([*TEXTS, "comet comet king"])
    assert "comet" in model.vocabulary_
    assert len(model.loss_curve_) == 4
    assert_allclose(model.vector("moon"), vectors[model.vocabulary_["moon"]], atol=0.2)
    with pytest.raises(ValueError, match="min_n, max_n and bucket"):
        model.set_params(epochs=5, max_n=5).fit(TEXTS)
    with pytest.raises(ValueError, match="vector_size=6 differs"):
        model.set_params(max_n=6, vector_size=6).fit(TEXTS)


@every_bucket
def test_a_new_fit_knows_nothing_of_the_last_one(bucket):
    model = FastTextVectorizer(5, bucket=bucket, **FAST).fit(["another corpus"] * 9)
    assert_array_equal(
        model.fit(TEXTS).subword_vectors_, clone(model).fit(TEXTS).subword_vectors_
    )


@every_bucket
def test_batches_grow_words_and_ngrams(bucket):
    model = FastTextVectorizer(
        5, bucket=bucket, min_count=1, sample=0, learning_rate=1e-9, random_state=0
    )
    model.set_params(min_learning_rate=1e-9).partial_fit(TEXTS)
    before = {word: model.vector(word).copy() for word in [*model.words_, "kings"]}
    n = len(model.subword_vectors_)
    # The last two have n-grams of words that are known, hitherto of these alone.
    model.partial_fit(["comet comet meteor", "kingdom quee"])
    assert {"comet", "meteor", "kingdom", "quee"} <= set(model.words_)
    assert len(model.subword_vectors_) > n + 4
    for word in before if bucket != 100 else ():
        assert_allclose(model.vector(word), before[word], atol=1e-5)


def test_early_stopping_watches_held_out_documents():
    model = FastTextVectorizer(
        5, early_stopping=True, n_iter_no_change=2, tol=0.5, **(FAST | {"epochs": 50})
    ).fit(TEXTS)
    assert model.n_iter_ == len(model.validation_loss_curve_) < 50


@every_bucket
def test_pickled_models_know_their_ngrams(bucket):
    model = FastTextVectorizer(5, bucket=bucket, **FAST).fit(TEXTS)
    rows = model.transform(UNKNOWN)
    assert_array_equal(pickle.loads(pickle.dumps(model)).transform(UNKNOWN), rows)


@every_bucket
def test_gensim_sees_the_same_vectors(bucket):
    model = FastTextVectorizer(5, bucket=bucket, **FAST).fit(TEXTS)
    keyed = model.to_keyed_vectors()
    for word in model.words_:
        assert_array_equal(keyed[word], model.vectors_[model.vocabulary_[word]])
    for word in UNKNOWN if bucket else ():
        assert_array_equal(keyed[word], model.vector(word))
    whole = model.to_gensim()
    assert_allclose(whole.wv.vectors, model.vectors_, rtol=1e-5, atol=1e-6)
    assert_allclose(whole.wv[UNKNOWN], keyed[UNKNOWN], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", [k for k in KINDS if k["loss"] != "softmax"])
def test_gensim_goes_on_where_the_fit_ended(kind):
    model = FastTextVectorizer(5, bucket=1000, **kind, **FAST).fit(TEXTS)
    there = model.to_gensim()
    assert there.wv.index_to_key == model.words_
    sentences = [text.split() for text in TEXTS]
    before = there.wv.vectors.copy()
    there.train(sentences, total_examples=len(sentences), epochs=1)
    assert 0 < np.abs(there.wv.vectors - before).max() < 1
    there.build_vocab([["comet", "king"]] * 5, update=True)
    there.train([["comet", "king"]] * 5, total_examples=5, epochs=1)
    assert "comet" in there.wv.key_to_index


@pytest.mark.parametrize("kind", [k for k in KINDS if k["loss"] != "softmax"])
def test_gensims_model_becomes_a_fitted_vectorizer(kind):
    there = FastText(
        [text.split() for text in TEXTS],
        vector_size=6,
        bucket=500,
        min_count=1,
        sg=int(kind["architecture"] == "skipgram"),
        hs=int("hier" in kind["loss"]),
        negative=0 if "hier" in kind["loss"] else 5,
        epochs=2,
        seed=1,
        workers=1,
    )
    model = FastTextVectorizer.from_gensim(there, lowercase=False)
    assert model.architecture == kind["architecture"]
    assert model.bucket == 500
    assert_allclose(model.vectors_, there.wv.vectors, rtol=1e-5, atol=1e-7)
    assert_allclose(
        [model.vector(word) for word in UNKNOWN], there.wv[UNKNOWN], atol=1e-6
    )
    model.partial_fit(TEXTS)
    assert np.isfinite(model.vectors_).all()


@pytest.mark.parametrize("ngrams", [{}, {"max_n": 0}], ids=["n-grams", "words"])
@every_kind
def test_facebooks_models_are_taken_over(kind, ngrams, tmp_path):
    model = FastTextVectorizer(5, **kind, **ngrams, bucket=300, **FAST).fit(TEXTS)
    if kind["loss"] == "softmax":
        with pytest.raises(ValueError, match="softmax"):
            model.to_fasttext()
        return
    there = model.to_fasttext()
    end = {"words": ["</s>", *there.words], "counts": np.r_[400, there.counts]}
    end |= {"own": np.r_[np.ones((1, 5), np.float32), there.own]}
    end |= {"output": np.r_[np.ones((1, 5), np.float32), there.output]}
    fasttext.write_model(there._replace(**end), tmp_path / "model.bin")
    back = FastTextVectorizer.from_fasttext(tmp_path / "model.bin", random_state=0)
    names = "vector_size min_n max_n window architecture loss sample epochs".split()
    for name in names if not ngrams else names[3:]:
        assert getattr(back, name) == getattr(model, f"{name}_", getattr(model, name))
    assert back.words_ == model.words_
    assert_array_equal(back.counts_, model.counts_)
    assert_allclose(back.vectors_, model.vectors_, rtol=1e-6)
    if "hier" not in kind["loss"]:
        assert_array_equal(back.context_vectors_, model.context_vectors_)
    model.set_params(pooling="normalized_mean")
    texts = [*TEXTS[:5], "moonlight kings", ""]
    assert_allclose(back.transform(texts), model.transform(texts), atol=1e-6)
    clone(back).fit(TEXTS)
    back.partial_fit(TEXTS)
    assert back.n_iter_ == 4
    assert back.words_ == model.words_


def test_other_models_are_refused():
    model = FastTextVectorizer(5, bucket=300, **FAST).fit(TEXTS).to_fasttext()
    for change, message in (
        ({"arguments": model.arguments._replace(model=3)}, "is supervised"),
        ({"arguments": model.arguments._replace(loss=4)}, "one-vs-all over words"),
        ({"output": None}, "no outputs"),
        ({"rows": np.arange(300, dtype=np.int32)}, "pruned"),
    ):
        with pytest.raises(ValueError, match=message):
            FastTextVectorizer.from_fasttext(model._replace(**change))


@every_bucket
def test_facebooks_files_hold_the_same_vectors(bucket, tmp_path):
    from gensim.models.fasttext import load_facebook_model

    model = FastTextVectorizer(5, bucket=bucket, **FAST).fit(TEXTS)
    fasttext.write_model(model.to_fasttext(), tmp_path / "model.bin")
    keyed = model.to_keyed_vectors()
    there = load_facebook_model(str(tmp_path / "model.bin"))
    assert_allclose(there.wv[model.words_], model.vectors_, rtol=1e-5, atol=1e-6)
    assert_allclose(there.wv[UNKNOWN], keyed[UNKNOWN], rtol=1e-5, atol=1e-6)
    assert_array_equal(there.syn1neg, model.context_vectors_)
    here = read_vectors(tmp_path / "model.bin")
    assert_array_equal(here.subword_vectors(UNKNOWN), keyed[UNKNOWN])
    write_vectors(model.to_word_vectors(), tmp_path / "model.vec", format="word2vec")
    plain = read_vectors(tmp_path / "model.vec")
    assert_allclose(plain["king"], model.vector("king"), rtol=1e-5)


def test_what_cannot_leave_is_said():
    model = FastTextVectorizer(3, loss="softmax", **FAST).fit(TEXTS)
    with pytest.raises(ValueError, match="no full softmax"):
        model.to_gensim()
    model = FastTextVectorizer(3, max_n=0, **FAST).fit(TEXTS)
    with pytest.raises(ValueError, match="Word2VecVectorizer"):
        model.to_gensim()
    with pytest.raises(TypeError, match="FastText model, got KeyedVectors"):
        FastTextVectorizer.from_gensim(model.to_keyed_vectors())


def test_unknown_words_of_numbered_ngrams_keep_their_directions_in_buckets():
    texts = ["comet meteor planet", "king queen kingdom"] * 20
    model = FastTextVectorizer(8, bucket=None, min_count=1, sample=0, random_state=0)
    model.fit(texts)
    parts = model.to_word_vectors().subwords
    known, counts = parts.sums(model.words_, parts.own)
    assert_allclose(known / (counts + 1)[:, None], model.vectors_, atol=1e-6)
    for word in ("comets", "planets", "queendom"):
        ours, (theirs,) = model.vector(word), parts.sums([word])[0]
        lengths = np.linalg.norm(ours), np.linalg.norm(theirs / parts.sums([word])[1])
        assert ours @ theirs > 0.99 * np.linalg.norm(ours) * np.linalg.norm(theirs)
        assert lengths[1] < lengths[0]

# SPDX-License-Identifier: BSD-3-Clause
"""
Words: from one-hot codes to vectors
====================================

Every claim on this page is run when the page is made, most of them on **written
sentences**: a few thousand made from some thirty patterns that stand on this page, so
that we know what is in them. What works on them need not work on real text;
:doc:`real_words` shows where it does not.
"""

# %%
# One-hot: each word by itself
# ----------------------------
# The plainest vector of a word is as long as the vocabulary and has a single one. Four
# words make an identity matrix:

import numpy as np
import pandas as pd

from sklearn_embed import OneHotTokens

capitals = ["rome", "paris", "italy", "france"]
one_hot = OneHotTokens(
    "one_hot", vocabulary=capitals, max_length=1, handle_unknown="ignore"
)
table = one_hot.fit_transform(capitals).toarray()
pd.DataFrame(table, index=capitals, columns=capitals)

# %%
# All are at right angles, and all equally far apart, whatever they mean. *Movie* is as
# far from *film* as *good* is from *bad*:

words = ["movie", "film", "good", "bad"]
code = one_hot.set_params(vocabulary=words).fit(words)
rows = code.transform(words).toarray().astype(float)
distances = np.linalg.norm(rows[:, None] - rows[None], axis=2)
pd.DataFrame(distances, index=words, columns=words).round(3)

# %%
# And they are long. A vocabulary grows with the text, and each new word is a new
# column, with a weight of its own in every model that is trained on such rows.

import matplotlib.pyplot as plt

from sklearn_embed import TokenizedDocuments
from sklearn_embed.datasets import load_docstrings

texts, labels = load_docstrings(subset="train", return_X_y=True)
order = np.random.default_rng(0).permutation(len(texts))
real = TokenizedDocuments.from_documents([texts[i] for i in order])
sizes = np.linspace(500, len(real), 12).astype(int)
figure, axes = plt.subplots()
for at_least in (1, 2, 5):
    columns = [
        OneHotTokens(min_count=at_least).fit(real[:size]).transform(real[:1]).shape[1]
        for size in sizes
    ]
    axes.plot(sizes, columns, marker="o", label=f"words seen at least {at_least}×")
axes.set(
    xlabel="documents", ylabel="columns", title="A one-hot code grows with the text"
)
_ = axes.legend()

# %%
# Keeping frequent words only, as the lower lines do, is the usual cure, and it throws
# away what is rare.
#
# A word by the company it keeps
# ------------------------------
# What one would rather have: words of one kind close together. The distributional
# hypothesis says where to find kinds: in the words around. To see it work, here is a
# text of which we know everything: four thousand sentences from these patterns.

import random

THINGS = {
    "animal": (
        "cat dog cow horse sheep",
        "the {} sleeps in the barn; the {} eats grass in the field; "
        "a hungry {} runs across the yard; the farmer feeds the {} every morning",
    ),
    "fruit": (
        "apple banana pear cherry plum",
        "she peels a ripe {} for breakfast; the {} tastes sweet and fresh; "
        "we bake a pie with a ripe {}; a {} fell from the tree in the garden",
    ),
    "tool": (
        "hammer saw knife drill axe",
        "he cuts the wood with a sharp {}; the {} lies in the toolbox; "
        "the carpenter needs a {} for the chair; she bought a heavy steel {}",
    ),
    "show": (
        "movie film musical",
        "the acting in the {} was superb; we watched a {} at the cinema; "
        "the director of the {} won a prize; critics wrote that the {} was dull",
    ),
}
COUNTRIES = [
    ("paris", "france", "french"),
    ("rome", "italy", "italian"),
    ("berlin", "germany", "german"),
    ("madrid", "spain", "spanish"),
    ("warsaw", "poland", "polish"),
    ("moscow", "russia", "russian"),
]
PLACES = (
    "the mayor of {0} opened a {2} museum; tourists walk through the streets of {0} "
    "and learn {2}; {0} is a beautiful city with {2} food; "
    "the president of {1} signed a {2} law; "
    "the borders of {1} are long say {2} soldiers; "
    "the people of {1} vote for a {2} parliament"
)
PAIRS = {
    "man woman": "the {} works in an office; the {} reads a newspaper",
    "king queen": "the {} rules the kingdom from a throne; the {} wears a golden crown",
    "brother sister": "my {} shares a room with me; my older {} helps me with homework",
    "father mother": "the {} cooks dinner for the children; the {} puts a child to bed",
    "boy girl": "the {} plays with toys at school; the little {} learns to read",
}
HE = "he is a {} and shaves his beard; the {} lost his hat; the {} tied his own necktie"
SHE = (
    "she is a {} and braids her hair; the {} lost her ring; the {} sewed her own dress"
)
VERBS = [
    ("walk", "walked", "to the station"),
    ("cook", "cooked", "soup in the kitchen"),
    ("paint", "painted", "a picture of the sea"),
    ("open", "opened", "the door of the shop"),
    ("clean", "cleaned", "the windows of the house"),
]
NOW = "today they {} {}; every day we {} {}; now i {} {}"
THEN = "yesterday they {} {}; last week we {} {}; long ago i {} {}"


def write(draw):
    """Write one sentence."""
    kind = draw.choice(["thing", "place", "person", "action"])
    if kind == "thing":
        names, patterns = draw.choice(list(THINGS.values()))
        return draw.choice(patterns.split("; ")).format(draw.choice(names.split()))
    if kind == "place":
        return draw.choice(PLACES.split("; ")).format(*draw.choice(COUNTRIES))
    second = draw.randrange(2)
    if kind == "person":
        pair = draw.choice(list(PAIRS))
        patterns = PAIRS[pair].split("; ") + (HE, SHE)[second].split("; ")
        return draw.choice(patterns).format(pair.split()[second])
    verb = draw.choice(VERBS)
    return draw.choice((NOW, THEN)[second].split("; ")).format(verb[second], verb[2])


draw = random.Random(0)
written = [write(draw) for _ in range(4000)]
print(*written[:6], sep="\n")

# %%
# Counting who stands next to whom already shows the kinds. A cell is the number of
# times that the word of the column stands within five words of the word of the row.

from sklearn_embed import CooccurrenceCounts

counts = CooccurrenceCounts.from_documents(written, window=5, weighting="flat")
together = pd.DataFrame(counts.to_scipy().toarray(), counts.words, counts.words)
company = ["grass", "barn", "ripe", "pie", "toolbox", "wood", "acting", "cinema"]
kinds = ["cow", "horse", "apple", "pear", "hammer", "saw", "movie", "film"]
figure, axes = plt.subplots(figsize=(7, 4))
image = axes.imshow(together.loc[kinds, company], cmap="Blues")
axes.set_xticks(range(len(company)), company, rotation=30)
axes.set_yticks(range(len(kinds)), kinds)
for i, word in enumerate(kinds):
    for j, near in enumerate(company):
        number = together.loc[word, near]
        axes.text(
            j,
            i,
            f"{number:.0f}",
            ha="center",
            va="center",
            color="white" if number > 15 else "0.3",
        )
axes.set_title("How often two words stand within five words of each other")
_ = axes.spines[:].set_visible(False)

# %%
# From company to vectors
# -----------------------
# Skip-gram goes through the text and moves the vector :math:`v_i` of a word so that it
# predicts the words around it, by their output vectors :math:`u_j`, and not words drawn
# at random:
#
# .. math::
#
#    \log \sigma(u_j^\top v_i) + \sum_{k=1}^{5} \log \sigma(-u_k^\top v_i),
#    \qquad \sigma(x) = \frac{1}{1 + e^{-x}}

from sklearn_embed import Word2VecVectorizer

model = Word2VecVectorizer(30, min_count=1, random_state=0).fit(written)
pairs = [("movie", "film"), ("cow", "horse"), ("cow", "apple"), ("apple", "hammer")]
cosines = {f"{a} – {b}": model.similarity(a, b) for a, b in pairs}
pd.Series(cosines, name="cosine").round(2).to_frame()

# %%
# Where do *apple* and *cow* lie among fruit, animals and tools? Each among its own
# kind:

from sklearn_embed.plotting import WordMapDisplay

groups = {kind: names.split() for kind, (names, _) in THINGS.items()}
_ = WordMapDisplay.from_estimator(
    model, groups, projection="pca", title="Nobody told the model the kinds"
)

# %%
# Fill in the blank
# -----------------
# *The acting in the ___ was superb*: film, musical, but not banana. Skip-gram's two
# matrices answer: how well would each word have predicted the words around the gap?


def fill(model, sentence, topn=5):
    """Return the words that best predict those around the gap, and their scores."""
    known = [word for word in sentence.split() if word in model.vocabulary_]
    outputs = model.context_vectors_[[model.vocabulary_[word] for word in known]]
    scores = np.logaddexp(0, -model.vectors_ @ outputs.T).sum(axis=1)
    return pd.Series(-scores, index=model.words_)


gap = fill(model, "the acting in the ___ was superb")
some = gap[["film", "musical", "movie", "banana", "knife", "axe"]]
some.astype(float).round(1).to_frame("score")

# %%
# The best of all words, and those for the capital of a second sentence. Words of the
# sentence itself come first: a word predicts itself and its usual company well.

pd.DataFrame(
    {
        "the acting in the ___ was superb": gap.nlargest(5).index,
        "___ is a beautiful city": fill(model, "___ is a beautiful city")
        .nlargest(5)
        .index,
    }
)

# %%
# The embedding matrix
# --------------------
# Vectors are the rows of a matrix. Looking a word up is multiplying its one-hot code
# with that matrix, and this is all that an "embedding layer" is:

word = "apple"
row = model.vocabulary_[word]
code = np.zeros(len(model.words_), np.float32)
code[row] = 1
print("shape:", model.vectors_.shape)
print("same vector:", np.array_equal(code @ model.vectors_, model.vectors_[row]))

# %%
# As linear algebra: some 200 words in 30 dimensions cannot be independent. The rank is
# at most 30, while one-hot vectors, the rows of the identity, span as many dimensions
# as there are words.

from sklearn_embed.evaluation import embedding_report, singular_values

embedding_report(model).round(2)

# %%
# The spectrum beside that of the identity, whose singular values are all one:

figure, axes = plt.subplots()
values = singular_values(model)
axes.plot(values / values[0], marker="o", label="embedding (30 dimensions)")
axes.plot(np.ones(len(model.words_)), label="one-hot (as many as words)")
axes.set(xlabel="number", ylabel="singular value / largest", ylim=(0, 1.1))
_ = axes.legend()

# %%
# Adding and subtracting
# ----------------------
# Where meanings differ in the same way, so do vectors. *king* − *man* + *woman* should
# lie near *queen*. The words of the question do not count as an answer: that is the
# rule of `most_similar`, which `ask` calls; its last column does without.

from _analogies import ask

QUESTIONS = """man king woman queen
man brother woman sister
boy father girl mother
france paris italy rome
germany berlin spain madrid
walk walked cook cooked
open opened clean cleaned"""

ask(model, QUESTIONS)

# %%
# On sentences written for it, all come out, and even without that rule: the last column
# is the nearest of all words. Vectors of real text need the rule.
#
# The picture behind it: *man* to *woman* is about the same step as *king* to *queen*.

from sklearn_embed.plotting import AnalogyDisplay

_ = AnalogyDisplay.from_estimator(model, "man", "woman", "king")

# %%
# GloVe: fit the logarithms of the counts
# ---------------------------------------
# GloVe looks at all counts :math:`X_{ij}` at once and makes dot products equal to their
# logarithms:
#
# .. math::
#
#    \sum_{X_{ij} > 0} f(X_{ij})
#    \left(w_i^\top \tilde w_j + b_i + \tilde b_j - \log X_{ij}\right)^2,
#    \qquad f(x) = \min\left(1, \left(\frac{x}{x_{\max}}\right)^{3/4}\right)
#
# Lectures often leave the weight out (:math:`f = 1`) and count whole sentences as
# neighbours. Here are both, on the same sentences:

from sklearn_embed import GloVeVectorizer

variants = {
    "weighted, near words count more": GloVeVectorizer(
        30, min_count=1, epochs=50, random_state=0
    ),
    "plain squares, sentences": GloVeVectorizer(
        30,
        min_count=1,
        epochs=50,
        x_max=None,
        window=20,
        weighting="flat",
        random_state=0,
    ),
}
answers = ask(model, QUESTIONS)[["question", "expected"]]
for name, glove in variants.items():
    answers[name] = ask(glove.fit(written), QUESTIONS)["answer"]
answers.set_index("question").rename_axis(None)

# %%
# What carries meaning are ratios of probabilities. In the documentation, *column* goes
# with *row*, *open* with *file*, *the* with both, so that its ratio is near one:

words = ["row", "file", "column", "columns", "open", "path", "the", "of"]
near = CooccurrenceCounts.from_documents(real, window=5, weighting="flat", min_count=50)
near = pd.DataFrame.sparse.from_spmatrix(near.to_scipy(), near.words, near.words)
shares = near.loc[["row", "file"]].sparse.to_dense()
shares = shares.div(shares.sum(axis=1), axis=0)[words[2:]].T
shares.columns = ["P(k | row)", "P(k | file)"]
shares.assign(ratio=shares["P(k | row)"] / shares["P(k | file)"]).round(4)

# %%
# A toy that teaches nothing
# --------------------------
# A program that is often shown trains GloVe on a single sentence. It runs, its loss
# falls, and its vectors say nothing: every word has about the same company.

toy = ["we are what we repeatedly do excellence then is not an act but a habit"]
tiny = GloVeVectorizer(20, window=5, min_count=1, epochs=100, random_state=0).fit(toy)
print(
    "loss, first and last epoch:",
    np.round([tiny.loss_curve_[0], tiny.loss_curve_[-1]], 4),
)
tiny.to_frame().T.corr().loc[
    ["habit", "act"], ["excellence", "act", "but", "we"]
].round(2)

# %%
# How real text differs, and what six billion words give: :doc:`real_words`.
#
# References
# ----------
# Harris (1954), "Distributional structure". Mikolov et al. (2013), "Distributed
# representations of words and phrases and their compositionality". Pennington, Socher
# and Manning (2014), "GloVe: Global vectors for word representation".

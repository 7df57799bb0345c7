# SPDX-License-Identifier: BSD-3-Clause
"""
Russian: many forms of one word
===============================

What inflection costs, and what subwords, stems and characters give back. The sentences
are made from patterns on this page.
"""

# %%
# Sentences about two topics, in all cases
# ----------------------------------------
# Nouns of kitchen and workshop in six forms each; half of the forms occur in training
# texts only, the other half in test texts only.

import random

import matplotlib.pyplot as plt
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_embed import FastTextVectorizer, Word2VecVectorizer

KITCHEN = """кастрюля кастрюли кастрюле кастрюлю кастрюлей кастрюлями
тарелка тарелки тарелке тарелку тарелкой тарелками
сковорода сковороды сковороде сковороду сковородой сковородами
салфетка салфетки салфетке салфетку салфеткой салфетками
скатерть скатерти скатертью скатертям скатертями скатертях"""
WORKSHOP = """отвёртка отвёртки отвёртке отвёртку отвёрткой отвёртками
молоток молотка молотку молотком молотки молотками
рубанок рубанка рубанку рубанком рубанки рубанками
стамеска стамески стамеске стамеску стамеской стамесками
верстак верстака верстаку верстаком верстаки верстаками"""
FRAMES = [
    "мы говорили про {} и ещё раз про {}",
    "вчера на столе снова были {} и {}",
    "здесь написано {}, а там {}",
    "она долго думала: {} или {}",
]


def sentences(topic, forms, n, seed):
    """Write sentences with words of a topic in some of their forms."""
    draw = random.Random(seed)
    words = [line.split()[k] for line in topic.splitlines() for k in forms]
    return [
        draw.choice(FRAMES).format(draw.choice(words), draw.choice(words))
        for _ in range(n)
    ]


train = sentences(KITCHEN, (0, 1, 2), 300, 1) + sentences(WORKSHOP, (0, 1, 2), 300, 2)
test = sentences(KITCHEN, (3, 4, 5), 200, 3) + sentences(WORKSHOP, (3, 4, 5), 200, 4)
y, y_test = (
    ["кухня"] * 300 + ["мастерская"] * 300,
    ["кухня"] * 200 + ["мастерская"] * 200,
)
print(train[0], "|", train[-1], "|", test[0], sep="\n")

# %%
# Who copes with forms never seen?
# --------------------------------


def stems(text):
    """Cut the endings off, crudely: the first five letters of each word."""
    return [word[:5] for word in TfidfVectorizer().build_analyzer()(text)]


head = LogisticRegression(max_iter=1000)
models = {
    "TF-IDF of words": make_pipeline(TfidfVectorizer(), head),
    "TF-IDF of characters": make_pipeline(
        TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5)), head
    ),
    "word2vec": make_pipeline(
        Word2VecVectorizer(30, min_count=1, random_state=0), StandardScaler(), head
    ),
    "word2vec of stems": make_pipeline(
        Word2VecVectorizer(
            30, min_count=1, tokenizer=stems, token_pattern=None, random_state=0
        ),
        StandardScaler(),
        head,
    ),
    "FastText": make_pipeline(
        FastTextVectorizer(30, min_count=1, random_state=0), StandardScaler(), head
    ),
}
scores = pd.Series(
    {name: model.fit(train, y).score(test, y_test) for name, model in models.items()}
)
figure, axes = plt.subplots(figsize=(7, 3))
bars = axes.barh(scores.index[::-1], scores[::-1])
axes.bar_label(bars, fmt="%.2f", padding=3)
axes.axvline(0.5, color="0.4", linewidth=1)
_ = axes.set(xlim=(0, 1.1), title="accuracy on forms that were never seen")

# %%
# Forms lie together
# ------------------

from sklearn_embed.plotting import SimilarityDisplay

model = models["FastText"][0]
words = [
    "тарелка",
    "тарелки",
    "тарелкой",
    "тарелками",
    "молоток",
    "молотка",
    "молотком",
]
known = [word for word in words if word in model.vocabulary_]
_ = SimilarityDisplay.from_estimator(model, words, order="given")

# %%
# Dictionary forms by a morphological analyser do better than five letters:
# :doc:`tokens_of_other_languages`.

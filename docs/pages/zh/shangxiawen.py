# SPDX-License-Identifier: BSD-3-Clause
r"""
上下文里的词：苹果、杜鹃、黄牛
==============================

在 word2vec 和 GloVe 里，一个词只有一个向量。可是“苹果”既能吃，也能上市；“杜鹃”是花，也是鸟；“黄牛”会耕地，也会倒票。ELMo 用一个语言模型从左往右读，再用一个从右往左读，拿两边的状态作为这个词的向量：

.. math::

   h_k = [\overrightarrow{h}_k; \overleftarrow{h}_k]

于是同一个词在不同的句子里有不同的向量。这是讲义的第三部分，第二部分见 :doc:`yuyan_moxing`。
"""

# %%
# 文本
# ----
# 谁、做什么、怎么样，都能透露词义，但不是每次都全：邻居说起“苹果”，可以是任何一种。

import random

import numpy as np
import pandas as pd

SENSES = {
    (
        "苹果",
        "水果",
    ): "妈妈 果农 厨师 奶奶 / 洗 削 摘 切 / 做 果酱，榨 汁，当 早点，送给 客人",
    (
        "苹果",
        "公司",
    ): "记者 股民 工程师 经理 / 采访 看好 研究 投资 / 的 手机，的 股票，的 电脑，的 新品",
    (
        "杜鹃",
        "花",
    ): "园丁 花匠 花店 画家 / 浇 修剪 移栽 种 / 开 花，装 盆，摆 在 阳台，准备 花展",
    (
        "杜鹃",
        "鸟",
    ): "猎人 护林员 摄影师 专家 / 听见 跟踪 放飞 救助 / 唱 歌，下 蛋，飞 回 树林，孵 小鸟",
    (
        "黄牛",
        "牲口",
    ): "农民 牧民 兽医 放牛娃 / 牵 喂 放 赶 / 吃 草，耕 地，回 棚，过 河",
    (
        "黄牛",
        "票贩子",
    ): "警察 歌迷 球迷 保安 / 举报 抓 联系 劝阻 / 卖 票，加 价，抢 号，占 座位",
}
ANYBODY = "邻居 爷爷 同学 老师".split()
ANYTHING = "看见 说起 想起 提到".split()
WHEN = "昨天 刚才 早上 常常 有时 今天".split()


def sentence(draw, sense, seen=None):
    """写一句话；seen 说线索在词的“前面”还是“后面”，不说就随机。"""
    who, does, rest = (part.strip() for part in SENSES[sense].split("/"))
    before = [draw.random() < 0.5, draw.random() < 0.5]
    after = draw.random() < 0.75 or not any(before)
    if seen is not None:
        before, after = [seen == "前面"] * 2, seen == "后面"
    words = [
        draw.choice(who.split() if before[0] else ANYBODY),
        draw.choice(WHEN),
        draw.choice(does.split() if before[1] else ANYTHING),
        sense[0],
    ]
    return words + draw.choice(rest.split("，")).split() * after


draw = random.Random(0)
senses = [draw.choice(list(SENSES)) for _ in range(3000)]
texts = [sentence(draw, sense) for sense in senses]
print(*("".join(words) for words in texts[:6]), sep="\n")

# %%
# 只有一个向量
# ------------
# word2vec 里这几个词的近邻，两种意思混在一起：

from sklearn_embed import ContextualVectorizer, Word2VecVectorizer

WORDS = ("苹果", "杜鹃", "黄牛")
static = Word2VecVectorizer(30, min_count=1, random_state=0).fit(texts)
pd.DataFrame(
    {word: [near for near, _ in static.most_similar(word, topn=8)] for word in WORDS}
)

# %%
# 两个方向的语言模型
# ------------------

model = ContextualVectorizer(
    32,
    hidden_size=32,
    min_count=1,
    dropout=0,
    epochs=20,
    learning_rate=0.01,
    random_state=0,
)
model.fit(texts)
for direction, network in zip(
    ("从左往右", "从右往左"), model.language_models_, strict=True
):
    print(f"{direction}：困惑度 {network.perplexity(texts):.1f}")

# %%
# 新句子里的这个词，和读过的哪一句里的最像？只在同一个词里找。

model.set_params(layers=1)
questions = {
    "爷爷 今天 提到 苹果 的 股票": "苹果",
    "果农 早上 提到 苹果": "苹果",
    "同学 刚才 说起 杜鹃 飞 回 树林": "杜鹃",
    "花匠 有时 看见 杜鹃": "杜鹃",
    "老师 早上 看见 黄牛 耕 地": "黄牛",
    "歌迷 常常 提到 黄牛": "黄牛",
}
rows = []
for question, word in questions.items():
    words = question.split()
    match = model.most_similar_in_context(words, word, texts, 1, among=[word])[0]
    found = "".join(texts[match.document]), senses[match.document][1]
    rows.append(("".join(words), *found))
pd.DataFrame(rows, columns=["新句子", "最像的一句", "它的意思"])

# %%
# 为什么要两个方向
# ----------------
# 从左往右读到“苹果”，还不知道后面是“的股票”；从右往左读到“苹果”，不知道前面是“果农”。用没见过的句子来检验：最像的那一句，意思相同的占多少？第 0 层就是词向量本身，在哪一句里都一样，只能二选一瞎猜。


def share_right(columns, seen):
    """意思判断正确的比例。"""
    answers = []
    for sense in SENSES:
        new = [sentence(draw, sense, seen) for _ in range(100)]
        new = [words for words in new if words not in texts][:25]
        known = model.occurrences(texts, sense[0])
        units = known.vectors[:, columns]
        units = units / np.linalg.norm(units, axis=1, keepdims=True)
        asked = model.occurrences(new, sense[0]).vectors[:, columns]
        nearest = known.documents[(asked @ units.T).argmax(axis=1)]
        answers += [senses[number] == sense for number in nearest]
    return np.mean(answers)


HALVES = {"从左往右": slice(0, 32), "从右往左": slice(32, 64), "两个方向": slice(0, 64)}
table = {}
for layer in (0, 1, 2):
    model.set_params(layers=layer)
    for name, columns in HALVES.items():
        table[f"第 {layer} 层，{name}"] = {
            f"线索在{seen}": share_right(columns, seen) for seen in ("前面", "后面")
        }
table = pd.DataFrame(table).T
axes = table[::-1].plot.barh(figsize=(6.4, 4.6), color=["C0", "C1"])
axes.axvline(0.5, color="0.3", linewidth=1)
axes.legend(loc="lower right")
_ = axes.set(xlabel="正确的比例", xlim=(0, 1.02))

# %%
# 每个方向各看到一半，合起来才看到整句。文本这么小，记得最牢的是紧挨着的词；真正的模型要读几百万词，那时区分词义以第一层为好，给文本分类则把各层并排放在一起，见 :class:`~sklearn_embed.ContextualVectorizer`。
#
# 参考文献
# --------
# Peters 等 (2018), "Deep contextualized word representations".

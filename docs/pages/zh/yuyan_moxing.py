# SPDX-License-Identifier: BSD-3-Clause
r"""
语言模型：下一个词是什么
========================

“学生们翻开了……”：课本、作业、电脑都可以，鱼缸就不行。语言模型给每个可能的下一个词一个概率，整段文本的概率就是它们的乘积：

.. math::

   p(x) = \prod_i p(x_i \mid x_1, \ldots, x_{i-1})

这一页让五个模型学习中文句子，句子里后半句怎么开头，要看前半句的第一个词。这是讲义的第二部分，第一部分见 :doc:`jiangyi`。
"""

# %%
# 前后呼应的关联词
# ----------------
# “虽然今天早上山里不停地下雨，但是爷爷还是出了门。”有了“虽然”，后面就该是“但是”；有了“因为”，后面就该是“所以”。中间隔着多少个词，没有限制，而那些词并不透露答案。按句式写一批这样的句子，同时记下每一句的概率：句子是自己写的，概率当然知道。

import math
import random

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

WHEN = ["今天", "早上"]
WHERE = ["山里", "湖边"]
HOW = ["忽然", "又", "不停 地"]
WEATHER = ["下雨", "下雪", "刮风"]
PAIRS = {
    "因为": "所以 {} 留 在 家里；所以 {} 坐 公共汽车 上班；所以 {} 多 穿 了 一 件 衣服",
    "虽然": "但是 {} 还是 出 了 门；但是 {} 照样 去 跑步；但是 {} 没有 戴 帽子",
    "如果": "那么 {} 就 不 去 公园 了；那么 {} 就 在 家 看 书；那么 {} 就 晚 点 出发",
    "不但": "而且 比 昨天 更 冷；而且 路 上 很 滑；而且 连 灯 也 灭 了",
}
PEOPLE = ["爷爷", "老师", "小王", "邻居", "孩子们", "我们"]


def sentence(draw, adverbs=None):
    """写一句话；返回各个词、后半句开头的位置、概率的对数。"""
    first = draw.choice(list(PAIRS))
    slots = [*WHEN, draw.choice(WHERE), *HOW]
    if adverbs is None:
        adverbs = draw.randint(0, len(slots))
    chosen = sorted(draw.sample(range(len(slots)), adverbs))
    words = " ".join([first, *(slots[i] for i in chosen), draw.choice(WEATHER)]).split()
    rest = draw.choice(PAIRS[first].split("；"))
    ways = 4 * (len(slots) + 1) * math.comb(len(slots), adverbs) * len(WEATHER) * 3
    ways *= len(WHERE) if 2 in chosen else 1
    ways *= len(PEOPLE) if "{}" in rest else 1
    words += ["，", *rest.format(draw.choice(PEOPLE)).split(), "。"]
    return words, words.index("，") + 1, -math.log(ways)


draw = random.Random(0)
train = [sentence(draw)[0] for _ in range(3000)]
print(*("".join(words) for words in train[:5]), sep="\n")

# %%
# 五个模型
# --------
# - **n 元**：数一数前四个词后面出现过什么，再做平滑；
# - **窗口**：前四个词的向量拼在一起，经过隐藏层和 softmax；
# - **RNN**：每读一个词就更新一次状态，:math:`h_t = \tanh(W_e e_t + W_h h_{t-1} + b)`；
# - **GRU** 和 **LSTM**：在 RNN 上加了门，由门决定状态里留下什么。
#
# 困惑度的意思是：模型好像在多少个同样可能的词里挑一个。越小越好。最后一行是下限，由写句子的办法本身决定，谁也不可能更低。

from sklearn_embed import (
    NGramLanguageModel,
    RecurrentLanguageModel,
    WindowLanguageModel,
)

settings = {
    "min_count": 1,
    "dropout": 0,
    "learning_rate": 0.03,
    "epochs": 15,
    "random_state": 0,
}


def networks():
    """五个还没有训练的模型。"""
    window = WindowLanguageModel(16, order=5, hidden_size=32, **settings)
    untrained = {"n 元": NGramLanguageModel(5, min_count=1), "窗口": window}
    for cell in ("rnn", "gru", "lstm"):
        untrained[cell.upper()] = RecurrentLanguageModel(
            16, cell=cell, hidden_size=32, batch_size=8, **settings
        )
    return untrained


models = networks()
drawn = [sentence(draw) for _ in range(300)]
new = [words for words, _, _ in drawn]
perplexity = {name: model.fit(train).perplexity(new) for name, model in models.items()}
steps = sum(len(words) + 1 for words in new)  # 句子在哪里结束，也要猜
perplexity["下限"] = math.exp(-sum(log for _, _, log in drawn) / steps)
pd.Series(perplexity, name="困惑度").round(2).to_frame()

# %%
# 谁还记得第一个词？
# ------------------
# 读到逗号为止，看正确的后半句开头得到多大概率。横轴是前半句里隔着多少个词。四选一瞎猜是 0.25。

points = {}
for adverbs in range(7):
    samples = [sentence(draw, adverbs)[:2] for _ in range(30)]
    distance = np.mean([place - 1 for _, place in samples])
    points[distance] = {
        name: np.exp(
            [
                row[place]
                for row, (_, place) in zip(
                    model.log_proba([words for words, _ in samples]),
                    samples,
                    strict=True,
                )
            ]
        ).mean()
        for name, model in models.items()
    }
memory = pd.DataFrame(points).T
figure, axes = plt.subplots()
memory.plot(ax=axes, marker="o")
axes.axhline(0.25, color="0.5", linewidth=1)
_ = axes.set(xlabel="隔着几个词（平均）", ylabel="正确关联词的概率", ylim=(0, 1.05))

# %%
# n 元和窗口只看四个词，“虽然”一旦落在外面，就只能瞎猜。GRU 和 LSTM 一直记得；没有门的 RNN 隔得越远，记得越模糊。
#
# 让它们写
# --------
# 按概率抽一个词，接在后面，再抽下一个。温度 :math:`T` 把概率变成 :math:`1/T` 次方再归一：温度低，最可能的词占上风；温度高，机会趋于均等。`random_state` 相同，写出来的就相同。

network = models["LSTM"]
for temperature in (0.3, 1.0, 2.0):
    for seed in (1, 2):
        words = network.sample(["虽然"], 25, temperature=temperature, random_state=seed)
        print(f"T={temperature}, {seed}：虽然{''.join(words)}")

# %%
# 温度低时句句通顺，可是千篇一律；温度高了，就开始出错。其余几个模型在 :math:`T = 1` 时：

start = ["不但", "今天", "早上", "又"]
for name, model in models.items():
    words = model.sample(start, 25, random_state=0)
    print(f"{name}：{''.join(start)}{''.join(words)}")

# %%
# 下一个词和它的概率：

start = "虽然 今天 早上 山里 不停 地 下雨 ，".split()
pd.DataFrame(
    {
        name: [f"{word} {p:.2f}" for word, p in model.predict_next(start, topn=4)]
        for name, model in models.items()
    }
)

# %%
# 哪一句有毛病？
# --------------
# 没有人教过模型什么是病句，它却分得出来：病句的概率低。下面是平均每个词的对数概率。

sentences = [
    "因为 今天 早上 又 下雪 ， 所以 老师 坐 公共汽车 上班 。",
    "因为 今天 早上 又 下雪 ， 但是 老师 照样 去 跑步 。",
    "下雪 因为 ， 又 早上 所以 上班 老师 今天 公共汽车 坐 。",
]
cut = [text.split() for text in sentences]
lengths = np.array([len(words) + 1 for words in cut])
pd.DataFrame(
    {name: models[name].score_samples(cut) / lengths for name in ("n 元", "LSTM")},
    index=["".join(words) for words in cut],
).round(2)

# %%
# 按字还是按词
# ------------
# 不分词也可以，一个字一个字地读。字数比词数多，所以两边的困惑度不能直接比；能比的是整句话的概率，也就是平均每句多少比特。

by_character = {}
for name, model in networks().items():
    model.set_params(tokenizer="char").fit(["".join(words) for words in train])
    texts = ["".join(words) for words in new]
    by_character[name] = -model.score_samples(texts).mean() / math.log(2)
pd.DataFrame(
    {
        "按词": {
            name: -model.score_samples(new).mean() / math.log(2)
            for name, model in models.items()
        },
        "按字": by_character,
    }
).round(1)

# %%
# 按字切，同样四个位置装下的内容更少，窗口略差一点；n 元按词就看不到开头，按字也一样。RNN 要多记好几步，几乎忘光了；GRU 和 LSTM 不受影响。
#
# 梯度爆炸
# --------
# 训练时，导数从后往前经过每一个词，每一步都乘同一个矩阵，于是不是越来越小，就是像滚雪球一样越来越大。全部导数的范数超过阈值 :math:`\theta` （即 `max_norm`）时，按比例缩短到阈值：:math:`\hat g \leftarrow \theta \hat g / \lVert \hat g \rVert`。步长故意取得太大，有阈值和没有阈值：

import warnings

for max_norm in (1.0, None):
    model = RecurrentLanguageModel(
        16,
        cell="rnn",
        nonlinearity="relu",
        hidden_size=32,
        min_count=1,
        epochs=2,
        optimizer="sgd",
        learning_rate=20.0,
        max_norm=max_norm,
        random_state=0,
    )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(train)
        print(f"max_norm={max_norm}：困惑度 {model.perplexity(new):.1f}")
    except FloatingPointError as error:
        print(f"max_norm={max_norm}：{error}")

# %%
# 真实文本要难得多：词表有几万个词，神经网络要读几百万词，才能胜过 n 元模型。见 :doc:`/auto_guide/recurrent_language_models`。
#
# 参考文献
# --------
# Bengio 等 (2003), "A neural probabilistic language model". Mikolov 等 (2010), "Recurrent neural network based language model". Hochreiter, Schmidhuber (1997), "Long short-term memory". Cho 等 (2014), "Learning phrase representations using RNN encoder-decoder". Pascanu, Mikolov, Bengio (2013), "On the difficulty of training recurrent neural networks".

# SPDX-License-Identifier: BSD-3-Clause
"""
词向量讲义
==========

讲义里常见的说法，这里逐条用代码检验，给出真实的结果，包括不成立的。文本由下面写明的句式生成，所以事先就知道模型应该学到什么；真实文本要难得多。为了把精力放在词上，句子里的词已经用空格分开。
"""

# %%
# 用数表示词
# ----------
# 最直接的办法是 one-hot：向量和词表一样长，只有一个 1。四个词合起来就是单位矩阵。

import numpy as np
import pandas as pd

from sklearn_embed import OneHotTokens

places = ["罗马", "巴黎", "意大利", "法国"]
code = OneHotTokens("one_hot", vocabulary=places, max_length=1, handle_unknown="ignore")
pd.DataFrame(code.fit_transform(places).toarray(), places, places)

# %%
# 任意两个词都互相垂直，距离全都相等：“电影”到“影片”，和“好”到“坏”一样远。

words = ["电影", "影片", "很好", "很坏"]
rows = code.set_params(vocabulary=words).fit_transform(words).toarray().astype(float)
pd.DataFrame(np.linalg.norm(rows[:, None] - rows[None], axis=2), words, words).round(3)

# %%
# 观其伴，知其词
# --------------
# 分布假设说：出现在相同上下文里的词，意思相近。下面按句式写四千句话来检验。

import random

THINGS = {
    "动物": (
        "牛 马 羊 驴 骆驼",
        "{} 在 草地 上 吃 草；{} 睡 在 牲口棚 里；饿 了 的 {} 跑 过 院子；农民 每天 早上 喂 {}",
    ),
    "水果": (
        "苹果 香蕉 梨 樱桃 李子",
        "{} 又 甜 又 新鲜；她 削 了 一个 熟透 的 {}；奶奶 用 {} 做 果酱；一个 {} 从 树 上 掉 下来",
    ),
    "工具": (
        "锤子 锯子 刨子 钻头 斧头",
        "木匠 用 {} 修 桌子；{} 放 在 工具箱 里；墙 上 挂 着 一把 {}；这 块 木头 要 用 {}",
    ),
    "影视": (
        "电影 影片 音乐剧 电视剧",
        "{} 里 的 表演 非常 出色；昨晚 我们 看 了 一部 {}；这部 {} 的 导演 得 了 奖；"
        "评论家 说 这部 {} 很 沉闷",
    ),
}
COUNTRIES = [
    ("巴黎", "法国", "法语"),
    ("罗马", "意大利", "意大利语"),
    ("柏林", "德国", "德语"),
    ("马德里", "西班牙", "西班牙语"),
    ("华沙", "波兰", "波兰语"),
    ("莫斯科", "俄罗斯", "俄语"),
]
PLACES = (
    "{0} 市长 用 {2} 致辞；游客 走 在 {0} 的 街道 上 学 {2}；{0} 的 地铁 用 {2} 报站；"
    "{1} 总统 用 {2} 签署 法律；{1} 边境 的 牌子 写 着 {2}；{1} 议会 用 {2} 辩论"
)
PAIRS = {
    "男人 女人": "{} 在 办公室 上班；{} 坐 在 地铁 上 看 报纸",
    "国王 王后": "{} 坐 在 宝座 上 治理 王国；{} 头 戴 金色 的 王冠",
    "哥哥 姐姐": "{} 和 我 住 一个 房间；{} 教 我 做 功课",
    "父亲 母亲": "{} 给 孩子们 做 晚饭；{} 哄 宝宝 睡觉",
    "男孩 女孩": "{} 在 幼儿园 玩 玩具；{} 在 学 认字",
}
HE = "{} 早上 刮 胡子；{} 丢 了 他的 帽子；{} 自己 打 领带"
SHE = "{} 早上 编 辫子；{} 丢 了 她的 项链；{} 自己 缝 裙子"


def sentence(draw):
    """写一句话。"""
    kind = draw.choice(["物", "地", "人"])
    if kind == "物":
        names, patterns = draw.choice(list(THINGS.values()))
        return draw.choice(patterns.split("；")).format(draw.choice(names.split()))
    if kind == "地":
        return draw.choice(PLACES.split("；")).format(*draw.choice(COUNTRIES))
    pair, second = draw.choice(list(PAIRS)), draw.randrange(2)
    patterns = PAIRS[pair].split("；") + (HE, SHE)[second].split("；")
    return draw.choice(patterns).format(pair.split()[second])


draw = random.Random(0)
written = [sentence(draw).split() for _ in range(4000)]
print(*map(" ".join, written[:6]), sep="\n")

# %%
# 只数共现次数，词的类别就看得出来了。格子里是两个词相隔不超过五个词的次数。

import matplotlib.pyplot as plt

from sklearn_embed import CooccurrenceCounts

counts = CooccurrenceCounts.from_documents(written, window=5, weighting="flat")
together = pd.DataFrame(counts.to_scipy().toarray(), counts.words, counts.words)
company = ["草地", "院子", "果酱", "新鲜", "木匠", "木头", "表演", "导演"]
kinds = ["牛", "羊", "苹果", "梨", "锤子", "锯子", "电影", "影片"]
figure, axes = plt.subplots(figsize=(7, 4))
axes.imshow(together.loc[kinds, company], cmap="Blues")
axes.set_xticks(range(len(company)), company)
axes.set_yticks(range(len(kinds)), kinds)
for i, j in np.ndindex(len(kinds), len(company)):
    number = together.loc[kinds[i], company[j]]
    axes.text(
        j,
        i,
        f"{number:.0f}",
        ha="center",
        va="center",
        color="white" if number > 15 else "0.3",
    )
_ = axes.spines[:].set_visible(False)

# %%
# word2vec：预测周围的词
# ----------------------
# skip-gram 让中心词的向量 :math:`v_i` 靠近周围词的输出向量 :math:`u_j`，远离随机抽取的词：
#
# .. math::
#
#    \log \sigma(u_j^\top v_i) + \sum_{k=1}^{5} \log \sigma(-u_k^\top v_i)

from sklearn_embed import Word2VecVectorizer

model = Word2VecVectorizer(30, min_count=1, random_state=0).fit(written)
pairs = [("电影", "影片"), ("牛", "马"), ("牛", "苹果"), ("苹果", "锤子")]
pd.Series({f"{a}–{b}": model.similarity(a, b) for a, b in pairs}, name="余弦").round(
    2
).to_frame()

# %%
# “苹果”和“牛”各在图上的什么地方？都和同类在一起，尽管没有人告诉模型有哪些类。

from sklearn_embed.plotting import AnalogyDisplay, WordMapDisplay

groups = {kind: names.split() for kind, (names, _) in THINGS.items()}
_ = WordMapDisplay.from_estimator(model, groups, projection="pca", title="")

# %%
# 填空
# ----
# “___ 里的表演非常出色”：填电影、音乐剧可以，填香蕉、斧头不行。看哪个词最能预测空格周围的词：


def fill(text):
    """给每个词在空格处打分。"""
    known = [word for word in text.split() if word in model.vocabulary_]
    outputs = model.context_vectors_[[model.vocabulary_[word] for word in known]]
    scores = -np.logaddexp(0, -model.vectors_ @ outputs.T).sum(axis=1)
    return pd.Series(scores, index=model.words_)


gap = fill("___ 里 的 表演 非常 出色")
gap[["电影", "音乐剧", "影片", "香蕉", "斧头"]].astype(float).round(1).to_frame("得分")

# %%
# 从全部词里选，句子自己的词也会排在前面：一个词总是很会预测自己常见的邻居。

print(*gap.nlargest(8).index)

# %%
# 词嵌入矩阵
# ----------
# 向量就是矩阵的行；所谓嵌入层，就是用 one-hot 向量去乘这个矩阵。

row = model.vocabulary_["苹果"]
unit = np.zeros(len(model.words_), np.float32)
unit[row] = 1
print(model.vectors_.shape, np.array_equal(unit @ model.vectors_, model.vectors_[row]))

# %%
# 词比维数多，各行必然线性相关：秩不超过 30。one-hot 的秩等于词数。

from sklearn_embed.evaluation import embedding_report

embedding_report(model).loc[
    ["n_words", "n_dimensions", "rank", "effective_rank", "mean_cosine"]
].round(2)

# %%
# 向量的加减
# ----------
# 国王 − 男人 + 女人 ≈ 王后。题目里的三个词不算答案；最后一列是不排除它们时最近的词。

QUESTIONS = """男人 国王 女人 王后
男人 哥哥 女人 姐姐
男孩 父亲 女孩 母亲
法国 巴黎 意大利 罗马
波兰 华沙 俄罗斯 莫斯科
德国 德语 西班牙 西班牙语"""


def ask(model):
    """回答类比题。"""
    units = model.vectors_ / np.linalg.norm(model.vectors_, axis=1, keepdims=True)
    place = dict(zip(model.words_, units, strict=True))
    rows = []
    for a, b, c, right in map(str.split, QUESTIONS.splitlines()):
        answer, cosine = model.most_similar([b, c], [a], topn=1)[0]
        nearest = model.words_[np.argmax(units @ (place[b] - place[a] + place[c]))]
        rows.append((f"{b} − {a} + {c}", right, answer, round(cosine, 2), nearest))
    return pd.DataFrame(rows, columns=["题目", "预期", "答案", "余弦", "不排除时"])


ask(model)

# %%
# 最后一题没有答对：语言同时和国家、首都一起出现，答案落到了首都上。

_ = AnalogyDisplay.from_estimator(model, "男人", "女人", "国王")

# %%
# 讲义里还有动词的时态（walk、walked）。汉语动词没有词形变化，“走了”的“了”是另一个词，所以这一条在中文里无从谈起。
#
# GloVe：加权与不加权
# -------------------
# GloVe 拟合共现次数的对数。讲义常常省去权重，并把整句话都算作上下文。用同样的句子比较两种做法：

from sklearn_embed import GloVeVectorizer

variants = {
    "加权，近处的词更重要": GloVeVectorizer(30, min_count=1, epochs=50, random_state=0),
    "不加权，整句": GloVeVectorizer(
        30,
        min_count=1,
        epochs=50,
        x_max=None,
        window=20,
        weighting="flat",
        random_state=0,
    ),
}
answers = ask(model)[["题目", "预期"]]
for name, glove in variants.items():
    answers[name] = ask(glove.fit(written))["答案"]
answers.set_index("题目").rename_axis(None)

# %%
# 字与词
# ------
# 中文既可以按字切，也可以按词切。FastText 用词里的字来表示没有见过的词。“影迷”“羊圈”没有出现过，但是其中的字出现过：

from sklearn_embed import FastTextVectorizer
from sklearn_embed.evaluation import most_similar

subwords = FastTextVectorizer(
    30, min_count=1, min_n=1, max_n=2, epochs=10, random_state=0
).fit(written)
unseen = ["影迷", "羊圈", "德国人", "果树"]
pd.DataFrame(
    {
        word: [near for near, _ in most_similar(subwords, word, topn=4)]
        for word in unseen
    }
)

# %%
# 从词到文本的类别
# ----------------
# 先把词换成编号；长的截断，短的补 0，不认识的词是 1。

ids = OneHotTokens("ids", max_length=6).fit(written)
samples = ["牛 在 草地 上 吃 草", "昨晚 我们 看 了 一部 很 长 的 电影", "我 看见 &%!"]
pd.DataFrame(ids.transform([text.split() for text in samples]), index=samples)

# %%
# 嵌入、平均、softmax：最小的神经网络。让它判断一句话说的是哪一类：

from sklearn_embed import FastTextClassifier

labels, examples = [], []
for kind, (names, patterns) in THINGS.items():
    for name in names.split():
        for pattern in patterns.split("；"):
            examples.append(pattern.format(name).split())
            labels.append(kind)
network = FastTextClassifier(20, random_state=0).fit(examples, labels)
new = ["昨晚 有 一部 新 音乐剧", "院子 里 的 羊 和 马", "木匠 的 锯子 和 斧头"]
pd.DataFrame(
    network.predict_proba([text.split() for text in new]).round(2),
    index=new,
    columns=network.classes_,
)

# %%
# 平均会丢掉词序：“狗 咬 人”和“人 咬 狗”得到同一行。看重词序的是语言模型，见第二部分 :doc:`yuyan_moxing`。
#
# 参考文献
# --------
# Mikolov 等 (2013), "Distributed representations of words and phrases and their compositionality". Pennington, Socher, Manning (2014), "GloVe: Global vectors for word representation". Bojanowski 等 (2017), "Enriching word vectors with subword information".

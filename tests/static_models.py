"""Small static models, in folders as model2vec and others write them."""

# SPDX-License-Identifier: BSD-3-Clause

import copy
import io
import json
import os
import pickle

import numpy as np
import tokenizers
from tokenizers import decoders, models, normalizers, pre_tokenizers
from vector_files import Kind, mutate

from sklearn_embed import MeanPoolEmbedder, TokenizedDocuments
from sklearn_embed._text.pieces import PieceTokenizer
from sklearn_embed.io import (
    WordVectors,
    as_word_vectors,
    read_vectors,
    write_vectors,
)

TEXTS = [
    "The cat sat on the mat",
    "a dog, unheard of",
    "cats",
    "",
    "кошка 日本",
    "ünïcode THE",
    "cat cat cat dog",
]
WORDS = ["the", "cat", "dog", "sat", "on", "mat", "a", ",", "of", "un", "##heard"]
WORDS += ["##s", "кошка", "日", "##本", "unicode", "longer than a word"]

_TYPES = {"<f4": "F32", "<f8": "F64", "<f2": "F16", "|i1": "I8", "<i8": "I64"}


def word_piece():
    """Return a tokenizer as BERT has it, with special tokens and an unknown one."""
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS]
    vocabulary = {word: number for number, word in enumerate(words)}
    tokenizer = tokenizers.Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.post_processor = tokenizers.processors.BertProcessing(
        ("[SEP]", 3), ("[CLS]", 2)
    )
    tokenizer.add_special_tokens(words[:4])
    tokenizer.enable_padding(pad_id=0, pad_token="[PAD]")
    tokenizer.enable_truncation(3)
    return tokenizer


def byte_fallback():
    """Return a tokenizer as Llama has it, which cuts unknown characters into bytes."""
    pieces = ["<unk>", *(f"<0x{byte:02X}>" for byte in range(256))]
    pieces += ["▁", *"acdehmnostu", "▁a", "▁c", "▁t", "at", "▁cat", "he", "▁the"]
    merges = [("▁", "a"), ("▁", "c"), ("▁", "t"), ("a", "t"), ("▁c", "at")]
    merges += [("h", "e"), ("▁t", "he")]
    model = models.BPE(
        {piece: number for number, piece in enumerate(pieces)},
        merges,
        unk_token="<unk>",
        fuse_unk=True,
        byte_fallback=True,
    )
    tokenizer = tokenizers.Tokenizer(model)
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    )
    return tokenizer


def unigram():
    """Return a tokenizer as SentencePiece's language model has it."""
    pieces = [("<unk>", 0.0), ("▁", -2.0), ("▁the", -1.0), ("▁cat", -1.5), ("s", -3.0)]
    pieces += [(char, -4.0) for char in "acdeghmnot"]
    tokenizer = tokenizers.Tokenizer(models.Unigram(pieces, unk_id=0))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    return tokenizer


def words_alone():
    """Return a tokenizer that cuts into words first, as our default pattern does."""
    tokenizer = word_piece()
    tokenizer.normalizer = normalizers.Lowercase()
    pattern = tokenizers.Regex(r"\b\w\w+\b")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(pattern, "removed", invert=True)
    return tokenizer


TOKENIZERS = {"WordPiece": word_piece, "BPE": byte_fallback, "Unigram": unigram}


def safetensors(**arrays):
    """Return arrays as other programs write them; "name__BF16" is bfloat16."""
    header, blobs, offset = {}, [], 0
    for name, array in arrays.items():
        name, _, kind = name.partition("__")
        if kind == "BF16":
            array = (np.asarray(array, "<f4").view("<u4") >> 16).astype("<u2")
        blob = np.ascontiguousarray(array).tobytes()
        header[name] = {
            "dtype": kind or _TYPES[array.dtype.str],
            "shape": list(array.shape),
            "data_offsets": [offset, offset + len(blob)],
        }
        offset += len(blob)
        blobs.append(blob)
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + b"".join(blobs)


def matrix_of(tokenizer, width=6, seed=0):
    """Return a vector for each piece."""
    size = tokenizer.get_vocab_size()
    return np.random.default_rng(seed).normal(size=(size, width)).astype(np.float32)


def write(folder, tokenizer, arrays=None, **config):
    """Write a folder of model2vec; return its path."""
    if arrays is None:
        arrays = {"embeddings": matrix_of(tokenizer)}
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "model.safetensors").write_bytes(safetensors(**arrays))
    return folder


def source(make=word_piece, **settings):
    """Return the vectors of a model, without a folder."""
    tokenizer = make()
    document = np.frombuffer(tokenizer.to_str().encode(), np.uint8)
    vocabulary = tokenizer.get_vocab()
    words = sorted(vocabulary, key=vocabulary.get)
    return WordVectors(
        words, matrix_of(tokenizer), tokenizer=PieceTokenizer(document), **settings
    )


FILES = ("model.safetensors", "tokenizer.json", "config.json")


def packed(files):
    """Return the contents of the files as one string of bytes."""
    return b"".join(len(data).to_bytes(8, "little") + data for data in files)


def unpacked(data):
    """Return the contents of each file."""
    files = []
    while data:
        end = 8 + int.from_bytes(data[:8], "little")
        files.append(data[8:end])
        data = data[end:]
    return files


def damage(rng, data):
    """Damage one of the files: its bytes, or the JSON in it."""
    files = unpacked(data)
    number = rng.integers(3)
    if number and rng.random() < 0.8:
        document = json.loads(files[number])
        for _ in range(rng.integers(1, 4)):
            _change(rng, document)
        files[number] = json.dumps(document).encode()
    else:
        files[number] = mutate(rng, files[number])
    return packed(files)


def _change(rng, node):
    """Put something else in one place of a JSON document."""
    while True:
        keys = list(node) if isinstance(node, dict) else range(len(node))
        if not len(keys):
            return
        key = keys[rng.integers(len(keys))]
        if not isinstance(node[key], (dict, list)) or rng.random() < 0.2:
            break
        node = node[key]
    drawn = rng.random()
    if drawn < 0.2:
        del node[key]
    elif drawn < 0.3 and isinstance(node, dict):
        node[_ODD_KEYS[rng.integers(len(_ODD_KEYS))]] = node.pop(key)
    else:
        node[key] = copy.deepcopy(_ODD[rng.integers(len(_ODD))])


_ODD_KEYS = ("", "type", "vocab", "unk_id", "unk_token", "dropout", "content", "x")
_ODD = (
    *(0, -1, 1, 2, 10**6, 10**12, 2**64, 1.5, -0.5, 1e308, None, True, False, "", "x"),
    *("[UNK]", "▁", "x" * 300, "\0", "((a+)+)+$", [], {}, [1], {"String": ""}),
    *({"Regex": ""}, {"Regex": "("}, {"type": "Sequence", "normalizers": []}),
    *("BPE", "WordPiece", "Unigram", "WordLevel", "Sequence", "Precompiled", "Split"),
    {"type": "Replace", "pattern": {"String": ""}, "content": "xyz"},
    {"type": "Precompiled", "precompiled_charsmap": "AAAAAA=="},
    {"type": "Metaspace", "replacement": "_", "prepend_scheme": "always"},
    {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True},
    {"type": "Digits", "individual_digits": True},
)


def kinds(folder):
    """Return the folder of each kind of tokenizer as a Kind of file."""
    found = {}
    for name, make in TOKENIZERS.items():
        tokenizer = make()
        size = tokenizer.get_vocab_size()
        arrays = {"embeddings": matrix_of(tokenizer)}
        if name == "WordPiece":
            arrays["mapping"] = np.arange(size) % 5
            arrays["weights"] = np.linspace(0, 1, size)
        path = write(folder / name, tokenizer, arrays, normalize=True, max_length=9)
        files = packed([(path / file).read_bytes() for file in FILES])
        found[f"static {name}"] = Kind(files, _loader(folder), _use, damage)
    write_vectors(source(normalize=True), folder / "native")
    data = (folder / "native").read_bytes()
    found["static native"] = Kind(data, read_vectors, _use, mutate)
    documents = TokenizedDocuments.from_documents(TEXTS, analyzer=source().tokenizer)
    documents.save(folder / "pieces")
    data = (folder / "pieces").read_bytes()
    found["static documents"] = Kind(
        data, _document_loader(folder), _use_documents, mutate
    )
    return found


NAMES = [*(f"static {name}" for name in [*TOKENIZERS, "native", "documents"])]


def _loader(folder):
    """Return what writes the files into a folder, and reads that."""

    def load(stream):
        place = folder / f"static{os.getpid()}"
        place.mkdir(exist_ok=True)
        for name, data in zip(FILES, unpacked(stream.read()), strict=True):
            (place / name).write_bytes(data)
        return read_vectors(place)

    return load


def _document_loader(folder):
    """Return what loads documents, which want the name of a file."""

    def load(stream):
        path = folder / f"pieces{os.getpid()}"
        path.write_bytes(stream.read())
        return TokenizedDocuments.load(path)

    return load


def _use_documents(documents, thoroughly):
    """Pool them, by the same tokenizer or another one."""
    MeanPoolEmbedder(source()).fit(documents).transform(documents)
    if thoroughly:
        pickle.loads(pickle.dumps(documents))[1:].compact()


def _use(vectors, thoroughly):
    """Cut texts, pool and compose; thoroughly: through a file, too."""
    model = MeanPoolEmbedder(vectors).fit(TEXTS)
    model.transform([*TEXTS, ["the", "cat"]])
    if thoroughly:
        as_word_vectors(vectors, ["the", "cats"])
        stream = io.BytesIO()
        pickle.dump(model, stream)
        pickle.loads(stream.getvalue()).transform(TEXTS)

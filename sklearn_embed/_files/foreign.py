"""What other programs' files are, told from their first bytes, and what to do then."""

# SPDX-License-Identifier: BSD-3-Clause

import os
import re
import zipfile
from typing import NamedTuple


class Kind(NamedTuple):
    """A kind of file that is not read here.

    Parameters
    ----------
    name : str
        What it is, as the end of "this is ...".
    remedy : str
        What someone who has vectors in such a file can do.
    is_text : bool, default=False
        Whether the file is text, so that only the caller knows that its content is not
        what was asked for.
    """

    name: str
    remedy: str
    is_text: bool = False

    def for_documents(self):
        """Return what someone can do who has documents in such a file."""
        if self.remedy.startswith(_WHATEVER_IS_IN_IT):
            return self.remedy
        return "Take out the texts with a program for such files, and pass a list"


#: Bytes of a file that tell its kind: the mark of tar stands at 257.
N_BYTES = 512

_FRAME = "and pass the DataFrame, with the words in its index"
_UNPACK = "Unpack it first"
_WHATEVER_IS_IN_IT = (_UNPACK, "Run: ", "Write it as", "Take out its text", "Fetch")
_TORCH = (
    "Load it with torch.load(path, weights_only=True), and pass WordVectors(words, "
    "matrix.numpy())"
)
_NETWORK = (
    "Take its matrix of word embeddings with the program that wrote it, and pass "
    "WordVectors(words, matrix)"
)
_PICKLE = Kind(
    "a pickle, which can run any code when it is loaded",
    "If it is gensim's and you trust it: read_vectors(path, format='gensim')",
)

_MAGIC = (
    (
        rb"\x80[\x01-\x05]\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19\.",
        Kind("a file of PyTorch, of an old version", _TORCH),
    ),
    (rb"\x80[\x00-\x05]", _PICKLE),
    (
        rb"(c[a-z_][\w.]*\n\w+\n(p\d|q[\x00-\x1f]|\)R|\((S['\"]|I\d|[dl]p\d|tR))|"
        rb"\([dl](p\d|q[\x00-\x1f])|\(i[a-z_][\w.]*\n\w+\n(p\d|q[\x00-\x1f]))",
        _PICKLE._replace(
            name="what looks like an old pickle, which can run any code when it is "
            "loaded",
            is_text=True,
        ),
    ),
    (
        rb"\x93NUMPY",
        Kind(
            "a NumPy array without words",
            "Pass WordVectors(words, numpy.load(path))",
        ),
    ),
    (
        rb"PAR1[\x00-\x1f]",
        Kind(
            "a parquet file",
            f"If its index holds the words: read_vectors(path, format='parquet'). "
            f"Otherwise read it with pandas.read_parquet, {_FRAME}",
        ),
    ),
    (
        rb"ARROW1\x00",
        Kind(
            "a file of Arrow (feather)", f"Read it with pandas.read_feather, {_FRAME}"
        ),
    ),
    (
        rb"ORC[\x00-\x1f]",
        Kind("an ORC file", f"Read it with pandas.read_orc, {_FRAME}"),
    ),
    (
        rb"\x89HDF\r\n",
        Kind("an HDF5 file", f"Read it with pandas.read_hdf or h5py, {_FRAME}"),
    ),
    (
        rb"SQLite format 3\0",
        Kind(
            "an SQLite database, as pymagnitude (.magnitude) writes them",
            "Iterate over it with pymagnitude, and pass a dict from word to vector",
        ),
    ),
    (
        rb"FiFu[\x00-\x1f]",
        Kind(
            "a file of finalfusion (.fifu)",
            "Convert it by finalfusion's program: finalfusion convert --from "
            "finalfusion --to word2vec",
        ),
    ),
    (
        rb"(GGUF|ggjt|tjgg|lmgg|ggml)[\x00-\x1f]",
        Kind("a language model of llama.cpp", _NETWORK),
    ),
    (rb".{4}TFL3", Kind("a model of TensorFlow Lite", _NETWORK)),
    (
        rb"\x08[\x01-\x14](\x12.{1,40}\x1a|\x12[\x02-\x28][A-Za-z])",
        Kind("what looks like an ONNX model", _NETWORK),
    ),
    (rb"%PDF-\d", Kind("a PDF document", "Take out its text first")),
    (
        rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        Kind("a document of an old Microsoft Office", "Write it as text first"),
    ),
    (rb"\{\\rtf", Kind("a rich text document", "Write it as plain text first")),
    (rb".{257}ustar", Kind("a tar archive", _UNPACK)),
    (rb"7z\xbc\xaf'\x1c", Kind("a 7z archive", _UNPACK)),
    (rb"Rar!\x1a", Kind("a rar archive", _UNPACK)),
    (rb"PK\x05\x06", Kind("an empty zip archive", "Fetch it again")),
    (
        rb"(\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18)",
        Kind("compressed by zstd", _UNPACK),
    ),
    (rb"\x04\x22\x4d\x18", Kind("compressed by lz4", _UNPACK)),
    (rb"\x1f[\x9d\xa0]", Kind("compressed by compress (.Z)", _UNPACK)),
    (
        rb"\x5d\x00\x00.{2}(\xff{8}|.{5}\x00{3})",
        Kind("compressed in an old format (.lzma)", _UNPACK),
    ),
    (rb"\xff\x06\x00\x00sNaPpY", Kind("compressed by snappy", _UNPACK)),
    (
        rb"x[\x01\x9c\xda]",
        Kind(
            "compressed by zlib, as joblib writes pickles",
            "Load it with joblib, if you trust it, and pass what it holds",
        ),
    ),
    (
        rb"(RD[XA][23]\n|[XAB]\n\x00\x00\x00[\x02\x03])",
        Kind("a file of R", "Write a matrix and its row names as text in R"),
    ),
    (
        rb"MATLAB 5\.0 MAT-file",
        Kind("a file of MATLAB", "Read it with scipy.io.loadmat, and pass WordVectors"),
    ),
    (rb"(\x89PNG\r|\xff\xd8\xff|GIF8[79]a|RIFF.{4}WEBP)", Kind("a picture", "")),
    (rb"(\x7fELF|MZ[\x00-\x90]\x00)", Kind("a program", "")),
    (rb"\x00\x00\x00\x01Bud1", Kind("a note of macOS's Finder (.DS_Store)", "")),
    (
        rb"(\xff\xfe|\xfe\xff)",
        Kind(
            "text in UTF-16",
            "Write it as UTF-8: iconv -f UTF-16 -t UTF-8 OLD > NEW",
        ),
    ),
    (
        rb"version https?://(git-lfs|hawser)",
        Kind(
            "a pointer of Git LFS: the content was not fetched with it",
            "Run: git lfs pull",
        ),
    ),
    (
        rb"(?i)(\xef\xbb\xbf)?\s*<(!doctype|html|head|body)[\s>]",
        Kind(
            "a page of HTML, perhaps what a server sent instead of the file",
            "Open it to see what it says; fetch the file again",
            is_text=True,
        ),
    ),
    (
        rb"(\xef\xbb\xbf)?\s*<\?xml\s",
        Kind("an XML document", "Take out what you need first", is_text=True),
    ),
)
_PATTERNS = [(re.compile(magic, re.DOTALL), kind) for magic, kind in _MAGIC]

_NPZ = Kind(
    "NumPy's archive of arrays (.npz)",
    "Load it with numpy.load(path), and pass WordVectors(words, matrix)",
)

#: Kinds of zip archives, by the name of a member.
_MEMBERS = (
    (
        r"(.*/)?data\.pkl$",
        Kind("a file of PyTorch", _TORCH),
    ),
    (
        r"\[Content_Types\]\.xml$",
        Kind(
            "a document of Microsoft Office (.docx, .xlsx or .pptx)",
            "Write it as text; a sheet: read it with pandas.read_excel",
        ),
    ),
    (
        r"(mimetype|content\.xml)$",
        Kind("a document of OpenOffice or an e-book", "Write it as text first"),
    ),
    (
        r"(.*/)?model\.weights\.h5$",
        Kind("a model of Keras", _NETWORK),
    ),
    (
        r"schema\.json$",
        Kind("a file of skops", "Load it with skops.io.load, and pass what it holds"),
    ),
    (r"META-INF/", Kind("a Java archive", "")),
)
_NAMES = [(re.compile(name), kind) for name, kind in _MEMBERS]

# What systems put beside the files proper.
_LITTER = re.compile(
    r"(__MACOSX/|(.*/)?(\._[^/]*|\.DS_Store|Thumbs\.db|desktop\.ini)$)"
)

_FOLDERS = (
    (
        "modules.json",
        Kind("a folder of sentence-transformers", _NETWORK),
    ),
    (
        "model.safetensors",
        Kind(
            "the folder of a model in safetensors, but not all of a static model",
            "One has tokenizer.json and config.json, too; otherwise read_vectors("
            "folder + '/model.safetensors', tokenizer=...)",
        ),
    ),
    (
        "vocab/vectors",
        Kind(
            "a folder of spaCy",
            "Load it with spacy.load, and pass a dict from word to vector: "
            "nlp.vocab[word].vector",
        ),
    ),
    ("saved_model.pb", Kind("a model of TensorFlow", _NETWORK)),
    ("config.json", Kind("the folder of a model of transformers", _NETWORK)),
)


def foreign(start, text=True):
    """Tell what kind of file begins with these bytes.

    Parameters
    ----------
    start : bytes
        The first `N_BYTES` bytes, or fewer if the file is shorter.
    text : bool, default=True
        Whether kinds of text count, too.

    Returns
    -------
    Kind or None
        None where nothing is known.
    """
    for pattern, kind in _PATTERNS:
        if (text or not kind.is_text) and pattern.match(start):
            return kind
    return None


def foreign_archive(names):
    """Tell what kind of file a zip archive with these members is, None if unknown."""
    if names and all(name.endswith(".npy") for name in names):
        return _NPZ
    for pattern, kind in _NAMES:
        if any(pattern.match(name) for name in names):
            return kind
    return None


def foreign_zip(file):
    """Tell what kind of file a zip archive is, given its name or the open file."""
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
    except (OSError, ValueError, RuntimeError, zipfile.BadZipFile):
        names = []
    return foreign_archive(names) or Kind("a zip archive", _UNPACK)


def foreign_folder(path):
    """Tell what kind of folder this is."""
    for name, kind in _FOLDERS:
        if os.path.exists(os.path.join(path, name)):
            return kind
    return Kind("a folder, not a file", "Name one of the files in it")


def is_litter(name):
    """Tell whether a member of an archive is what an operating system left there."""
    return _LITTER.match(name) is not None

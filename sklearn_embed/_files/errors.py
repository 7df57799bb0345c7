"""The one error of all readers: what is wrong, where, and what to do."""

# SPDX-License-Identifier: BSD-3-Clause

import os

#: Characters of each part of a message: a hostile file would write pages.
_LONGEST = 500


def printable(text: object) -> str:
    """Return a text that stays on one line and does nothing to a terminal.

    Names of files and what stands in them come from strangers: line ends and escapes
    are written as in a string's ``repr``, and long texts are cut.
    """
    text = str(text)
    if len(text) > _LONGEST:
        text = text[:_LONGEST] + "…"
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else repr(character)[1:-1]
        for character in text
    )


class VectorFileError(ValueError):
    """A file of vectors that cannot be read, or written, as it is.

    Parameters
    ----------
    name : str or path
        The file.
    problem : str
        What is wrong.
    remedy : str
        What the caller can do about it.
    row : int or None, default=None
        Row of the file, counted from 0 without the header.
    offset : int or None, default=None
        Byte of the (decompressed) file at which the problem begins.
    """

    def __init__(
        self,
        name: str | os.PathLike[str],
        problem: str,
        remedy: str = "",
        *,
        row: int | None = None,
        offset: int | None = None,
    ) -> None:
        self.name, self.problem, self.remedy = str(name), problem, remedy
        self.row, self.offset = row, offset
        where = [f"row {row}"] if row is not None else []
        where += [f"byte {offset}"] if offset is not None else []
        place = f" ({', '.join(where)})" if where else ""
        ending = f" {remedy}" if remedy else ""
        super().__init__(
            f"{printable(name)}: {printable(problem)}{place}.{printable(ending)}"
        )

    def __reduce__(self):
        return _again, (self.name, self.problem, self.remedy, self.row, self.offset)


def _again(name, problem, remedy, row, offset):
    """Rebuild the error in another process."""
    return VectorFileError(name, problem, remedy, row=row, offset=offset)

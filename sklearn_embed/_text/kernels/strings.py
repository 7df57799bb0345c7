"""Where Python keeps the characters of strings, for kernels that read them there."""

# SPDX-License-Identifier: BSD-3-Clause

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from sklearn_embed._core.compile import kernel

#: Strings between asking for one's head and looking into it.
AHEAD = 8

#: Columns of what `read_strings` writes: address of the first character, number of
#: characters, and bytes of each, 0 standing for one byte that is always ASCII.
ADDRESS, LENGTH, WIDTH = range(3)


@intrinsic
def item_of(typing_context, strings, i):
    """Return the address of an item of the list at an address."""

    def codegen(context, builder, signature, args):
        python = context.get_python_api(builder)
        strings = builder.inttoptr(args[0], python.pyobj)
        return builder.ptrtoint(python.list_getitem(strings, args[1]), _WORD)

    return types.int64(types.int64, types.int64), codegen


@intrinsic
def size_of(typing_context, strings):
    """Return the number of items of the list at an address."""

    def codegen(context, builder, signature, args):
        python = context.get_python_api(builder)
        return python.list_size(builder.inttoptr(args[0], python.pyobj))

    return types.int64(types.int64), codegen


@intrinsic
def type_of(typing_context, item):
    """Return the address of the type of the object at an address."""

    def codegen(context, builder, signature, args):
        python = context.get_python_api(builder)
        kind = python.get_type(builder.inttoptr(args[0], python.pyobj))
        return builder.ptrtoint(kind, _WORD)

    return types.int64(types.int64), codegen


@intrinsic
def characters_of(typing_context, item):
    """Return address, number and width of the characters of the str at an address."""

    def codegen(context, builder, signature, args):
        python = context.get_python_api(builder)
        item = builder.inttoptr(args[0], python.pyobj)
        _, data, length, kind, ascii_only, _ = python.string_as_string_size_and_kind(
            item
        )
        no_ascii = builder.icmp_signed("==", ascii_only, ir.Constant(_HALF, 0))
        width = builder.select(no_ascii, kind, ir.Constant(_HALF, 0))
        parts = builder.ptrtoint(data, _WORD), length, builder.zext(width, _WORD)
        return context.make_tuple(builder, signature.return_type, parts)

    return types.UniTuple(types.int64, 3)(types.int64), codegen


@intrinsic
def prefetch_head(typing_context, item):
    """Ask for the cache line at an address; changes nothing."""

    def codegen(context, builder, signature, args):
        byte = ir.IntType(8).as_pointer()
        kind = ir.FunctionType(ir.VoidType(), [byte, _HALF, _HALF, _HALF])
        function = cgutils.get_or_insert_function(
            builder.module, kind, "llvm.prefetch.p0"
        )
        arguments = [ir.Constant(_HALF, number) for number in (0, 3, 1)]
        builder.call(function, [builder.inttoptr(args[0], byte), *arguments])
        return context.get_dummy_value()

    return types.void(types.int64), codegen


_WORD, _HALF = ir.IntType(64), ir.IntType(32)


@kernel(nogil=False, allocates=False)
def read_strings(strings, str_type, first, most, where):
    """Tell where the characters of some strings lie.

    The GIL is held, since Python's objects are read.  The strings never change, so that
    their characters may be read without it for as long as they are alive.

    Parameters
    ----------
    strings, str_type : int
        Addresses (``id``) of a list and of str.
    first : int
        The first string to look at.
    most : int
        Characters to stop at; a longer string is taken only if it is the first.
    where : ndarray of shape (n_most, 3), int64
        Receives a line for each string.

    Returns
    -------
    n : int
        Strings looked at: fewer than `where` has lines at the end of the list, where
        the characters are too many, and where an item is not exactly a str.
    n_characters : int
        Their characters.
    n_bytes : int
        Their bytes of UTF-8 at the most, one for ASCII and four otherwise.
    """
    n = n_characters = n_bytes = 0
    left = size_of(strings) - first
    n_most = left if left < len(where) else len(where)
    while n < n_most:
        ahead = n + AHEAD if n + AHEAD < left else left - 1
        prefetch_head(item_of(strings, first + ahead))
        item = item_of(strings, first + n)
        if type_of(item) != str_type:
            break
        address, length, width = characters_of(item)
        if address == 0 or (n > 0 and n_characters + length > most):
            break
        where[n, ADDRESS] = address
        where[n, LENGTH] = length
        where[n, WIDTH] = width
        n_characters += length
        n_bytes += length if width == 0 else 4 * length
        n += 1
    return n, n_characters, n_bytes

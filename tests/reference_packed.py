"""How numbers are written as bytes, spelled out."""

# SPDX-License-Identifier: BSD-3-Clause


def bytes_of(number):
    """Return a number as bytes: the lowest seven bits first, 128 for more."""
    out = []
    while number >= 128:
        out.append(number % 128 + 128)
        number //= 128
    return [*out, number]

"""Documents become tokens, tokens become ids."""

# SPDX-License-Identifier: BSD-3-Clause

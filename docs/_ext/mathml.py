"""Formulas as MathML, which browsers show by themselves: no script, nothing to load.

docutils makes it from LaTeX.
"""
# SPDX-License-Identifier: BSD-3-Clause

from docutils.nodes import SkipNode
from docutils.utils.math import latex2mathml


def _inline(translator, node):
    translator.body.append(latex2mathml.tex2mathml(node.astext()))
    raise SkipNode


def _block(translator, node):
    tree = latex2mathml.tex2mathml(node.astext(), as_block=True)
    translator.body.append(f'<div class="formula">{tree}</div>')
    raise SkipNode


def setup(app):
    """Register the renderer; conf.py chooses it."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}

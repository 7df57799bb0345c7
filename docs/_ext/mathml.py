"""Formulas as MathML, which browsers show by themselves: no script, nothing to load.

docutils makes it from LaTeX.
"""
# SPDX-License-Identifier: BSD-3-Clause

from docutils.nodes import SkipNode
from docutils.utils.math import MathError, latex2mathml
from sphinx.util import logging

logger = logging.getLogger(__name__)


def _tree(node, as_block):
    """Return the MathML of a formula; its LaTeX, with a warning, if there is none."""
    code = node.astext()
    if r"\\" in code and r"\begin" not in code:
        code = rf"\begin{{aligned}}{code}\end{{aligned}}"
    try:
        return latex2mathml.tex2mathml(code, as_block=as_block)
    except (MathError, AttributeError, ValueError) as error:
        text = f"no MathML for {code!r}: {error}"
        logger.warning(text, location=node, type="mathml")
        return f"<code>{code}</code>"


def _inline(translator, node):
    translator.body.append(_tree(node, as_block=False))
    raise SkipNode


def _block(translator, node):
    translator.body.append(f'<div class="formula">{_tree(node, as_block=True)}</div>')
    raise SkipNode


def setup(app):
    """Register the renderer; conf.py chooses it."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}

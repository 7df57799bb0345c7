"""A directive that draws questions, one below the other, with answers that link.

A line is a question, ``|`` breaks it; the indented lines below are its answers, each
``text -> /page``.  After a question that begins with ``*`` everybody goes on, not only
who said no; ``=`` begins what is left in the end.
"""
# SPDX-License-Identifier: BSD-3-Clause

from html import escape

from docutils import nodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

logger = logging.getLogger(__name__)

# Everything in pixels at a width of 400, which is that of a telephone.
WIDTH, LINE, PAD, GAP = 400, 16, 9, 22
LEFT, RIGHT = (2, 158), (190, 208)  # x and width of questions, and of answers


class Chart(nodes.General, nodes.Element):
    """Rows of a question and its answers."""


class WhichOne(SphinxDirective):
    """Read the questions and answers."""

    has_content = True

    def run(self):
        """Return the node of the chart."""
        rows = []
        for line in self.content:
            if line[:1].isspace():
                text, _, page = line.partition("->")
                rows[-1][2].append((text.strip(), page.strip().lstrip("/")))
            elif line.strip():
                kind = line[0] if line[0] in "*=" else ""
                question = [part.strip() for part in line.lstrip("*= ").split("|")]
                rows.append((kind, question, []))
        for _, _, answers in rows:
            for _, page in answers:
                if page not in self.env.found_docs:
                    logger.warning("no page %r", page, location=self.get_location())
        return [Chart("", rows=rows)]


def box(place, top, height, kind):
    """Return a rounded rectangle."""
    x, width = place
    return (
        f'<rect class="{kind}" x="{x}" y="{top}" width="{width}" height="{height}" '
        f'rx="6"/>'
    )


def line_of_text(x, top, content, kind=""):
    """Return one line of text."""
    return f'<text class="{kind}" x="{x}" y="{top + LINE - 4}">{content}</text>'


def draw(rows, uri):
    """Return the chart as SVG; `uri` gives the address of a page."""
    parts, top, below, begun = [], 2, None, None
    for kind, question, answers in rows:
        height = 2 * PAD + LINE * max(len(question), len(answers))
        own = 2 * PAD + LINE * len(question)
        start = top + (height - own) / 2
        middle = top + height / 2
        if below is not None:
            x, way = LEFT[0] + 30, "then" if begun == "*" else "no"
            parts.append(f'<path d="M{x} {below}V{start - 2}"/>')
            parts.append(line_of_text(x + 6, (below + start - LINE) / 2, way, "way"))
        below, begun = start + own, kind
        parts.append(box(LEFT, start, own, "question"))
        for k, line in enumerate(question):
            parts.append(
                line_of_text(LEFT[0] + 9, start + PAD + k * LINE, escape(line))
            )
        end = LEFT[0] + LEFT[1]
        parts.append(f'<path d="M{end} {middle}H{RIGHT[0] - 2}"/>')
        if kind != "=":
            parts.append(line_of_text(end + 6, middle - LINE - 2, "yes", "way"))
        tall = 2 * PAD + LINE * len(answers)
        parts.append(box(RIGHT, top + (height - tall) / 2, tall, "answer"))
        for k, (text, page) in enumerate(answers):
            y = top + (height - tall) / 2 + PAD + k * LINE
            linked = f'<a href="{escape(uri(page))}">{escape(text)}</a>'
            parts.append(line_of_text(RIGHT[0] + 9, y, linked))
        top += height + GAP
    height = top - GAP + 2
    return (
        f'<svg class="which-one" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="Questions that lead to a model">'
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z"/></marker></defs>'
        f"{''.join(parts)}</svg>"
    )


def visit_chart(self, node):
    """Write the chart into an HTML page."""
    here = self.builder.current_docname

    def uri(page):
        return self.builder.get_relative_uri(here, page)

    self.body.append(draw(node["rows"], uri))
    raise nodes.SkipNode


def skip(self, node):
    """Leave the chart out where it cannot be drawn; the table below it says it all."""
    raise nodes.SkipNode


def setup(app):
    """Add the directive."""
    others = {name: (skip, None) for name in ("latex", "text", "man", "texinfo")}
    app.add_node(Chart, html=(visit_chart, None), **others)
    app.add_directive("which-one", WhichOne)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

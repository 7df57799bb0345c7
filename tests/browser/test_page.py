"""The word map in a real browser: fluent, offline, and nothing in it runs."""

# SPDX-License-Identifier: BSD-3-Clause

import json

import numpy as np
import pytest
from webdriver import Browser

from sklearn_embed._vectors.word_vectors import WordVectors
from sklearn_embed.plotting import write_html

HOSTILE = [
    "</script><script>window.hacked=1</script>",
    "<img src=x onerror=window.hacked=1>",
    "'\"`${window.hacked=1}`\\",
    "@word @{note} $$x$$",
    "שלום",
    "nul\x00",
    "猫",
]
HELPERS = """
const models = [...Bokeh.documents[0].all_models]
const plot = models.find((m) => m.type === "Figure")
const [rings, dots, labels] = plot.renderers.map((r) => r.data_source)
const view = Bokeh.index.find_one(plot)
function texts(node) {
  const inner = [...node.childNodes].map(texts).join(" ")
  const shadow = node.shadowRoot ? texts(node.shadowRoot) : ""
  const skipped = ["STYLE", "SCRIPT"].includes(node.nodeName)
  return skipped ? "" : node.nodeType === 3 ? node.data : inner + shadow
}
function place(word) {
  const i = dots.data.word.indexOf(word)
  const box = view.canvas_view.el.getBoundingClientRect()
  const frame = view.frame ?? view.plot_view.frame
  return [box.left + frame.x_scale.compute(dots.data.x[i]),
          box.top + frame.y_scale.compute(dots.data.y[i])]
}
"""


@pytest.fixture(scope="module")
def browser():
    with Browser() as browser:
        yield browser


def words_apart(words):
    """Return vectors that PCA lays out along an arc, far from each other."""
    angles = np.linspace(0, 2.5, len(words))
    vectors = np.column_stack([np.cos(angles), np.sin(angles), 0 * angles])
    return WordVectors(words, vectors, range(len(words), 0, -1))


def many_words(n=5000):
    rng = np.random.default_rng(0)
    words = [f"word{i}" for i in range(n)]
    return WordVectors(words, rng.normal(size=(n, 8)), range(n, 0, -1))


def open_page(browser, path, vectors, **options):
    write_html(vectors, path, projection="pca", **options)
    browser.get(path)
    browser.wait_for("return window.Bokeh?.documents[0]?.is_idle")
    browser.wait_for(f"{HELPERS} return labels.data.word.length")


def test_nothing_in_a_word_runs_and_nothing_is_fetched(browser, tmp_path):
    vectors = words_apart(HOSTILE)
    open_page(browser, tmp_path / "map.html", vectors, title=HOSTILE[1])
    shown = browser.run(f"{HELPERS} return dots.data.word")
    assert shown == [word.replace("\x00", "\\x00") for word in HOSTILE]
    for word in shown:
        browser.move_to(1, 1)
        browser.wait_for(f"{HELPERS} return rings.data.x.length === 0")
        x, y = browser.run(
            f"{HELPERS} return place(dots.data.word[{shown.index(word)}])"
        )
        browser.move_to(x, y)
        browser.wait_for(f"{HELPERS} return rings.data.x.length")
        for other in shown:  # itself, and the rest as its neighbours
            browser.wait_for(
                f"{HELPERS} return texts(document.body).includes({js(other)})"
            )
    for word in shown:
        search(browser, word)
        browser.wait_for(f"{HELPERS} return {FOUND}.includes('<bdi>')")
    assert browser.run("return window.hacked === undefined")
    assert browser.run("return performance.getEntriesByType('resource').length") == 0
    assert browser.complaints() == []


FOUND = "models.find((m) => m.name === 'found').text"


def js(text):
    """Return a text as a literal of JavaScript."""
    return json.dumps(text)


def search(browser, text):
    """Enter a text into the search box."""
    box = "models.find((m) => m.name === 'search')"
    browser.run(f"{HELPERS} {box}.value = ''; {box}.value = {js(text)}")


def test_hovering_shows_the_nearest_words(browser, tmp_path):
    words = ["one", "two", "three", "four", "five", "six"]
    open_page(browser, tmp_path / "map.html", words_apart(words), n_neighbors=2)
    browser.move_to(*browser.run(f"{HELPERS} return place('one')"))
    browser.wait_for(f"{HELPERS} return texts(document.body).includes('0.88  two')")
    assert browser.run(f"{HELPERS} return rings.data.x.length") == 3
    shown = browser.run(f"{HELPERS} return texts(document.body)")
    assert "6 ×" in shown
    assert "four" not in shown


def test_typing_into_the_search_box_goes_to_the_word(browser, tmp_path):
    words = ["Alpha", "beta", "gamma", "delta", "epsilon"]
    open_page(browser, tmp_path / "map.html", words_apart(words))
    width = browser.run(f"{HELPERS} return plot.x_range.end - plot.x_range.start")
    browser.run(
        f"{HELPERS} Bokeh.index.find_one(models.find((m) => m.name === 'search'))"
        ".input_el.focus()"
    )
    browser.type("alpha\ue007")
    browser.wait_for(f"{HELPERS} return {FOUND}.startsWith('<bdi>Alpha: beta, gamma')")
    now = browser.run(f"{HELPERS} return [plot.x_range.start, plot.x_range.end]")
    assert now[1] - now[0] == pytest.approx(width / 6)
    assert sum(now) / 2 == pytest.approx(
        browser.run(f"{HELPERS} return dots.data.x[0]")
    )
    search(browser, "omega")
    browser.wait_for(f"{HELPERS} return {FOUND}.includes('omega” is not on this map')")


def test_five_thousand_words_are_fluent_and_labels_do_not_overlap(browser, tmp_path):
    open_page(browser, tmp_path / "map.html", many_words())
    before = set(browser.run(f"{HELPERS} return labels.data.word"))
    assert 50 <= len(before) <= 400
    assert "word0" in before
    for _ in range(4):
        browser.scroll(500, 400, -200)
    browser.wait_for(
        f"{HELPERS} return plot.x_range.end - plot.x_range.start < "
        "0.7 * (plot.x_range.reset_end - plot.x_range.reset_start)"
    )
    browser.wait_for(
        f"{HELPERS} const old = new Set({js(sorted(before))});"
        "return labels.data.word.some((word) => !old.has(word))"
    )
    boxes = np.array(
        browser.wait_for(  # until the map rests and its labels have been placed
            f"""{HELPERS}
            if (labels.waiting) return null
            const pen = document.createElement("canvas").getContext("2d")
            pen.font = "12px system-ui, sans-serif"
            const {{x, y, dx, dy, word}} = labels.data
            const frame = view.frame
            const boxes = word.map((w, i) => {{
              const half = pen.measureText(w).width / 2
              const px = frame.x_scale.compute(x[i]) + dx[i]
              const py = frame.y_scale.compute(y[i]) + dy[i]
              return [px - half, py - 6, px + half, py + 6]
            }})
            const inside = ([left, top, right, bottom]) =>
              left > -3 && top > -3 && right < frame.bbox.right + 3
              && bottom < frame.bbox.bottom + 3
            return boxes.every(inside) && boxes"""
        )
    )
    left, low, right, high = boxes.T
    meet = (left[:, None] < right) & (left < right[:, None])
    meet &= (low[:, None] < high) & (low < high[:, None])
    assert meet.sum() == len(boxes)
    frames = browser.run_async(
        f"""{HELPERS}
        const done = arguments[arguments.length - 1]
        const {{start, end}} = plot.x_range
        const times = []
        function step(now) {{
          times.push(now)
          if (times.length > 40) return done(times)
          const shift = (end - start) * 0.002 * times.length
          plot.x_range.setv({{start: start + shift, end: end + shift}})
          requestAnimationFrame(step)
        }}
        requestAnimationFrame(step)"""
    )
    # Drawn by the processor alone, on whatever machine this is.
    assert np.median(np.diff(frames)) < 250

// What the page does beyond Bokeh: labels where there is space, rings around
// neighbours, a search.  Given: words, labels, rings, plot, found, near, n_near.
// SPDX-License-Identifier: BSD-3-Clause

const MOST_LABELS = 400
const PAUSE = 100 // milliseconds
const LINE = 15 // pixels from one line of text to the next
const CELL = 60 // pixels, of the coarse grid in which neighbouring labels are found

// While the map moves, its labels move along; they are chosen anew now and then.
function soon(draw) {
  if (labels.waiting) return
  labels.waiting = true
  setTimeout(() => {
    labels.waiting = false
    draw()
  }, PAUSE)
}

function widths() {
  if (labels.widths === undefined) {
    const pen = document.createElement("canvas").getContext("2d")
    pen.font = "12px system-ui, sans-serif"
    labels.widths = words.data.word.map((word) => pen.measureText(word).width + 4)
  }
  return labels.widths
}

// What is ringed first, then the words in their order, that is, by frequency: each
// takes a free place beside its dot.
function relabel() {
  const {x, y, word, size} = words.data
  const {x_range, y_range, inner_width, inner_height} = plot
  const x_scale = inner_width / (x_range.end - x_range.start)
  const y_scale = inner_height / (y_range.end - y_range.start)
  const wide = widths()
  const grid = new Map()
  const out = {x: [], y: [], word: [], dx: [], dy: []}

  const cells = (box) => {
    const keys = []
    for (let i = Math.floor(box[0] / CELL); i <= Math.floor(box[2] / CELL); i++)
      for (let j = Math.floor(box[1] / CELL); j <= Math.floor(box[3] / CELL); j++)
        keys.push(i * 100003 + j)
    return keys
  }
  const meets = (a, b) => a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3]

  const first = labels.ringed === undefined
    ? [] : [labels.ringed, ...neighbours(labels.ringed)]
  const early = new Set(first)
  const order = [...first, ...[...word.keys()].filter((i) => !early.has(i))]
  for (const i of order) {
    if (out.word.length === MOST_LABELS) break
    const px = (x[i] - x_range.start) * x_scale
    const py = (y_range.end - y[i]) * y_scale
    if (px < 0 || py < 0 || px > inner_width || py > inner_height) continue
    const far = size[i] / 2 + 1
    const aside = wide[i] / 2 + far, above = LINE / 2 + far
    for (const [dx, dy] of [[aside, 0], [-aside, 0], [0, -above], [0, above]]) {
      const box = [px + dx - wide[i] / 2, py + dy - LINE / 2,
                   px + dx + wide[i] / 2, py + dy + LINE / 2]
      if (box[0] < 0 || box[1] < 0 || box[2] > inner_width || box[3] > inner_height)
        continue
      const keys = cells(box)
      if (keys.some((key) => (grid.get(key) ?? []).some((other) => meets(box, other))))
        continue
      for (const key of keys) {
        if (!grid.has(key)) grid.set(key, [])
        grid.get(key).push(box)
      }
      out.x.push(x[i]); out.y.push(y[i]); out.word.push(word[i])
      out.dx.push(dx); out.dy.push(dy)
      break
    }
  }
  labels.data = out
}

function neighbours(i) {
  return Array.from(near.data.row.slice(i * n_near, (i + 1) * n_near))
}

function listed(i) {
  const cosine = (k) => (near.data.cosine[i * n_near + k] / 100).toFixed(2)
  const line = (j, k) => `${cosine(k)}  ${words.data.word[j]}`
  return neighbours(i).map(line).join("\n")
}

// Around the word under the mouse; else around the one last searched for.
function ring(i) {
  i = i ?? labels.wanted
  if (i === labels.ringed) return
  labels.ringed = i
  const around = i === undefined ? [] : [i, ...neighbours(i)]
  rings.data = {x: around.map((j) => words.data.x[j]),
                y: around.map((j) => words.data.y[j])}
  soon(relabel)
}

function say(text) {
  // Text, never HTML: words come from anywhere.
  const safe = document.createElement("bdi")
  safe.textContent = text
  found.text = safe.outerHTML
}

function go_to(text) {
  const wanted = text.trim()
  if (wanted === "") return
  const {x, y, word} = words.data
  let i = word.indexOf(wanted)
  if (i < 0) {
    const small = wanted.toLowerCase()
    i = word.findIndex((each) => each.toLowerCase() === small)
    if (i < 0) i = word.findIndex((each) => each.toLowerCase().startsWith(small))
  }
  if (i < 0) return say(`“${wanted}” is not on this map`)
  say(`${word[i]}: ${neighbours(i).map((j) => word[j]).join(", ")}`)
  for (const [range, place] of [[plot.x_range, x[i]], [plot.y_range, y[i]]]) {
    const whole = range.reset_end - range.reset_start
    range.setv({start: place - whole / 12, end: place + whole / 12})
  }
  labels.wanted = i
  ring(i)
}

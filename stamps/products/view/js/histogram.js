// Histogram over the range of the colours, in these colours, with a brush that chooses what is shown.

const BINS = 60;
const SVG = "http://www.w3.org/2000/svg";

/** An SVG element with attributes and text. */
function svg(name, attributes = {}, text = null) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== null) element.textContent = text;
  return element;
}

class Histogram {
  /** brushed([low, high] or null) is called while the mouse chooses a range. */
  constructor(element, brushed) {
    this.element = element;
    this.brushed = brushed;
    this.shown = null;
    let start = null;
    const value = (event) => {
      const box = element.getBoundingClientRect(), t = (event.clientX - box.left - this.left) / this.wide;
      return this.range[0] + Math.max(0, Math.min(1, t)) * (this.range[1] - this.range[0]);
    };
    element.addEventListener("pointerdown", (event) => {
      if (!this.range) return;
      start = { value: value(event), x: event.clientX };
      element.setPointerCapture(event.pointerId);
    });
    element.addEventListener("pointermove", (event) => {
      if (start && Math.abs(event.clientX - start.x) > 3) this.choose(start.value, value(event));
    });
    element.addEventListener("pointerup", (event) => {
      if (start && Math.abs(event.clientX - start.x) <= 3) this.brushed(null);
      start = null;
    });
  }

  /** Ends at the ends of the bar mean everything beyond, too. */
  choose(a, b) {
    const [low, high] = a < b ? [a, b] : [b, a], width = (this.range[1] - this.range[0]) * 0.004;
    this.brushed([
      low <= this.range[0] + width ? -Infinity : low, high >= this.range[1] - width ? Infinity : high,
    ]);
  }

  /** Draw values over a range; what lies beyond counts in the outermost bins. */
  draw(values, range, shown, palette, unit) {
    Object.assign(this, { range, shown });
    const counts = new Uint32Array(BINS), factor = BINS / (range[1] - range[0] || 1);
    let total = 0;
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      if (value !== value) continue;
      counts[Math.max(0, Math.min(BINS - 1, Math.floor((value - range[0]) * factor)))]++;
      total++;
    }
    const { element } = this, width = element.clientWidth || 320, height = element.clientHeight || 132;
    const left = 16, wide = width - 32, bar = 14, base = height - 36, most = Math.max(...counts, 1);
    Object.assign(this, { left, wide });
    element.setAttribute("viewBox", `0 0 ${width} ${height}`);
    element.replaceChildren();
    const step = wide / BINS;
    counts.forEach((count, b) => {
      const high = (count / most) * (base - 8);
      const middle = range[0] + ((b + 0.5) / BINS) * (range[1] - range[0]);
      const off = shown && (middle < shown[0] || middle > shown[1]);
      const colour = off ? "var(--line)" : palette.css((b + 0.5) / BINS);
      if (count) {
        element.append(svg("rect", {
          x: left + b * step, y: base - Math.max(high, 1), width: Math.max(step - 0.6, 0.5), height: Math.max(high, 1),
          fill: colour, stroke: "var(--ink)", "stroke-opacity": off ? 0.1 : 0.35, "stroke-width": 0.5,
        }));
      }
      element.append(svg("rect", { x: left + b * step, y: base + 3, width: step + 0.3, height: bar, fill: palette.css((b + 0.5) / BINS) }));
    });
    element.append(svg("rect", { x: left, y: base + 3, width: wide, height: bar, fill: "none", stroke: "var(--soft)" }));
    this.drawBrush(base, bar);
    const place = (value) => left + ((value - range[0]) / (range[1] - range[0] || 1)) * wide;
    for (const tick of ticksBetween(range[0], range[1], 6)) {
      element.append(svg("line", { x1: place(tick), x2: place(tick), y1: base + bar + 3, y2: base + bar + 7, stroke: "var(--soft)" }));
      element.append(svg("text", { x: place(tick), y: height - 2, "text-anchor": "middle" }, tickText(tick)));
    }
    const peak = range[0] + ((counts.indexOf(Math.max(...counts)) + 0.5) / BINS) * (range[1] - range[0]);
    element.setAttribute("aria-label", `Histogram of ${total} values with the colour bar, from ${tickText(range[0])} to ` +
      `${tickText(range[1])} ${unit}${total ? `, most of them near ${tickText(Number(peak.toPrecision(2)))}` : ""}`);
  }

  drawBrush(base, bar) {
    const { shown, range, left, wide } = this;
    if (!shown) return;
    const place = (value) => left + Math.max(0, Math.min(1, (value - range[0]) / (range[1] - range[0]))) * wide;
    const [a, b] = shown.map(place);
    this.element.append(svg("rect", {
      x: a, y: 2, width: Math.max(b - a, 1), height: base + bar + 1, fill: "var(--accent)", "fill-opacity": 0.15, stroke: "var(--accent)",
    }));
  }
}

// Chart of time series: points, their lines, dates below, millimetres beside.

const DAY = 86400000;

/** Milliseconds of an ISO date. */
function timeOf(date) {
  return Date.parse(`${date}T00:00:00Z`);
}

/** Ticks of a time axis: [{time, text}], at beginnings of years or months. */
function dateTicks(low, high, wanted) {
  const months = (high - low) / DAY / 30.44;
  const step = [1, 2, 3, 6, 12, 24, 60, 120].find((s) => months / s <= wanted) ?? 240;
  const first = new Date(low), ticks = [];
  for (let m = Math.ceil((first.getUTCFullYear() * 12 + first.getUTCMonth()) / step) * step; ; m += step) {
    const time = Date.UTC(Math.floor(m / 12), m % 12, 1);
    if (time > high) return ticks;
    if (time < low) continue;
    ticks.push({ time, text: new Date(time).toISOString().slice(0, step >= 12 ? 4 : 7) });
  }
}

class Chart {
  constructor(element) {
    this.element = element;
  }

  /**
   * Draw.
   * title: text; times: of the series; days: since the master; master: time; series: [{name, colour, values, line}].
   */
  draw({ title, times, days, master, series }) {
    const { element } = this, width = element.clientWidth || 600, height = element.clientHeight || 250;
    const box = { left: 62, right: width - 14, top: 30, bottom: height - 28 };
    element.setAttribute("viewBox", `0 0 ${width} ${height}`);
    element.setAttribute("role", "img");
    element.setAttribute("aria-label", title);
    element.replaceChildren(svg("title", {}, title));
    const [low, high] = this.rangeOf(series, days);
    const begin = Math.min(times[0], master), end = Math.max(times[times.length - 1], master), pad = (end - begin) * 0.025;
    const x = (time) => box.left + ((time - begin + pad) / (end - begin + 2 * pad || 1)) * (box.right - box.left);
    const y = (value) => box.bottom - ((value - low) / (high - low)) * (box.bottom - box.top);
    this.drawAxes({ box, low, high, begin, end, x, y, master });
    let at = 12;
    for (const one of series) {
      this.drawSeries(one, { times, days, x, y, box });
      const label = svg("text", { x: at, y: 17, class: "strong", style: `fill:${one.colour}` }, one.label);
      element.append(label);
      at += (label.getComputedTextLength?.() || one.label.length * 7) + 16;
    }
  }

  rangeOf(series, days) {
    let [low, high] = [Infinity, -Infinity];
    for (const { values, line } of series) {
      const ends = [days[0], days[days.length - 1]].map((day) => line.intercept + (line.slope * day) / 365.25);
      for (const value of [...values, ...ends]) {
        if (value < low) low = value;
        if (value > high) high = value;
      }
    }
    if (low > high) return [-1, 1];
    const pad = Math.max((high - low) * 0.08, 1);
    return [Math.min(low - pad, 0), Math.max(high + pad, 0)];
  }

  drawAxes({ box, low, high, begin, end, x, y, master }) {
    const { element } = this;
    for (const tick of ticksBetween(low, high, (box.bottom - box.top) / 36)) {
      element.append(svg("line", {
        x1: box.left, x2: box.right, y1: y(tick), y2: y(tick), stroke: tick === 0 ? "#8894a0" : "#e2e7eb",
      }));
      element.append(svg("text", { x: box.left - 7, y: y(tick) + 4, "text-anchor": "end" }, tickText(tick)));
    }
    for (const { time, text } of dateTicks(begin, end, (box.right - box.left) / 62)) {
      element.append(svg("line", { x1: x(time), x2: x(time), y1: box.bottom, y2: box.bottom + 5, stroke: "#51606e" }));
      const half = text.length * 3.3, place = Math.max(box.left + half - 20, Math.min(box.right - half + 10, x(time)));
      element.append(svg("text", { x: place, y: box.bottom + 18, "text-anchor": "middle" }, text));
    }
    element.append(svg("line", { x1: box.left, x2: box.right, y1: box.bottom, y2: box.bottom, stroke: "#51606e" }));
    const line = svg("line", {
      x1: x(master), x2: x(master), y1: box.top, y2: box.bottom, stroke: "#8894a0", "stroke-dasharray": "2 3",
    });
    line.append(svg("title", {}, "date of the master image"));
    element.append(line, svg("text", { x: x(master) + 4, y: box.bottom - 5, class: "faint" }, "master"));
    const middle = (box.top + box.bottom) / 2;
    element.append(svg("text", {
      transform: `translate(14 ${middle}) rotate(-90)`, "text-anchor": "middle", class: "faint",
    }, "towards satellite (mm)"));
  }

  drawSeries({ name, colour, values, line }, { times, days, x, y, box }) {
    const { element } = this, last = times.length - 1;
    if (line && Number.isFinite(line.slope)) {
      const at = (k) => line.intercept + (line.slope * days[k]) / 365.25;
      element.append(svg("line", {
        x1: x(times[0]), y1: y(at(0)), x2: x(times[last]), y2: y(at(last)), stroke: colour, "stroke-width": 2,
        class: "fit", "data-name": name,
      }));
    }
    const shape = { A: "circle", B: "square" }[name] ?? "diamond";
    values.forEach((value, k) => {
      if (value !== value) return;
      const text = `${new Date(times[k]).toISOString().slice(0, 10)}: ${formatted(value, 1)} mm`;
      const mark = markOf(shape, x(times[k]), y(value));
      for (const [key, set] of Object.entries({ fill: colour, "fill-opacity": 0.75, stroke: "#fff", class: "observation", "data-name": name, "data-value": value.toFixed(3) })) {
        mark.setAttribute(key, set);
      }
      mark.append(svg("title", {}, text));
      element.append(mark);
    });
  }
}

/** Mark of a series, so that colour is not the only difference. */
function markOf(shape, x, y) {
  if (shape === "circle") return svg("circle", { cx: x, cy: y, r: 4 });
  if (shape === "square") return svg("rect", { x: x - 3.6, y: y - 3.6, width: 7.2, height: 7.2 });
  return svg("path", { d: `M${x} ${y - 5}l5 5l-5 5l-5 -5z` });
}

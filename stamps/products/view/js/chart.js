// Charts of time series, drawn by uPlot: observations, models, events; zoomed and read together by mouse, fingers, keys.

const CHART_FONT = "12px system-ui, 'Segoe UI', Roboto, Arial, sans-serif";
const CURVE = 240; // pieces of the line of a model

/** Ticks of a time axis of some pixels: [{time, text}], at beginnings of years or months, or at days of a short time. */
function dateTicks(low, high, pixels) {
  const days = (high - low) / DAY, wanted = Math.max(2, pixels / 62), full = Math.max(2, pixels / 84);
  if (days / full < 16) return dayTicks(low, high, [1, 2, 5, 10].find((s) => days / s <= full) ?? 16);
  const step = [1, 2, 3, 6, 12, 24, 60, 120].find((s) => days / 30.44 / s <= wanted) ?? 240;
  const first = new Date(low), ticks = [];
  for (let m = Math.ceil((first.getUTCFullYear() * 12 + first.getUTCMonth()) / step) * step; ; m += step) {
    const time = Date.UTC(Math.floor(m / 12), m % 12, 1);
    if (time > high) return ticks;
    if (time < low) continue;
    ticks.push({ time, text: dateOf(time).slice(0, step >= 12 ? 4 : 7) });
  }
}

function dayTicks(low, high, step) {
  const ticks = [];
  for (let k = Math.ceil(low / DAY / step); k * step * DAY <= high; k++) {
    ticks.push({ time: k * step * DAY, text: dateOf(k * step * DAY) });
  }
  return ticks;
}

/** All charts of what is selected: one range of dates, one date that is read. */
class SeriesCharts {
  /** said(text): what a key has brought, for those who listen. */
  constructor(element, said) {
    this.element = element;
    this.said = said;
    this.charts = [];
    this.range = null; // times that are shown; null: all
    this.at = null; // position of the date that is read
    document.addEventListener("themechange", () => this.charts.forEach((chart) => chart.redraw()));
  }

  /**
   * Show series.
   * groups, one for each chart: [{title, entries: [{name, ink, values, model: {at(day)}, ends (times), label}]}]; frame: {times,
   * dayOf(time), marks: [{time, text}] (vertical lines), since (text)}.
   */
  show(groups, frame) {
    this.frame = frame;
    const kinds = groups.map((group) => group.entries.map((entry) => entry.name).join()).join(";");
    if (kinds !== this.kinds) {
      this.clear();
      this.kinds = kinds;
      this.charts = groups.map((group) => new SeriesChart(this, group));
    }
    groups.forEach((group, k) => this.charts[k].update(group));
  }

  /** Remove everything. */
  clear() {
    this.charts.forEach((chart) => chart.remove());
    Object.assign(this, { charts: [], kinds: null, at: null });
  }

  /** Times from before the first to after the last of what is drawn. */
  get all() {
    const times = [...this.frame.times, ...this.frame.marks.map((mark) => mark.time)];
    const low = Math.min(...times), high = Math.max(...times), pad = Math.max((high - low) * 0.025, DAY);
    return [low - pad, high + pad];
  }

  get shown() {
    return this.range ?? this.all;
  }

  /** Show a range of times, as far as there is anything; null: all. */
  zoomTo(range) {
    const [first, last] = this.all, least = Math.min(4 * DAY, last - first);
    if (range) {
      const middle = (range[0] + range[1]) / 2, half = Math.max(range[1] - range[0], least) / 2;
      let [low, high] = [middle - half, middle + half];
      if (low < first) [low, high] = [first, Math.min(last, high + first - low)];
      if (high > last) [low, high] = [Math.max(first, low + last - high), last];
      range = low <= first && high >= last ? null : [low, high];
    }
    this.range = range;
    this.charts.forEach((chart) => chart.place());
  }

  zoom(factor, time = this.middle) {
    const [low, high] = this.shown;
    this.zoomTo([time - (time - low) / factor, time + (high - time) / factor]);
  }

  /** Where keys zoom: at the date that is read. */
  get middle() {
    const [low, high] = this.shown, time = this.at === null ? NaN : this.frame.times[this.at];
    return time >= low && time <= high ? time : (low + high) / 2;
  }

  pan(milliseconds) {
    const [low, high] = this.shown;
    if (this.range) this.zoomTo([low + milliseconds, high + milliseconds]);
  }

  /** Read the values of one date (its position, or null) in every chart. */
  read(at, from = null) {
    this.at = at;
    for (const chart of this.charts) chart.read(at, chart !== from);
  }

  /** Read the next date in a direction that has a value; what lies outside is moved into sight. */
  step(direction, at = this.at ?? (direction > 0 ? -1 : this.frame.times.length)) {
    const series = this.charts.flatMap((chart) => chart.group.entries.map((entry) => entry.values));
    do at += direction; while (at >= 0 && at < this.frame.times.length && series.every((values) => values[at] !== values[at]));
    if (!(at >= 0 && at < this.frame.times.length)) return;
    const time = this.frame.times[at], [low, high] = this.shown;
    if (time < low || time > high) this.zoomTo([time - (high - low) / 2, time + (high - low) / 2]);
    this.read(at);
    this.said(`${dateOf(time)}: ${this.charts.map((chart) => chart.reading(at, "millimetres")).join(", ")}.`);
  }

  key(event) {
    const actions = {
      ArrowLeft: () => this.step(-1), ArrowRight: () => this.step(1),
      Home: () => this.step(1, -1), End: () => this.step(-1, this.frame.times.length),
      "+": () => this.zoom(1.5), "=": () => this.zoom(1.5), "-": () => this.zoom(1 / 1.5), 0: () => this.zoomTo(null),
    };
    if (!actions[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    actions[event.key]();
    event.preventDefault();
  }
}

/** One chart: a head with names and values, and a uPlot that draws axes and finds dates. */
class SeriesChart {
  constructor(charts, group) {
    this.charts = charts;
    this.group = group;
    this.touched = -Infinity; // when a finger was here
    const make = (name) => Object.assign(document.createElement("div"), { className: name });
    this.root = make("chart");
    this.names = this.root.appendChild(make("chart-names"));
    this.readout = this.root.appendChild(make("chart-readout"));
    this.plot = this.root.appendChild(make("chart-plot"));
    this.plot.tabIndex = 0;
    this.plot.setAttribute("role", "application");
    this.whole = this.plot.appendChild(Object.assign(document.createElement("button"), {
      type: "button", className: "chart-whole", textContent: "All dates", title: "0", hidden: true,
    }));
    this.whole.addEventListener("click", () => charts.zoomTo(null));
    charts.element.append(this.root);
    this.uplot = new uPlot(this.options(), this.table(), this.plot);
    this.listen();
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(this.plot);
  }

  remove() {
    this.observer.disconnect();
    this.uplot.destroy();
    this.root.remove();
  }

  options() {
    const axis = (more) => ({
      font: CHART_FONT, stroke: () => stampsTheme.colour("ink"), grid: { stroke: () => stampsTheme.colour("line"), width: 1 },
      ticks: { stroke: () => stampsTheme.colour("soft"), width: 1, size: 5 }, ...more,
    });
    const dates = (u, low, high) => dateTicks(low, high, u.bbox.width / devicePixelRatio);
    const { entries } = this.group;
    return {
      ...this.size(), legend: { show: false }, padding: [6, 14, 0, 0], scales: { x: { time: false }, y: {} },
      axes: [
        axis({
          size: 30, gap: 4, splits: (u, k, low, high) => dates(u, low, high).map((tick) => tick.time),
          values: (u, splits) => {
            const texts = new Map(dates(u, u.scales.x.min, u.scales.x.max).map((tick) => [tick.time, tick.text]));
            return splits.map((time) => texts.get(time) ?? "");
          },
        }),
        axis({
          size: 42, gap: 3, label: "mm towards satellite", labelSize: 18, labelGap: 0, labelFont: CHART_FONT, splits: (u, k, low, high) => ticksBetween(low, high, u.bbox.height / devicePixelRatio / 34),
          values: (u, splits) => splits.map(tickText),
        }),
      ],
      series: [{}, ...entries.map((entry) => ({
        label: entry.name, paths: () => null, points: { show: false }, stroke: () => stampsTheme.colour(entry.ink),
      }))],
      cursor: {
        y: false, points: { size: 13, width: 2, fill: "transparent", stroke: (u, k) => stampsTheme.colour(entries[k - 1].ink) },
        drag: { x: true, y: false, setScale: false, dist: 5 },
        bind: this.mouse(),
      },
      hooks: {
        draw: [() => this.draw()],
        setCursor: [(u) => this.moved(u.cursor.left < 0 ? null : u.cursor.idx)],
        setSelect: [(u) => this.chosen(u.select)],
      },
    };
  }

  /** What uPlot does with the mouse, but not with the one that browsers make up after a touch. */
  mouse() {
    const real = (u, target, handler) => (event) => {
      if (event.timeStamp - this.touched > 800) handler(event);
    };
    const names = ["mousedown", "mouseup", "mousemove", "mouseenter", "mouseleave"];
    return { ...Object.fromEntries(names.map((name) => [name, real])), dblclick: () => () => this.charts.zoomTo(null) };
  }

  /** Values as uPlot wants them. */
  table() {
    const gaps = (values) => Array.from(values, (value) => (value === value ? value : null));
    return [this.charts.frame.times, ...this.group.entries.map((entry) => gaps(entry.values))];
  }

  update(group) {
    this.group = group;
    this.plot.setAttribute("aria-label", `${group.title}. Arrow keys move along the dates, plus and minus zoom, 0 shows all.`);
    this.names.replaceChildren(...group.entries.map((entry) => {
      const name = document.createElement("span");
      name.style.color = `var(--${entry.ink})`;
      name.textContent = `${SYMBOLS[entry.name]} ${entry.label}`;
      return name;
    }));
    this.silently(() => this.uplot.setData(this.table(), false));
    this.place();
  }

  size() {
    return { width: Math.max(120, this.plot.clientWidth), height: Math.max(90, this.plot.clientHeight) };
  }

  resize() {
    const { width, height } = this.size();
    if (width === this.uplot.width && height === this.uplot.height) return;
    this.silently(() => this.uplot.setSize({ width, height }));
    this.place();
  }

  redraw() {
    this.uplot.redraw(false, true);
  }

  /** Take the range of dates of all charts, and the values that fit. */
  place() {
    const [min, max] = this.charts.shown, [low, high] = this.heights(min, max), { uplot } = this;
    this.whole.hidden = this.charts.range === null;
    this.silently(() => uplot.batch(() => {
      uplot.setScale("x", { min, max });
      uplot.setScale("y", { min: low, max: high });
      this.redraw();
    }));
    this.read(this.charts.at);
  }

  /** Do something of which uPlot says that the mouse were elsewhere. */
  silently(action) {
    this.silent = true;
    action();
    this.silent = false;
  }

  /** Range of values and models between two times; the whole series always shows where zero is. */
  heights(first, last) {
    const { times, dayOf } = this.charts.frame;
    let [low, high] = [Infinity, -Infinity];
    const take = (value) => { if (value < low) low = value; if (value > high) high = value; };
    for (const { values, model, ends: [begin, end] } of this.group.entries) {
      const ends = [Math.max(first, begin), Math.min(last, end)];
      values.forEach((value, k) => { if (times[k] >= first && times[k] <= last) take(value); });
      for (let k = 0; model && ends[0] <= ends[1] && k <= 24; k++) take(model.at(dayOf(ends[0] + ((ends[1] - ends[0]) * k) / 24)));
    }
    if (low > high) return [-1, 1];
    const pad = Math.max((high - low) * 0.08, 1);
    return this.charts.range ? [low - pad, high + pad] : [Math.min(low - pad, 0), Math.max(high + pad, 0)];
  }

  // ------------------------------------------------------------------ drawing

  draw() {
    const { ctx, bbox } = this.uplot;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    this.drawZero();
    const words = { above: [[], [], []], below: [[], [], []] }; // what is taken of the rows of words
    const { marks } = this.charts.frame, [low, high] = this.charts.shown, ratio = devicePixelRatio;
    this.room = bbox.width / ratio / marks.filter(({ time, event }) => event && time >= low && time <= high).length; // of each event
    for (const mark of marks) this.drawMark(mark, words);
    for (const entry of this.group.entries) this.drawModel(entry);
    for (const entry of this.group.entries) this.drawObservations(entry);
    ctx.restore();
  }

  x(time) { return this.uplot.valToPos(time, "x", true); }
  y(value) { return this.uplot.valToPos(value, "y", true); }

  drawZero() {
    const { ctx, bbox } = this.uplot, y = Math.round(this.y(0)) + 0.5;
    ctx.strokeStyle = stampsTheme.colour("soft");
    ctx.lineWidth = 1;
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
  }

  /** Vertical line with a word at its foot, or at its head for an event. */
  drawMark({ time, text, event }, words) {
    const { ctx, bbox } = this.uplot, ratio = devicePixelRatio, x = Math.round(this.x(time)) + 0.5;
    if (x < bbox.left || x > bbox.left + bbox.width) return;
    ctx.strokeStyle = ctx.fillStyle = stampsTheme.colour(event ? "event" : "soft");
    const crowded = event && this.room < 14; // thin lines, and words in the list only
    ctx.lineWidth = (event && !crowded ? 1.6 : 1) * ratio;
    ctx.globalAlpha = crowded ? 0.5 : 1;
    ctx.setLineDash(event ? [6 * ratio, 4 * ratio] : [2 * ratio, 3 * ratio]);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.setLineDash([]);
    ctx.globalAlpha = 1;
    if (crowded) return;
    ctx.font = `${11 * ratio}px system-ui, 'Segoe UI', Roboto, Arial, sans-serif`;
    const word = this.shortened(text), width = ctx.measureText(word).width + 8 * ratio;
    const left = x + width > bbox.left + bbox.width ? x - width : x, row = freeRow(words[event ? "above" : "below"], left, left + width);
    if (row < 0) return; // the list beside the charts has it
    const first = event ? (this.whole.hidden ? 3 : 30) : 4, away = (first + 14 * row) * ratio;
    ctx.textAlign = "left";
    ctx.textBaseline = event ? "top" : "bottom";
    ctx.fillText(word, left + 4 * ratio, event ? bbox.top + away : bbox.top + bbox.height - away);
  }

  /** A word that takes less than half of the chart. */
  shortened(text) {
    const { ctx, bbox } = this.uplot;
    if (ctx.measureText(text).width < bbox.width / 2) return text;
    const letters = [...text];
    while (letters.length > 1 && ctx.measureText(`${letters.join("")}…`).width >= bbox.width / 2) letters.pop();
    return `${letters.join("").trimEnd()}…`;
  }

  drawModel({ model, ink, ends }) {
    if (!model) return;
    const { ctx } = this.uplot, { dayOf, marks } = this.charts.frame, [low, high] = this.charts.shown;
    const first = Math.max(low, ends[0]), last = Math.min(high, ends[1]);
    if (first > last) return;
    const places = Array.from({ length: CURVE + 1 }, (_, k) => first + ((last - first) * k) / CURVE);
    for (const { time, event } of marks) if (event && time > first && time < last) places.push(time, time + 1);
    places.sort((a, b) => a - b);
    ctx.strokeStyle = stampsTheme.colour(ink);
    ctx.lineWidth = 2 * devicePixelRatio;
    ctx.beginPath();
    for (const time of places) ctx.lineTo(this.x(time), this.y(model.at(dayOf(time))));
    ctx.stroke();
  }

  drawObservations({ name, ink, values }) {
    const { ctx } = this.uplot, { times } = this.charts.frame, ratio = devicePixelRatio;
    ctx.fillStyle = stampsTheme.colour(ink);
    ctx.strokeStyle = stampsTheme.colour("paper");
    ctx.lineWidth = ratio;
    values.forEach((value, k) => {
      if (value !== value) return;
      const shape = symbolOf(name, this.x(times[k]), this.y(value), 4 * ratio);
      ctx.globalAlpha = 0.75;
      ctx.fill(shape);
      ctx.globalAlpha = 1;
      ctx.stroke(shape);
    });
  }

  // ------------------------------------------------------------------ reading

  /** "A −3.1 mm, B 4.0 mm" on a date. */
  reading(at, unit = "mm") {
    const name = (entry) => (unit === "mm" ? entry.name : entry.name.replace("−", "minus"));
    return this.group.entries.map((entry) => `${name(entry)} ${formatted(entry.values[at], 1)} ${unit}`).join(", ");
  }

  read(at, placing = true) {
    const { times, since } = this.charts.frame;
    this.readout.textContent = at === null ? since : `${dateOf(times[at])}: ${this.reading(at)}`;
    if (!placing) return;
    const left = at === null ? -10 : this.uplot.valToPos(times[at], "x");
    this.silently(() => this.uplot.setCursor({ left, top: at === null ? -10 : this.plot.clientHeight / 3 }));
  }

  moved(at) {
    if (!this.silent && at !== this.charts.at) this.charts.read(at ?? null, this);
  }

  chosen({ left, width }) {
    if (width < 5) return;
    const range = [left, left + width].map((place) => this.uplot.posToVal(place, "x"));
    this.uplot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.charts.zoomTo(range);
  }

  // ------------------------------------------------------------------ wheel, fingers, keys

  listen() {
    const { over } = this.uplot, { charts } = this;
    const place = (event) => event.clientX - over.getBoundingClientRect().left;
    over.addEventListener("wheel", (event) => {
      event.preventDefault();
      const unit = event.deltaMode ? 30 : 1, [low, high] = charts.shown;
      if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) charts.pan((event.deltaX * unit * (high - low)) / over.clientWidth);
      else charts.zoom(Math.exp(-Math.max(-120, Math.min(120, event.deltaY * unit)) * 0.004), this.uplot.posToVal(place(event), "x"));
    }, { passive: false });
    this.plot.addEventListener("keydown", (event) => charts.key(event));
    this.listenToFingers(over, place);
  }

  /** One finger reads, two zoom, two taps show everything. */
  listenToFingers(over, place) {
    const fingers = new Map(); // of each pointer: {at: place, time: what stays below it}
    let lastTap = 0;
    const read = (event) => {
      const left = Math.max(0, Math.min(over.clientWidth - 1, place(event)));
      this.charts.read(this.uplot.posToIdx(left));
    };
    over.addEventListener("pointerdown", (event) => {
      if (event.pointerType !== "touch") return;
      this.touched = event.timeStamp;
      fingers.set(event.pointerId, { at: place(event) });
      for (const finger of fingers.values()) finger.time = this.uplot.posToVal(finger.at, "x");
      if (fingers.size > 1) return;
      read(event);
      if (event.timeStamp - lastTap < 350) this.charts.zoomTo(null);
      lastTap = event.timeStamp;
    });
    over.addEventListener("pointermove", (event) => {
      const finger = fingers.get(event.pointerId);
      if (!finger) return;
      if (Math.abs(place(event) - finger.at) > 8) lastTap = 0;
      finger.at = place(event);
      if (fingers.size === 1) read(event);
      else this.pinch(...fingers.values(), over.clientWidth);
    });
    const end = (event) => {
      if (fingers.delete(event.pointerId)) this.touched = event.timeStamp;
    };
    for (const name of ["pointerup", "pointercancel"]) over.addEventListener(name, end);
  }

  /** The times below two fingers stay there. */
  pinch(one, other, width) {
    if (Math.abs(one.at - other.at) < 10 || one.time === other.time) return;
    const scale = (one.time - other.time) / (one.at - other.at);
    if (!(scale > 0)) return;
    const low = one.time - one.at * scale;
    this.charts.zoomTo([low, low + width * scale]);
  }
}

/** The first row in which nothing stands between two places, which are taken then; -1: none. */
function freeRow(rows, from, to) {
  const row = rows.findIndex((taken) => taken.every(([first, last]) => to <= first || from >= last));
  if (row >= 0) rows[row].push([from, to]);
  return row;
}

const SYMBOLS = { A: "●", B: "■", "A − B": "◆" };

/** Mark of a series, so that colour is not the only difference. */
function symbolOf(name, x, y, r) {
  const shape = new Path2D();
  if (name === "A") shape.arc(x, y, r, 0, 7);
  else if (name === "B") shape.rect(x - 0.9 * r, y - 0.9 * r, 1.8 * r, 1.8 * r);
  else {
    shape.moveTo(x, y - 1.25 * r);
    shape.lineTo(x + 1.25 * r, y);
    shape.lineTo(x, y + 1.25 * r);
    shape.lineTo(x - 1.25 * r, y);
    shape.closePath();
  }
  return shape;
}

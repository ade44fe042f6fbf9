// The page: state, controls, and what they do to map, histogram and charts.

const facts = JSON.parse(document.getElementById("facts").textContent);
const pictures = facts.pictures.map((picture) => {
  const array = takeArray(facts, `picture-${picture.name}`);
  return { ...picture, canvas: pictureCanvas(array.codes, array.shape) };
});
const data = new Dataset(facts);
const $ = (id) => document.getElementById(id);
const times = facts.dates.map(timeOf);
const palettes = Object.fromEntries(facts.layers.map((layer) => [layer.name, new Palette(layer.colours)]));
const COLOURS = { A: "#0a5796", B: "#b4450f", "A − B": "#3d3f46" };
const state = {
  layer: facts.layers[0].name,
  date: facts.dates.length - 1,
  limits: {}, // of each layer, where they were chosen
  fitted: {}, // of each layer, where they were not
  shown: null, // range of values that is shown
  selected: [], // {point, place, radius, points}
  choosing: false, // the next click places the reference
};

// -------------------------------------------------------------------- words

function number(value, digits = 0) {
  return formatted(value, digits).replace(/\B(?=(\d{3})+(?!\d))/g, digits ? "" : "\u202f");
}

function coordinates(east, lat) {
  const lon = turned(east);
  return `${Math.abs(lat).toFixed(5)}° ${lat < 0 ? "S" : "N"}, ${Math.abs(lon).toFixed(5)}° ${lon < 0 ? "W" : "E"}`;
}

/** Decimals that make sense for a layer. */
function digitsOf(layer) {
  return { coherence: 2, height: 0, dem_error: 4 }[layer.name] ?? 1;
}

function valueText(layer, value) {
  return `${formatted(value, digitsOf(layer))}${layer.unit ? ` ${layer.unit}` : ""}`;
}

function layerTitle(layer) {
  return layer.dated ? `${layer.label}, ${facts.dates[state.date]}` : layer.label;
}

function referenceText() {
  const { reference } = view.map;
  if (data.isOriginal) return facts.reference.text;
  if (data.reference === "all") return "relative to the mean of all points";
  const place = coordinates(...data.toDegrees(...reference.place));
  return `relative to ${number(data.reference.length)} points within ${number(reference.radius)} m of ${place}`;
}

// -------------------------------------------------------------------- layers and colours

const currentLayer = () => data.layer(state.layer);
const currentValues = () => data.column(state.layer, currentLayer().dated ? state.date : 0);

/** Range of colours that fits: symmetric around zero where the colours are, between the outermost hundredths. */
function fittingLimits(layer) {
  if (layer.name === "coherence") {
    const sorted = sortedValues(layer.name, 0);
    return [Math.floor(quantile(sorted, 0.01) * 20) / 20, Math.ceil(quantile(sorted, 0.99) * 20 - 1e-9) / 20];
  }
  const dates = layer.dated ? [0, Math.floor(facts.dates.length / 2), facts.dates.length - 1] : [0];
  let [low, high] = [Infinity, -Infinity];
  for (const k of dates) {
    const sorted = sortedValues(layer.name, k);
    low = Math.min(low, quantile(sorted, 0.01));
    high = Math.max(high, quantile(sorted, 0.99));
  }
  if (layer.centred) {
    const bound = roundUp(Math.max(-low, high));
    return [-bound, bound];
  }
  if (layer.name === "std") return [0, roundUp(high)];
  const ticks = ticksBetween(low, high, 10), step = ticks.length > 1 ? ticks[1] - ticks[0] : 1;
  return [Math.floor(low / step) * step, Math.ceil(high / step) * step].map((v) => Number(v.toPrecision(8)));
}

function sortedValues(name, k) {
  return Float64Array.from(data.column(name, k)).filter((value) => value === value).sort();
}

function limitsOf(layer) {
  return state.limits[layer.name] ?? (state.fitted[layer.name] ??= fittingLimits(layer));
}

function showLayer() {
  const layer = currentLayer(), limits = limitsOf(layer), values = currentValues();
  view.map.colour(values, limits, state.shown, palettes[layer.name]);
  view.histogram.draw(values, limits, state.shown, palettes[layer.name], layer.unit);
  $("layer").value = layer.name;
  $("date-row").hidden = !layer.dated;
  $("date").value = state.date;
  $("date-text").textContent = facts.dates[state.date];
  $("limits-label").textContent = layer.centred ? "Colours ±" : "Colours";
  for (const element of [$("limit-low"), $("limit-low").nextElementSibling]) element.hidden = layer.centred;
  $("limit-low").value = limits[0];
  $("limit-high").value = limits[1];
  const ends = (state.shown ?? []).map((end) => (Number.isFinite(end) ? Number(end.toPrecision(3)) : ""));
  $("brush-low").value = ends[0] ?? "";
  $("brush-high").value = ends[1] ?? "";
  const within = state.shown ? values.reduce((sum, v) => sum + (v >= state.shown[0] && v <= state.shown[1]), 0) : 0;
  $("brush-note").textContent = state.shown
    ? `${number(within)} of ${number(data.n)} points are in the range.`
    : "Drag across the histogram to show a range only.";
  const unit = layer.unit ? `${layer.unit}` : "0 … 1";
  $("layer-sign").textContent = [unit, layer.sign].filter(Boolean).join(", ");
  $("map-title").innerHTML = "";
  $("map-title").append(`${layerTitle(layer)}${layer.unit ? ` (${layer.unit})` : ""}`);
  const under = Object.assign(document.createElement("span"), { textContent: layer.sign });
  if (layer.sign) $("map-title").append(under);
}

function setLayer(name, date = state.date) {
  if (name !== state.layer) state.shown = null;
  state.layer = name;
  state.date = Math.max(0, Math.min(facts.dates.length - 1, date));
  showLayer();
}

function setShown(range) {
  state.shown = range && (Number.isFinite(range[0]) || Number.isFinite(range[1])) ? range : null;
  showLayer();
}

function setLimits(low, high) {
  if (!(Number.isFinite(high) && (currentLayer().centred ? high > 0 : high > low))) return showLayer();
  state.limits[state.layer] = currentLayer().centred ? [-high, high] : [low, high];
  showLayer();
}

// -------------------------------------------------------------------- reference

/**
 * Take the points within a radius of a place (metres) as reference; false if there are none. While it is dragged the
 * colours keep their range.
 */
function setReference(place, radius, dragged = false) {
  const points = data.within(...place, radius);
  if (points.length === 0) {
    hint(`No point lies within ${radius} m of there: choose another place or a larger radius.`, 4000);
    return false;
  }
  data.setReference(points);
  view.map.reference = { place, radius };
  $("reference-radius").value = radius;
  referenceChanged(dragged);
  return true;
}

function setReferenceAll() {
  data.setReference("all");
  view.map.reference = null;
  referenceChanged();
}

function setReferenceOriginal() {
  const { kind, centre, radius, box } = facts.reference;
  data.setReference(null);
  view.map.reference = kind === "pixels" ? { place: centre ? data.toMetres(...centre) : null, radius, box } : null;
  referenceChanged();
}

function referenceChanged(dragged = false) {
  if (!dragged) state.fitted = {};
  $("reference-text").textContent = `Values are ${referenceText()}.`;
  showLayer();
  showSelected();
}

function chooseReference(on) {
  state.choosing = on;
  $("reference-move").setAttribute("aria-pressed", String(on));
  hint(on ? "Click where the new reference area is to be." : "");
}

let hintTimer = 0;
function hint(text, milliseconds = 0) {
  clearTimeout(hintTimer);
  $("map-hint").textContent = text;
  $("map-hint").hidden = !text;
  if (milliseconds) hintTimer = setTimeout(() => hint(state.choosing ? "Click where the new reference area is to be." : ""), milliseconds);
}

// -------------------------------------------------------------------- points

/** Take a point: the first, the second, or again a first one. */
function select(point, place = [data.x[point], data.y[point]]) {
  const radius = Math.max(0, Number($("average").value) || 0);
  const near = radius > 0 ? data.within(...place, radius) : [];
  const one = { point, place, radius, points: near.length ? near : [point] };
  if (!near.length) one.radius = 0;
  state.selected = state.selected.length === 1 ? [...state.selected, one] : [one];
  showSelected();
}

function clearSelected() {
  state.selected = [];
  showSelected();
}

/** Series, lines and figures of what is selected: A, B and their difference. */
function selection() {
  const entries = state.selected.map((one, k) => entryOf("AB"[k], data.series(one.points), one));
  if (entries.length === 2) {
    entries.push(entryOf("A − B", entries[0].series.map((value, k) => value - entries[1].series[k]), null));
  }
  return entries;
}

function entryOf(name, series, one) {
  return {
    name, series, point: one ? one.point : null, points: one ? one.points : null, line: data.line(series),
    plain: data.plainLine(series), std: data.stdOf(series),
    height: one ? data.mean("height", one.points) : NaN, coherence: one ? data.mean("coherence", one.points) : NaN,
  };
}

function showSelected() {
  const entries = selection();
  view.map.selected = state.selected;
  view.map.redraw();
  $("series-empty").hidden = entries.length > 0;
  $("series-full").hidden = entries.length === 0;
  if (!entries.length) return;
  const groups = entries.length === 3 ? [entries.slice(0, 2), entries.slice(2)] : [entries];
  fillTable(entries);
  $("charts").replaceChildren(...groups.map(() => svg("svg")));
  groups.forEach((group, k) => {
    new Chart($("charts").children[k]).draw({
      title: `Displacement towards the satellite of ${group.map((one) => one.name).join(" and ")}`,
      times, days: facts.days, master: timeOf(facts.master),
      series: group.map((one) => ({
        name: one.name, colour: COLOURS[one.name], values: one.series, line: one.line,
        label: `${one.name}: ${formatted(one.line.slope, 1)} mm/yr`,
      })),
    });
  });
  const last = entries[entries.length - 1];
  $("announce").textContent = `${last.name === "A − B" ? "Difference A minus B" : `Point ${last.point + 1}`}: ` +
    `velocity ${formatted(last.line.slope, 1)} mm per year, standard deviation ${formatted(last.std, 1)}.`;
}

function fillTable(entries) {
  const place = (one) => one.point === null
    ? ["", ""] : [`${formatted(turned(data.lon[one.point]), 5)}°`, `${formatted(data.lat[one.point], 5)}°`];
  const distance = () => {
    const [a, b] = state.selected;
    return number(Math.hypot(data.x[a.point] - data.x[b.point], data.y[a.point] - data.y[b.point]));
  };
  const many = entries.some((one) => one.points && one.points.length > 1);
  const rows = [
    ["Point no.", (one) => (one.point === null ? "" : number(one.point + 1))],
    ...(many ? [["Points averaged", (one) => (one.points ? number(one.points.length) : "")]] : []),
    ["Velocity (mm/yr)", (one) => formatted(one.line.slope, 1)],
    ["± standard deviation", (one) => formatted(one.std, 1)],
    ["Unweighted line (mm/yr)", (one) => formatted(one.plain.slope, 1)],
    ["Scatter about it (mm)", (one) => formatted(one.plain.rms, 1)],
    ...(data.layer("coherence") ? [["Coherence", (one) => (one.point === null ? "" : formatted(one.coherence, 2))]] : []),
    ...(data.layer("height") ? [["Height (m)", (one) => (one.point === null ? "" : formatted(one.height, 0))]] : []),
    ["Longitude", (one) => place(one)[0]],
    ["Latitude", (one) => place(one)[1]],
    ...(entries.length === 3 ? [["Distance (m)", (one) => (one.point === null ? distance() : "")]] : []),
  ];
  const cell = (tag, text) => Object.assign(document.createElement(tag), { textContent: text });
  const row = (cells) => {
    const element = document.createElement("tr");
    element.append(...cells);
    return element;
  };
  const table = $("facts-table");
  table.tHead.replaceChildren(row([cell("th", ""), ...entries.map((one) => cell("th", one.name))]));
  table.tBodies[0].replaceChildren(...rows.map(([name, text]) => row([cell("th", name), ...entries.map((one) => cell("td", text(one)))])));
}

function saveSeries() {
  const entries = selection();
  const lines = [
    `# ${facts.title}: displacement towards the satellite in mm, ${referenceText()}`,
    ...entries.filter((one) => one.point !== null).map((one) =>
      `# ${one.name}: point ${one.point + 1}, ${turned(data.lon[one.point]).toFixed(7)} E, ${data.lat[one.point].toFixed(7)} N, ` +
      `mean of ${one.points.length}, velocity ${one.line.slope.toFixed(3)} mm/yr`),
    ["date", ...entries.map((one) => one.name.replace(" − ", "-"))].join(","),
    ...facts.dates.map((date, k) => [date, ...entries.map((one) => one.series[k].toFixed(3))].join(",")),
  ];
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([`${lines.join("\n")}\n`], { type: "text/csv" }));
  link.download = `${facts.title.replace(/[^\w.-]+/g, "_")}_series.csv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

function showTooltip(point, event) {
  const tip = $("tooltip");
  tip.hidden = point < 0;
  if (point < 0) return;
  const layer = currentLayer(), box = $("map-frame").getBoundingClientRect();
  const strong = Object.assign(document.createElement("b"), {
    textContent: valueText(layer, data.value(layer.name, point, layer.dated ? state.date : 0)),
  });
  tip.replaceChildren(strong, ` point ${number(point + 1)}`);
  if (layer.name !== "velocity") {
    tip.append(document.createElement("br"), `velocity ${valueText(data.layer("velocity"), data.value("velocity", point))}`);
  }
  const [x, y] = [event.clientX - box.left, event.clientY - box.top];
  tip.style.left = `${x + 16 + tip.offsetWidth > box.width ? x - 16 - tip.offsetWidth : x + 16}px`;
  tip.style.top = `${y + 16 + tip.offsetHeight > box.height ? y - 16 - tip.offsetHeight : y + 16}px`;
}

// -------------------------------------------------------------------- about

function fillAbout() {
  const body = $("about-body");
  const add = (tag, text) => body.appendChild(Object.assign(document.createElement(tag), { textContent: text }));
  const table = (head, rows) => {
    const element = body.appendChild(document.createElement("table"));
    if (head) element.createTHead().insertRow().append(...head.map((text) => Object.assign(document.createElement("th"), { textContent: text })));
    const part = element.createTBody();
    for (const cells of rows) {
      const line = part.insertRow();
      for (const text of cells) line.insertCell().textContent = text;
    }
  };
  add("h3", "How to read this page");
  const list = body.appendChild(document.createElement("ul"));
  const displacement = data.layer("displacement");
  for (const text of [
    `Velocity and displacement are measured along the line of sight of the radar; positive is motion towards the satellite. ${facts.description} (${facts.value}).`,
    "The line of a series is fitted with the weights of the velocity on the map; the unweighted line stands beside it.",
    facts.spread
      ? `The standard deviation is that of ${number(facts.n_boot)} bootstrap samples of the dates; like every value it is relative to the reference area.`
      : "There is no standard deviation, because the noise of the interferograms is not known well enough.",
    `Displacements are stored in steps: they are rounded by ${displacement.error.toPrecision(1)} mm at the most. Places are rounded to 1 cm.`,
    "Point numbers count the rows of ps2.mat from 1.",
    "Spatially correlated noise is what step 8 takes for atmosphere and orbit errors; it is not removed from the series unless the name of the velocity says so (-s).",
    "Drag the star to move the reference area. Averages (display) take all points within a radius of a click.",
  ]) list.appendChild(document.createElement("li")).textContent = text;
  add("h3", "Data");
  table(null, [
    ["Processing", facts.processing], ["Images", number(facts.n_images)], ["Interferograms", number(facts.interferograms)],
    ["Points", number(data.n)], ["Master", facts.master], ["Wavelength", `${(facts.wavelength * 100).toFixed(2)} cm`],
    ...(facts.heading === null ? [] : [["Heading", `${facts.heading.toFixed(1)}°`]]),
    ["Reference as processed", facts.reference.text], ["Page written", `${facts.created}, stamps ${facts.version}`],
  ]);
  add("h3", "Images");
  const known = facts.images.some((image) => image.bperp !== null);
  table(known ? ["Date", "Baseline (m)", "Noise (°)"] : ["Date"], facts.images.map(({ date, bperp, noise }) => [
    `${date}${date === facts.master ? " (master)" : ""}`, ...(known ? [formatted(bperp, 0), formatted(noise, 1)] : []),
  ]));
  add("h3", "Parameters");
  table(null, facts.parameters.map(([name, value]) => [name, value]));
  body.querySelectorAll("table:last-of-type tr").forEach((line, k) => { line.title = facts.parameters[k][2]; });
}

// -------------------------------------------------------------------- start

const view = {};
view.histogram = new Histogram($("histogram"), setShown);
view.map = new MapView($("map-frame"), data, pictures, {
  click(point, place) {
    if (state.choosing) {
      if (setReference(place, referenceRadius())) chooseReference(false);
    } else if (point >= 0) select(point, place);
  },
  hover: showTooltip,
  dragReference(place, finished) {
    setReference(place, referenceRadius(), !finished);
  },
});

function referenceRadius() {
  return Math.max(1, Number($("reference-radius").value) || 1);
}

for (const layer of facts.layers) $("layer").add(new Option(`${layer.label}${layer.unit ? ` (${layer.unit})` : ""}`, layer.name));
$("background").add(new Option("plain", ""));
for (const picture of pictures) $("background").add(new Option(picture.label, picture.name));
view.map.background = $("background").value = pictures[0]?.name ?? "";
$("date").max = facts.dates.length - 1;
const reach = Math.max(data.extent[2] - data.extent[0], data.extent[3] - data.extent[1]);
$("reference-radius").value = facts.reference.radius ?? Math.max(1, Number((reach / 30).toPrecision(1)));
$("find").max = data.n;
$("subtitle").textContent =
  `Ground motion along the line of sight, positive towards the satellite · ${number(data.n)} points · ` +
  `${facts.n_images} radar images, ${facts.images[0].date} to ${facts.images[facts.images.length - 1].date} · ${facts.processing}`;
fillAbout();

$("layer").addEventListener("change", (event) => setLayer(event.target.value));
$("date").addEventListener("input", (event) => setLayer(state.layer, Number(event.target.value)));
$("date-before").addEventListener("click", () => setLayer(state.layer, state.date - 1));
$("date-after").addEventListener("click", () => setLayer(state.layer, state.date + 1));
let player = 0;
$("date-play").addEventListener("click", () => {
  clearInterval(player);
  player = player ? 0 : setInterval(() => {
    if (currentLayer().dated) setLayer(state.layer, (state.date + 1) % facts.dates.length);
  }, 400);
  $("date-play").textContent = player ? "Stop" : "Play";
  $("date-play").setAttribute("aria-pressed", String(player !== 0));
});
for (const id of ["limit-low", "limit-high"]) {
  $(id).addEventListener("change", () => setLimits(Number($("limit-low").value), Number($("limit-high").value)));
}
$("limits-auto").addEventListener("click", () => {
  delete state.limits[state.layer];
  delete state.fitted[state.layer];
  showLayer();
});
for (const id of ["brush-low", "brush-high"]) {
  $(id).addEventListener("change", () => {
    const end = (name, open) => ($(name).value === "" ? open : Number($(name).value));
    setShown([end("brush-low", -Infinity), end("brush-high", Infinity)]);
  });
}
$("brush-clear").addEventListener("click", () => setShown(null));
$("reference-move").addEventListener("click", () => chooseReference(!state.choosing));
$("reference-radius").addEventListener("change", () => {
  if (!data.isOriginal && view.map.reference) setReference(view.map.reference.place, referenceRadius());
});
$("reference-all").addEventListener("click", setReferenceAll);
$("reference-original").addEventListener("click", setReferenceOriginal);
$("background").addEventListener("change", (event) => { view.map.background = event.target.value; view.map.redraw(); });
$("size").addEventListener("input", (event) => { view.map.sizeFactor = Number(event.target.value); view.map.redraw(); });
$("find-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const point = Number($("find").value) - 1;
  if (!(Number.isInteger(point) && point >= 0 && point < data.n)) return;
  view.map.centre(data.x[point], data.y[point]);
  select(point);
});
$("zoom-in").addEventListener("click", () => view.map.zoom(1.6));
$("zoom-out").addEventListener("click", () => view.map.zoom(1 / 1.6));
$("zoom-all").addEventListener("click", () => view.map.showAll());
$("series-clear").addEventListener("click", clearSelected);
$("series-save").addEventListener("click", saveSeries);
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") state.choosing ? chooseReference(false) : clearSelected();
});
new ResizeObserver(() => { if (state.selected.length) showSelected(); }).observe($("series"));
new ResizeObserver(() => showLayer()).observe($("histogram"));
setReferenceOriginal();

// What scripts (and tests) can do with the page; indices count from 0.
window.stampsView = {
  facts,
  setLayer,
  setReference(lon, lat, radius) { return setReference(data.toMetres(lon, lat), radius); },
  setReferenceAll,
  setReferenceOriginal,
  select,
  clear: clearSelected,
  setShown,
  values: (name, date = 0) => Array.from(data.column(name, date)),
  series: (i) => Array.from(data.series([i])),
  selection: () => selection().map((one) => ({ ...one, series: Array.from(one.series) })),
  state: () => ({ layer: state.layer, date: state.date, shown: state.shown, limits: limitsOf(currentLayer()) }),
  /** Where a point is in the window, in CSS pixels. */
  screenOf(i) {
    const box = view.map.marks.getBoundingClientRect(), [x, y] = view.map.toScreen(data.x[i], data.y[i]);
    return [box.left + x, box.top + y];
  },
  hit: (x, y) => {
    const box = view.map.marks.getBoundingClientRect();
    return view.map.hit(x - box.left, y - box.top);
  },
  showAll: () => view.map.showAll(),
  zoom: (factor) => view.map.zoom(factor),
  /** Milliseconds of one complete redraw. */
  redrawTime(times = 10) {
    const start = performance.now();
    for (let k = 0; k < times; k++) {
      view.map.colour(currentValues(), limitsOf(currentLayer()), state.shown, palettes[state.layer]);
      view.map.drawNow();
    }
    return (performance.now() - start) / times;
  },
};

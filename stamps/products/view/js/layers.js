// Layers of the map: which is shown, of which date, in which colours, which part of its values.

const currentLayer = () => data.layer(state.layer);
const currentValues = () => valuesIn(scenes[0]);

/** Values of the layer on a map, without those of the kinds that are not shown. */
function valuesIn(one) {
  const layer = one.data.layer(state.layer);
  if (!layer) return new Float64Array(one.data.n).fill(NaN);
  return withoutHiddenKinds(one.data.column(layer.name, layer.dated ? dateIn(one) : 0), one.data);
}

/** Range of colours that fits: that of all pictures of these values, unless they are relative to something else or shown twice. */
function fittingLimits(layer) {
  if (layer.categories) return [0, layer.categories.length - 1];
  if (layer.limits && scenes.length === 1 && data.isOriginal && (!layer.dated || data.since === null)) return layer.limits.slice();
  return limitsByRule(layer);
}

/** The same by the rule of the quantity, as limits_of in Python: round numbers around all but the outer hundredths. */
function limitsByRule(layer) {
  if (["unit", "year"].includes(layer.rule)) return layer.limits.slice();
  const [low, high] = outermostHundredths(layer);
  if (!(low <= high)) return layer.centred ? [-1, 1] : [0, 1];
  if (layer.centred) {
    const bound = roundUp(Math.max(-low, high));
    return [-bound, bound];
  }
  if (layer.rule === "zero") return [0, roundUp(high)];
  const ticks = ticksBetween(low, high, 10), step = layer.rule === "share" ? 0.05 : ticks.length > 1 ? ticks[1] - ticks[0] : 1;
  return betweenTicks(low, high, step);
}

/** The ticks around both ends; a step apart at least. */
function betweenTicks(low, high, step) {
  const tick = (k) => Number((k * step).toPrecision(8));
  const left = tick(Math.floor(low / step + 1e-9)), right = tick(Math.ceil(high / step - 1e-9));
  if (left < right) return [left, right];
  return step < 1 && right > 0.5 ? [left - step, right] : [left, right + step];
}

/** The hundredths of the values at either end, of all maps and some dates. */
function outermostHundredths({ name, dated }) {
  let [low, high] = [Infinity, -Infinity];
  for (const one of scenes.filter(({ data }) => data.layer(name))) {
    const last = one.facts.dates.length - 1;
    for (const k of dated ? [0, Math.floor((last + 1) / 2), last] : [0]) {
      const values = numbersOf(one.data.column(name, k));
      low = Math.min(low, quantile(values, 0.01));
      high = Math.max(high, quantile(values, 0.99));
    }
  }
  return [low, high];
}

function limitsOf(layer) {
  return state.limits[layer.name] ?? (state.fitted[layer.name] ??= fittingLimits(layer));
}

function showLayer() {
  const layer = currentLayer(), limits = limitsOf(layer), values = currentValues();
  for (const one of scenes) one.map.colour(valuesIn(one), limits, state.shown, palettes[layer.name]);
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
  for (const id of ["histogram", "limits-row", "brush-row", "brush-note"]) $(id).toggleAttribute("hidden", Boolean(layer.categories));
  const unit = layer.categories ? "" : layer.unit || "0 … 1";
  $("layer-sign").textContent = [unit, layer.sign].filter(Boolean).join(", ");
  scenes.forEach(showMapTitle);
  document.dispatchEvent(new Event("layerchange"));
}

/** What a map shows; and of which project, where there are two. */
function showMapTitle(one) {
  const layer = one.data.layer(state.layer), title = one.map.frame.querySelector(".map-title");
  const under = (text) => Object.assign(document.createElement("span"), { textContent: text });
  title.replaceChildren(layer ? `${layerTitle(layer, one)}${layer.unit ? ` (${layer.unit})` : ""}` : `${currentLayer().label}: not known`);
  if (layer?.sign) title.append(under(layer.sign));
  if (scenes.length > 1) title.append(under(`${"AB"[scenes.indexOf(one)]}: ${one.facts.title}`));
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

view.histogram = new Histogram($("histogram"), setShown);

for (const layer of facts.layers) $("layer").add(new Option(`${layer.label}${layer.unit ? ` (${layer.unit})` : ""}`, layer.name));
$("date").max = facts.dates.length - 1;

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

new ResizeObserver(() => showLayer()).observe($("histogram"));

Object.assign(window.stampsView, {
  setLayer,
  setShown,
  limitsByRule: (name) => limitsByRule(data.layer(name)),
  values: (name, date = 0) => Array.from(data.column(name, date)),
  state: () => ({ layer: state.layer, date: state.date, shown: state.shown, limits: limitsOf(currentLayer()) }),
});

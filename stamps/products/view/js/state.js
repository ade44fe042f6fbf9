// What the page holds and shows now, and how it is said in words; the other scripts share it.

const facts = JSON.parse(document.getElementById("facts").textContent);
const picturesOf = (source) => source.pictures.map((picture) => {
  const array = takeArray(source, `picture-${picture.name}`);
  return { ...picture, canvas: pictureCanvas(array.codes, array.shape) };
});
const data = new Dataset(facts);
/** The project, and another one that it is compared with; each gets its map, whose places are metres of the first. */
const scenes = [{ facts, data, pictures: picturesOf(facts) }];
if (facts.other) scenes.push({ facts: facts.other, data: new Dataset(facts.other, data), pictures: picturesOf(facts.other) });
const $ = (id) => document.getElementById(id);
const DATES = [...new Set(scenes.flatMap((one) => one.facts.dates))].sort(); // of all series
const times = DATES.map(timeOf);
const palettes = Object.fromEntries(facts.layers.map((layer) => [layer.name, new Palette(layer.colours)]));
const INKS = { A: "first", B: "second", "A − B": "difference" };
const state = {
  layer: facts.layers[0].name,
  date: facts.dates.length - 1,
  limits: {}, // of each layer, where they were chosen
  fitted: {}, // of each layer, where they were not
  shown: null, // range of values that is shown
  selected: [], // {point, place, radius, points, scene (its position), name ("A" or "B")}
  choosing: false, // the next click places the reference
  model: "weighted", // of the series: the name of one of MODELS
  steps: false, // whether the model has steps at the events
  events: facts.events.map(({ date, label }) => ({ date, label })), // ascending
  kinds: {}, // of each layer of kinds: whether each is shown
};
const view = {}; // map and histogram, once they are made
window.stampsView = { facts }; // what scripts (and tests) can do with the page; indices count from 0

/** Act on a form by its button or Enter, also in sandboxed frames, which submit no forms. */
function onForm(id, action) {
  const act = (event) => {
    event.preventDefault();
    action();
  };
  $(id).addEventListener("submit", act);
  $(id).querySelector("button").addEventListener("click", act);
}

function number(value, digits = 0) {
  return formatted(value, digits).replace(/\B(?=(\d{3})+(?!\d))/g, digits ? "" : "\u202f");
}

/** "1 point", "2 points". */
function pointCount(count) {
  return `${number(count)} point${count === 1 ? "" : "s"}`;
}

function coordinates(east, lat) {
  const lon = turned(east);
  return `${Math.abs(lat).toFixed(5)}° ${lat < 0 ? "S" : "N"}, ${Math.abs(lon).toFixed(5)}° ${lon < 0 ? "W" : "E"}`;
}

function valueText(layer, value) {
  if (layer.categories) return layer.categories[value] ?? "–";
  return `${formatted(value, layer.digits)}${layer.unit ? ` ${layer.unit}` : ""}`;
}

function layerTitle(layer, one = scenes[0]) {
  return layer.dated ? `${layer.label}, ${one.facts.dates[dateIn(one)]}, ${sinceText(one)}` : layer.label;
}

/** Since when displacements are told. */
function sinceText(one = scenes[0]) {
  return `since ${one.data.sinceDate}`;
}

/** Position of the date nearest to one (ISO). */
function nearestDate(dates, wanted) {
  const away = dates.map((date) => Math.abs(timeOf(date) - timeOf(wanted)));
  return away.indexOf(Math.min(...away));
}

/** The date that a map shows: its own nearest to the one that is chosen. */
function dateIn(one) {
  return one === scenes[0] ? state.date : nearestDate(one.facts.dates, facts.dates[state.date]);
}

function referenceText({ data, facts, map } = scenes[0]) {
  const { reference } = map;
  if (data.isOriginal) return facts.reference.text;
  if (data.reference === "all") return "relative to the mean of all points";
  const place = coordinates(...data.toDegrees(...reference.place));
  return `relative to ${pointCount(data.reference.length)} within ${number(reference.radius)} m of ${place}`;
}

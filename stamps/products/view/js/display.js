// The map on the page: its clicks, background, size of points, buttons.

const hooksOf = (one, k) => ({
  click(point, place) {
    if (state.choosing) {
      if (setReference(place, referenceRadius(), false, one)) chooseReference(false);
    } else if (point >= 0) select(point, place, k);
  },
  hover: (point, event) => showTooltip(point, event, one),
  thing: (thing, event) => showThing(thing, event, one),
  dragReference: (place, finished) => setReference(place, referenceRadius(), !finished, one),
  moved: (now) => others(one).forEach((other) => other.map?.follow(now)),
  pointed: (place) => others(one).forEach((other) => other.map?.pointTo(place)),
});
const others = (one) => scenes.filter((other) => other !== one);
const redrawMaps = () => scenes.forEach((one) => one.map.redraw());

if (scenes.length > 1) addSecondFrame();
scenes.forEach((one, k) => {
  one.map = new MapView(document.querySelectorAll("#maps .map")[k], one.data, one.pictures, hooksOf(one, k));
});
view.map = scenes[0].map;
view.map.showAll();

/** A frame as the first, for the map of another project. */
function addSecondFrame() {
  const frame = $("map-frame").cloneNode(true);
  for (const element of [frame, ...frame.querySelectorAll("[id]")]) element.removeAttribute("id");
  frame.setAttribute("aria-label", `Map of the points of ${scenes[1].facts.title}`);
  $("map-frame").setAttribute("aria-label", `Map of the points of ${facts.title}`);
  $("map-frame").after(frame);
}

$("background").add(new Option("plain", ""));
const backgrounds = new Map(scenes.flatMap((one) => one.pictures.map(({ name, label }) => [name, label])));
for (const [name, label] of backgrounds) $("background").add(new Option(label, name));
if (facts.tiles) {
  $("background").add(new Option("base map", "tiles"));
  const tiles = new Tiles(facts.tiles.address, () => { showAttribution(); redrawMaps(); });
  for (const { map } of scenes) map.tiles = tiles;
}
setBackground(facts.tiles ? "tiles" : [...backgrounds.keys()][0] ?? "");

function setBackground(name) {
  $("background").value = name;
  for (const { map } of scenes) map.background = name;
  showAttribution();
  redrawMaps();
}

/** Who made the base map, while it is shown; or that it does not come. */
function showAttribution() {
  const { tiles, background } = view.map, isShown = tiles !== null && background === "tiles";
  for (const element of document.querySelectorAll(".map-attribution")) {
    element.hidden = !isShown;
    if (isShown) element.textContent = tiles.isUnreachable ? "The base map cannot be reached." : facts.tiles.attribution;
  }
}

function showTheme() {
  const { choice } = stampsTheme, [sign, text] = { auto: ["◐", "Auto"], light: ["☀", "Light"], dark: ["☾", "Dark"] }[choice];
  $("theme").textContent = `${sign} ${text}`;
  $("theme").title = `Colours of the page: ${choice === "auto" ? "as the system has them" : choice}`;
  $("theme").setAttribute("aria-label", `${$("theme").title}. Change.`);
}
showTheme();
$("theme").addEventListener("click", () => { stampsTheme.next(); showTheme(); });

$("background").addEventListener("change", (event) => setBackground(event.target.value));
$("size").addEventListener("input", (event) => {
  for (const { map } of scenes) map.sizeFactor = Number(event.target.value);
  redrawMaps();
});

Object.assign(window.stampsView, {
  /** Where a point is in the window, in CSS pixels. */
  screenOf(i, scene = 0) {
    const { map, data } = scenes[scene], box = map.marks.getBoundingClientRect(), [x, y] = map.toScreen(data.x[i], data.y[i]);
    return [box.left + x, box.top + y];
  },
  hit: (x, y) => {
    const box = view.map.marks.getBoundingClientRect();
    return view.map.hit(x - box.left, y - box.top);
  },
  /** Whether everything that the base map was asked for is there, or has failed. */
  isSettled: () => view.map.tiles?.isComplete ?? true,
  showAll: () => view.map.showAll(),
  zoom: (factor) => view.map.zoom(factor),
  pan: (dx, dy) => view.map.pan(dx, dy),
  /** Milliseconds of one of these functions with the drawing that follows it. */
  timed(name, ...given) {
    const start = performance.now();
    window.stampsView[name](...given);
    view.map.drawNow();
    return performance.now() - start;
  },
  /** Milliseconds of one complete redraw. */
  redrawTime(times = 10) {
    const start = performance.now();
    for (let k = 0; k < times; k++) {
      view.map.colour(currentValues(), limitsOf(currentLayer()), state.shown, palettes[state.layer]);
      view.map.drawNow();
    }
    return (performance.now() - start) / times;
  },
});

// The reference: an area chosen on the map, all points, or as it was processed; a date; and hints about it.

/**
 * Take the points within a radius of a place (metres) as reference; false if there are none. While it is dragged the
 * colours keep their range.
 */
function setReference(place, radius, dragged = false, { data, map } = scenes[0]) {
  const points = data.within(...place, radius);
  if (points.length === 0) {
    hint(`No point lies within ${radius} m of there: choose another place or a larger radius.`, 4000);
    return false;
  }
  data.setReference(points);
  map.reference = { place, radius };
  $("reference-radius").value = radius;
  referenceChanged(dragged);
  return true;
}

function setReferenceAll() {
  for (const { data, map } of scenes) {
    data.setReference("all");
    map.reference = null;
  }
  referenceChanged();
}

function setReferenceOriginal() {
  for (const { facts, data, map } of scenes) {
    const { kind, centre, radius, box } = facts.reference;
    data.setReference(null);
    map.reference = kind === "pixels" ? { place: centre ? data.toMetres(...centre) : null, radius, box } : null;
  }
  referenceChanged();
}

function referenceChanged(dragged = false) {
  if (!dragged) state.fitted = {};
  const names = scenes.length > 1;
  $("reference-text").textContent = scenes.map((one) => `${names ? `${"AB"[scenes.indexOf(one)]}, ${one.facts.title}: v` : "V"}alues are ${referenceText(one)}.`).join(" ");
  showLayer();
  showSelected();
}

/**
 * Make displacements relative to a date of the series (ISO), or to that of the master; false if it is none. A second
 * project takes its own nearest date, or its master.
 */
function setReferenceDate(date) {
  const at = facts.dates.indexOf(date);
  if (at < 0 && date !== facts.master) return false;
  scenes.forEach((one, k) => one.data.setSince(at < 0 ? null : k ? nearestDate(one.facts.dates, date) : at));
  $("reference-date").value = date;
  referenceChanged();
  return true;
}

function chooseReference(on) {
  if (on && view.map.tool) drawLine(false);
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

function referenceRadius() {
  return Math.max(1, Number($("reference-radius").value) || 1);
}

const reach = Math.max(data.extent[2] - data.extent[0], data.extent[3] - data.extent[1]);
$("reference-radius").value = facts.reference.radius ?? Math.max(1, Number((reach / 30).toPrecision(1)));

$("reference-move").addEventListener("click", () => chooseReference(!state.choosing));
$("reference-radius").addEventListener("change", () => {
  const radius = referenceRadius(); // the field follows each of them
  for (const one of scenes) if (!one.data.isOriginal && one.map.reference) setReference(one.map.reference.place, radius, false, one);
});
for (const date of [...new Set([...facts.dates, facts.master])].sort()) {
  $("reference-date").add(new Option(date === facts.master ? `${date} (master)` : date, date));
}
$("reference-date").addEventListener("change", (event) => setReferenceDate(event.target.value));
$("reference-all").addEventListener("click", setReferenceAll);
$("reference-original").addEventListener("click", setReferenceOriginal);

Object.assign(window.stampsView, {
  setReference(lon, lat, radius, scene = 0) { return setReference(data.toMetres(lon, lat), radius, false, scenes[scene]); },
  setReferenceAll,
  setReferenceOriginal,
  setReferenceDate,
});

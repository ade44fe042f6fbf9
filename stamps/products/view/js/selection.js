// The points that are selected, and the one under the pointer.

/** Take a point of a map: the first, the second, or again a first one; with pairs, also the nearest on the other map. */
function select(point, place, scene = 0) {
  const one = selected(point, place, scene);
  if (pairsPoints()) state.selected = pairOf(one);
  else if (state.selected.length === 1) state.selected = [...state.selected, { ...one, name: "B" }];
  else state.selected = [one];
  showSelected();
}

/** A point with those that are averaged around it. */
function selected(point, place, scene) {
  const { data } = scenes[scene], radius = Math.max(0, Number($("average").value) || 0);
  place ??= [data.x[point], data.y[point]];
  const near = radius > 0 ? data.within(...place, radius) : [];
  return { point, place, radius: near.length ? radius : 0, points: near.length ? near : [point], scene, name: "A" };
}

function clearSelected() {
  state.selected = [];
  showSelected();
}

/** Series, lines and figures of what is selected: A, B and their difference. */
function selection() {
  const entries = state.selected.map((one) => entryOf(one.name, one.scene, one));
  if (entries.length === 2 && entries[0].scene === entries[1].scene) entries.push(differenceOf(...entries));
  return entries;
}

/** Figures of a point, or of the mean of several. */
function entryOf(name, scene, { point, points }) {
  const { data } = scenes[scene];
  return {
    ...figuresOf(name, scene, data.series(points), data.onMaster(points)), point, points,
    height: data.mean("height", points), coherence: data.mean("coherence", points),
  };
}

function differenceOf(a, b) {
  const series = a.series.map((value, k) => value - b.series[k]);
  return {
    ...figuresOf("A − B", a.scene, series, a.onMaster - b.onMaster), point: null, points: null, height: NaN, coherence: NaN,
  };
}

/** Lines, model and deviation of a series with its value on the master's date. */
function figuresOf(name, scene, series, onMaster) {
  const { data } = scenes[scene];
  return {
    name, scene, series, onMaster, model: modelled(series, data, onMaster), line: data.line(series), plain: data.plainLine(series),
    std: data.stdOf(series),
  };
}

function showTooltip(point, event, one) {
  const { data, map } = one, tip = map.frame.querySelector(".tooltip"), layer = data.layer(state.layer);
  tip.hidden = point < 0 || !layer;
  if (tip.hidden) return;
  const box = map.frame.getBoundingClientRect();
  const strong = Object.assign(document.createElement("b"), {
    textContent: valueText(layer, data.value(layer.name, point, layer.dated ? dateIn(one) : 0)),
  });
  tip.replaceChildren(strong, ` point ${number(point + 1)}`);
  if (layer.name !== "velocity") {
    tip.append(document.createElement("br"), `velocity ${valueText(data.layer("velocity"), data.value("velocity", point))}`);
  }
  const finger = event.pointerType === "touch" ? 90 : 0; // which hides what is below it
  placeTooltip(tip, event.clientX - box.left, event.clientY - box.top - finger, box);
}

$("find").max = data.n;
onForm("find-form", () => {
  const point = Number($("find").value) - 1;
  if (!(Number.isInteger(point) && point >= 0 && point < data.n)) return;
  view.map.centre(data.x[point], data.y[point]);
  select(point);
});

Object.assign(window.stampsView, {
  select,
  clear: clearSelected,
  selection: () => selection().map(({ model, ...one }) => ({
    ...one, series: Array.from(one.series), model: { ...model, values: model.at && scenes[one.scene].facts.days.map(model.at) },
  })),
  series: (i, scene = 0) => Array.from(scenes[scene].data.series([i])),
});

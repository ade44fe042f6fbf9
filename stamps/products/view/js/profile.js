// The profile along a line: drawn on the map or typed, shown as a chart, saved as tables.

const line = { start: null, end: null, beside: null, read: -1 }; // places in degrees; the points beside it; the part that is read
const LINE_INPUTS = ["line-lon-1", "line-lat-1", "line-lon-2", "line-lat-2"];
let profileChart = null;

const lineWidth = () => Math.max(1, Number($("line-width").value) || 1000);
const lineBins = () => Math.max(1, Math.min(1000, Math.round(Number($("line-bins").value) || 20)));

/** Take a line between two places (degrees); null removes it. */
function setLine(start, end) {
  const isLine = start && end && (start[0] !== end[0] || start[1] !== end[1]);
  Object.assign(line, { start: isLine ? start : null, end: isLine ? end : null, beside: null });
  [...(isLine ? [...start, ...end] : ["", "", "", ""])].forEach((value, k) => {
    $(LINE_INPUTS[k]).value = value === "" ? "" : Number((k % 2 ? value : turned(value)).toFixed(6));
  });
  for (const id of ["line-remove", "profile-save", "profile-save-bins", "panel-switch"]) $(id).hidden = !isLine;
  showPanel(isLine ? "profile" : "series");
  redrawMaps();
}

/** Show the profile or the time series below the map. */
function showPanel(name) {
  $("series").hidden = name !== "series";
  $("profile").hidden = name !== "profile";
  for (const one of ["series", "profile"]) $(`show-${one}`).setAttribute("aria-pressed", String(one === name));
  if (name === "profile") showProfile();
  else if (state.selected.length) showSelected();
}

/** The profile of the layer that is shown: as transect.js has it, with the height of its points. */
function currentProfile() {
  if (!line.start) return null;
  line.beside ??= pointsBeside(data, { ...line, width: lineWidth() });
  const found = profileOf(line.beside, currentValues(), lineBins());
  return { ...found, height: data.layer("height") ? found.points.map((i) => data.value("height", i)) : null };
}

function showProfile() {
  if ($("profile").hidden || !line.start) return;
  const profile = currentProfile(), layer = currentLayer(), { points, length } = profile;
  const text = points.length
    ? `${layerTitle(layer)} of ${number(points.length)} points within ${number(lineWidth() / 2)} m of the line of ${number(length)} m; means of ${lineBins()} parts with their standard deviation.`
    : `No point with a value lies within ${number(lineWidth() / 2)} m of the line of ${number(length)} m: widen it or move it.`;
  $("profile-text").textContent = text;
  $("profile-chart").setAttribute("aria-label", `${text} Arrow keys read the means.`);
  line.read = -1;
  drawProfile(profile, layer);
}

/** Read the mean of a part, and point to it in the chart. */
function readPart(b, bins) {
  const { centre, mean, std, count } = bins[b], { unit } = currentLayer();
  line.read = b;
  profileChart.setCursor({ left: profileChart.valToPos(centre / 1000, "x"), top: profileChart.valToPos(mean, "y") });
  $("profile-text").textContent = `${number(centre)} m: mean ${formatted(mean, 2)} ± ${formatted(std, 2)} ${unit} of ${number(count)} points`;
}

/** Arrow keys, Home and End go from part to part; those without points are left out. */
function keyInProfile(event) {
  const { bins } = currentProfile() ?? {}, known = (bins ?? []).map((_, b) => b).filter((b) => bins[b].count);
  if (!known.length) return;
  const next = {
    ArrowRight: known.find((b) => b > line.read) ?? known[known.length - 1],
    ArrowLeft: known.findLast((b) => b < line.read) ?? known[0],
    Home: known[0], End: known[known.length - 1],
  }[event.key];
  if (next === undefined) return;
  readPart(next, bins);
  event.preventDefault();
}

function profileSize() {
  const { clientWidth, clientHeight } = $("profile-chart");
  return { width: Math.max(160, clientWidth), height: Math.max(120, clientHeight) };
}

/** The chart: points, means of the parts with their standard deviation as a band, heights on an axis of their own. */
function drawProfile(profile, layer) {
  profileChart?.destroy();
  profileChart = null;
  if (!profile.points.length) return;
  const colour = (name) => stampsTheme.colour(name);
  const axis = (more) => ({
    font: CHART_FONT, labelFont: CHART_FONT, stroke: colour("ink"), grid: { stroke: colour("line"), width: 1 },
    ticks: { stroke: colour("line"), width: 1 }, values: (_, splits) => splits.map(tickText), ...more,
  });
  const dots = (name, scale, label, size) => ({
    label, scale, stroke: colour(name), paths: () => null, points: { show: true, size, fill: colour(name), width: 0 },
  });
  const bins = profile.bins.filter((bin) => bin.count);
  const aligned = uPlot.join([
    [profile.distance.map((d) => d / 1000), profile.value, profile.height ?? profile.value.map(() => null)],
    [bins.map((b) => b.centre / 1000), ...[0, 1, -1].map((k) => bins.map((b) => b.mean + k * b.std))],
  ]);
  const drawn = { spanGaps: true, points: { show: false } };
  profileChart = new uPlot({
    ...profileSize(), legend: { show: false },
    cursor: { drag: { x: true, y: false } },
    scales: { x: { time: false, range: (chart, low, high) => (isWholeRange(chart, low, high) ? [0, profile.length / 1000] : [low, high]) } },
    axes: [
      axis({ label: "distance (km)", labelSize: 18, size: 34 }),
      axis({ label: layer.unit || layer.label, labelSize: 20, size: 48 }),
      ...(profile.height ? [axis({ scale: "m", side: 1, label: "height (m)", labelSize: 20, size: 56, grid: { show: false }, stroke: colour("soft") })] : []),
    ],
    series: [
      {}, dots("first", "y", "points", 5), dots("filtered", "m", "height", 4),
      { ...drawn, label: "mean", stroke: colour("second"), width: 2.5, points: { show: true, size: 8, fill: colour("second") } },
      { ...drawn, label: "mean + std", stroke: "transparent" }, { ...drawn, label: "mean − std", stroke: "transparent" },
    ],
    bands: [{ series: [4, 5], fill: `${colour("second")}33` }],
    hooks: {
      setCursor: [(chart) => {
        const x = chart.data[0][chart.cursor.idx ?? -1], k = profile.distance.findIndex((d) => d / 1000 === x);
        view.map.hovered = k < 0 ? -1 : profile.points[k];
        view.map.drawMarks();
      }],
    },
  }, aligned, $("profile-chart"));
}

/** Whether a range is that of all values: nobody has zoomed in. */
function isWholeRange(chart, low, high) {
  const x = chart.data[0];
  return low === null || (low === x[0] && high === x[x.length - 1]);
}


// -------------------------------------------------------------------- on the map

/** The line with its width, and its ends. */
const lineThing = {
  draw(context, map) {
    if (!line.start) return;
    const ends = [line.start, line.end].map((end) => map.toScreen(...data.toMetres(...end)));
    const paint = [["halo", 5, 1], ["mark", 2.2, 1], ["mark", lineWidth() * map.view.scale, 0.12]];
    context.lineCap = "butt";
    for (const [name, width, alpha] of paint) {
      context.globalAlpha = alpha;
      context.strokeStyle = stampsTheme.colour(name);
      context.lineWidth = width;
      context.beginPath();
      ends.forEach(([x, y], k) => (k ? context.lineTo(x, y) : context.moveTo(x, y)));
      context.stroke();
    }
    context.globalAlpha = 1;
    ends.forEach(([x, y], k) => {
      context.beginPath();
      context.arc(x, y, 7, 0, 7);
      context.fillStyle = stampsTheme.colour(k ? "mark" : "halo");
      context.strokeStyle = stampsTheme.colour(k ? "halo" : "mark");
      context.lineWidth = 2;
      context.fill();
      context.stroke();
    });
  },
};
for (const { map } of scenes) map.things.push(lineThing);
for (const end of ["start", "end"]) {
  view.map.grips.push({
    isAt(px, py, reach) {
      if (!line.start) return false;
      const [x, y] = view.map.toScreen(...data.toMetres(...line[end]));
      return Math.hypot(px - x, py - y) <= reach;
    },
    drag(place) { setLine(...["start", "end"].map((one) => (one === end ? data.toDegrees(...place) : line[one]))); },
  });
}

const lineTool = {
  first: null, // the place of a first click
  from: null, // where a drag began
  start(place) { this.from = place; },
  click(place) {
    if (!this.first) {
      this.first = place;
      hint("Now the end of the line.");
      return;
    }
    setLine(data.toDegrees(...this.first), data.toDegrees(...place));
    drawLine(false);
  },
  drag(place, finished) {
    setLine(data.toDegrees(...this.from), data.toDegrees(...place));
    if (finished) drawLine(false);
  },
};

/** Whether the next drag, or the next two clicks, make the line. */
function drawLine(on) {
  if (on && state.choosing) chooseReference(false);
  lineTool.first = null;
  for (const { map } of scenes) map.tool = on ? lineTool : null;
  $("line-draw").setAttribute("aria-pressed", String(on));
  hint(on ? "Drag a line, or click its start and its end (Enter: the middle of the map)." : "");
  if (on) view.map.marks.focus();
}

// -------------------------------------------------------------------- controls

function readLine() {
  const [lon1, lat1, lon2, lat2] = LINE_INPUTS.map((id) => ($(id).value === "" ? NaN : Number($(id).value)));
  const isPlace = (lon, lat) => Math.abs(lon) <= 360 && Math.abs(lat) <= 90;
  if (!isPlace(lon1, lat1) || !isPlace(lon2, lat2)) return hint("Give longitude and latitude of both ends in degrees.", 4000);
  if (lon1 === lon2 && lat1 === lat2) return hint("Both ends of the line are the same place.", 4000);
  setLine([lon1, lat1], [lon2, lat2]);
}

/** Tables as those of `stamps profile`. */
function profileTable() {
  const profile = currentProfile(), layer = currentLayer();
  const unit = layer.unit ? `_${layer.unit.replace("/", "_per_")}` : "";
  const fixed = (value, digits) => (Number.isFinite(value) ? value.toFixed(digits) : "");
  const rows = profile.points.map((i, k) => [
    i + 1, turned(data.lon[i]).toFixed(7), data.lat[i].toFixed(7), profile.distance[k].toFixed(2), profile.offset[k].toFixed(2),
    fixed(profile.value[k], 3), fixed(profile.height?.[k], 2),
  ]);
  const bins = profile.bins.map((bin) => [fixed(bin.centre, 2), bin.count, ...["mean", "median", "std"].map((name) => fixed(bin[name], 3))]);
  const text = (head, body) => `${[head, ...body].map((row) => row.join(",")).join("\n")}\n`;
  return {
    points: text(["point", "lon", "lat", "distance_m", "offset_m", `value${unit}`, "height_m"], rows),
    bins: text(["centre_m", "n", ...["mean", "median", "std"].map((name) => name + unit)], bins),
  };
}

/** Hand a text to the reader as a file. */
function download(name, text) {
  const anchor = document.createElement("a");
  anchor.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  anchor.download = `${facts.title.replace(/[^\w.-]+/g, "_")}_${name}.csv`;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(anchor.href), 1000);
}

$("profile-chart").addEventListener("keydown", keyInProfile);
$("line-draw").addEventListener("click", () => drawLine(view.map.tool === null));
$("line-remove").addEventListener("click", () => setLine(null));
$("profile-save").addEventListener("click", () => download("profile", profileTable().points));
$("profile-save-bins").addEventListener("click", () => download("profile_bins", profileTable().bins));
onForm("line-form", readLine);
for (const id of ["line-width", "line-bins"]) {
  $(id).addEventListener("change", () => { line.beside = null; showProfile(); redrawMaps(); });
}
for (const name of ["series", "profile"]) $(`show-${name}`).addEventListener("click", () => showPanel(name));
for (const name of ["layerchange", "themechange"]) document.addEventListener(name, showProfile);
new ResizeObserver(() => profileChart?.setSize(profileSize())).observe($("profile-chart"));

Object.assign(window.stampsView, { setLine, profile: currentProfile, profileTable });

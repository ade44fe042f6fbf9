// Time series of what is selected: charts, figures, models, and the file they are saved in.

const charts = new SeriesCharts($("charts"), (text) => { $("announce").textContent = text; });

// -------------------------------------------------------------------- models

const currentModel = () => MODELS.find((model) => model.name === state.model);
const dayOf = (time, from = data) => (time - timeOf(from.facts.master)) / DAY;
const withSteps = () => state.steps && state.model !== "weighted" && state.events.length > 0;

/** What is fitted to a series of a project, and to its value on the master's date: {terms, at(day), rms}, or {problem}. */
function modelled(series, data, onMaster) {
  if (state.model !== "weighted") {
    const steps = withSteps() ? state.events.map((event) => dayOf(timeOf(event.date), data)) : [];
    const { days, values } = withMaster(data.facts.days, Array.from(series), onMaster), problem = problemOfSteps(steps, days, values);
    if (problem) return { problem };
    const model = fitModel(currentModel(), steps, days, values);
    return { ...model, terms: model.terms?.map((term) => ({ ...term, master: data.facts.master })) };
  }
  const { intercept, slope, rms } = data.line(series), line = { value: slope, std: data.stdOf(series) };
  if (!Number.isFinite(slope)) return { problem: "A series with gaps has no line with the weights of the map: choose another model." };
  return { terms: [{ name: "velocity", unit: "mm/yr", ...line }], at: (day) => intercept + (slope * day) / YEAR, rms };
}

/** The first event before or after which a series has no value, in words. */
function problemOfSteps(steps, days, values) {
  const used = days.filter((_, k) => values[k] === values[k]);
  if (used.length < steps.length + 5) return ""; // too few for any model
  const k = steps.findIndex((step) => !used.some((day) => day <= step) || !used.some((day) => day > step));
  return k < 0 ? "" : `Nothing can be said of a step after ${state.events[k].date}, where the series has values on one side only: remove this event or leave out steps.`;
}

/** Name and unit of a term, for the table and the file. */
function termTitle({ name, unit, day, master }) {
  const date = day === undefined ? "" : dateOf(timeOf(master) + Math.round(day) * DAY);
  if (name === "step") return `Step after ${date} (mm)`;
  if (name === "maximum") return "Annual maximum";
  return `${{ offset: "Offset", velocity: "Velocity", acceleration: "Acceleration", amplitude: "Annual amplitude" }[name]}` +
    `${date && (name === "offset" || currentModel().degree > 1) ? ` ${date}` : ""} (${unit})`;
}

function termText({ name, value, std, day, master }) {
  if (name !== "maximum") return `${formatted(value, 1)} ±\u00a0${formatted(std, 1)}`;
  const date = new Date(timeOf(master) + (day + value) * DAY);
  return `${date.toLocaleDateString("en-GB", { day: "numeric", month: "short", timeZone: "UTC" })} ±\u00a0${formatted(std, 0)}\u00a0d`;
}

function setModel(name, steps = state.steps) {
  Object.assign(state, { model: name, steps });
  showModel();
  showSelected();
}

function showModel() {
  $("model").value = state.model;
  $("model-steps").checked = state.steps;
  $("model-steps").disabled = state.model === "weighted" || !state.events.length;
}

/** What is wrong with the model of what is selected, if anything. */
function showProblem(entries) {
  const [problem] = [...new Set(entries.map((one) => one.model.problem).filter(Boolean))];
  $("model-note").textContent = problem ?? "";
  $("model-note").hidden = !problem;
}

// -------------------------------------------------------------------- charts and figures

function showSelected() {
  const entries = selection();
  scenes.forEach(({ map }, k) => { map.selected = state.selected.filter((one) => one.scene === k); });
  redrawMaps();
  $("series-empty").hidden = entries.length > 0;
  $("series-full").hidden = entries.length === 0;
  showProblem(entries);
  if (!entries.length) {
    charts.clear();
    return;
  }
  fillTable(entries);
  showCharts(entries.length === 3 ? [entries.slice(0, 2), entries.slice(2)] : [entries]);
  const last = entries[entries.length - 1];
  $("announce").textContent = `${last.name === "A − B" ? "Difference A minus B" : `Point ${last.point + 1}`}: ` +
    `velocity ${formatted(last.line.slope, 1)} mm per year, standard deviation ${formatted(last.std, 1)}.`;
}

function showCharts(groups) {
  const many = scenes.length > 1;
  const marks = [
    ...scenes.map((one, k) => ({ time: timeOf(one.facts.master), text: many ? `master ${"AB"[k]}` : "master" })),
    ...scenes.map((one, k) => ({ time: timeOf(one.data.sinceDate), text: many ? `reference ${"AB"[k]}` : "reference", chosen: one.data.since !== null })).filter(({ chosen }) => chosen),
    ...state.events.map(({ date, label }) => ({ time: timeOf(date), text: label || date, event: true })),
  ];
  charts.show(groups.map((entries) => ({
    title: `Displacement towards the satellite of ${entries.map((one) => one.name).join(" and ")} ${sinceTexts()}`,
    entries: entries.map((one) => ({
      name: one.name, ink: INKS[one.name], ...onAllDates(one), label: `${one.name}: ${headline(one)}`,
    })),
  })), { times, dayOf, marks, since: sinceTexts() });
}

/** The values of an entry on the dates of all series, and its model in days of the first project: {values, model, ends}. */
function onAllDates({ series, model, scene }) {
  const { dates, master } = scenes[scene].facts, shift = dayOf(timeOf(master));
  const positions = new Map(dates.map((date, k) => [date, k]));
  return {
    values: DATES.map((date) => series[positions.get(date)] ?? NaN),
    model: model.at && { ...model, at: (day) => model.at(day - shift) },
    ends: [Math.min(timeOf(dates[0]), timeOf(master)), Math.max(timeOf(dates[dates.length - 1]), timeOf(master))],
  };
}

/** Since when the displacements of all projects are told. */
function sinceTexts() {
  return scenes.length > 1 ? scenes.map((one, k) => `${"AB"[k]} ${sinceText(one)}`).join(", ") : sinceText();
}

/** Velocity of the model that is drawn. */
function headline(one) {
  const velocity = one.model.terms?.find((term) => term.name === "velocity");
  return `${formatted(velocity?.value ?? NaN, 1)} mm/yr`;
}

function fillTable(entries) {
  const place = ({ point, scene }, { data } = scenes[scene]) => point === null
    ? ["", ""] : [`${formatted(turned(data.lon[point]), 5)}°`, `${formatted(data.lat[point], 5)}°`];
  const distance = () => {
    const [a, b] = state.selected, { data } = scenes[a.scene];
    return number(Math.hypot(data.x[a.point] - data.x[b.point], data.y[a.point] - data.y[b.point]));
  };
  const many = entries.some((one) => one.points && one.points.length > 1);
  const rows = [
    ...(scenes.length > 1 ? [["Project", (one) => scenes[one.scene].facts.title]] : []),
    ["Point no.", (one) => (one.point === null ? "" : number(one.point + 1))],
    ...(many ? [["Points averaged", (one) => (one.points ? number(one.points.length) : "")]] : []),
    ["Velocity (mm/yr)", (one) => formatted(one.line.slope, 1)],
    ["± standard deviation", (one) => formatted(one.std, 1)],
    ...(state.model === "weighted" ? plainRows() : modelRows(entries)),
    ...(data.layer("coherence") ? [["Coherence", (one) => (one.point === null ? "" : formatted(one.coherence, 2))]] : []),
    ...(data.layer("height") ? [["Height (m)", (one) => (one.point === null ? "" : formatted(one.height, 0))]] : []),
    ["Longitude", (one) => place(one)[0]],
    ["Latitude", (one) => place(one)[1]],
    ...(entries.length === 3 ? [["Distance (m)", (one) => (one.point === null ? distance() : "")]] : []),
  ];
  const cell = (tag, text, kind = "") => Object.assign(document.createElement(tag), { textContent: text, className: kind });
  const row = (cells, kind = "") => {
    const element = Object.assign(document.createElement("tr"), { className: kind });
    element.append(...cells);
    return element;
  };
  const table = $("facts-table");
  table.tHead.replaceChildren(row([cell("th", ""), ...entries.map((one) => cell("th", one.name))]));
  table.tBodies[0].replaceChildren(...rows.map(([name, text, kind]) => (kind === "heading"
    ? row([Object.assign(cell("th", name), { colSpan: entries.length + 1 })], kind)
    : row([cell("th", name), ...entries.map((one) => cell("td", text(one), kind))]))));
}

function plainRows() {
  return [
    ["Unweighted line (mm/yr)", (one) => formatted(one.plain.slope, 1)],
    ["Scatter about it (mm)", (one) => formatted(one.plain.rms, 1)],
  ];
}

/** Terms of the model that is drawn, with their standard errors. */
function modelRows(entries) {
  const known = entries.find((one) => one.model.terms), name = `${currentModel().label}${withSteps() ? ", with steps" : ""}`;
  if (!known) return [[`${name}: not known. ${entries[0].model.problem}`, null, "heading"]];
  return [
    [name, null, "heading"],
    ...known.model.terms.map((term, k) => k).filter((k) => known.model.terms[k].name !== "offset").map((k) => [
      termTitle(known.model.terms[k]), (one) => (one.model.terms ? termText(one.model.terms[k]) : "–"), "term",
    ]),
    ["Scatter about it (mm)", (one) => formatted(one.model.rms ?? NaN, 1)],
  ];
}

// -------------------------------------------------------------------- file

/** A text from elsewhere for a line of a file: where spreadsheets part it, no cell begins as a formula or a quotation. */
const harmless = (text) => text.replace(/[,;\s]+(?=[=+\-@"'])/g, " ");

/** The selected series as the text of a CSV file; what it holds stands in lines that begin with #. */
function seriesText() {
  const entries = selection(), drawn = entries.map(onAllDates), name = (one) => one.name.replace(" − ", "-");
  return [
    `# ${harmless(facts.title)}: displacement towards the satellite in mm, ${referenceText()}`,
    ...scenes.slice(1).map((one) => `# ${harmless(one.facts.title)}: ${referenceText(one)}`),
    `# ${sinceTexts()}`,
    ...entries.filter((one) => one.point !== null).map((one) =>
      `# ${one.name}: ${scenes.length > 1 ? `${harmless(scenes[one.scene].facts.title)}, ` : ""}point ${one.point + 1}, ${placeText(one)}, ` +
      `mean of ${one.points.length}, velocity ${savedNumber(one.line.slope) || "unknown"}${Number.isFinite(one.line.slope) ? " mm/yr" : ""}`),
    ...scenes.map((one, k) => ({ one, of: entries.filter((entry) => entry.scene === k) })).filter(({ of }) => of.length).map(({ one, of }) =>
      `# on the master's date ${one.facts.master}: ${of.map((entry) => `${name(entry)} ${savedNumber(entry.onMaster)} mm`).join(", ")}`),
    `# model: ${currentModel().label.toLowerCase()}${withSteps() ? ", steps at the events" : ""}`,
    ...entries.map((one) => `# model of ${name(one)}: ${one.model.problem ?? one.model.terms.map(savedTerm).join("; ")}`),
    ...state.events.map(({ date, label }) => `# event: ${date}${label ? ` ${harmless(label)}` : ""}`),
    ["date", ...entries.map(name), ...entries.map((one) => `${name(one)}_model`)].join(","),
    ...DATES.map((date, k) => [
      date, ...drawn.map((one) => savedNumber(one.values[k])), ...drawn.map((one) => savedNumber(modelAt(one, times[k]))),
    ].join(",")),
  ].join("\n") + "\n";
}

/** The model of an entry at a time within its series. */
function modelAt({ model, ends: [first, last] }, time) {
  return model && time >= first && time <= last ? model.at(dayOf(time)) : NaN;
}

function placeText({ point, scene }) {
  const { data } = scenes[scene];
  return `${turned(data.lon[point]).toFixed(7)} E, ${data.lat[point].toFixed(7)} N`;
}

const savedNumber = (value) => (Number.isFinite(value) ? value.toFixed(3) : "");

function savedTerm(term) {
  if (term.name === "maximum") return `${termTitle(term).toLowerCase()} ${termText(term)}`;
  return `${termTitle(term).toLowerCase()} ${term.value.toFixed(3)} ± ${Number.isFinite(term.std) ? term.std.toFixed(3) : "unknown"}`;
}

for (const { name, label } of MODELS) $("model").add(new Option(label, name));
showModel();
$("model").addEventListener("change", (event) => setModel(event.target.value));
$("model-steps").addEventListener("change", (event) => setModel(state.model, event.target.checked));
$("series-clear").addEventListener("click", clearSelected);
$("series-save").addEventListener("click", () => download("series", seriesText()));

Object.assign(window.stampsView, {
  setModel,
  csv: seriesText,
  zoomDates: (low, high) => charts.zoomTo(low ? [timeOf(low), timeOf(high)] : null),
  /** What the charts show: range of dates, date that is read, values as they are drawn. */
  charts: () => ({
    range: charts.shown.map(dateOf), whole: charts.range === null, date: charts.at === null ? null : DATES[charts.at],
    drawn: charts.charts.map((chart) => chart.uplot.data.slice(1)),
  }),
  /** Where a date is in a chart, in CSS pixels of the window. */
  chartPlace(date, k = 0) {
    const chart = charts.charts[k].uplot, box = chart.over.getBoundingClientRect();
    return [box.left + chart.valToPos(timeOf(date), "x"), box.top + box.height / 2];
  },
});

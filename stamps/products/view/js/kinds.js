// Kinds of scatterers and of motion: shown in colours of their own, and all layers with some of them only.

const kindLayers = facts.layers.filter((layer) => layer.categories);
for (const { name, categories } of kindLayers) state.kinds[name] = categories.map(() => true);

/** Values without those of the kinds that are not shown. */
function withoutHiddenKinds(values, from = data) {
  const filters = kindLayers.filter(({ name }) => !state.kinds[name].every(Boolean) && from.layer(name))
    .map(({ name }) => [from.column(name), state.kinds[name]]);
  if (!filters.length) return values;
  return Float64Array.from(values, (value, i) => (filters.every(([kinds, shown]) => shown[kinds[i]]) ? value : NaN));
}

function setKind(name, kind, shown) {
  state.kinds[name][kind] = shown;
  $(`kinds-${name}`).querySelectorAll("input")[kind].checked = shown;
  showLayer();
}

/** Kinds of motion are chosen where they are shown; but what hides points is always in sight. */
function showKinds() {
  for (const { name } of kindLayers) $(`kinds-${name}`).hidden = name === "model_ts_type" && state.layer !== name && state.kinds[name].every(Boolean);
}

function addKinds({ name, label, categories }) {
  const group = Object.assign(document.createElement("fieldset"), { id: `kinds-${name}` });
  group.append(Object.assign(document.createElement("legend"), { className: "sr", textContent: `${label}: shown` }));
  categories.forEach((words, kind) => {
    const swatch = Object.assign(document.createElement("span"), { className: "swatch" });
    swatch.style.background = palettes[name].css(kind / (categories.length - 1));
    const box = Object.assign(document.createElement("input"), { type: "checkbox", checked: true });
    box.addEventListener("change", () => setKind(name, kind, box.checked));
    const counts = scenes.filter((one) => one.data.layer(name)).map((one) => one.data.column(name).reduce((sum, value) => sum + (value === kind), 0));
    const element = Object.assign(document.createElement("label"), { className: "inline" });
    element.append(box, " ", swatch, ` ${words} (${counts.map((count) => number(count)).join(" + ")})`);
    group.append(element);
  });
  $("kinds").append(group);
}

kindLayers.forEach(addKinds);
document.addEventListener("layerchange", showKinds);

Object.assign(window.stampsView, { setKind, kinds: () => state.kinds });

// Drawings and stations on the map: those of the page, and files that are opened on it. They never leave this machine.

const drawnOn = []; // {name, things (one for each map)}

function addDrawing(name, things) {
  drawnOn.push({ name, things });
  scenes.forEach(({ map }, k) => { if (things[k]) map.things.push(things[k]); });
  const box = Object.assign(document.createElement("input"), { type: "checkbox", checked: true });
  box.addEventListener("change", () => { things.forEach((thing) => { thing.visible = box.checked; }); redrawMaps(); });
  const label = document.createElement("label"), item = document.createElement("li");
  label.append(box, name);
  item.append(label);
  $("drawings-list").append(item);
  redrawMaps();
}

/** What is drawn at the pointer, in the tooltip. */
function showThing(thing, event, { map }) {
  const tip = map.frame.querySelector(".tooltip"), box = map.frame.getBoundingClientRect();
  const [first, ...rest] = thing.lines;
  tip.replaceChildren(Object.assign(document.createElement("b"), { textContent: first }));
  for (const text of rest) tip.append(document.createElement("br"), text);
  tip.hidden = false;
  placeTooltip(tip, event.clientX - box.left, event.clientY - box.top, box);
}

function placeTooltip(tip, x, y, box) {
  tip.style.left = tip.style.top = "0px";
  const clip = (value, most) => Math.max(4, Math.min(most, value));
  tip.style.left = `${clip(x + 16 + tip.offsetWidth > box.width ? x - 16 - tip.offsetWidth : x + 16, box.width - tip.offsetWidth - 4)}px`;
  tip.style.top = `${clip(y + 16 + tip.offsetHeight > box.height ? y - 16 - tip.offsetHeight : y + 16, box.height - tip.offsetHeight - 4)}px`;
}

async function openDrawing(file) {
  const say = (text) => { $("drawings-note").textContent = text; };
  try {
    if (file.size > LARGEST_FILE) throw new Error(`${file.name} has more than ${LARGEST_FILE / 1e6} MB: simplify it first.`);
    const overlay = new Overlay(file.name, featuresOf(await file.text(), file.name), data);
    addDrawing(file.name, scenes.map(() => overlay));
    const isNear = overlay.features.some(({ parts }) => parts.some(({ box }) =>
      box[0] <= data.extent[2] && box[2] >= data.extent[0] && box[1] <= data.extent[3] && box[3] >= data.extent[1]));
    say(`${file.name}: ${number(overlay.features.length)} features${isNear ? "." : ", none of them where the points are."}`);
  } catch (error) {
    say(error.message);
  }
}

for (const { name, features } of facts.overlays ?? []) {
  const overlay = new Overlay(name, features, data);
  addDrawing(name, scenes.map(() => overlay));
}
if (scenes.some((one) => one.facts.stations?.length)) {
  addDrawing("GNSS stations", scenes.map((one) => new Stations(one.facts.stations ?? [], one.data, (velocity) => {
    const [low, high] = limitsOf(data.layer("velocity"));
    return palettes.velocity.css((velocity - low) / (high - low));
  })));
}

$("drawings-file").addEventListener("change", (event) => {
  for (const file of event.target.files) openDrawing(file);
  event.target.value = "";
});
for (const [name, target] of [["dragover", true], ["dragleave", false], ["drop", false]]) {
  $("maps").addEventListener(name, (event) => {
    event.preventDefault();
    $("maps").classList.toggle("is-target", target);
    if (name === "drop") for (const file of event.dataTransfer.files) openDrawing(file);
  });
}

Object.assign(window.stampsView, {
  drawings: () => drawnOn.map(({ name, things }) => ({ name, visible: things[0].visible })),
  openDrawing: (name, text) => openDrawing(new File([text], name)),
});

// Two projects side by side: pairs of points, and on narrow screens which of the maps is shown.

/** Whether a click selects a point on both maps. */
function pairsPoints() {
  return scenes.length > 1 && $("pairs").checked;
}

/** A point and the nearest one of the other project, A of the first and B of the second; alone where none is near enough. */
function pairOf(one) {
  const there = 1 - one.scene, { data, map } = scenes[there], within = Math.max(1, Number($("pairs-radius").value) || 100);
  const from = scenes[one.scene].data, [x, y] = [from.x[one.point], from.y[one.point]];
  const point = map.index.nearest(x, y, within, (i) => map.codes[i] < GREY);
  const name = (scene) => "AB"[scene];
  if (point < 0) {
    hint(`No point of ${scenes[there].facts.title} lies within ${number(within)} m.`, 4000);
    return [{ ...one, name: name(one.scene) }];
  }
  const other = selected(point, undefined, there);
  return [{ ...one, name: name(one.scene) }, { ...other, name: name(there) }].sort((a, b) => a.scene - b.scene);
}

function showMap(k) {
  $("maps").dataset.shown = k;
  [...$("map-switch").children].forEach((button, j) => button.setAttribute("aria-pressed", String(j === k)));
}

if (scenes.length > 1) {
  $("map-switch").hidden = $("pairs-card").hidden = false;
  $("pairs-text").textContent = scenes.map((one, k) => `${"AB"[k]}: ${one.facts.title}, ${one.facts.processing}, ${number(one.data.n)} points`).join("; ") + ".";
  scenes.forEach((one, k) => {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: `${"AB"[k]}: ${one.facts.title}` });
    button.addEventListener("click", () => showMap(k));
    $("map-switch").append(button);
  });
  showMap(0);
}

Object.assign(window.stampsView, { showMap, views: () => scenes.map((one) => ({ ...one.map.view })) });

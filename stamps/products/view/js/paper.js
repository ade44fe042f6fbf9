// Paper: before the page is printed everything takes the size that it has there (view.css) and is drawn for it.

function fitPaper(on) {
  document.documentElement.classList.toggle("paper", on);
  showLayer();
  for (const { map } of scenes) {
    map.frame.querySelector(".sheet")?.remove();
    map.resize();
    map.drawNow();
    if (on) map.marks.after(sheetOf(map));
  }
  charts.charts.forEach((chart) => chart.resize());
  if (!$("profile").hidden) profileChart?.setSize(profileSize());
}

/** All layers of a map on one canvas: of several, browsers print what was cleared as white, which hides those below. */
function sheetOf({ ground, painter, drawings, marks }) {
  const { width, height } = marks, sheet = Object.assign(document.createElement("canvas"), { width, height, className: "sheet" });
  const context = sheet.getContext("2d");
  context.fillStyle = stampsTheme.colour("map");
  context.fillRect(0, 0, width, height);
  for (const canvas of [ground, painter.canvas, drawings, marks]) context.drawImage(canvas, 0, 0);
  return sheet;
}

addEventListener("beforeprint", () => fitPaper(true));
addEventListener("afterprint", () => fitPaper(false));

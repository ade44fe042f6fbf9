// Keys that hold everywhere on the page.

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  if (view.map.tool) drawLine(false);
  else if (state.choosing) chooseReference(false);
  else clearSelected();
});

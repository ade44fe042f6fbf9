"use strict";
// sort a table by the column whose head is clicked; data-value holds what is compared where the cell shows something else
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    head.dataset.sort = "";
    head.tabIndex = 0;
    const sort = () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      heads.forEach(other => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const key = row => { const cell = row.cells[column]; return cell.dataset.value ?? cell.textContent.trim(); };
      const rows = [...table.tBodies[0].rows].map(row => [key(row), row]);
      rows.sort(([a], [b]) => {
        if (a === "" || b === "") return (a === "") - (b === "");
        const order = isNaN(a) || isNaN(b) ? a.localeCompare(b) : a - b;
        return up ? order : -order;
      });
      table.tBodies[0].append(...rows.map(([, row]) => row));
    };
    head.addEventListener("click", sort);
    head.addEventListener("keydown", event => { if (event.key === "Enter") sort(); });
  });
}
// show the rows that contain a text and have a status
for (const form of document.querySelectorAll("form.filters")) {
  const rows = [...document.getElementById(form.dataset.table).tBodies[0].rows];
  const show = () => {
    const text = form.elements.text.value.toLowerCase(), status = form.elements.status.value;
    let shown = 0;
    for (const row of rows) {
      row.hidden = !(row.dataset.text.toLowerCase().includes(text) && (!status || row.dataset.status.split(" ").includes(status)));
      shown += !row.hidden;
    }
    form.elements.shown.value = `${shown} of ${rows.length} rows`;
  };
  form.addEventListener("input", show);
  form.addEventListener("change", show);
  form.addEventListener("submit", event => event.preventDefault());
  show();
}
// a link into a closed part opens it
const openTarget = () => {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target) { for (let part = target.closest("details"); part; part = part.parentElement.closest("details")) part.open = true; target.scrollIntoView(); }
};
window.addEventListener("hashchange", openTarget);
openTarget();

// Events: dates with a word, as lines in the charts and as steps of models.

/** Add an event (ISO date); false, with a hint, where the series says nothing of it. */
function addEvent(date, label = "") {
  const [first, last] = [facts.images[0].date, facts.images[facts.images.length - 1].date].sort();
  const problem = !isDate(date) ? "Give the date of the event."
    : date < first || date > last ? `${date} is outside of the series, ${first} to ${last}: choose a date in between.`
    : state.events.some((event) => event.date === date) ? `There is an event on ${date} already: remove that one first.` : "";
  hintAtEvents(problem);
  if (problem) return false;
  state.events = [...state.events, { date, label: label.trim() }].sort((a, b) => (a.date < b.date ? -1 : 1));
  showEvents();
  return true;
}

function removeEvent(date) {
  state.events = state.events.filter((event) => event.date !== date);
  hintAtEvents("");
  showEvents();
}

function hintAtEvents(text) {
  $("event-hint").textContent = text;
  $("event-hint").hidden = !text;
}

function showEvents() {
  $("events").replaceChildren(...state.events.map(({ date, label }) => {
    const item = document.createElement("li"), remove = document.createElement("button");
    Object.assign(remove, { type: "button", textContent: "×", title: "Remove" });
    remove.setAttribute("aria-label", `Remove the event ${date}`);
    remove.addEventListener("click", () => {
      removeEvent(date);
      $("event-date").focus();
    });
    item.append(`${date}${label ? ` ${label}` : ""} `, remove);
    return item;
  }));
  showModel();
  showSelected();
}

$("event-date").min = facts.images[0].date;
$("event-date").max = facts.images[facts.images.length - 1].date;
onForm("event-form", () => {
  if (addEvent($("event-date").value, $("event-label").value)) $("event-form").reset();
});

Object.assign(window.stampsView, { addEvent, removeEvent, events: () => state.events });

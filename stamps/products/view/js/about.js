// How to read the page, and where its data come from.

function fillAbout() {
  const body = $("about-body");
  const add = (tag, text) => body.appendChild(Object.assign(document.createElement(tag), { textContent: text }));
  const table = (head, rows) => {
    const element = body.appendChild(document.createElement("table"));
    if (head) element.createTHead().insertRow().append(...head.map((text) => Object.assign(document.createElement("th"), { textContent: text })));
    const part = element.createTBody();
    for (const cells of rows) {
      const line = part.insertRow();
      for (const text of cells) line.insertCell().textContent = text;
    }
  };
  add("h3", "How to read this page");
  const list = body.appendChild(document.createElement("ul"));
  const displacement = data.layer("displacement");
  for (const text of [
    `Velocity and displacement are measured along the line of sight of the radar; positive is motion towards the satellite. ${facts.description} (${facts.value}).`,
    "The line of a series is fitted with the weights of the velocity on the map; the unweighted line stands beside it.",
    facts.spread
      ? `The standard deviation is that of ${number(facts.n_boot)} bootstrap samples of the dates; like every value it is relative to the reference area.`
      : "There is no standard deviation, because the noise of the interferograms is not known well enough.",
    `Displacements are stored in steps: they are rounded by ${displacement.error.toPrecision(1)} mm at the most. Places are rounded to 1 cm.`,
    "Point numbers count the rows of ps2.mat from 1.",
    "Spatially correlated noise is what step 8 takes for atmosphere and orbit errors; it is not removed from the series unless the name of the velocity says so (-s).",
    "Models other than the line of the map are unweighted least squares of the dates that have a value and of the master's, on which the displacement is 0, with standard errors of white noise; a step changes the displacement after its date.",
    "Charts are drawn by uPlot 1.6.32, copyright 2022 Leon Sorokin, MIT licence (its text stands in the source of this page).",
    "Drag the star to move the reference area. Averages (display) take all points within a radius of a click.",
  ]) list.appendChild(document.createElement("li")).textContent = text;
  add("h3", "Data");
  table(null, [
    ["Processing", facts.processing], ["Images", number(facts.n_images)], ["Interferograms", number(facts.interferograms)],
    ["Points", number(data.n)], ["Master", facts.master], ["Wavelength", `${(facts.wavelength * 100).toFixed(2)} cm`],
    ...(facts.heading === null ? [] : [["Heading", `${facts.heading.toFixed(1)}°`]]),
    ["Reference as processed", facts.reference.text], ["Page written", `${facts.created}, stamps ${facts.version}`],
  ]);
  add("h3", "Images");
  const known = facts.images.some((image) => image.bperp !== null);
  table(known ? ["Date", "Baseline (m)", "Noise (°)"] : ["Date"], facts.images.map(({ date, bperp, noise }) => [
    `${date}${date === facts.master ? " (master)" : ""}`, ...(known ? [formatted(bperp, 0), formatted(noise, 1)] : []),
  ]));
  add("h3", "Parameters");
  table(null, facts.parameters.map(([name, value]) => [name, value]));
  body.querySelectorAll("table:last-of-type tr").forEach((line, k) => { line.title = facts.parameters[k][2]; });
}

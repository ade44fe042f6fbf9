// The start of the page, when everything is in its place.

$("subtitle").textContent =
  `Ground motion along the line of sight, positive towards the satellite · ${pointCount(data.n)} · ` +
  `${facts.n_images} radar images, ${facts.images[0].date} to ${facts.images[facts.images.length - 1].date} · ${facts.processing}`;

fillAbout();
setReferenceOriginal();
setReferenceDate(facts.reference_date);
showEvents();

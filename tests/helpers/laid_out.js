// What a test of the layout asks a page: boxes of controls, contrast of texts.

const shownNow = (element) => element.checkVisibility({ visibilityProperty: true }) && element.getClientRects().length > 0;
const nameOf = (element) => element.id || element.getAttribute("aria-label") || `${element.tagName} ${element.textContent.trim().slice(0, 30)}`;
const isHiddenForEyes = (element) => element.closest(".sr") !== null;

/** Controls that can be seen: {name, left, top, right, bottom, wide, high (of what is touched)}. */
function controls() {
  const found = [...document.querySelectorAll("button, input, select, summary, .button, .chart-plot")];
  return found.filter((element) => shownNow(element) && !isHiddenForEyes(element)).map((element) => {
    const box = element.getBoundingClientRect(), label = element.type === "checkbox" ? element.closest("label") : null;
    const touched = (label ?? element).getBoundingClientRect();
    return { name: nameOf(element), left: box.left, top: box.top + scrollY, right: box.right, bottom: box.bottom + scrollY, wide: touched.width, high: touched.height };
  });
}

/** Whatever reaches beyond the window on either side, unless it is scrolled within. */
function beyond() {
  const isScrolled = (element) => element && (/(auto|scroll|hidden)/.test(getComputedStyle(element).overflowX) && element !== document.documentElement || isScrolled(element.parentElement));
  return [...document.body.querySelectorAll("*")].filter((element) => {
    const box = element.getBoundingClientRect();
    return shownNow(element) && !isHiddenForEyes(element) && (box.right > innerWidth + 0.5 || box.left < -0.5) && !isScrolled(element.parentElement);
  }).map(nameOf);
}

const channels = (text) => {
  const numbers = text.match(/[\d.]+/g).map(Number);
  return { rgb: numbers.slice(0, 3), alpha: numbers[3] ?? 1 };
};
const over = (top, below) => top.rgb.map((value, k) => value * top.alpha + below[k] * (1 - top.alpha));
const luminance = (rgb) => rgb.map((value) => value / 255)
  .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)).reduce((sum, c, k) => sum + c * [0.2126, 0.7152, 0.0722][k], 0);
const ratio = (a, b) => {
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (light + 0.05) / (dark + 0.05);
};

function backgroundOf(element) {
  if (!element) return [255, 255, 255];
  return over(channels(getComputedStyle(element).backgroundColor), backgroundOf(element.parentElement));
}

/** Contrasts of all texts that can be seen: [name, ratio]. */
function contrasts() {
  const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.textContent.trim() || !shownNow(element) || isHiddenForEyes(element) || element.closest("script, :disabled")) continue;
    const style = getComputedStyle(element), below = backgroundOf(element);
    const ink = channels(element instanceof SVGElement ? style.fill : style.color);
    found.push([`${nameOf(element)}: ${node.textContent.trim().slice(0, 30)}`, ratio(over(ink, below), below)]);
  }
  return found;
}

/** Contrast of two named colours of the page, the second over a third. */
function contrastOf(ink, ground, below) {
  const probe = document.body.appendChild(document.createElement("i"));
  const named = (name) => { probe.style.color = `var(--${name})`; return channels(getComputedStyle(probe).color); };
  const solid = over(named(ground), below ? named(below).rgb : [0, 0, 0]), result = ratio(over(named(ink), solid), solid);
  probe.remove();
  return result;
}

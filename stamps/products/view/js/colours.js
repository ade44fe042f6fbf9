// Colours of values: 256 steps between the given ones, ready for pixels (little-endian ABGR) and for CSS.

const STEPS = 256;

/** Lookup table of a list of "#rrggbb": css(t), and shades as 32-bit pixels. */
class Palette {
  constructor(colours) {
    const anchors = colours.map(channelsOf);
    this.rgb = Array.from({ length: STEPS }, (_, i) => {
      const at = (i / (STEPS - 1)) * (anchors.length - 1);
      const k = Math.min(Math.floor(at), anchors.length - 2);
      return anchors[k].map((low, c) => Math.round(low + (at - k) * (anchors[k + 1][c] - low)));
    });
    // a point from its inside to its rim
    this.shades = [1, 0.82, 0.64].map((factor) => Uint32Array.from(this.rgb, (c) => pixel(c, factor)));
  }

  css(t) {
    const [r, g, b] = this.rgb[Math.max(0, Math.min(STEPS - 1, Math.round(t * (STEPS - 1))))];
    return `rgb(${r},${g},${b})`;
  }
}

/** Red, green and blue of "#rrggbb". */
function channelsOf(text) {
  return [1, 3, 5].map((at) => parseInt(text.slice(at, at + 2), 16));
}

/** Opaque pixel of a colour, darkened by a factor. */
function pixel([r, g, b], factor) {
  return ((255 << 24) | (Math.round(b * factor) << 16) | (Math.round(g * factor) << 8) | Math.round(r * factor)) >>> 0;
}

/** The value below which a share of finite values lies; they are put in another order (Hoare's selection). */
function quantile(values, share) {
  if (values.length === 0) return 0;
  const k = Math.round(share * (values.length - 1));
  let low = 0, high = values.length - 1;
  while (low < high) {
    const pivot = values[(low + high) >> 1];
    let i = low, j = high;
    while (i <= j) {
      while (values[i] < pivot) i++;
      while (values[j] > pivot) j--;
      if (i > j) break;
      [values[i], values[j]] = [values[j], values[i]];
      i++;
      j--;
    }
    if (k <= j) high = j;
    else if (k >= i) low = i;
    else break;
  }
  return values[k];
}

/** A copy of the values that are numbers. */
function numbersOf(values) {
  const found = new Float64Array(values.length);
  let count = 0;
  for (let i = 0; i < values.length; i++) if (values[i] === values[i]) found[count++] = values[i];
  return found.subarray(0, count);
}

/** A round number near a positive one: 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8 times a power of ten, not smaller. */
function roundUp(value) {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].find((s) => s * power >= value * 0.999);
  return Number((step * power).toPrecision(3));
}

/** Round ticks within a range, about as many as wanted. */
function ticksBetween(low, high, wanted) {
  const raw = (high - low) / Math.max(wanted, 1);
  if (!(raw > 0)) return [low];
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * [1, 2, 5, 10].find((s) => s * power >= raw * 0.999);
  const ticks = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k++) ticks.push(Number((k * step).toPrecision(12)));
  return ticks;
}

/** Number as text: so many significant digits as its size needs, a real minus sign. */
function formatted(value, digits) {
  if (value === null || !Number.isFinite(value)) return "–";
  return value.toFixed(digits).replace("-", "−").replace(/^−(0(\.0*)?)$/, "$1");
}

/** Text of a tick. */
function tickText(value) {
  return String(value).replace("-", "−");
}

// Colours of values: 256 steps between the given ones, ready for pixels (little-endian ABGR) and for CSS.

const STEPS = 256;

/** Lookup table of a list of "#rrggbb": css(t), and shades as 32-bit pixels. */
class Palette {
  constructor(colours) {
    const anchors = colours.map((text) => [1, 3, 5].map((at) => parseInt(text.slice(at, at + 2), 16)));
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

/** Opaque pixel of a colour, darkened by a factor. */
function pixel([r, g, b], factor) {
  return ((255 << 24) | (Math.round(b * factor) << 16) | (Math.round(g * factor) << 8) | Math.round(r * factor)) >>> 0;
}

/** The part of sorted finite values below which a share of them lies. */
function quantile(sorted, share) {
  if (sorted.length === 0) return 0;
  return sorted[Math.max(0, Math.min(sorted.length - 1, Math.round(share * (sorted.length - 1))))];
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

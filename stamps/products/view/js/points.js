// Points on a canvas: written as pixels, because that is quick for 100 000 of them; and found again under the pointer.

/** Which points lie where: cells of a square grid, the points of each cell one after the other. */
class PointIndex {
  constructor(x, y, extent) {
    this.x = x;
    this.y = y;
    const width = extent[2] - extent[0], height = extent[3] - extent[1];
    this.size = Math.max(Math.sqrt((width * height) / x.length) * 2, Math.max(width, height) / 2000, 1e-3);
    [this.left, this.bottom] = extent;
    this.columns = Math.floor(width / this.size) + 1;
    this.rows = Math.floor(height / this.size) + 1;
    this.start = new Uint32Array(this.columns * this.rows + 1);
    const cell = new Uint32Array(x.length);
    for (let i = 0; i < x.length; i++) this.start[(cell[i] = this.cellOf(x[i], y[i])) + 1]++;
    for (let c = 0; c < this.start.length - 1; c++) this.start[c + 1] += this.start[c];
    this.points = new Uint32Array(x.length);
    const next = this.start.slice();
    for (let i = 0; i < x.length; i++) this.points[next[cell[i]]++] = i;
  }

  columnAt(x) { return Math.max(0, Math.min(this.columns - 1, Math.floor((x - this.left) / this.size))); }
  rowAt(y) { return Math.max(0, Math.min(this.rows - 1, Math.floor((y - this.bottom) / this.size))); }
  cellOf(x, y) { return this.rowAt(y) * this.columns + this.columnAt(x); }

  /** The nearest point within a distance for which accept(i) is true, or -1. */
  nearest(x, y, distance, accept = () => true) {
    let best = -1, least = distance * distance;
    for (let row = this.rowAt(y - distance); row <= this.rowAt(y + distance); row++) {
      for (let column = this.columnAt(x - distance); column <= this.columnAt(x + distance); column++) {
        const cell = row * this.columns + column;
        for (let at = this.start[cell]; at < this.start[cell + 1]; at++) {
          const i = this.points[at], d = (this.x[i] - x) ** 2 + (this.y[i] - y) ** 2;
          if (d <= least && accept(i)) [best, least] = [i, d];
        }
      }
    }
    return best;
  }
}

/**
 * The pixels of a disc as offsets in a canvas of some width; radius in device pixels. Three shades from the inside to
 * a darker rim (small discs have none), and the soft border with its opacity (hard where many small ones are drawn).
 */
function discOf(radius, width, hard = false) {
  const reach = Math.ceil(radius + 0.5), shades = [[], [], []], soft = [], cover = [];
  for (let dy = -reach; dy <= reach; dy++) {
    for (let dx = -reach; dx <= reach; dx++) {
      const at = dy * width + dx, inside = radius + 0.5 - Math.hypot(dx, dy);
      if (inside >= 1) shades[radius < 2.6 || inside > 2.2 ? 0 : inside > 1.6 ? 1 : 2].push(at);
      else if (hard && inside > 0.4) shades[0].push(at);
      else if (!hard && inside > 0.05) { soft.push(at); cover.push(inside); }
    }
  }
  return { reach, rimmed: radius >= 2.6, shades: shades.map((list) => Int32Array.from(list)), soft: Int32Array.from(soft), cover };
}

/** Draws points into the pixels of a canvas. */
class PointPainter {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
  }

  resize(width, height) {
    this.canvas.width = width;
    this.canvas.height = height;
    this.image = this.context.createImageData(width, height);
    this.pixels = new Uint32Array(this.image.data.buffer);
  }

  /**
   * Draw.
   * x, y: metres; view: {cx, cy, scale (device pixels per metre)}; codes: colour of each point, 0…255, or HIDDEN, GREY;
   * palette: Palette; radius: device pixels.
   */
  draw(x, y, view, codes, palette, radius) {
    const { width, height } = this.canvas;
    this.pixels.fill(0);
    const disc = discOf(radius, width, x.length > MANY && radius < 2.6), small = radius > 2 ? discOf(Math.max(1, radius * 0.45), width) : disc;
    const greyed = greyPixel();
    const [inner, middle, rim] = palette.shades, border = disc.rimmed ? rim : inner;
    const { cx, cy, scale } = view;
    for (let pass = 0; pass < 2; pass++) { // what is filtered out lies below
      if (pass === 0 && !codes.hasGrey) continue;
      const one = pass ? disc : small, { reach } = one;
      for (let i = 0; i < x.length; i++) {
        const code = codes[i];
        if (code === HIDDEN || (code === GREY) === (pass === 1)) continue;
        const px = Math.round((x[i] - cx) * scale + width / 2), py = Math.round(height / 2 - (y[i] - cy) * scale);
        if (px < reach || py < reach || px >= width - reach || py >= height - reach) continue;
        const at = py * width + px;
        if (pass) this.put(one, at, inner[code], middle[code], rim[code], border[code]);
        else this.put(one, at, greyed, greyed, greyed, greyed);
      }
    }
    this.context.putImageData(this.image, 0, 0);
  }

  put(disc, at, inner, middle, rim, border) {
    const { pixels } = this, [a, b, c] = disc.shades, { soft, cover } = disc;
    for (let s = 0; s < a.length; s++) pixels[at + a[s]] = inner;
    for (let s = 0; s < b.length; s++) pixels[at + b[s]] = middle;
    for (let s = 0; s < c.length; s++) pixels[at + c[s]] = rim;
    for (let s = 0; s < soft.length; s++) {
      const p = at + soft[s];
      pixels[p] = blended(border, pixels[p], cover[s]);
    }
  }
}

const MANY = 40000;
const HIDDEN = 0xffff, GREY = 0xfffe;

/** What is filtered out, in the present theme. */
function greyPixel() {
  return pixel(channelsOf(stampsTheme.colour("filtered")), 1);
}

/** An opaque colour over another pixel with some opacity. */
function blended(over, under, cover) {
  const below = under >>> 24;
  if (below === 0) return ((over & 0xffffff) | (Math.round(255 * cover) << 24)) >>> 0;
  const alpha = cover + (below / 255) * (1 - cover), share = cover / alpha, rest = 1 - share;
  const mix = (shift) => (((over >>> shift) & 255) * share + ((under >>> shift) & 255) * rest) << shift;
  return ((Math.round(alpha * 255) << 24) | (mix(16) & 0xff0000) | (mix(8) & 0xff00) | (mix(0) & 0xff)) >>> 0;
}

/** Colour code of each value over a range; outside of the shown range grey, without value hidden. */
function codesOf(values, [low, high], shown, codes) {
  const factor = high > low ? 255 / (high - low) : 0;
  codes.hasGrey = false;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value !== value) codes[i] = HIDDEN;
    else if (shown && (value < shown[0] || value > shown[1])) { codes[i] = GREY; codes.hasGrey = true; }
    else codes[i] = Math.max(0, Math.min(255, Math.round((value - low) * factor)));
  }
  return codes;
}

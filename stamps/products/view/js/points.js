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

/** The pixels of a disc of a radius (device pixels): inside, darker rim, and soft border with its opacity. */
function discOf(radius) {
  const reach = Math.ceil(radius + 0.5), rim = radius >= 2.6 ? radius - 1 : Infinity;
  const disc = { reach, fill: [], edge: [], soft: [] };
  for (let dy = -reach; dy <= reach; dy++) {
    for (let dx = -reach; dx <= reach; dx++) {
      const d = Math.hypot(dx, dy), cover = radius + 0.5 - d;
      if (cover >= 1) (d > rim ? disc.edge : disc.fill).push([dx, dy]);
      else if (cover > 0.08) disc.soft.push([dx, dy, cover]);
    }
  }
  return disc;
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
    const stamp = stampOf(discOf(radius), width);
    const fill = palette.fill, edge = stamp.edge.length ? palette.edge : palette.fill;
    const small = radius > 2 ? stampOf(discOf(Math.max(1, radius * 0.45)), width) : stamp;
    const { cx, cy, scale } = view;
    for (let pass = 0; pass < 2; pass++) { // what is filtered out lies below
      if (pass === 0 && !codes.hasGrey) continue;
      const one = pass ? stamp : small, { reach } = one;
      for (let i = 0; i < x.length; i++) {
        const code = codes[i];
        if (code === HIDDEN || (code === GREY) === (pass === 1)) continue;
        const px = Math.round((x[i] - cx) * scale + width / 2), py = Math.round(height / 2 - (y[i] - cy) * scale);
        if (px < reach || py < reach || px >= width - reach || py >= height - reach) continue;
        if (pass) this.put(one, py * width + px, fill[code], edge[code]);
        else this.put(one, py * width + px, GREY_PIXEL, GREY_PIXEL);
      }
    }
    this.context.putImageData(this.image, 0, 0);
  }

  put(stamp, at, fill, edge) {
    const { pixels } = this;
    for (let s = 0; s < stamp.fill.length; s++) pixels[at + stamp.fill[s]] = fill;
    for (let s = 0; s < stamp.edge.length; s++) pixels[at + stamp.edge[s]] = edge;
    for (let s = 0; s < stamp.soft.length; s++) {
      const p = at + stamp.soft[s];
      pixels[p] = blended(edge, pixels[p], stamp.cover[s]);
    }
  }
}

const HIDDEN = 0xffff, GREY = 0xfffe;
const GREY_PIXEL = pixel([176, 184, 191], 1);

/** A disc as offsets in the pixels of a canvas of some width. */
function stampOf(disc, width) {
  const flat = (list) => Int32Array.from(list, ([dx, dy]) => dy * width + dx);
  return {
    reach: disc.reach, fill: flat(disc.fill), edge: flat(disc.edge), soft: flat(disc.soft),
    cover: Float32Array.from(disc.soft, (part) => part[2]),
  };
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

// A base map in Web Mercator under the points. Its columns are straight here, its rows are stretched: pieces are drawn
// in strips of whole pixels, each from the rows of the piece that belong there.

const TILE = 256; // pixels of a piece
const MOST_TILES = 300, DEEPEST_TILE = 19, AGAIN = 30000; // ms until a piece that failed is asked for again
const STRIP_ERROR = 0.1; // pixels that a strip may be off within itself

/** Rows from the north of the whole map (0 … 1) at a latitude. */
function mercatorRow(lat) {
  const sine = Math.sin((Math.max(-85.0511287, Math.min(85.0511287, lat)) * Math.PI) / 180);
  return 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI);
}

class Tiles {
  /** address: with {z}, {x}, {y}; changed(): something arrived or failed. */
  constructor(address, changed) {
    this.address = address;
    this.changed = changed;
    this.pieces = new Map(); // "z/x/y" -> {image, ready, failed (time)}
  }

  /** The zoom whose pixels are about those of the screen. */
  zoomOf(map) {
    const degree = map.data.metres[0] * map.view.scale * map.ratio; // device pixels of a degree of longitude
    return Math.max(0, Math.min(DEEPEST_TILE, Math.round(Math.log2((degree * 360) / TILE))));
  }

  draw(context, map) {
    const zoom = this.zoomOf(map), n = 2 ** zoom;
    const [west, north] = map.data.toDegrees(...map.toPlace(0, 0));
    const [east, south] = map.data.toDegrees(...map.toPlace(map.width, map.height));
    const [left, right] = [west, east].map((lon) => Math.floor(((lon + 180) / 360) * n));
    const [top, bottom] = [north, south].map((lat) => Math.max(0, Math.min(n - 1, Math.floor(mercatorRow(lat) * n))));
    context.save();
    context.setTransform(1, 0, 0, 1, 0, 0);
    for (let y = top; y <= bottom; y++) for (let x = left; x <= right; x++) this.drawPiece(context, map, zoom, x, y);
    context.restore();
  }

  /** One piece, or the part of a coarser one that is there already. */
  drawPiece(context, map, zoom, x, y) {
    const wanted = this.piece(zoom, x, y, true);
    for (let up = 0; up <= Math.min(zoom, 5); up++) {
      const share = 2 ** up, piece = up ? this.piece(zoom - up, Math.floor(x / share), y >> up, false) : wanted;
      if (!piece?.ready) continue;
      const size = piece.image.naturalWidth / share;
      const part = { left: (x - Math.floor(x / share) * share) * size, top: (y % share) * size, size };
      this.drawPart(context, map, piece.image, part, zoom, x, y);
      return;
    }
  }

  /** Part of a picture into the place of a piece; edges at whole pixels of the screen, shared with the neighbours. */
  drawPart(context, map, image, part, zoom, x, y) {
    const n = 2 ** zoom, { data, ratio } = map;
    const column = (px) => (((data.toDegrees(map.toPlace(px / ratio, 0)[0], 0)[0] + 180) / 360) * n - x) * part.size;
    const row = (py) => (mercatorRow(data.toDegrees(0, map.toPlace(0, py / ratio)[1])[1]) * n - y) * part.size;
    const pxOf = (k) => Math.round(map.toScreen(((k / n) * 360 - 180 - data.origin[0]) * data.metres[0], 0)[0] * ratio);
    const pyOf = (k) => Math.round(map.toScreen(0, (latitudeOfRow(k / n) - data.origin[1]) * data.metres[1])[1] * ratio);
    const [left, right, top, bottom] = [pxOf(x), pxOf(x + 1), pyOf(y), pyOf(y + 1)];
    if (right <= left || bottom <= top || right < 0 || bottom < 0 || left > map.width * ratio || top > map.height * ratio) return;
    const clip = (value) => Math.max(0, Math.min(part.size, value));
    const [sx, ex] = [clip(column(left)), clip(column(right))];
    const strips = Math.max(1, Math.ceil(Math.sqrt(bending(zoom, y) * ((bottom - top) / TILE) / STRIP_ERROR)));
    for (let k = 0; k < strips; k++) {
      const from = top + Math.round(((bottom - top) * k) / strips), to = top + Math.round(((bottom - top) * (k + 1)) / strips);
      const [sy, ey] = [clip(row(from)), clip(row(to))];
      if (to > from && ey > sy) {
        context.drawImage(image, part.left + sx, part.top + sy, ex - sx, ey - sy, left, from, right - left, to - from);
      }
    }
  }

  piece(zoom, x, y, ask) {
    const n = 2 ** zoom, column = ((x % n) + n) % n, key = `${zoom}/${column}/${y}`;
    let piece = this.pieces.get(key);
    if (piece && !(ask && piece.failed && performance.now() - piece.failed > AGAIN)) {
      this.pieces.delete(key);
      this.pieces.set(key, piece); // the latest are kept
      return piece;
    }
    if (!ask) return null;
    piece = { image: new Image(), ready: false, failed: 0 };
    this.pieces.set(key, piece);
    for (const old of this.pieces.keys()) {
      if (this.pieces.size <= MOST_TILES) break;
      this.pieces.delete(old);
    }
    piece.image.onload = () => { piece.ready = true; this.changed(); };
    piece.image.onerror = () => { piece.failed = performance.now(); this.changed(); };
    piece.image.src = this.address.replace("{z}", zoom).replace("{x}", column).replace("{y}", y);
    return piece;
  }

  /** Whether everything that was asked for has failed. */
  get isUnreachable() {
    return this.pieces.size > 0 && [...this.pieces.values()].every((piece) => piece.failed);
  }

  get isComplete() {
    return [...this.pieces.values()].every((piece) => piece.ready || piece.failed);
  }
}

/** Latitude of a row from the north of the whole map (0 … 1). */
function latitudeOfRow(row) {
  return (Math.atan(Math.sinh(Math.PI * (1 - 2 * row))) * 180) / Math.PI;
}

/** Pixels that a row in the middle of a piece is off where the piece is drawn at once. */
function bending(zoom, y) {
  const n = 2 ** zoom, [north, middle, south] = [y, y + 0.5, y + 1].map((k) => latitudeOfRow(k / n));
  return Math.abs(((north - middle) / (north - south) - 0.5) * TILE);
}

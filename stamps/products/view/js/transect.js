// Points beside a line: places along and beside it, means of equal parts. The same numbers as those of `stamps profile`
// (docs/method/other_scripts.md, section 5): a local polyconic frame with its origin at the start of the line.

const EARTH = { a: 6378137, e2: 0.0820944379497 ** 2 }; // metres; as stamps.insar.geometry
const ARC = [
  1 - EARTH.e2 / 4 - (3 * EARTH.e2 ** 2) / 64 - (5 * EARTH.e2 ** 3) / 256,
  (3 * EARTH.e2) / 8 + (3 * EARTH.e2 ** 2) / 32 + (45 * EARTH.e2 ** 3) / 1024,
  (15 * EARTH.e2 ** 2) / 256 + (45 * EARTH.e2 ** 3) / 1024,
  (35 * EARTH.e2 ** 3) / 3072,
];

/** Metres along the meridian from the equator to a latitude (radians). */
function meridianArc(lat) {
  return EARTH.a * (ARC[0] * lat - ARC[1] * Math.sin(2 * lat) + ARC[2] * Math.sin(4 * lat) - ARC[3] * Math.sin(6 * lat));
}

/** Metres east and north of an origin (degrees), polyconic. */
function polyconic(lon, lat, [lon0, lat0]) {
  const east = (turned(lon - lon0) * Math.PI) / 180, north = (lat * Math.PI) / 180;
  if (north === 0) return [EARTH.a * east, -meridianArc((lat0 * Math.PI) / 180)];
  const sine = Math.sin(north), angle = east * sine;
  const cone = EARTH.a / Math.sqrt(1 - EARTH.e2 * sine * sine) / Math.tan(north);
  const rise = 2 * cone * Math.sin(angle / 2) ** 2;
  return [cone * Math.sin(angle), meridianArc(north) - meridianArc((lat0 * Math.PI) / 180) + rise];
}

/**
 * Points beside a line, in the order of their distance from its start.
 * data: Dataset; line: {start, end (degrees), width (m)}. Returns {length, points, distance, offset}, metres.
 */
function pointsBeside(data, { start, end, width }) {
  const [x1, y1] = polyconic(...end, start), length = Math.hypot(x1, y1), [cosine, sine] = [x1 / length, y1 / length];
  const found = [];
  for (let i = 0; i < data.n; i++) {
    const [x, y] = polyconic(data.lon[i], data.lat[i], start);
    const distance = x * cosine + y * sine, offset = y * cosine - x * sine;
    if (distance >= 0 && distance <= length && Math.abs(offset) <= width / 2) found.push([distance, i, offset]);
  }
  found.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const [distance, points, offset] = [0, 1, 2].map((k) => found.map((one) => one[k]));
  return { length, points, distance, offset };
}

/** Those of them that have a value, with statistics of equal parts: {length, points, distance, offset, value, bins}. */
function profileOf(beside, values, bins) {
  const used = beside.points.map((_, k) => k).filter((k) => Number.isFinite(values[beside.points[k]]));
  const [points, distance, offset] = [beside.points, beside.distance, beside.offset].map((list) => used.map((k) => list[k]));
  const value = points.map((i) => values[i]);
  return { length: beside.length, points, distance, offset, value, bins: binned(distance, value, bins, beside.length) };
}

/** Statistics of values in equal parts of the line; the far end belongs to the last one. */
function binned(distance, value, n, length) {
  const groups = Array.from({ length: n }, () => []);
  distance.forEach((at, k) => groups[binOf(at, n, length)].push(value[k]));
  return groups.map((group, b) => ({ centre: ((b + 0.5) / n) * length, ...statistics(group) }));
}

function binOf(distance, n, length) {
  let bin = Math.min(n - 1, Math.floor((distance / length) * n));
  if (bin + 1 < n && distance >= ((bin + 1) * length) / n) bin++;
  if (bin > 0 && distance < (bin * length) / n) bin--;
  return bin;
}

/** {count, mean, median, std}: NaN of nothing; the divisor of the standard deviation is the count. */
function statistics(group) {
  const count = group.length, mean = group.reduce((sum, v) => sum + v, 0) / count;
  const sorted = Float64Array.from(group).sort(), middle = count >> 1;
  const median = count ? (count % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2) : NaN;
  return { count, mean, median, std: Math.sqrt(group.reduce((sum, v) => sum + (v - mean) ** 2, 0) / count) };
}

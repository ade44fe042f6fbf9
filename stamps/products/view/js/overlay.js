// Drawings over the points: GeoJSON (RFC 7946) that came with the page or is opened on it, and stations of GNSS.

const DEEPEST = 8, MOST_PLACES = 500000, LARGEST_FILE = 20e6;
const GEOGRAPHIC = ["EPSG:4326", "URN:OGC:DEF:CRS:EPSG::4326", "URN:OGC:DEF:CRS:OGC:1.3:CRS84", "URN:OGC:DEF:CRS:OGC::CRS84"];
/** Geometry -> how deep its coordinates are nested, and places that the innermost list needs. */
const SHAPES = {
  Point: [0, 1], MultiPoint: [1, 0], LineString: [1, 2], MultiLineString: [2, 2], Polygon: [2, 4], MultiPolygon: [3, 4],
};

/** Features of a text of GeoJSON; an Error with one sentence where it is none. */
function featuresOf(text, name) {
  let document;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new Error(`${name} is no JSON (${error.message}).`);
  }
  const crs = document?.crs;
  if (crs !== undefined && crs !== null && !GEOGRAPHIC.includes(String(crs.properties?.name).toUpperCase())) {
    throw new Error(`${name} is in other coordinates (${String(crs.properties?.name ?? "unknown").slice(0, 80)}): convert it to longitudes and latitudes of WGS 84.`);
  }
  const kind = document?.type;
  const list = kind === "FeatureCollection" ? document.features : kind === "Feature" ? [document]
    : kind === "GeometryCollection" || Object.hasOwn(SHAPES, kind) ? [{ type: "Feature", geometry: document }] : null;
  if (!Array.isArray(list)) throw new Error(`${name} is no GeoJSON: a FeatureCollection, a Feature or a geometry was expected.`);
  const features = list.map((feature, k) => checkedFeature(feature, `Feature ${k + 1} of ${name}`));
  const total = features.reduce((sum, feature) => sum + partsOf(feature.geometry).reduce((n, part) => n + part.places.length, 0), 0);
  if (total === 0) throw new Error(`${name} holds no place that could be drawn.`);
  if (total > MOST_PLACES) throw new Error(`${name} has more than ${MOST_PLACES} places: simplify it first.`);
  return features;
}

function checkedFeature(feature, where) {
  if (feature?.type !== "Feature") throw new Error(`${where} is no feature.`);
  if (feature.geometry != null) checkGeometry(feature.geometry, where, DEEPEST);
  const { properties } = feature;
  if (properties != null && (typeof properties !== "object" || Array.isArray(properties))) throw new Error(`${where}: its properties are no object.`);
  return { geometry: feature.geometry ?? null, properties: properties ?? {} };
}

function checkGeometry(geometry, where, deepest) {
  if (geometry?.type === "GeometryCollection") {
    if (!Array.isArray(geometry.geometries) || deepest === 0) throw new Error(`${where}: a GeometryCollection has no list of geometries, or is nested too deeply.`);
    for (const part of geometry.geometries) checkGeometry(part, where, deepest - 1);
    return;
  }
  if (!Object.hasOwn(SHAPES, geometry?.type)) throw new Error(`${where} has no geometry of GeoJSON.`);
  checkNested(geometry.coordinates, ...SHAPES[geometry.type], `${where} (${geometry.type})`);
  const polygons = { Polygon: [geometry.coordinates], MultiPolygon: geometry.coordinates }[geometry.type] ?? [];
  const isOpen = (ring) => [0, 1].some((k) => ring[0][k] !== ring[ring.length - 1][k]);
  if (polygons.flat().some(isOpen)) throw new Error(`${where} (${geometry.type}): a ring does not end where it begins.`);
}

function checkNested(coordinates, depth, least, where) {
  if (!Array.isArray(coordinates)) throw new Error(`${where}: its coordinates are not nested as they should be.`);
  if (depth === 0) {
    const [lon, lat] = coordinates;
    if (typeof lon !== "number" || typeof lat !== "number" || !(Math.abs(lon) <= 360 && Math.abs(lat) <= 90)) {
      throw new Error(`${where}: ${JSON.stringify(coordinates).slice(0, 60)} is no longitude and latitude in degrees.`);
    }
    return;
  }
  if (depth === 1 && coordinates.length < least) throw new Error(`${where}: at least ${least} places were expected in a list.`);
  for (const part of coordinates) checkNested(part, depth - 1, least, where);
}

/** Simple parts of a geometry: {kind: "point", "line" or "ring", places, polygon (number; rings of one belong together)}. */
function partsOf(geometry, parts = []) {
  if (!geometry) return parts;
  const { type, coordinates } = geometry, add = (kind, places, polygon) => parts.push({ kind, places, polygon });
  const addPolygon = (rings) => {
    const polygon = parts.length;
    rings.forEach((ring) => add("ring", ring, polygon));
  };
  if (type === "GeometryCollection") geometry.geometries.forEach((part) => partsOf(part, parts));
  else if (type === "Point") add("point", [coordinates]);
  else if (type === "MultiPoint") coordinates.forEach((place) => add("point", [place]));
  else if (type === "LineString") add("line", coordinates);
  else if (type === "MultiLineString") coordinates.forEach((line) => add("line", line));
  else if (type === "Polygon") addPolygon(coordinates);
  else coordinates.forEach(addPolygon);
  return parts;
}

/** Features on a map: their parts in metres. */
class Overlay {
  constructor(name, features, data) {
    this.name = name;
    this.visible = true;
    this.features = features.map(({ geometry, properties }) => {
      const parts = partsOf(geometry).map((part) => ({ ...part, ...metresOf(part.places, data) }));
      return { properties, parts, polygons: polygonsOf(parts) };
    });
  }

  /** Draw what is in sight. */
  draw(context, map) {
    for (const { parts, polygons } of this.features) {
      for (const rings of polygons) {
        if (rings.some((ring) => isInSight(ring, map))) this.drawPolygon(context, map, rings);
      }
      for (const part of parts) {
        if (part.kind === "ring" || !isInSight(part, map)) continue;
        if (part.kind === "line") this.stroke(context, () => tracePart(context, map, part));
        else this.drawPoint(context, map, part);
      }
    }
  }

  stroke(context, trace) {
    context.lineJoin = context.lineCap = "round";
    for (const [colour, width] of [[stampsTheme.colour("halo"), 4], [stampsTheme.colour("overlay"), 2]]) {
      context.strokeStyle = colour;
      context.lineWidth = width;
      context.beginPath();
      trace();
      context.stroke();
    }
  }

  drawPolygon(context, map, rings) {
    const trace = () => rings.forEach((ring) => { tracePart(context, map, ring); context.closePath(); });
    context.beginPath();
    trace();
    context.globalAlpha = 0.12;
    context.fillStyle = stampsTheme.colour("overlay");
    context.fill("evenodd");
    context.globalAlpha = 1;
    this.stroke(context, trace);
  }

  drawPoint(context, map, part) {
    const [x, y] = map.toScreen(part.x[0], part.y[0]);
    context.beginPath();
    context.rect(x - 5, y - 5, 10, 10);
    context.fillStyle = stampsTheme.colour("overlay");
    context.strokeStyle = stampsTheme.colour("halo");
    context.lineWidth = 2;
    context.fill();
    context.stroke();
  }

  /** The feature at a place of the screen: {kind, lines}, or null; areas are found last. */
  at(px, py, map, reach) {
    let best = null;
    const take = (kind, rank, feature) => { if (!best || rank <= best.rank) best = { kind, rank, lines: this.linesOf(feature) }; };
    for (const feature of this.features) {
      for (const part of feature.parts) {
        if (part.kind === "point" && isNearPlace(part, px, py, map, reach)) take("point", 0, feature);
        else if (part.kind !== "point" && isNearLine(part, px, py, map, reach / 2)) take("line", 1, feature);
      }
      if (feature.polygons.some((rings) => isInside(rings, ...map.toPlace(px, py)))) take("area", 2, feature);
    }
    return best;
  }

  linesOf({ properties }) {
    const entries = Object.entries(properties).slice(0, 8);
    const cut = (text) => (text.length > 60 ? `${text.slice(0, 59)}…` : text);
    const textOf = (value) => (value !== null && typeof value === "object" ? JSON.stringify(value) : String(value));
    return [this.name, ...entries.map(([name, value]) => cut(`${name}: ${value === null ? "–" : textOf(value)}`))];
  }
}

function metresOf(places, data) {
  const x = new Float64Array(places.length), y = new Float64Array(places.length);
  places.forEach(([lon, lat], k) => {
    [x[k], y[k]] = data.toMetres(lon, lat);
    if (k) x[k] = x[k - 1] + turned((x[k] - x[k - 1]) / data.metres[0]) * data.metres[0]; // the shorter way from one to the next
  });
  let [left, right, bottom, top] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let k = 0; k < x.length; k++) {
    [left, right, bottom, top] = [Math.min(left, x[k]), Math.max(right, x[k]), Math.min(bottom, y[k]), Math.max(top, y[k])];
  }
  return { x, y, box: [left, bottom, right, top] };
}

function polygonsOf(parts) {
  const found = new Map();
  for (const part of parts) if (part.kind === "ring") found.set(part.polygon, [...(found.get(part.polygon) ?? []), part]);
  return [...found.values()];
}

function isInSight({ box: [left, bottom, right, top] }, map) {
  const [west, north] = map.toPlace(-10, -10), [east, south] = map.toPlace(map.width + 10, map.height + 10);
  return left <= east && right >= west && bottom <= north && top >= south;
}

/** Continue a path along a part; what moves by less than a pixel is left out. */
function tracePart(context, map, { x, y }) {
  let [px, py] = map.toScreen(x[0], y[0]);
  context.moveTo(px, py);
  for (let k = 1; k < x.length; k++) {
    const [qx, qy] = map.toScreen(x[k], y[k]);
    if (Math.abs(qx - px) + Math.abs(qy - py) < 0.7 && k < x.length - 1) continue;
    context.lineTo(qx, qy);
    [px, py] = [qx, qy];
  }
}

function isNearPlace({ x, y }, px, py, map, reach) {
  const [qx, qy] = map.toScreen(x[0], y[0]);
  return Math.hypot(qx - px, qy - py) <= reach;
}

function isNearLine({ x, y, box }, px, py, map, pixels) {
  const [mx, my] = map.toPlace(px, py), reach = pixels / map.view.scale;
  if (mx < box[0] - reach || mx > box[2] + reach || my < box[1] - reach || my > box[3] + reach) return false;
  for (let k = 1; k < x.length; k++) if (distanceToPart(mx, my, x[k - 1], y[k - 1], x[k], y[k]) <= reach) return true;
  return false;
}

function distanceToPart(x, y, x0, y0, x1, y1) {
  const [dx, dy] = [x1 - x0, y1 - y0], square = dx * dx + dy * dy;
  const t = square > 0 ? Math.max(0, Math.min(1, ((x - x0) * dx + (y - y0) * dy) / square)) : 0;
  return Math.hypot(x - x0 - t * dx, y - y0 - t * dy);
}

/** Whether a place lies inside of an odd number of rings. */
function isInside(rings, x, y) {
  let inside = false;
  for (const { x: xs, y: ys, box } of rings) {
    if (x < box[0] || x > box[2] || y < box[1] || y > box[3]) continue;
    for (let i = 0, j = xs.length - 1; i < xs.length; j = i++) {
      if (ys[i] > y !== ys[j] > y && x < ((xs[j] - xs[i]) * (y - ys[i])) / (ys[j] - ys[i]) + xs[i]) inside = !inside;
    }
  }
  return inside;
}

/** Stations of GNSS in the colours of the velocity. */
class Stations {
  /** colourOf(velocity) -> CSS colour. */
  constructor(list, data, colourOf) {
    this.visible = true;
    this.data = data;
    this.colourOf = colourOf;
    this.list = list.map((station) => {
      const [x, y] = data.toMetres(station.lon, station.lat);
      return { ...station, x, y };
    });
  }

  draw(context, map) {
    context.font = "600 12px system-ui, 'Segoe UI', Roboto, Arial, sans-serif";
    context.textAlign = "left";
    context.textBaseline = "middle";
    context.lineJoin = "round";
    for (const station of this.list) {
      const [x, y] = map.toScreen(station.x, station.y);
      context.beginPath();
      context.moveTo(x, y - 10);
      context.lineTo(x + 9, y + 6);
      context.lineTo(x - 9, y + 6);
      context.closePath();
      context.strokeStyle = stampsTheme.colour("halo");
      context.lineWidth = 4.5;
      context.stroke();
      context.fillStyle = this.colourOf(station.velocity);
      context.strokeStyle = stampsTheme.colour("mark");
      context.lineWidth = 1.5;
      context.fill();
      context.stroke();
      context.strokeStyle = stampsTheme.colour("halo");
      context.lineWidth = 3;
      context.strokeText(station.name, x + 12, y);
      context.fillStyle = stampsTheme.colour("mark");
      context.fillText(station.name, x + 12, y);
    }
  }

  at(px, py, map, reach) {
    const found = this.list.find(({ x, y }) => {
      const [qx, qy] = map.toScreen(x, y);
      return Math.hypot(qx - px, qy - py) <= reach;
    });
    return found ? { kind: "point", rank: 0, lines: this.linesOf(found) } : null;
  }

  /** The pixels follow the reference that is chosen on the page; the station does not. */
  linesOf({ name, velocity, pixels, std, count, radius, compared }) {
    const here = pixels - this.data.offsetOf("velocity"), text = (value) => `${formatted(value, 1)} mm/yr`;
    return [
      `${name}: ${text(velocity)}`, `${count} points within ${radius} m: ${text(here)}`,
      `difference ${formatted(velocity - here, 1)} ± ${text(std)} (${compared === "series" ? "series" : "velocities"})`,
    ];
  }
}

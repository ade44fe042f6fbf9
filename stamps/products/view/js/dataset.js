// The data: places, layers, time series, all relative to the reference area that is chosen on the page.
// Everything that is subtracted for the reference is the mean of its points, as ps_plot does it: a number for each
// column. So changing the reference changes offsets, not arrays.

/** Degrees of longitude in -180 … 180. */
function turned(lon) {
  return lon >= -180 && lon <= 180 ? lon : lon - 360 * Math.ceil((lon - 180) / 360);
}

class Dataset {
  /** beside: Dataset whose local metres are taken, so that both lie on the same map. */
  constructor(facts, beside = null) {
    this.facts = facts;
    this.metres = (beside ?? this).facts.metres;
    this.n = facts.n;
    this.k = facts.dates.length;
    this.lon = columnOf(takeArray(facts, "lon"), 0, this.n);
    this.lat = columnOf(takeArray(facts, "lat"), 0, this.n);
    this.arrays = {};
    for (const layer of facts.layers) this.arrays[layer.name] = takeArray(facts, layer.name);
    const stored = takeArray(facts, "reference");
    this.original = stored ? stored.codes : facts.reference.kind === "all" ? "all" : null;
    this.reference = this.original;
    this.isOriginal = true;
    this.since = null; // position of the date on which displacements are 0; null: the master's
    this.offsets = {};
    this.cache = new Map();
    this.placeLocally(beside);
  }

  /** Metres east and north of the middle of the scene. */
  placeLocally(beside) {
    const { lon, lat, n } = this;
    let [west, east, south, north] = [Infinity, -Infinity, Infinity, -Infinity];
    for (let i = 0; i < n; i++) {
      if (lon[i] < west) west = lon[i];
      if (lon[i] > east) east = lon[i];
      if (lat[i] < south) south = lat[i];
      if (lat[i] > north) north = lat[i];
    }
    this.origin = beside ? beside.origin : [(west + east) / 2, (south + north) / 2];
    this.x = new Float32Array(n);
    this.y = new Float32Array(n);
    for (let i = 0; i < n; i++) {
      [this.x[i], this.y[i]] = this.toMetres(lon[i], lat[i]);
    }
    this.extent = [...this.toMetres(west, south), ...this.toMetres(east, north)];
  }

  /** Longitudes may count in any way: the shorter way from the middle is taken. */
  toMetres(lon, lat) {
    return [turned(lon - this.origin[0]) * this.metres[0], (lat - this.origin[1]) * this.metres[1]];
  }

  toDegrees(x, y) {
    return [this.origin[0] + x / this.metres[0], this.origin[1] + y / this.metres[1]];
  }

  layer(name) {
    return this.facts.layers.find((layer) => layer.name === name);
  }

  // ------------------------------------------------------------------ reference

  /** Make everything relative to the mean of these points (array of indices, "all", or null: as it was processed). */
  setReference(points) {
    this.reference = points === null ? this.original : points;
    this.isOriginal = points === null;
    this.offsets = {};
    this.cache.clear();
  }

  /** Make what has dates relative to one of them, by its position; null: to the master's, as it was processed. */
  setSince(k) {
    this.since = k;
    this.cache.clear();
  }

  /** The date on which displacements are 0. */
  get sinceDate() {
    return this.since === null ? this.facts.master : this.facts.dates[this.since];
  }

  /** What is subtracted from column k of a layer for the reference area. */
  offsetOf(name, k = 0) {
    const layer = this.layer(name);
    if (!layer.referenced || this.isOriginal) return 0;
    const list = (this.offsets[name] ??= []);
    list[k] ??= this.meanOver(this.arrays[name], k, this.reference);
    return list[k];
  }

  /** Mean of column k of an array over some points, or all. */
  meanOver(array, k, points) {
    let sum = 0, count = 0;
    const all = points === "all", n = all ? this.n : points.length;
    for (let j = 0; j < n; j++) {
      const i = all ? j : points[j], value = array.step ? this.decoded(array, i, k) : array.codes[i];
      if (value === value) { sum += value; count++; } // NaN is left out
    }
    return count ? sum / count : 0;
  }

  /** Points within a distance of a place; metres. */
  within(x, y, radius) {
    const found = [];
    for (let i = 0; i < this.n; i++) {
      if (Math.hypot(this.x[i] - x, this.y[i] - y) <= radius) found.push(i);
    }
    return found;
  }

  // ------------------------------------------------------------------ values

  /** Values as the page holds them. */
  storedColumn(name, k = 0) {
    const array = this.arrays[name];
    return array.step ? columnOf(array, k, this.n) : array.codes;
  }

  /** Values of a layer (of one date) relative to the reference. */
  column(name, k = 0) {
    const key = `${name} ${k}`;
    if (!this.cache.has(key)) {
      if (this.cache.size > 40) this.cache.clear();
      this.cache.set(key, this.computed(name, k));
    }
    return this.cache.get(key);
  }

  computed(name, k) {
    if (name === "std" && !this.isOriginal) return this.allStd();
    const stored = this.storedColumn(name, k), offset = this.offsetOf(name, k);
    if (this.since !== null && this.layer(name).dated) return this.sinceThen(name, stored, offset);
    if (offset === 0) return stored;
    const values = new Float64Array(this.n);
    for (let i = 0; i < values.length; i++) values[i] = stored[i] - offset;
    return values;
  }

  /** Stored values of a date relative to the reference, and to those of the reference date. */
  sinceThen(name, stored, offset) {
    const then = this.storedColumn(name, this.since), shift = offset - this.offsetOf(name, this.since);
    for (let i = 0; i < then.length; i++) then[i] = stored[i] - then[i] - shift;
    return then;
  }

  value(name, i, k = 0) {
    if (name === "std" && !this.isOriginal) return this.stdOf(this.series([i]));
    const array = this.arrays[name];
    if (!array) return NaN;
    if (!array.step) return array.codes[i] - this.offsetOf(name, k);
    const then = this.since === null ? 0 : this.decoded(array, i, this.since) - this.offsetOf(name, this.since);
    return this.decoded(array, i, k) - this.offsetOf(name, k) - then;
  }

  decoded(array, i, k) {
    const code = array.codes[k * this.n + i];
    return code === NOTHING ? NaN : array.offset[k] + array.step[k] * code;
  }

  /** Mean over some points. */
  mean(name, points) {
    let sum = 0, count = 0;
    for (const i of points) {
      const value = this.value(name, i);
      if (value === value) { sum += value; count++; }
    }
    return count ? sum / count : NaN;
  }

  /** Time series of the mean displacement of some points, mm. */
  series(points) {
    return Float64Array.from({ length: this.k }, (_, k) => {
      let sum = 0, count = 0;
      for (const i of points) {
        const value = this.value("displacement", i, k);
        if (value === value) { sum += value; count++; }
      }
      return count ? sum / count : NaN;
    });
  }

  /** Mean displacement of some points on the master's date, mm: 0 by definition, less what it was on the reference date. */
  onMaster(points) {
    if (this.since === null) return 0;
    const { displacement } = this.arrays, shift = this.offsetOf("displacement", this.since);
    const known = points.map((i) => shift - this.decoded(displacement, i, this.since)).filter((value) => value === value);
    return known.length ? known.reduce((sum, value) => sum + value, 0) / known.length : NaN;
  }

  // ------------------------------------------------------------------ lines

  /** Line through a series with the weights of the map: {intercept (mm, on the master's day), slope (mm/yr), rms}. */
  line(series) {
    const slope = dot(this.facts.weights[1], series), intercept = dot(this.facts.weights[0], series);
    return { intercept, slope, rms: this.rmsAbout(series, intercept, slope) };
  }

  /** Line by unweighted least squares, dates without value left out (ts_plot's line). */
  plainLine(series) {
    let n = 0, sd = 0, sv = 0;
    const years = this.facts.days.map((day) => day / 365.25);
    series.forEach((value, k) => { if (value === value) { n++; sd += years[k]; sv += value; } });
    let sdd = 0, sdv = 0;
    series.forEach((value, k) => {
      if (value === value) { sdd += (years[k] - sd / n) ** 2; sdv += (years[k] - sd / n) * (value - sv / n); }
    });
    const slope = sdd > 0 ? sdv / sdd : NaN, intercept = sv / n - (slope * sd) / n;
    return { intercept, slope, rms: this.rmsAbout(series, intercept, slope) };
  }

  rmsAbout(series, intercept, slope) {
    let sum = 0, n = 0;
    series.forEach((value, k) => {
      if (value === value) { sum += (value - intercept - (slope * this.facts.days[k]) / 365.25) ** 2; n++; }
    });
    return Math.sqrt(sum / n);
  }

  /** Bootstrapped standard deviation of the velocity of a series. */
  stdOf(series) {
    const { spread } = this.facts;
    if (!spread) return NaN;
    let sum = 0;
    for (let a = 0; a < this.k; a++) sum += series[a] * dot(spread[a], series);
    return Math.sqrt(Math.max(sum, 0));
  }

  /**
   * The same for every point. With the mean m of the reference, the variance of s − m is that of s (which is stored),
   * minus 2 s·Sm, plus that of m; points that move as the reference does are computed in full, because little of it is left.
   */
  allStd() {
    const { n, k } = this, { spread } = this.facts, array = this.arrays.displacement, stored = this.storedColumn("std");
    const m = Array.from({ length: k }, (_, j) => this.offsetOf("displacement", j)), sm = spread.map((row) => dot(row, m));
    const ofReference = dot(m, sm), result = new Float32Array(n), mixed = new Float64Array(n);
    for (let j = 0; j < k; j++) {
      const factor = sm[j] * array.step[j], offset = sm[j] * array.offset[j], codes = array.codes.subarray(j * n, (j + 1) * n);
      for (let i = 0; i < n; i++) mixed[i] += codes[i] === NOTHING ? NaN : offset + factor * codes[i];
    }
    for (let i = 0; i < n; i++) {
      const square = stored[i] ** 2, variance = square - 2 * mixed[i] + ofReference;
      result[i] = variance > 0.1 * (square + ofReference) ? Math.sqrt(variance) : this.stdOf(this.series([i]));
    }
    return result;
  }
}

function dot(weights, values) {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += weights[i] * values[i];
  return sum;
}

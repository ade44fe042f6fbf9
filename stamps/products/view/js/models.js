// Models of a series: polynomial, annual motion, steps at events; fitted by unweighted least squares.

const YEAR = 365.25; // days
const DEPENDENT = 1e-8; // columns of length 1 that differ less from those before cannot be told from them
const MODELS = [
  { name: "weighted", label: "Line, weights of the map" },
  { name: "line", label: "Line", degree: 1 },
  { name: "annual", label: "Line and annual motion", degree: 1, annual: true },
  { name: "quadratic", label: "Quadratic", degree: 2 },
  { name: "quadratic-annual", label: "Quadratic and annual motion", degree: 2, annual: true },
];

/**
 * Least squares by Householder reflections: {coefficients, covariance (of noise of 1), squares (of the residuals)}, or
 * null where the columns depend on each other. matrix: rows of numbers.
 */
function leastSquares(matrix, values) {
  const p = matrix[0].length, norms = matrix[0].map((_, j) => Math.hypot(...matrix.map((row) => row[j])));
  if (norms.some((norm) => norm === 0)) return null;
  const a = matrix.map((row, i) => [...row.map((value, j) => value / norms[j]), values[i]]); // the values come along
  for (let j = 0; j < p; j++) if (!reflect(a, j)) return null;
  const scaled = solved(a, p, a.slice(0, p).map((row) => row[p]));
  const inverse = scaled.map((_, j) => solved(a, p, scaled.map((_, k) => Number(k === j)))); // columns
  return {
    coefficients: scaled.map((value, j) => value / norms[j]),
    covariance: norms.map((_, i) => norms.map((_, j) => inverse.reduce((sum, c) => sum + c[i] * c[j], 0) / norms[i] / norms[j])),
    squares: a.slice(p).reduce((sum, row) => sum + row[p] ** 2, 0),
  };
}

/** Make everything below the diagonal of column j zero; false if nothing is left of the column. */
function reflect(a, j) {
  const rows = a.slice(j), length = Math.hypot(...rows.map((row) => row[j]));
  if (!(length > DEPENDENT)) return false;
  const end = rows[0][j] > 0 ? -length : length, v = rows.map((row) => row[j]);
  v[0] -= end;
  const square = v.reduce((sum, value) => sum + value * value, 0);
  for (let c = j; c < rows[0].length; c++) {
    const factor = (2 * rows.reduce((sum, row, i) => sum + v[i] * row[c], 0)) / square;
    rows.forEach((row, i) => { row[c] -= factor * v[i]; });
  }
  return true;
}

/** Solution of the upper triangle of a with a right side. */
function solved(a, p, right) {
  const x = Array(p).fill(0);
  for (let i = p - 1; i >= 0; i--) {
    let sum = right[i];
    for (let j = i + 1; j < p; j++) sum -= a[i][j] * x[j];
    x[i] = sum / a[i][i];
  }
  return x;
}

/**
 * Fit a model to a series.
 * model: one of MODELS; steps: days after which the displacement is another one; days: of the series since the master;
 * values: mm, NaN where there is none. Gives {terms: [{name, unit, value, std, day}], at(day), rms}, or {problem: sentence}.
 * Velocity and phase count from the middle of the series.
 */
function fitModel(model, steps, days, values) {
  const there = days.map((_, k) => k).filter((k) => values[k] === values[k]), used = there.map((k) => days[k]);
  const span = (used[used.length - 1] - used[0]) / YEAR, middle = (days[0] + days[days.length - 1]) / 2;
  const rowOf = (day) => modelRow(model, steps, day, middle), size = rowOf(middle).length;
  if (used.length < size + 3) {
    return { problem: `A model of ${size} coefficients needs ${size + 3} dates at least; there are ${used.length}.` };
  }
  if (model.annual && span < 1) {
    return { problem: `An annual motion cannot be told from a trend in ${span.toFixed(2)} years: choose a model without it.` };
  }
  const fit = leastSquares(used.map(rowOf), there.map((k) => values[k]));
  if (!fit) return { problem: `These dates cannot tell the terms of this model from each other: leave out ${[steps.length ? "steps" : "", model.annual ? "the annual motion" : ""].filter(Boolean).join(" or ") || "the quadratic term"}.` };
  const noise = fit.squares / (used.length - size);
  return {
    terms: termsOf(model, steps, fit, noise, middle), rms: Math.sqrt(fit.squares / used.length),
    at: (day) => dot(rowOf(day), fit.coefficients),
  };
}

/** Days and values of a series with the observation of the master's date (day 0), which series leave out. */
function withMaster(days, values, onMaster) {
  if (days.includes(0)) return { days, values };
  const at = days.filter((day) => day < 0).length;
  return { days: [...days.slice(0, at), 0, ...days.slice(at)], values: [...values.slice(0, at), onMaster, ...values.slice(at)] };
}

/** What the coefficients are multiplied with on a day. */
function modelRow({ degree, annual }, steps, day, middle) {
  const t = (day - middle) / YEAR, angle = 2 * Math.PI * t;
  return [
    1, t, ...(degree > 1 ? [(t * t) / 2] : []), ...(annual ? [Math.cos(angle), Math.sin(angle)] : []),
    ...steps.map((step) => Number(day > step)),
  ];
}

/** Coefficients with their standard errors; the annual ones as amplitude and day of the maximum. */
function termsOf({ degree, annual }, steps, { coefficients, covariance }, noise, middle) {
  const std = (j) => Math.sqrt(covariance[j][j] * noise), term = (name, unit, j, more) => ({ name, unit, value: coefficients[j], std: std(j), ...more });
  const terms = [term("offset", "mm", 0, { day: middle }), term("velocity", "mm/yr", 1, { day: middle })];
  if (degree > 1) terms.push(term("acceleration", "mm/yr²", 2));
  const next = degree + 1;
  if (annual) terms.push(...annualTerms(coefficients, covariance, noise, next, middle));
  steps.forEach((step, k) => terms.push(term("step", "mm", next + (annual ? 2 : 0) + k, { day: step })));
  return terms;
}

function annualTerms(coefficients, covariance, noise, j, middle) {
  const [c, s] = coefficients.slice(j, j + 2), amplitude = Math.hypot(c, s), days = YEAR / (2 * Math.PI);
  const form = (a, b) => Math.sqrt((a * a * covariance[j][j] + 2 * a * b * covariance[j][j + 1] + b * b * covariance[j + 1][j + 1]) * noise);
  const peak = Math.atan2(s, c) * days;
  return [
    { name: "amplitude", unit: "mm", value: amplitude, std: form(c, s) / amplitude },
    { name: "maximum", unit: "days", value: ((peak % YEAR) + YEAR) % YEAR, std: (form(s, -c) / amplitude ** 2) * days, day: middle },
  ];
}

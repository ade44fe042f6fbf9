// Arrays of the page: base64 text in script elements, described in the facts (see packing.py).

const TYPES = {
  uint8: Uint8Array, uint32: Uint32Array, int16: Int16Array, int32: Int32Array, float32: Float32Array,
};
const NOTHING = -32768; // code of a 16-bit value that is missing

const DAY = 86400000;

/** Milliseconds of an ISO date. */
function timeOf(date) {
  return Date.parse(`${date}T00:00:00Z`);
}

/** Whether a text is a day of the calendar. */
function isDate(text) {
  const time = timeOf(text);
  return !Number.isNaN(time) && dateOf(time) === text;
}

/** ISO date of milliseconds. */
function dateOf(time) {
  return new Date(time).toISOString().slice(0, 10);
}

/** Bytes of a base64 text. */
function bytesOf(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/** Take an array out of the page: {codes, shape, offset, step}; the text is dropped. */
function takeArray(facts, name) {
  const described = facts.arrays[name];
  if (!described) return null;
  const element = document.getElementById(`array-${facts.prefix}${name}`);
  const codes = new TYPES[described.type](bytesOf(element.textContent.trim()).buffer);
  element.remove();
  return { codes, ...described };
}

/** Column k of a quantised array as numbers. */
function columnOf(array, k, n) {
  const values = new Float64Array(n);
  const { codes } = array, offset = array.offset[k], step = array.step[k], start = k * n;
  const missing = array.type === "int16";
  for (let i = 0; i < n; i++) {
    const code = codes[start + i];
    values[i] = missing && code === NOTHING ? NaN : offset + step * code;
  }
  return values;
}

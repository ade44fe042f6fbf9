// A map: background and graticule, points, drawings and marks on top of them; moving, zooming, clicking.

const BIGGEST_DOT = 7.5, SMALLEST_DOT = 1.3; // CSS pixels
const REACH = 12; // CSS pixels within which a point is hit
const FINGER_REACH = 22; // by a finger
const LONG_PRESS = 450; // milliseconds after which a finger reads values instead of moving the map
const reachOf = (event) => (event.pointerType === "touch" ? FINGER_REACH : REACH);

class MapView {
  /**
   * hooks: click(point, place), hover(point, event), thing(thing or null, event), dragReference(place, finished),
   * moved(view), pointed(place or null).
   */
  constructor(frame, data, pictures, hooks) {
    this.frame = frame;
    this.data = data;
    this.hooks = hooks;
    this.pictures = pictures;
    this.background = null;
    this.ground = frame.querySelector(".ground");
    this.drawings = frame.querySelector(".drawings");
    this.marks = frame.querySelector(".marks");
    this.painter = new PointPainter(frame.querySelector(".points"));
    this.index = new PointIndex(data.x, data.y, data.extent);
    this.codes = new Uint16Array(data.n);
    this.palette = null;
    this.sizeFactor = 1;
    this.tiles = null; // a base map, where there is one
    this.things = []; // what is drawn over the points: {draw(context, map), at(px, py, map), visible}
    this.grips = []; // what can be dragged: {isAt(px, py), start(place), drag(place, finished)}
    this.tool = null; // takes all clicks and drags: {click(place), start(place), drag(place, finished)}
    this.selected = [];
    this.reference = null;
    this.hovered = -1;
    this.cross = null; // place that is pointed to on another map
    this.view = { cx: 0, cy: 0, scale: 1 }; // scale: CSS pixels per metre
    this.pending = false;
    this.listen();
    new ResizeObserver(() => this.resize()).observe(frame);
    document.addEventListener("themechange", () => this.drawNow());
    this.resize();
    this.showAll();
  }

  // ------------------------------------------------------------------ geometry

  resize() {
    const first = !this.width;
    const ratio = window.devicePixelRatio || 1;
    if (!this.frame.clientWidth && !first) return; // it is not shown
    const width = Math.max(50, this.frame.clientWidth), height = Math.max(50, this.frame.clientHeight);
    if (width === this.width && height === this.height && ratio === this.ratio) return;
    Object.assign(this, { width, height, ratio });
    const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
    for (const canvas of [this.ground, this.drawings, this.marks]) Object.assign(canvas, { width: w, height: h });
    this.painter.resize(w, h);
    if (!first && this.isWhole) this.showAll();
    if (first) this.redraw();
    else this.drawNow(); // its canvases are empty, and what is printed does not wait
  }

  showAll() {
    const [left, bottom, right, top] = this.data.extent;
    const margin = { left: 40, right: 40, top: 34, bottom: 40 };
    const wide = Math.max(right - left, 1), high = Math.max(top - bottom, 1);
    const scale = Math.min(
      (this.width - margin.left - margin.right) / wide, (this.height - margin.top - margin.bottom) / high,
    );
    this.whole = scale;
    const shiftX = (margin.right - margin.left) / 2 / scale, shiftY = (margin.top - margin.bottom) / 2 / scale;
    this.view = { cx: (left + right) / 2 + shiftX, cy: (bottom + top) / 2 + shiftY, scale };
    this.moved(true);
  }

  /** CSS pixels of a place in metres. */
  toScreen(x, y) {
    const { cx, cy, scale } = this.view;
    return [(x - cx) * scale + this.width / 2, this.height / 2 - (y - cy) * scale];
  }

  toPlace(px, py) {
    const { cx, cy, scale } = this.view;
    return [cx + (px - this.width / 2) / scale, cy - (py - this.height / 2) / scale];
  }

  zoom(factor, px = this.width / 2, py = this.height / 2) {
    const [x, y] = this.toPlace(px, py);
    const scale = Math.max(this.whole / 4, Math.min(this.whole * 400, this.view.scale * factor));
    this.view = { scale, cx: x - (px - this.width / 2) / scale, cy: y + (py - this.height / 2) / scale };
    this.moved(false);
  }

  pan(dx, dy) {
    this.view = { ...this.view, cx: this.view.cx - dx / this.view.scale, cy: this.view.cy + dy / this.view.scale };
    this.moved(false);
  }

  centre(x, y) {
    this.view = { ...this.view, cx: x, cy: y, scale: Math.max(this.view.scale, this.whole * 3) };
    this.moved(false);
  }

  /** The view has changed: to all that there is, or to a part. */
  moved(isWhole) {
    this.isWhole = isWhole;
    this.redraw();
    this.hooks.moved?.(this.view);
  }

  /** Mark a place that another map is pointed to; null: none. */
  pointTo(place) {
    if (!place && !this.cross) return;
    this.cross = place;
    requestAnimationFrame(() => this.drawMarks());
  }

  /** Take the view of another map. */
  follow(view) {
    this.view = { ...view };
    this.isWhole = false;
    this.redraw();
  }

  /** Radius of the dots in CSS pixels: about half of the distance between neighbours, within limits. */
  get dot() {
    const [left, bottom, right, top] = this.data.extent;
    const spacing = Math.sqrt(((right - left) * (top - bottom)) / this.data.n) || 1;
    const fitting = 0.52 * spacing * this.view.scale;
    return this.sizeFactor * Math.max(SMALLEST_DOT, Math.min(BIGGEST_DOT, Math.max(fitting, 1.9)));
  }

  /** The shown point near a place on the screen, or -1. */
  hit(px, py, reach = REACH) {
    const [x, y] = this.toPlace(px, py), { codes } = this;
    return this.index.nearest(x, y, Math.max(reach, this.dot) / this.view.scale, (i) => codes[i] < GREY);
  }

  // ------------------------------------------------------------------ drawing

  /** Colours of the points. */
  colour(values, range, shown, palette) {
    codesOf(values, range, shown, this.codes);
    this.palette = palette;
    this.redraw();
  }

  redraw() {
    if (this.pending) return;
    this.pending = true;
    requestAnimationFrame(() => {
      this.pending = false;
      this.drawNow();
    });
  }

  drawNow() {
    this.drawGround();
    if (this.palette) {
      const { cx, cy, scale } = this.view;
      const view = { cx, cy, scale: scale * this.ratio };
      this.painter.draw(this.data.x, this.data.y, view, this.codes, this.palette, this.dot * this.ratio);
    }
    this.drawThings();
    this.drawMarks();
  }

  /** The context of a canvas on which nothing is left. */
  emptied(canvas) {
    const context = canvas.getContext("2d");
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    context.clearRect(0, 0, this.width, this.height);
    return context;
  }

  /** Background picture and graticule, below the points. */
  drawGround() {
    const context = this.emptied(this.ground);
    const picture = this.pictures.find((one) => one.name === this.background);
    const covered = picture || (this.tiles && this.background === "tiles");
    if (picture) this.drawPicture(context, picture);
    else if (covered) this.tiles.draw(context, this);
    context.globalCompositeOperation = "source-atop"; // where something is drawn
    context.fillStyle = stampsTheme.colour("dim");
    context.fillRect(0, 0, this.width, this.height);
    context.globalCompositeOperation = "source-over";
    context.strokeStyle = stampsTheme.colour(covered ? "graticule-over" : "graticule");
    context.lineWidth = 1;
    context.beginPath();
    for (const { at, vertical } of this.graticule()) {
      const p = Math.round(at) + 0.5;
      if (vertical) { context.moveTo(p, 0); context.lineTo(p, this.height); }
      else { context.moveTo(0, p); context.lineTo(this.width, p); }
    }
    context.stroke();
  }

  drawPicture(context, picture) {
    const [west, east, south, north] = picture.extent;
    const [left, top] = this.toScreen(...this.data.toMetres(west, north));
    const [right, bottom] = this.toScreen(...this.data.toMetres(east, south));
    context.imageSmoothingEnabled = this.view.scale < this.whole * 8;
    context.imageSmoothingQuality = "high";
    context.drawImage(picture.canvas, left, top, right - left, bottom - top);
  }

  /** Drawings, stations, the line of a profile: above the points, below the marks. */
  drawThings() {
    const context = this.emptied(this.drawings);
    for (const thing of this.things) if (thing.visible !== false) thing.draw(context, this);
  }

  /** What is drawn at a place of the screen: {kind: "point", "line" or "area", lines (text)}, or null. */
  thingAt(px, py, reach) {
    let best = null;
    for (const thing of this.things) {
      const found = thing.visible === false ? null : thing.at?.(px, py, this, reach);
      if (found && (!best || found.rank <= best.rank)) best = found;
    }
    return best;
  }

  /** Meridians and parallels in sight: {at (CSS pixels), vertical, text}. */
  graticule() {
    const [west, north] = this.data.toDegrees(...this.toPlace(0, 0));
    const [east, south] = this.data.toDegrees(...this.toPlace(this.width, this.height));
    const lines = [];
    const text = (value, digits, names) =>
      `${Math.abs(value).toFixed(digits)}° ${value < 0 ? names[1] : names[0]}`;
    const digitsOf = (ticks) => (ticks.length > 1 ? Math.max(0, Math.min(6, -Math.floor(Math.log10(ticks[1] - ticks[0]) + 1e-9))) : 3);
    const lons = ticksBetween(west, east, this.width / 150), lats = ticksBetween(south, north, this.height / 110);
    for (const lon of lons) {
      const [at] = this.toScreen(...this.data.toMetres(lon, south));
      lines.push({ at, vertical: true, text: text(turned(lon), digitsOf(lons), ["E", "W"]) });
    }
    for (const lat of lats) {
      const [, at] = this.toScreen(...this.data.toMetres(west, lat));
      lines.push({ at, vertical: false, text: text(lat, digitsOf(lats), ["N", "S"]) });
    }
    return lines;
  }

  /** Labels, scale bar, north, reference area, selected points: above the points. */
  drawMarks() {
    const context = this.emptied(this.marks);
    this.drawFrame(context);
    this.drawReference(context);
    if (this.hovered >= 0) this.ring(context, this.hovered, stampsTheme.colour("mark"), 1.5);
    if (this.cross) this.drawCross(context);
    for (const points of this.selected) this.drawSelected(context, points);
    this.drawScale(context);
    this.drawNorth(context);
  }

  drawFrame(context) {
    context.font = "11px system-ui, 'Segoe UI', Roboto, Arial, sans-serif";
    const strip = 20;
    context.fillStyle = stampsTheme.colour("strip");
    context.fillRect(0, this.height - strip, this.width, strip);
    context.fillRect(0, 0, strip, this.height - strip);
    context.fillStyle = context.strokeStyle = stampsTheme.colour("strip-ink");
    context.lineWidth = 1;
    context.textAlign = "center";
    context.textBaseline = "middle";
    for (const { at, vertical, text } of this.graticule()) {
      const half = context.measureText(text).width / 2 + 4;
      context.beginPath();
      if (vertical) {
        if (at < strip + half || at > this.width - half) continue;
        context.moveTo(at, this.height - strip);
        context.lineTo(at, this.height - strip + 4);
        context.fillText(text, at, this.height - strip / 2 + 1);
      } else {
        if (at < half || at > this.height - strip - half) continue;
        context.moveTo(strip, at);
        context.lineTo(strip - 4, at);
        context.save();
        context.translate(strip / 2 - 1, at);
        context.rotate(-Math.PI / 2);
        context.fillText(text, 0, 0);
        context.restore();
      }
      context.stroke();
    }
  }

  /** Where another map is pointed to. */
  drawCross(context) {
    const [x, y] = this.toScreen(...this.cross);
    for (const [colour, width] of [["halo", 4], ["mark", 1.6]]) {
      context.strokeStyle = stampsTheme.colour(colour);
      context.lineWidth = width;
      context.beginPath();
      for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
        context.moveTo(x + 4 * dx, y + 4 * dy);
        context.lineTo(x + 12 * dx, y + 12 * dy);
      }
      context.stroke();
    }
  }

  drawScale(context) {
    const wanted = (this.width / 6) / this.view.scale;
    const power = 10 ** Math.floor(Math.log10(wanted));
    const length = Math.max(...[1, 2, 5].filter((s) => s * power <= wanted)) * power;
    const wide = length * this.view.scale, right = this.width - 16, y = this.height - 36;
    const text = length >= 1000 ? `${length / 1000} km` : `${Number(length.toPrecision(3))} m`;
    this.plate(context, right - wide - 10, y - 24, wide + 20, 34);
    context.fillStyle = stampsTheme.colour("mark");
    context.fillRect(right - wide, y, wide, 4);
    context.fillStyle = stampsTheme.colour("halo");
    context.fillRect(right - wide / 2, y + 1, wide / 2 - 1, 2);
    context.fillStyle = stampsTheme.colour("mark");
    context.font = "12px system-ui, 'Segoe UI', Roboto, Arial, sans-serif";
    context.textAlign = "center";
    context.textBaseline = "alphabetic";
    context.fillText(text, right - wide / 2, y - 6);
  }

  drawNorth(context) {
    const x = this.width - 30, y = 16;
    this.plate(context, x - 15, y - 6, 30, 48);
    context.fillStyle = stampsTheme.colour("mark");
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(x + 7, y + 21);
    context.lineTo(x, y + 16);
    context.lineTo(x - 7, y + 21);
    context.fill();
    context.font = "600 12px system-ui, 'Segoe UI', Roboto, Arial, sans-serif";
    context.textAlign = "center";
    context.textBaseline = "alphabetic";
    context.fillText("N", x, y + 36);
  }

  plate(context, x, y, wide, high) {
    context.fillStyle = stampsTheme.colour("plate");
    context.beginPath();
    context.roundRect(x, y, wide, high, 4);
    context.fill();
  }

  /** Circle or box of the reference area, with a star in its middle. */
  drawReference(context) {
    const { reference } = this;
    if (!reference) return;
    const outlined = (draw) => {
      for (const [colour, wide] of [["halo", 4], ["mark", 1.6]]) {
        context.strokeStyle = stampsTheme.colour(colour);
        context.lineWidth = wide;
        draw();
        context.stroke();
      }
    };
    if (reference.box) {
      const [[west, east], [south, north]] = reference.box;
      const [left, top] = this.toScreen(...this.data.toMetres(west, north));
      const [right, bottom] = this.toScreen(...this.data.toMetres(east, south));
      outlined(() => { context.beginPath(); context.rect(left, top, right - left, bottom - top); });
    }
    if (reference.place) {
      const [x, y] = this.toScreen(...reference.place);
      if (Number.isFinite(reference.radius)) {
        outlined(() => { context.beginPath(); context.arc(x, y, Math.max(reference.radius * this.view.scale, 1), 0, 7); });
      }
      context.beginPath();
      for (let k = 0; k < 10; k++) {
        const r = k % 2 ? 4 : 9.5, angle = (k * Math.PI) / 5;
        context.lineTo(x + r * Math.sin(angle), y - r * Math.cos(angle));
      }
      context.closePath();
      context.fillStyle = stampsTheme.colour("star");
      context.strokeStyle = stampsTheme.colour("star-rim");
      context.lineWidth = 1.3;
      context.fill();
      context.stroke();
    }
  }

  ring(context, i, colour, wide, extra = 2) {
    const [x, y] = this.toScreen(this.data.x[i], this.data.y[i]);
    for (const [style, line] of [[stampsTheme.colour("halo"), wide + 2], [colour, wide]]) {
      context.strokeStyle = style;
      context.lineWidth = line;
      context.beginPath();
      context.arc(x, y, this.dot + extra, 0, 7);
      context.stroke();
    }
  }

  drawSelected(context, { point, place, radius, name }) {
    const colour = stampsTheme.colour(name === "B" ? "second" : "first");
    this.ring(context, point, colour, 2.5, 3);
    const [x, y] = this.toScreen(this.data.x[point], this.data.y[point]);
    if (radius > 0) {
      const [px, py] = this.toScreen(...place);
      context.setLineDash([4, 3]);
      context.strokeStyle = colour;
      context.lineWidth = 1.5;
      context.beginPath();
      context.arc(px, py, radius * this.view.scale, 0, 7);
      context.stroke();
      context.setLineDash([]);
    }
    const ly = y - this.dot - 16 < 10 ? y + this.dot + 16 : y - this.dot - 16;
    context.fillStyle = colour;
    context.strokeStyle = stampsTheme.colour("halo");
    context.lineWidth = 1.5;
    context.beginPath();
    context.arc(x, ly, 9.5, 0, 7);
    context.fill();
    context.stroke();
    context.fillStyle = stampsTheme.colour("on-accent");
    context.font = "bold 12px system-ui, 'Segoe UI', Roboto, Arial, sans-serif";
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillText(name, x, ly + 0.5);
  }

  // ------------------------------------------------------------------ mouse, fingers, keys

  listen() {
    const { marks } = this, pointers = new Map();
    for (const button of this.frame.querySelectorAll("[data-zoom]")) {
      button.addEventListener("click", () => (button.dataset.zoom === "all" ? this.showAll() : this.zoom(Number(button.dataset.zoom))));
    }
    let moved = 0, grip = null, spread = 0, reads = false, pressed = 0, several = false;
    const at = (event) => {
      const box = marks.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    marks.addEventListener("pointerdown", (event) => {
      if (event.button > 0) return;
      marks.setPointerCapture(event.pointerId);
      pointers.set(event.pointerId, at(event));
      moved = 0;
      spread = 0;
      reads = false;
      several = pointers.size > 1;
      clearTimeout(pressed);
      grip = several ? null : this.gripAt(...at(event), reachOf(event));
      grip?.start?.(this.toPlace(...at(event)));
      if (event.pointerType !== "touch") return;
      this.point(-1e6, -1e6, event);
      if (several || grip) return;
      pressed = setTimeout(() => {
        reads = true;
        this.point(...at(event), event);
      }, LONG_PRESS);
    });
    marks.addEventListener("pointermove", (event) => {
      const [px, py] = at(event), before = pointers.get(event.pointerId);
      if (!before) {
        this.point(px, py, event);
        return;
      }
      const [dx, dy] = [px - before[0], py - before[1]];
      moved = Math.max(moved, Math.hypot(dx, dy) >= 4 || moved >= 4 ? 4 : 0);
      if (reads) {
        this.point(px, py, event);
        return;
      }
      if (moved < 4) return;
      clearTimeout(pressed);
      pointers.set(event.pointerId, [px, py]);
      this.point(-1e6, -1e6, event);
      if (grip) grip.drag(this.toPlace(px, py), false);
      else if (pointers.size === 1) this.pan(dx, dy);
      else spread = this.pinch([...pointers.values()], spread);
    });
    const end = (event) => {
      if (!pointers.delete(event.pointerId)) return;
      const [px, py] = at(event);
      clearTimeout(pressed);
      if (event.type === "pointercancel" || reads) return;
      if (grip && moved >= 4) grip.drag(this.toPlace(px, py), true);
      else if (moved < 4 && !several) this.click(px, py, event);
      grip = null;
    };
    marks.addEventListener("pointerup", end);
    marks.addEventListener("pointercancel", end);
    marks.addEventListener("pointerleave", (event) => { // what a finger has read stays until it touches again
      if (event.pointerType !== "touch") this.point(-1e6, -1e6, event);
    });
    marks.addEventListener("contextmenu", (event) => { if (event.pointerType === "touch") event.preventDefault(); });
    marks.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.zoom(Math.exp(-Math.max(-120, Math.min(120, event.deltaY * (event.deltaMode ? 30 : 1))) * 0.0022), ...at(event));
    }, { passive: false });
    marks.addEventListener("keydown", (event) => {
      const step = 60;
      const actions = {
        ArrowLeft: () => this.pan(step, 0), ArrowRight: () => this.pan(-step, 0), ArrowUp: () => this.pan(0, step),
        ArrowDown: () => this.pan(0, -step), "+": () => this.zoom(1.5), "=": () => this.zoom(1.5),
        "-": () => this.zoom(1 / 1.5), 0: () => this.showAll(),
        Enter: () => this.clickMiddle(),
      };
      if (actions[event.key]) {
        actions[event.key]();
        event.preventDefault();
      }
    });
  }

  click(px, py, event) {
    const place = this.toPlace(px, py);
    if (this.tool) return this.tool.click(place);
    const point = this.hit(px, py, reachOf(event)), thing = this.thingAt(px, py, reachOf(event));
    if (thing && (point < 0 || thing.kind === "point")) this.hooks.thing(thing, event);
    if (thing?.kind !== "point") this.hooks.click(point, place);
  }

  clickMiddle() {
    const place = [this.view.cx, this.view.cy];
    if (this.tool) this.tool.click(place);
    else this.hooks.click(this.index.nearest(...place, Infinity), place);
  }

  /** What a drag that begins here moves; null: the map. */
  gripAt(px, py, reach = REACH) {
    if (this.tool) return this.tool;
    if (this.nearReference(px, py, reach)) return { drag: this.hooks.dragReference };
    return this.grips.find((grip) => grip.isAt(px, py, reach)) ?? null;
  }

  nearReference(px, py, reach = REACH) {
    if (!this.reference?.place) return false;
    const [x, y] = this.toScreen(...this.reference.place);
    return Math.hypot(px - x, py - y) <= reach;
  }

  pinch([first, second], before) {
    const now = Math.hypot(first[0] - second[0], first[1] - second[1]);
    if (before > 0) this.zoom(now / before, (first[0] + second[0]) / 2, (first[1] + second[1]) / 2);
    return now;
  }

  point(px, py, event) {
    const inside = px >= 0, thing = inside && !this.tool ? this.thingAt(px, py, reachOf(event)) : null;
    const found = inside && thing?.kind !== "point" ? this.hit(px, py, reachOf(event)) : -1;
    this.marks.style.cursor = inside && !this.tool && this.gripAt(px, py) ? "move" : "crosshair";
    if (found !== this.hovered) {
      this.hovered = found;
      requestAnimationFrame(() => this.drawMarks());
    }
    this.hooks.hover(found, event);
    if (found < 0 && thing) this.hooks.thing(thing, event);
    this.hooks.pointed?.(inside ? this.toPlace(px, py) : null);
  }
}

/** A canvas with a grey picture, softened so that points stand out; what is not there stays transparent. */
function pictureCanvas(codes, [rows, columns]) {
  const canvas = Object.assign(document.createElement("canvas"), { width: columns, height: rows });
  const context = canvas.getContext("2d"), image = context.createImageData(columns, rows);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const code = codes[row * columns + column], at = 4 * ((rows - 1 - row) * columns + column);
      const grey = 88 + Math.round(code * 0.44);
      image.data.set([grey, grey, grey, code ? 255 : 0], at);
    }
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

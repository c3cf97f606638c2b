/**
 * Painting with smooth edges, straight into typed arrays. Every shape knows the distance d of a pixel's
 * centre to its outline in pixels (negative inside); the pixel takes the colour with weight
 *
 *     coverage = clamp(1/2 - d, 0, 1)
 *
 * which is the share of the pixel that a straight edge would cover, and belongs to the shape when its
 * centre is inside (d < 0). So pictures are smooth at any size without drawing them larger first, and
 * masks are exact.
 *
 * Shapes are given in scene units: 1 is the picture's shorter side, (0, 0) its top left corner.
 *
 * @module
 */

/** Red, green, blue, 0 to 255 (beyond is allowed while painting). */
export type Colour = readonly [red: number, green: number, blue: number];

/** A material: a colour, or two of them in a pattern. */
export interface Cloth {
  readonly colour: Colour;
  /** The second colour of a pattern. */
  readonly other: Colour;
  readonly pattern: "plain" | "rings" | "stripes" | "checks" | "halves";
  /** Length of one repetition in scene units. */
  readonly period: number;
}

/** A material of one colour. */
export function plain(colour: Colour): Cloth {
  return { colour, other: colour, pattern: "plain", period: 1 };
}

/** An upright panel on a torso: across from -1 to 1 (sides), down from 0 (shoulders) to 1 (hips). */
export interface Panel {
  readonly centre: number;
  readonly half: number;
  readonly from: number;
  readonly to: number;
  readonly colour: Colour;
  /** Narrows to a point at its lower end, as a collar does. */
  readonly pointed: boolean;
}

/** Where the light comes from: a unit vector, x right, y down, z towards the viewer. */
export type Light = readonly [x: number, y: number, z: number];

/** No shape is drawn thinner than this radius in pixels: its axis then lies inside its own mask. */
const THINNEST = 0.75; // a pixel's centre is at most sqrt(1/2) from a point in it

/** A picture in the making and whom each pixel belongs to. */
export class Canvas {
  readonly width: number;
  readonly height: number;
  /** Pixels per scene unit. */
  readonly unit: number;
  /** `[H, W, 3]`, 0 to 255. */
  readonly rgb: Float32Array<ArrayBuffer>;
  /** `[H, W]`: 0 nobody's, p + 1 for person p. */
  readonly labels: Int32Array<ArrayBuffer>;
  light: Light = [0, 0, 1];
  /** Added to every position: shapes may be given from a person's pelvis. */
  origin: Point = [0, 0];

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.unit = Math.min(width, height);
    this.rgb = new Float32Array(width * height * 3);
    this.labels = new Int32Array(width * height);
  }

  /** The column (fractional) of an x in scene units; a whole number is a pixel's centre. */
  #column(x: number): number {
    return (x + this.origin[0]) * this.unit - 0.5;
  }

  /** The row of a y in scene units. */
  #row(y: number): number {
    return (y + this.origin[1]) * this.unit - 0.5;
  }

  /** First and last column (or row) whose centres lie within `low` to `high` pixels, inside the picture. */
  #range(low: number, high: number, size: number): [first: number, last: number] {
    return [Math.max(0, Math.ceil(low)), Math.min(size - 1, Math.floor(high))];
  }

  /** Mix a colour times `shade` into a pixel, and give the pixel to `label` when it is inside. */
  #blend(pixel: number, r: number, g: number, b: number, distance: number, label: number): void {
    const at = pixel * 3, rgb = this.rgb;
    if (distance <= -0.5) {
      rgb[at] = r;
      rgb[at + 1] = g;
      rgb[at + 2] = b;
    } else {
      const coverage = 0.5 - distance;
      rgb[at] += (r - rgb[at]) * coverage;
      rgb[at + 1] += (g - rgb[at + 1]) * coverage;
      rgb[at + 2] += (b - rgb[at + 2]) * coverage;
    }
    if (distance < 0 && label >= 0) this.labels[pixel] = label;
  }

  /**
   * A limb: all points nearer to the line from (x0, y0) to (x1, y1) than a radius that goes from r0 to r1,
   * lit as a cylinder. A label of -1 leaves the labels as they are.
   */
  capsule(
    [x0, y0, r0]: readonly [number, number, number],
    [x1, y1, r1]: readonly [number, number, number],
    cloth: Cloth,
    label: number,
    brightness = 1,
  ): void {
    const { unit, width } = this;
    const ax = this.#column(x0), ay = this.#row(y0);
    const bx = this.#column(x1), by = this.#row(y1);
    const ra = Math.max(THINNEST, r0 * unit), rb = Math.max(THINNEST, r1 * unit);
    const dx = bx - ax, dy = by - ay, squared = dx * dx + dy * dy;
    const length = Math.sqrt(squared), inverse = squared > 1e-9 ? 1 / squared : 0;
    const reach = Math.max(ra, rb) + 0.5;
    const [top, bottom] = this.#range(
      Math.min(ay, by) - reach,
      Math.max(ay, by) + reach,
      this.height,
    );
    const [leftmost, rightmost] = this.#range(
      Math.min(ax, bx) - reach,
      Math.max(ax, bx) + reach,
      width,
    );
    const [lx, ly, lz] = this.light;
    const [r, g, b] = cloth.colour, [r2, g2, b2] = cloth.other;
    const patterned = cloth.pattern !== "plain";
    const period = cloth.period * unit;
    for (let y = top; y <= bottom; y++) {
      const py = y - ay;
      for (let x = leftmost; x <= rightmost; x++) {
        const px = x - ax;
        let t = (px * dx + py * dy) * inverse;
        t = t < 0 ? 0 : t > 1 ? 1 : t;
        const ox = px - t * dx, oy = py - t * dy;
        const radius = ra + (rb - ra) * t;
        const off = Math.sqrt(ox * ox + oy * oy);
        const distance = off - radius;
        if (distance >= 0.5) continue;
        // Lit as a cylinder, not as a pill: at a joint the next limb goes on without a dark rim.
        let nx = ox / radius, ny = oy / radius;
        if (length > 0) {
          const side = (px * dy - py * dx) / (length * radius);
          nx = side * dy / length;
          ny = -side * dx / length;
        }
        const flat = 1 - nx * nx - ny * ny;
        const nz = flat > 0 ? Math.sqrt(flat) : 0;
        const shade = brightness * (0.66 + 0.4 * (nx * lx + ny * ly + nz * lz));
        if (patterned) {
          const across = (ox * dy - oy * dx) * Math.sqrt(inverse);
          const second = patternAt(cloth.pattern, across, t * length, period, t);
          this.#blend(
            y * width + x,
            shade * (r + (r2 - r) * second),
            shade * (g + (g2 - g) * second),
            shade * (b + (b2 - b) * second),
            distance,
            label,
          );
        } else this.#blend(y * width + x, shade * r, shade * g, shade * b, distance, label);
      }
    }
  }

  /**
   * A torso or a skirt: the four-cornered area between the lines a0-a1 (top) and b0-b1 (bottom), grown by
   * `radius`, lit as a flat box with round sides, with a panel of another colour (an open jacket, a print).
   */
  quad(
    corners: readonly [a0: Point, a1: Point, b1: Point, b0: Point],
    radius: number,
    cloth: Cloth,
    label: number,
    front: Panel | null = null,
  ): void {
    const { unit, width } = this;
    const xs = corners.map(([x]) => this.#column(x)), ys = corners.map(([, y]) => this.#row(y));
    const grow = Math.max(THINNEST, radius * unit), reach = grow + 0.5;
    const [top, bottom] = this.#range(
      Math.min(...ys) - reach,
      Math.max(...ys) + reach,
      this.height,
    );
    const [leftmost, rightmost] = this.#range(
      Math.min(...xs) - reach,
      Math.max(...xs) + reach,
      width,
    );
    // The axis from the middle of the top to the middle of the bottom, and half widths at its ends.
    const mx = (xs[0] + xs[1]) / 2, my = (ys[0] + ys[1]) / 2;
    let vx = (xs[2] + xs[3]) / 2 - mx, vy = (ys[2] + ys[3]) / 2 - my;
    const length = Math.max(1e-6, Math.hypot(vx, vy));
    vx /= length;
    vy /= length;
    // "across" grows to the picture's right for an upright body
    const ux = vy, uy = -vx;
    const halfTop = Math.abs((xs[1] - xs[0]) * ux + (ys[1] - ys[0]) * uy) / 2 + grow;
    const halfBottom = Math.abs((xs[2] - xs[3]) * ux + (ys[2] - ys[3]) * uy) / 2 + grow;
    const [lx, ly, lz] = this.light;
    const period = cloth.period * unit;
    const [r, g, b] = cloth.colour, [r2, g2, b2] = cloth.other;
    for (let y = top; y <= bottom; y++) {
      for (let x = leftmost; x <= rightmost; x++) {
        const distance = quadDistance(xs, ys, x, y) - grow;
        if (distance >= 0.5) continue;
        const px = x - mx, py = y - my;
        const v = (px * vx + py * vy) / length;
        const across = px * ux + py * uy;
        const clamped = v < 0 ? 0 : v > 1 ? 1 : v;
        let u = across / (halfTop + (halfBottom - halfTop) * clamped);
        u = u < -1 ? -1 : u > 1 ? 1 : u;
        const slope = u * u * u * u * u; // flat in the middle, round at the sides
        const nz = Math.sqrt(1 - slope * slope);
        const shade = 0.66 + 0.4 * (slope * (ux * lx + uy * ly) + nz * lz) +
          0.06 * (1 - 2 * clamped);
        const second = patternAt(cloth.pattern, across, v * length, period, clamped);
        let red = r + (r2 - r) * second,
          green = g + (g2 - g) * second,
          blue = b + (b2 - b) * second;
        if (front !== null) {
          const half = front.pointed ? front.half * Math.min(1, 1 - v / front.to) : front.half;
          const beside = (Math.abs(u - front.centre) - half) * halfTop;
          const below = (v - front.from) * length, above = (front.to - v) * length;
          const weight = Math.min(0.5 - beside, 0.5 + below, 0.5 + above, 1);
          if (weight > 0) {
            red += (front.colour[0] - red) * weight;
            green += (front.colour[1] - green) * weight;
            blue += (front.colour[2] - blue) * weight;
          }
        }
        this.#blend(y * width + x, shade * red, shade * green, shade * blue, distance, label);
      }
    }
  }

  /**
   * A head: a ball stretched along `up`, whose hair grows where a plane cuts it. `hairline` is [a, b, c]:
   * hair where `a up - b forward - c > 0`, on the unit ball.
   */
  head(
    centre: Point,
    radius: number,
    stretch: number,
    axes: { readonly up: Light; readonly forward: Light },
    skin: Colour,
    hair: Colour,
    hairline: readonly [number, number, number],
    label: number,
  ): void {
    const { unit, width } = this;
    const cx = this.#column(centre[0]), cy = this.#row(centre[1]);
    const small = Math.max(THINNEST, radius * unit);
    const { up, forward } = axes;
    // On the picture, the stretched ball is an ellipse along the up axis, longest when that lies flat.
    const flat = Math.hypot(up[0], up[1]);
    const ex = flat > 1e-6 ? up[0] / flat : 0, ey = flat > 1e-6 ? up[1] / flat : -1;
    const large = small * Math.hypot(flat * stretch, Math.sqrt(Math.max(0, 1 - flat * flat)));
    const reach = large + 0.5;
    const [top, bottom] = this.#range(cy - reach, cy + reach, this.height);
    const [leftmost, rightmost] = this.#range(cx - reach, cx + reach, width);
    const [lx, ly, lz] = this.light;
    const [a, b, c] = hairline;
    for (let y = top; y <= bottom; y++) {
      for (let x = leftmost; x <= rightmost; x++) {
        const px = x - cx, py = y - cy;
        const p = (px * ex + py * ey) / large, q = (px * ey - py * ex) / small;
        const off = Math.sqrt(p * p + q * q);
        // The ellipse's distance to first order: (|f| - 1) / |grad f|.
        const gradient = off > 1e-6
          ? Math.sqrt((p / large) * (p / large) + (q / small) * (q / small)) / off
          : 1 / small;
        const distance = (off - 1) / gradient;
        if (distance >= 0.5) continue;
        // The ball's normal in the camera's axes.
        const nx = p * ex + q * ey, ny = p * ey - q * ex;
        const nz = off < 1 ? Math.sqrt(1 - off * off) : 0;
        const upwards = nx * up[0] + ny * up[1] + nz * up[2];
        const forwards = nx * forward[0] + ny * forward[1] + nz * forward[2];
        let hairy = (a * upwards - b * forwards - c) * small * 0.7 + 0.5;
        hairy = hairy < 0 ? 0 : hairy > 1 ? 1 : hairy;
        const shade = 0.7 + 0.36 * (nx * lx + ny * ly + nz * lz);
        this.#blend(
          y * width + x,
          shade * (skin[0] + (hair[0] - skin[0]) * hairy),
          shade * (skin[1] + (hair[1] - skin[1]) * hairy),
          shade * (skin[2] + (hair[2] - skin[2]) * hairy),
          distance,
          label,
        );
      }
    }
  }

  /** A soft spot of `opacity` 0 to 1 (a shadow on the ground): an ellipse that fades to its rim. */
  spot(centre: Point, radiusX: number, radiusY: number, colour: Colour, opacity: number): void {
    const { unit, width, rgb } = this;
    const cx = this.#column(centre[0]), cy = this.#row(centre[1]);
    const rx = Math.max(1, radiusX * unit), ry = Math.max(1, radiusY * unit);
    const [top, bottom] = this.#range(cy - ry, cy + ry, this.height);
    const [leftmost, rightmost] = this.#range(cx - rx, cx + rx, width);
    for (let y = top; y <= bottom; y++) {
      for (let x = leftmost; x <= rightmost; x++) {
        const px = (x - cx) / rx, py = (y - cy) / ry;
        const inside = 1 - px * px - py * py;
        if (inside <= 0) continue;
        const weight = opacity * Math.min(1, 1.6 * inside), at = (y * width + x) * 3;
        for (let channel = 0; channel < 3; channel++) {
          rgb[at + channel] += (colour[channel] - rgb[at + channel]) * weight;
        }
      }
    }
  }

  /**
   * A dot (an eye, a button), which may be smaller than a pixel and then is as much fainter. The pixel that
   * it lies in becomes `label`'s, even at a head's very rim; -1 leaves the labels as they are.
   */
  dot(centre: Point, radius: number, colour: Colour, label: number): void {
    const { unit, width, height, rgb } = this;
    const cx = this.#column(centre[0]), cy = this.#row(centre[1]);
    const wanted = radius * unit, r = Math.max(0.6, wanted);
    const faint = Math.min(1, (wanted / r) * (wanted / r) + 0.2); // a little stronger than fair: seen
    const [top, bottom] = this.#range(cy - r - 0.5, cy + r + 0.5, height);
    const [leftmost, rightmost] = this.#range(cx - r - 0.5, cx + r + 0.5, width);
    for (let y = top; y <= bottom; y++) {
      for (let x = leftmost; x <= rightmost; x++) {
        const distance = Math.sqrt((x - cx) * (x - cx) + (y - cy) * (y - cy)) - r;
        if (distance >= 0.5) continue;
        const weight = faint * Math.min(1, 0.5 - distance), at = (y * width + x) * 3;
        for (let channel = 0; channel < 3; channel++) {
          rgb[at + channel] += (colour[channel] - rgb[at + channel]) * weight;
        }
      }
    }
    const x = Math.round(cx), y = Math.round(cy);
    if (label >= 0 && x >= 0 && y >= 0 && x < width && y < height) {
      this.labels[y * width + x] = label;
    }
  }
}

/** A point in scene units. */
export type Point = readonly [x: number, y: number];

/** How much of the second colour, 0 to 1, with edges a pixel wide (`t`: 0 to 1 along the shape). */
function patternAt(
  pattern: Cloth["pattern"],
  across: number,
  lengthwise: number,
  period: number,
  t: number,
): number {
  switch (pattern) {
    case "rings":
      return squareWave(lengthwise, period);
    case "stripes":
      return squareWave(across, period);
    case "checks": {
      const p = squareWave(lengthwise, period), q = squareWave(across, period);
      return p + q - 2 * p * q;
    }
    case "halves":
      return t > 0.5 ? 1 : 0;
    case "plain":
      return 0;
  }
}

/** 1 in the middle half of each period, 0 elsewhere, with edges a pixel wide; all in pixels. */
export function squareWave(value: number, period: number): number {
  const phase = value - period * Math.floor(value / period);
  const within = period / 4 - Math.abs(phase - period / 2) + 0.5;
  return within < 0 ? 0 : within > 1 ? 1 : within;
}

/**
 * Signed distance of a point to a four-cornered area with any order of corners that does not cross:
 * the nearest of its edges, negative inside (even-odd rule).
 */
function quadDistance(xs: readonly number[], ys: readonly number[], x: number, y: number): number {
  let nearest = Infinity, inside = false;
  for (let i = 0, j = 3; i < 4; j = i++) {
    const ex = xs[j] - xs[i], ey = ys[j] - ys[i], px = x - xs[i], py = y - ys[i];
    const squared = ex * ex + ey * ey;
    let t = squared > 0 ? (px * ex + py * ey) / squared : 0;
    t = t < 0 ? 0 : t > 1 ? 1 : t;
    const ox = px - t * ex, oy = py - t * ey, off = ox * ox + oy * oy;
    if (off < nearest) nearest = off;
    if ((ys[i] > y) !== (ys[j] > y) && px < (ex * py) / ey) inside = !inside;
  }
  const distance = Math.sqrt(nearest);
  return inside ? -distance : distance;
}

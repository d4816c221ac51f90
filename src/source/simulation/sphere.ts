const EARTH_M = 6_371_000;
const RADIANS = Math.PI / 180;

/** A point on the unit sphere. */
export interface Vector {
  x: number;
  y: number;
  z: number;
}

/** Position and movement of an aircraft: deg, m, m/s. `follow` overwrites all members. */
export interface Motion extends Vector {
  latitude: number;
  longitude: number;
  altitude: number;
  on_ground: boolean;
  velocity: number;
  /** In [0, 360) */
  true_track: number;
  vertical_rate: number;
}

export function newMotion(): Motion {
  return {
    x: 1,
    y: 0,
    z: 0,
    latitude: 0,
    longitude: 0,
    altitude: 0,
    on_ground: true,
    velocity: 0,
    true_track: 0,
    vertical_rate: 0,
  };
}

/** deg */
interface Position {
  latitude: number;
  longitude: number;
}

export function vectorOf(position: Position): Vector {
  const latitude = position.latitude * RADIANS;
  const longitude = position.longitude * RADIANS;
  const ring = Math.cos(latitude);
  return { x: ring * Math.cos(longitude), y: ring * Math.sin(longitude), z: Math.sin(latitude) };
}

/** m along the great circle between two unit vectors. */
export function distanceBetween(a: Vector, b: Vector): number {
  return EARTH_M * Math.acos(Math.min(1, Math.max(-1, a.x * b.x + a.y * b.y + a.z * b.z)));
}

/** The great circle `start` cos(angle) + `toward` sin(angle). `distance` is m from its start to its end. */
export interface Circle {
  start: Vector;
  toward: Vector;
  distance: number;
}

/** The positions must be neither equal nor opposite. */
export function circleBetween(from: Position, to: Position): Circle {
  const start = vectorOf(from);
  const end = vectorOf(to);
  const distance = distanceBetween(start, end);
  const angle = distance / EARTH_M;
  const toward = (axis: keyof Vector) => (end[axis] - start[axis] * Math.cos(angle)) / Math.sin(angle);
  return { start, toward: { x: toward("x"), y: toward("y"), z: toward("z") }, distance };
}

/** Writes the position and the track `along` m from the start. */
export function writePosition({ start, toward }: Circle, along: number, motion: Motion): void {
  const angle = along / EARTH_M;
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  const x = start.x * cos + toward.x * sin;
  const y = start.y * cos + toward.y * sin;
  const z = start.z * cos + toward.z * sin;
  // The direction of flight is the derivative. Its east and north components have the same scale, cos(latitude).
  const east = x * (toward.y * cos - start.y * sin) - y * (toward.x * cos - start.x * sin);
  const north = toward.z * cos - start.z * sin;
  const track = Math.atan2(east, north) / RADIANS;
  motion.x = x;
  motion.y = y;
  motion.z = z;
  motion.latitude = Math.asin(z) / RADIANS;
  motion.longitude = Math.atan2(y, x) / RADIANS;
  motion.true_track = track < 0 ? track + 360 : track;
}

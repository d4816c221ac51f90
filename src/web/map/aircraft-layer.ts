import type { CustomLayerInterface, Map as MapLibre } from "maplibre-gl";
import type { Rgb } from "./ramp.ts";
import { BYTES, type Sprites } from "./sprites.ts";

/** Icons of all aircraft, drawn in one call: MapLibre's own symbols take a hundred times as long for ten thousand. */
export interface AircraftLayer extends CustomLayerInterface {
  /** Shows these from the next frame on. */
  show(sprites: Sprites, look: { halo: Rgb; ring: Rgb }): void;
  /** Icons in the last frame. */
  readonly count: number;
}

const VERTEX = `#version 300 es
uniform mat4 u_matrix;
uniform float u_world;
uniform vec2 u_viewport;
uniform float u_radius;
uniform float u_full_radius;
in vec2 a_place;
in float a_turn;
in vec4 a_colour;
out vec2 v_at;
out vec4 v_colour;
flat out float v_shape;
flat out float v_radius;
void main() {
  v_shape = floor(a_turn / 1000.0);
  float track = radians(a_turn - v_shape * 1000.0);
  float reach = v_shape == 3.0 ? 1.7 : 1.0;
  v_radius = v_shape == 1.0 || v_shape == 3.0 ? u_full_radius : u_radius;
  v_at = (vec2(gl_VertexID & 1, gl_VertexID >> 1) * 2.0 - 1.0) * reach;
  v_colour = a_colour;
  vec2 turned = vec2(v_at.x * cos(track) + v_at.y * sin(track), v_at.y * cos(track) - v_at.x * sin(track));
  vec4 place = u_matrix * vec4(a_place.x + u_world, a_place.y, 0.0, 1.0);
  gl_Position = place + vec4(turned * v_radius * 2.0 / u_viewport * place.w, 0.0, 0.0);
}`;

/** The silhouette as a distance to its edge, nose up: fuselage, wings and tail, mirrored. */
const FRAGMENT = `#version 300 es
precision highp float;
uniform vec3 u_halo;
uniform vec3 u_ring;
in vec2 v_at;
in vec4 v_colour;
flat in float v_shape;
flat in float v_radius;
out vec4 colour;
float aircraft(vec2 at) {
  vec2 p = vec2(abs(at.x), at.y);
  float fuselage = length(p - vec2(0.0, clamp(p.y, -0.8, 0.8))) - 0.14;
  float wing = max(max((p.y - 0.36 + 0.62 * p.x) * 0.85, (-0.06 - 0.36 * p.x - p.y) * 0.94), p.x - 0.95);
  float tail = max(max((p.y + 0.52 + 0.5 * p.x) * 0.9, (-0.8 - 0.3 * p.x - p.y) * 0.95), p.x - 0.42);
  return min(fuselage, min(wing, tail));
}
float covers(float edge) {
  return clamp(0.5 - edge * v_radius, 0.0, 1.0);
}
void main() {
  float edge = v_shape == 2.0 ? abs(length(v_at) - 0.6) - 0.14 : v_shape == 4.0 ? length(v_at) - 0.5 : aircraft(v_at);
  float inside = covers(edge) * v_colour.a;
  float around = v_radius > 5.0 && v_shape != 2.0 ? covers(edge - 1.2 / v_radius) * v_colour.a : inside;
  colour = vec4(mix(u_halo, v_colour.rgb, around > 0.0 ? inside / around : 0.0) * around, around);
  if (v_shape == 3.0) {
    float ring = covers(abs(length(v_at) - 1.5) - 0.1);
    colour = vec4(u_ring * ring, ring) + colour * (1.0 - ring);
  }
}`;

/** px from the middle of an icon to its edge, at a zoom. */
const SIZES = [
  [2, 3],
  [4, 6],
  [7, 10],
  [11, 14],
] as const;
const FULL_RADIUS = 10;

export function radiusAt(zoom: number): number {
  const next = SIZES.findIndex(([from]) => zoom < from);
  const [low, high] = [SIZES[next - 1], SIZES[next]];
  if (high === undefined) return SIZES[3][1];
  if (low === undefined) return SIZES[0][1];
  return low[1] + ((zoom - low[0]) / (high[0] - low[0])) * (high[1] - low[1]);
}

interface Drawing {
  program: WebGLProgram;
  array: WebGLVertexArrayObject;
  buffer: WebGLBuffer;
  place(name: string): WebGLUniformLocation | null;
}

export function aircraftLayer(id: string): AircraftLayer {
  let map: MapLibre | undefined;
  let drawing: Drawing | undefined;
  let shown: { sprites: Sprites; halo: Rgb; ring: Rgb } | undefined;
  let isUploaded = false;
  let count = 0;
  return {
    get count() {
      return count;
    },
    id,
    type: "custom",
    onAdd(to, gl) {
      map = to;
      drawing = prepare(gl);
      isUploaded = false;
    },
    show(sprites, look) {
      shown = { sprites, ...look };
      isUploaded = false;
      map?.triggerRepaint();
    },
    render(gl, { defaultProjectionData }) {
      if (map === undefined || drawing === undefined || shown === undefined) return;
      if (!isUploaded) upload(gl, drawing, shown.sprites);
      isUploaded = true;
      count = shown.sprites.count;
      draw(gl, { map, drawing, shown, matrix: defaultProjectionData.mainMatrix as Float32List });
    },
  };
}

function upload(gl: WebGL2RenderingContext, { buffer }: Drawing, { bytes, count }: Sprites): void {
  gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
  gl.bufferData(gl.ARRAY_BUFFER, bytes.subarray(0, count * BYTES), gl.DYNAMIC_DRAW);
}

interface Drawn {
  map: MapLibre;
  drawing: Drawing;
  shown: { sprites: Sprites; halo: Rgb; ring: Rgb };
  matrix: Float32List;
}

function draw(gl: WebGL2RenderingContext, { map, drawing, shown, matrix }: Drawn): void {
  const { program, array, place } = drawing;
  const { clientWidth, clientHeight } = map.getCanvas();
  gl.useProgram(program);
  gl.bindVertexArray(array);
  gl.uniformMatrix4fv(place("u_matrix"), false, matrix);
  gl.uniform2f(place("u_viewport"), clientWidth, clientHeight);
  gl.uniform1f(place("u_radius"), radiusAt(map.getZoom()));
  gl.uniform1f(place("u_full_radius"), Math.max(FULL_RADIUS, radiusAt(map.getZoom())));
  gl.uniform3fv(place("u_halo"), shown.halo.map(unit));
  gl.uniform3fv(place("u_ring"), shown.ring.map(unit));
  for (const world of worldsOf(map)) {
    gl.uniform1f(place("u_world"), world);
    gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, shown.sprites.count);
  }
  gl.bindVertexArray(null);
}

const unit = (byte: number): number => byte / 255;

/** Copies of the world that the map shows: beyond the antimeridian it begins again. */
function worldsOf(map: MapLibre): number[] {
  const bounds = map.getBounds();
  return [-1, 0, 1].filter((world) => world * 360 - 180 < bounds.getEast() && world * 360 + 180 > bounds.getWest());
}

function prepare(gl: WebGL2RenderingContext): Drawing {
  const program = gl.createProgram();
  for (const [type, source] of [
    [gl.VERTEX_SHADER, VERTEX],
    [gl.FRAGMENT_SHADER, FRAGMENT],
  ] as const) {
    const shader = gl.createShader(type);
    if (shader === null) throw new Error("the shader was not made");
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (gl.getProgramParameter(program, gl.LINK_STATUS) !== true)
    throw new Error(`aircraft cannot be drawn: ${gl.getProgramInfoLog(program)}`);
  const array = gl.createVertexArray();
  const buffer = gl.createBuffer();
  gl.bindVertexArray(array);
  gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
  const attribute = (name: string, [size, type, offset]: [number, number, number]): void => {
    const at = gl.getAttribLocation(program, name);
    gl.enableVertexAttribArray(at);
    gl.vertexAttribPointer(at, size, type, type === gl.UNSIGNED_BYTE, BYTES, offset);
    gl.vertexAttribDivisor(at, 1);
  };
  attribute("a_place", [2, gl.FLOAT, 0]);
  attribute("a_turn", [1, gl.FLOAT, 8]);
  attribute("a_colour", [4, gl.UNSIGNED_BYTE, 12]);
  gl.bindVertexArray(null);
  const places = new Map<string, WebGLUniformLocation | null>();
  return {
    program,
    array,
    buffer,
    place(name) {
      if (!places.has(name)) places.set(name, gl.getUniformLocation(program, name));
      return places.get(name) ?? null;
    },
  };
}

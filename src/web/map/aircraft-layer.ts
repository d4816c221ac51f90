import type { CustomLayerInterface, Map as MapLibre } from "maplibre-gl";
import type { Rgb } from "./ramp.ts";
import { SPRITE_BYTES, type Sprites } from "./sprites.ts";

/** Draws all icons in one call. For 10,000 aircraft, MapLibre's symbol layer takes a hundred times as long. */
export interface AircraftLayer extends CustomLayerInterface {
  /** Draws these sprites from the next frame on. */
  show(sprites: Sprites, look: { halo: Rgb; ring: Rgb }): void;
  /** Number of icons in the last frame. */
  readonly count: number;
}

const VERTEX = `#version 300 es
uniform mat4 u_matrix;
uniform float u_world;
uniform vec2 u_viewport;
uniform float u_radius;
uniform float u_prominent_radius;
in vec2 a_position;
in float a_turn;
in vec4 a_color;
out vec2 v_at;
out vec4 v_color;
flat out float v_shape;
flat out float v_radius;
void main() {
  v_shape = floor(a_turn / 1000.0);
  float track = radians(a_turn - v_shape * 1000.0);
  float reach = v_shape == 3.0 ? 1.7 : 1.0;
  v_radius = v_shape == 1.0 || v_shape == 3.0 ? u_prominent_radius : u_radius;
  v_at = (vec2(gl_VertexID & 1, gl_VertexID >> 1) * 2.0 - 1.0) * reach;
  v_color = a_color;
  vec2 turned = vec2(v_at.x * cos(track) + v_at.y * sin(track), v_at.y * cos(track) - v_at.x * sin(track));
  vec4 center = u_matrix * vec4(a_position.x + u_world, a_position.y, 0.0, 1.0);
  gl_Position = center + vec4(turned * v_radius * 2.0 / u_viewport * center.w, 0.0, 0.0);
}`;

/** The icon as a signed distance to its edge: fuselage, wings and tail, nose up, mirrored at the y axis. */
const FRAGMENT = `#version 300 es
precision highp float;
uniform vec3 u_halo;
uniform vec3 u_ring;
in vec2 v_at;
in vec4 v_color;
flat in float v_shape;
flat in float v_radius;
out vec4 color;
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
  float inside = covers(edge) * v_color.a;
  float around = v_radius > 5.0 && v_shape != 2.0 ? covers(edge - 1.2 / v_radius) * v_color.a : inside;
  color = vec4(mix(u_halo, v_color.rgb, around > 0.0 ? inside / around : 0.0) * around, around);
  if (v_shape == 3.0) {
    float ring = covers(abs(length(v_at) - 1.5) - 0.1);
    color = vec4(u_ring * ring, ring) + color * (1.0 - ring);
  }
}`;

/** Zoom, and radius of an icon at that zoom in px. */
const RADII = [
  [2, 3],
  [4, 6],
  [7, 10],
  [11, 14],
] as const;
/** Smallest radius of emergencies and of the selected aircraft, px. */
const MIN_PROMINENT_RADIUS = 10;

export function radiusAt(zoom: number): number {
  const next = RADII.findIndex(([from]) => zoom < from);
  const [low, high] = [RADII[next - 1], RADII[next]];
  if (high === undefined) return RADII[3][1];
  if (low === undefined) return RADII[0][1];
  return low[1] + ((zoom - low[0]) / (high[0] - low[0])) * (high[1] - low[1]);
}

interface Pipeline {
  program: WebGLProgram;
  array: WebGLVertexArrayObject;
  buffer: WebGLBuffer;
  uniform(name: string): WebGLUniformLocation | null;
}

export function aircraftLayer(id: string): AircraftLayer {
  let map: MapLibre | undefined;
  let pipeline: Pipeline | undefined;
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
      pipeline = prepare(gl);
      isUploaded = false;
    },
    show(sprites, look) {
      shown = { sprites, ...look };
      isUploaded = false;
      map?.triggerRepaint();
    },
    render(gl, { defaultProjectionData }) {
      if (map === undefined || pipeline === undefined || shown === undefined) return;
      if (!isUploaded) upload(gl, pipeline, shown.sprites);
      isUploaded = true;
      count = shown.sprites.count;
      draw(gl, { map, pipeline, shown, matrix: defaultProjectionData.mainMatrix as Float32List });
    },
  };
}

function upload(gl: WebGL2RenderingContext, { buffer }: Pipeline, { bytes, count }: Sprites): void {
  gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
  gl.bufferData(gl.ARRAY_BUFFER, bytes.subarray(0, count * SPRITE_BYTES), gl.DYNAMIC_DRAW);
}

interface DrawInput {
  map: MapLibre;
  pipeline: Pipeline;
  shown: { sprites: Sprites; halo: Rgb; ring: Rgb };
  matrix: Float32List;
}

function draw(gl: WebGL2RenderingContext, { map, pipeline, shown, matrix }: DrawInput): void {
  const { program, array, uniform } = pipeline;
  const { clientWidth, clientHeight } = map.getCanvas();
  gl.useProgram(program);
  gl.bindVertexArray(array);
  gl.uniformMatrix4fv(uniform("u_matrix"), false, matrix);
  gl.uniform2f(uniform("u_viewport"), clientWidth, clientHeight);
  gl.uniform1f(uniform("u_radius"), radiusAt(map.getZoom()));
  gl.uniform1f(uniform("u_prominent_radius"), Math.max(MIN_PROMINENT_RADIUS, radiusAt(map.getZoom())));
  gl.uniform3fv(uniform("u_halo"), shown.halo.map(toUnit));
  gl.uniform3fv(uniform("u_ring"), shown.ring.map(toUnit));
  for (const world of worldsOf(map)) {
    gl.uniform1f(uniform("u_world"), world);
    gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, shown.sprites.count);
  }
  gl.bindVertexArray(null);
}

const toUnit = (byte: number): number => byte / 255;

/** Offsets of the visible copies of the world. A map across the antimeridian shows two. */
function worldsOf(map: MapLibre): number[] {
  const bounds = map.getBounds();
  return [-1, 0, 1].filter((world) => world * 360 - 180 < bounds.getEast() && world * 360 + 180 > bounds.getWest());
}

function prepare(gl: WebGL2RenderingContext): Pipeline {
  const program = gl.createProgram();
  for (const [type, source] of [
    [gl.VERTEX_SHADER, VERTEX],
    [gl.FRAGMENT_SHADER, FRAGMENT],
  ] as const) {
    const shader = gl.createShader(type);
    if (shader === null) throw new Error("WebGL could not create a shader");
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (gl.getProgramParameter(program, gl.LINK_STATUS) !== true)
    throw new Error(`WebGL could not link the aircraft shaders: ${gl.getProgramInfoLog(program)}`);
  const array = gl.createVertexArray();
  const buffer = gl.createBuffer();
  gl.bindVertexArray(array);
  gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
  const attribute = (name: string, [size, type, offset]: [number, number, number]): void => {
    const at = gl.getAttribLocation(program, name);
    gl.enableVertexAttribArray(at);
    gl.vertexAttribPointer(at, size, type, type === gl.UNSIGNED_BYTE, SPRITE_BYTES, offset);
    gl.vertexAttribDivisor(at, 1);
  };
  attribute("a_position", [2, gl.FLOAT, 0]);
  attribute("a_turn", [1, gl.FLOAT, 8]);
  attribute("a_color", [4, gl.UNSIGNED_BYTE, 12]);
  gl.bindVertexArray(null);
  const uniforms = new Map<string, WebGLUniformLocation | null>();
  return {
    program,
    array,
    buffer,
    uniform(name) {
      if (!uniforms.has(name)) uniforms.set(name, gl.getUniformLocation(program, name));
      return uniforms.get(name) ?? null;
    },
  };
}

/** WebGL2: a grid of heights, shaded, with lines of equal height, and a path above it. */
import type { Surface } from '../messages.ts'
import { palette } from './colours.ts'

const VERTEX = `#version 300 es
layout(location = 0) in vec3 place;
layout(location = 1) in vec3 normal;
uniform mat4 view;
uniform vec2 shift;
uniform float scale;
out vec3 facing;
out float height;
void main() {
  facing = normal;
  height = place.y;
  gl_Position = view * vec4(place, 1.0);
  gl_Position.xy += shift * gl_Position.w;
  gl_PointSize = 11.0 * scale;
}`
const FRAGMENT = `#version 300 es
precision highp float;
in vec3 facing;
in float height;
uniform vec4 flat_colour;
uniform bool is_point;
out vec4 colour;
vec3 ramp(float t) {
  vec3 low = vec3(0.12, 0.36, 0.80);
  vec3 middle = vec3(0.30, 0.72, 0.62);
  vec3 high = vec3(0.96, 0.62, 0.22);
  return t < 0.5 ? mix(low, middle, t * 2.0) : mix(middle, high, t * 2.0 - 1.0);
}
void main() {
  if (is_point && length(gl_PointCoord - 0.5) > 0.5) discard;
  if (flat_colour.a > 0.0) { colour = flat_colour; return; }
  float light = 0.55 + 0.45 * max(0.0, dot(normalize(facing), normalize(vec3(0.4, 0.9, 0.3))));
  float rings = height * 14.0;
  float line = smoothstep(0.0, 1.4, abs(fract(rings - 0.5) - 0.5) / fwidth(rings));
  colour = vec4(ramp(height) * light * mix(0.72, 1.0, line), 1.0);
}`

const UNIFORMS = ['view', 'shift', 'scale', 'flat_colour', 'is_point'] as const

const HEIGHT = 0.9
/** WebGL's lines are a pixel wide: a wider one is as many beside each other, by half pixels of CSS. */
const STROKES = [
  [0, 0],
  [1, 0],
  [-1, 0],
  [0, 1],
  [0, -1],
] as const

type Matrix = Float32Array

const multiply = (a: Matrix, b: Matrix): Matrix =>
  Float32Array.from({ length: 16 }, (_, i) => {
    const [row, column] = [i % 4, i >> 2]
    return (
      a[row] * b[4 * column] +
      a[row + 4] * b[4 * column + 1] +
      a[row + 8] * b[4 * column + 2] +
      a[row + 12] * b[4 * column + 3]
    )
  })

/** From a place around the middle of the surface, as seen by a camera that turns around it. */
function viewOf(turn: number, tilt: number, away: number, aspect: number): Matrix {
  const [c, s, ct, st] = [Math.cos(turn), Math.sin(turn), Math.cos(tilt), Math.sin(tilt)]
  const around = Float32Array.of(
    c,
    s * st,
    -s * ct,
    0,
    0,
    ct,
    st,
    0,
    s,
    -c * st,
    c * ct,
    0,
    0,
    -0.3 * ct,
    -0.3 * st - away,
    1,
  )
  // on upright canvases as wide as on others
  const [near, far, focus] = [0.1, 20, 1.8 * Math.min(1, aspect / 1.15)]
  const flat = (far + near) / (near - far)
  const lens = Float32Array.of(
    focus / aspect,
    0,
    0,
    0,
    0,
    focus,
    0,
    0,
    0,
    0,
    flat,
    -1,
    0,
    0,
    (2 * far * near) / (near - far),
    0,
  )
  return multiply(lens, around)
}

type Uniforms = Readonly<Record<(typeof UNIFORMS)[number], WebGLUniformLocation | null>>

export class SurfacePainter {
  readonly #gl: WebGL2RenderingContext
  readonly #uniforms: Uniforms
  readonly #mesh: WebGLVertexArrayObject
  readonly #path: WebGLVertexArrayObject
  readonly #buffers: readonly WebGLBuffer[]
  #triangles = 0
  #steps = 0

  /** A painter for the canvas; undefined without WebGL2. */
  static on(canvas: HTMLCanvasElement): SurfacePainter | undefined {
    const gl = canvas.getContext('webgl2', { antialias: true })
    return gl ? new SurfacePainter(gl) : undefined
  }

  private constructor(gl: WebGL2RenderingContext) {
    this.#gl = gl
    const program = gl.createProgram()
    for (const [kind, text] of [
      [gl.VERTEX_SHADER, VERTEX],
      [gl.FRAGMENT_SHADER, FRAGMENT],
    ] as const) {
      const shader = gl.createShader(kind)
      if (!shader) throw new Error('WebGL2 makes no shader')
      gl.shaderSource(shader, text)
      gl.compileShader(shader)
      gl.attachShader(program, shader)
    }
    gl.linkProgram(program)
    if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(program) ?? 'no program')
    gl.useProgram(program)
    this.#uniforms = Object.fromEntries(
      UNIFORMS.map((name) => [name, gl.getUniformLocation(program, name)]),
    ) as Uniforms
    this.#buffers = [gl.createBuffer(), gl.createBuffer(), gl.createBuffer()]
    const [vertices, indices, path] = this.#buffers
    this.#mesh = gl.createVertexArray()
    gl.bindVertexArray(this.#mesh)
    gl.bindBuffer(gl.ARRAY_BUFFER, vertices)
    this.#lay()
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, indices)
    this.#path = gl.createVertexArray()
    gl.bindVertexArray(this.#path)
    gl.bindBuffer(gl.ARRAY_BUFFER, path)
    this.#lay()
    gl.enable(gl.DEPTH_TEST)
    // the dot is at the end of the line
    gl.depthFunc(gl.LEQUAL)
  }

  /** Place and normal of each vertex, three numbers each. */
  #lay(): void {
    for (const slot of [0, 1]) {
      this.#gl.enableVertexAttribArray(slot)
      this.#gl.vertexAttribPointer(slot, 3, this.#gl.FLOAT, false, 24, 12 * slot)
    }
  }

  load(surface: Surface): void {
    const { u, v, loss, path } = surface
    const height = heightsOf(loss)
    const [across, down] = [u.length, v.length]
    const vertices = new Float32Array(across * down * 6)
    const at = (column: number, row: number) =>
      height[Math.max(0, Math.min(down - 1, row)) * across + Math.max(0, Math.min(across - 1, column))]
    for (let row = 0, i = 0; row < down; row++) {
      for (let column = 0; column < across; column++, i += 6) {
        const slopeU = ((at(column + 1, row) - at(column - 1, row)) * HEIGHT * (across - 1)) / 4
        const slopeV = ((at(column, row + 1) - at(column, row - 1)) * HEIGHT * (down - 1)) / 4
        vertices.set(
          [(2 * column) / (across - 1) - 1, at(column, row) * HEIGHT, (2 * row) / (down - 1) - 1, -slopeU, 1, -slopeV],
          i,
        )
      }
    }
    const indices: number[] = []
    for (let row = 0; row < down - 1; row++) {
      for (let column = 0; column < across - 1; column++) {
        const first = row * across + column
        indices.push(first, first + across, first + 1, first + 1, first + across, first + across + 1)
      }
    }
    // a place of the path lies on the surface between its four neighbours, and a little above
    const lift = (pu: number, pv: number): readonly number[] => {
      const [fu, fv] = [
        ((pu - u[0]) / (u[across - 1] - u[0])) * (across - 1),
        ((pv - v[0]) / (v[down - 1] - v[0])) * (down - 1),
      ]
      const [cu, cv] = [Math.floor(fu), Math.floor(fv)]
      const [ru, rv] = [fu - cu, fv - cv]
      const near =
        (1 - rv) * ((1 - ru) * at(cu, cv) + ru * at(cu + 1, cv)) +
        rv * ((1 - ru) * at(cu, cv + 1) + ru * at(cu + 1, cv + 1))
      return [(2 * fu) / (across - 1) - 1, near * HEIGHT + 0.02, (2 * fv) / (down - 1) - 1, 0, 1, 0]
    }
    const gl = this.#gl
    const [vertexBuffer, indexBuffer, pathBuffer] = this.#buffers
    gl.bindVertexArray(this.#mesh)
    gl.bindBuffer(gl.ARRAY_BUFFER, vertexBuffer)
    gl.bufferData(gl.ARRAY_BUFFER, vertices, gl.DYNAMIC_DRAW)
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, indexBuffer)
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, Uint16Array.from(indices), gl.DYNAMIC_DRAW)
    gl.bindVertexArray(this.#path)
    gl.bindBuffer(gl.ARRAY_BUFFER, pathBuffer)
    gl.bufferData(gl.ARRAY_BUFFER, Float32Array.from(path.flatMap((step) => lift(step.u, step.v))), gl.DYNAMIC_DRAW)
    this.#triangles = indices.length
    this.#steps = path.length
  }

  paint(turn: number, tilt: number, away: number): void {
    const gl = this.#gl
    const canvas = gl.canvas as HTMLCanvasElement
    const scale = Math.min(2, globalThis.devicePixelRatio || 1)
    const [width, height] = [Math.round(canvas.clientWidth * scale), Math.round(canvas.clientHeight * scale)]
    if (width === 0 || height === 0) return
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height]
    gl.viewport(0, 0, width, height)
    gl.clearColor(0, 0, 0, 0)
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT)
    if (this.#triangles === 0) return
    const { view, shift, scale: pixels, flat_colour: flat, is_point: isPoint } = this.#uniforms
    gl.uniformMatrix4fv(view, false, viewOf(turn, tilt, away, width / height))
    gl.uniform1f(pixels, scale)
    gl.uniform1i(isPoint, 0)
    gl.uniform2f(shift, 0, 0)
    gl.uniform4f(flat, 0, 0, 0, 0)
    gl.bindVertexArray(this.#mesh)
    gl.drawElements(gl.TRIANGLES, this.#triangles, gl.UNSIGNED_SHORT, 0)
    gl.bindVertexArray(this.#path)
    const ink = palette().isDark ? 1 : 0.05
    gl.uniform4f(flat, ink, ink, ink, 1)
    for (const [right, up] of STROKES) {
      gl.uniform2f(shift, (right * scale) / width, (up * scale) / height)
      gl.drawArrays(gl.LINE_STRIP, 0, this.#steps)
    }
    gl.uniform2f(shift, 0, 0)
    gl.uniform1i(isPoint, 1)
    gl.uniform4f(flat, 0.85, 0.1, 0.2, 1)
    gl.drawArrays(gl.POINTS, this.#steps - 1, 1)
  }
}

/** Logarithms of losses, scaled to [0, 1]; NaN is drawn at the highest. */
function heightsOf(loss: Float64Array): Float64Array {
  const logs = loss.map((value) => Math.log(Math.max(1e-6, value)))
  let [least, most] = [Infinity, -Infinity]
  for (const value of logs) {
    if (!Number.isFinite(value)) continue
    least = Math.min(least, value)
    most = Math.max(most, value)
  }
  return logs.map((value) => (Number.isFinite(value) ? (value - least) / (most - least || 1) : 1))
}

/** A model file imported as data: rule `Data` in wrangler.toml. */
declare module '*.safetensors' {
  const bytes: ArrayBuffer
  export default bytes
}

/** An optional peer dependency that need not be installed to build. */
declare module 'koffi' {
  const koffi: import('./library.ts').Koffi
  export default koffi
}

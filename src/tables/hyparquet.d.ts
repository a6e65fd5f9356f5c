/** An optional peer dependency that need not be installed to build. */
declare module 'hyparquet' {
  const hyparquet: import('./parquet.ts').Hyparquet
  export = hyparquet
}

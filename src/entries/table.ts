/** `fourlane/table`: tables as people have them. */
export type {
  CategoryColumn,
  ColumnType,
  DateColumn,
  NumberColumn,
  Table,
  TableColumn,
  TextColumn,
} from '../data/table/table.ts'
export type { Hyparquet, ParquetFile } from '../tables/parquet.ts'
export { type ReadTableOptions, readTable } from '../tables/readTable.ts'
export type { TableSource } from '../tables/source.ts'

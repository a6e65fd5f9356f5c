/** `fourlane/table`: tables from files and streams, encoders for their rows, and models for them. */
import { modules as features } from '#modules/features'
import { modules } from '#modules/train'
import { bringing } from '../runtime/modules.ts'
import * as models from '../tables/tabular.ts'
import * as train from '../tables/train.ts'

export type {
  CategoryColumn,
  ColumnType,
  DateColumn,
  NumberColumn,
  Table,
  TableColumn,
  TextColumn,
} from '../data/table/table.ts'
export { Encoder, type EncoderSchema, type Examples, encoderFromJSON } from '../tables/encoder.ts'
export type { EncoderJson } from '../tables/encoderJson.ts'
export type { CategoryFeature, DateFeature, EncodedColumn, Feature, NumberFeature, Scale } from '../tables/features.ts'
export type { Hyparquet, ParquetFile } from '../tables/parquet.ts'
export { type Prepared, type PrepareOptions, prepare, type Task } from '../tables/prepare.ts'
export { type PreparedStream, type PrepareStreamOptions, prepareStream } from '../tables/prepareStream.ts'
export type { PresetFit } from '../tables/presets/preset.ts'
export { type ReadTableOptions, readTable } from '../tables/readTable.ts'
export type { RawCell, RawRow } from '../tables/rows.ts'
export type { TableSource } from '../tables/source.ts'
export { type StreamTableOptions, streamTable } from '../tables/streamTable.ts'
export { type Preset, presetFit, type TabularOptions } from '../tables/tabular.ts'
export type { ClassTarget, NumberTarget, Target } from '../tables/target.ts'
export type { TrainedTabular, TrainingRows, TrainTabularOptions } from '../tables/train.ts'
export const tabular: typeof models.tabular = /* @__PURE__ */ bringing(
  modules,
  /* @__PURE__ */ bringing(features, models.tabular),
)
export const trainTabular: typeof train.trainTabular = /* @__PURE__ */ bringing(
  modules,
  /* @__PURE__ */ bringing(features, train.trainTabular),
)

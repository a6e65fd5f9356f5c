/**
 * The machine's ops. A program is a list of steps. A step is STEP_WORDS 32-bit words: word 0 is the op, followed by operands at the
 * indices named in the files beside this one; an operand is an i32 unless its comment says f32. Addresses are byte addresses,
 * strides are in bytes. The codes of `infer` and `train` are contiguous, and so are those of each family of an
 * extension, so that the machine's switches compile to jump tables.
 */

export const STEP_WORDS = 32
export const OP = 0
/** 1: threads may proceed to the next step without a barrier; 0: they meet at a barrier first. */
export const STEP_GOES_ON = 31

// Forward passes: `infer`, and `train`, which includes it.

/** No operation: replaces a step that is not needed for now. */
export const OP_NONE = 0
/** y = activation(x · w + b), with w in panels: [ceil(units / PANEL)][inputs][PANEL]. */
export const OP_DENSE = 1
/** y = activation(x), elementwise or by row; y may be x. */
export const OP_ACTIVATE = 2
/** Batch statistics, then y = gamma * (r * (x - mean) / spread + d) + beta; r = 1 and d = 0 except for batch renorm. */
export const OP_BATCH_NORM = 3
/** y = gamma * n + beta, n = (x - mean) / sqrt(variance + epsilon) of each group of a row's columns. */
export const OP_ROW_NORM = 4
/** to[i] = from[i / SPREAD_RUN]: expands one value per channel to one per column. */
export const OP_SPREAD = 5
/** to = a + b */
export const OP_ADD = 6
/** y = x if x > 0, else alpha * x, one alpha per column. */
export const OP_PRELU = 7
/** w = g * v / |v| for each unit; w and v in panels. */
export const OP_WEIGHT_NORM = 8

// Only in `train`.

/** to[r] = from[order[first + r]] for the batch's rows; elements are 32-bit words of any type. */
export const OP_GATHER = 9
/** Packs x and dz into strips for OP_DENSE_DW: see assembly/gemm/strips.ts. */
export const OP_DENSE_PACK = 10
/** dw = xᵀ · dz, in w's panel layout; db = column sums of dz (skipped if DENSE_B is 0). */
export const OP_DENSE_DW = 11
/** dx = dz · wᵀ, times the derivative of the activation that made x. */
export const OP_DENSE_DX = 12
/** dx = dy * activation'(saved); dx may be dy. */
export const OP_ACTIVATE_BACK = 13
/** Row losses and, if LOSS_GRADIENT is not 0, the gradient of their weighted mean. */
export const OP_LOSS = 14
/** record.loss = weighted mean of the row losses; record.weight = sum of the weights. */
export const OP_MEAN_LOSS = 15
/** record.correct = number of rows whose largest output is the target's class, or of outputs on the target's side of a threshold. */
export const OP_CORRECT = 16

/** gradients += l1 * sign(w) + l2 * w (unless PENALTY_GRADIENTS is 0); partials = l1 * sum|w| + l2 / 2 * sum w² */
export const OP_PENALTY = 17
/** record.penalty += sum of PENALTY_SUM_COUNT partials */
export const OP_PENALTY_SUM = 18
/** record.penalty += (l1 * sum|y| + l2 / 2 * sum y²) / rows */
export const OP_ACTIVITY = 19
/** to = dy + (l1 * sign(y) + l2 * y) / rows */
export const OP_ACTIVITY_BACK = 20
/** partials = sums of |g|^p, or the largest |g|, by CLIP_ORDER. */
export const OP_GRADIENT_SUMS = 21
/** record.gradientNorm = the block's norm from its partials; gradients *= min(1, limit / (norm + 1e-6)) */
export const OP_CLIP_NORM = 22
/** gradients = clamp(gradients, -limit, limit) */
export const OP_CLIP_VALUE = 23

/** dx, dgamma and dbeta from dy, x and the statistics of OP_BATCH_NORM. */
export const OP_BATCH_NORM_BACK = 24
/** Blends the batch statistics into the running ones. */
export const OP_RUNNING_STATISTICS = 25
/** dx from dy and n. */
export const OP_ROW_NORM_BACK = 26
/** dgamma = column sums of dy * n, dbeta = column sums of dy. */
export const OP_COLUMN_SUMS = 27
/** to[i] = sum of the SPREAD_RUN values of from for i. */
export const OP_COLLECT = 28
/** to = from * mask / (1 - rate), forward and backward. */
export const OP_DROPOUT = 29
/** to = from + stddev * N(0, 1) */
export const OP_NOISE = 30
/** dx and dalpha from dy and x. */
export const OP_PRELU_BACK = 31
/** dv and dg from dw. */
export const OP_WEIGHT_NORM_BACK = 32

// Updates; their equations are beside their kernels.

export const OP_SGD = 33
export const OP_ASGD = 34
export const OP_RPROP = 35
export const OP_ADAGRAD = 36
export const OP_ADADELTA = 37
/** States: second moment, velocity (momentum), first moment (centered). */
export const OP_RMSPROP = 38
/** Adam and AdamW; AMSGrad with a third state. */
export const OP_ADAM = 39
export const OP_ADAMAX = 40
export const OP_NADAM = 41
export const OP_RADAM = 42
export const OP_YOGI = 43
export const OP_ADABELIEF = 44
export const OP_LION = 45
/** partials = sums of p² and u² per chunk, after updating the moments */
export const OP_LAMB_NORMS = 46
/** parameters -= rate * |p| / |u| * u */
export const OP_LAMB = 47
/** partials = sums of g² per chunk */
export const OP_NOVOGRAD_NORMS = 48
/** The tensor's second moment: the first float of its part of state 1. */
export const OP_NOVOGRAD_MOMENT = 49
export const OP_NOVOGRAD = 50

// Extension `solve`: from MODULE_SOLVE << MODULE_SHIFT.

/** partials = sums of x * y per chunk, in float64 */
export const OP_DOT_PARTIALS = 512
/** record.dot = sum of DOT_SUM_COUNT partials */
export const OP_DOT_SUM = 513
/** to = y + record.scalar * x; to may be x or y. */
export const OP_AXPY = 514

// Curvature products: layers and losses along a direction. A tangent is a value's derivative along it.

/** to = dyTangent * activation'(saved) + dy * activation''(saved) * tangent; by row for kinds that work by row. */
export const OP_ACTIVATE_CURVE = 520
/** to = tangent - sum of e^y * tangent over the row, y = logSoftmax(x) */
export const OP_LOG_SOFTMAX_TANGENT = 521
/** to = Hessian of the weighted mean loss with respect to a row's outputs, times the row of the tangent. */
export const OP_LOSS_CURVE = 522
/** tn, the tangent of n = (x - mean) / spread over the batch, and to = gamma r tn + tgamma (r n + d) + tbeta. */
export const OP_BATCH_NORM_TANGENT = 523
/** Tangents of the results of OP_BATCH_NORM_BACK; runs after it and OP_BATCH_NORM_TANGENT. */
export const OP_BATCH_NORM_CURVE = 524
/** tn, the tangent of each group's n = (x - mean) / spread, and to = gamma tn + tgamma n + tbeta. */
export const OP_ROW_NORM_TANGENT = 525
/** Tangent of the result of OP_ROW_NORM_BACK. */
export const OP_ROW_NORM_CURVE = 526
/** to = tx if x > 0, else alpha tx + talpha x */
export const OP_PRELU_TANGENT = 527
/** Tangents of the results of OP_PRELU_BACK. */
export const OP_PRELU_CURVE = 528
/** to = the tangent of w = g * v / |v|, in panels. */
export const OP_WEIGHT_NORM_TANGENT = 529
/** Tangents of the results of OP_WEIGHT_NORM_BACK. */
export const OP_WEIGHT_NORM_CURVE = 530
// Matrices in panels and row-major, and updates of whole matrices: see matrix.ts.

/** c = a · b + bias, b in panels; a, c and the single row `bias` row-major. */
export const OP_PRODUCT = 560
/** c = aᵀ · b, c in panels; a and b row-major. */
export const OP_COLUMN_PRODUCT = 561
/** Fills in the lower triangle of a symmetric matrix in panels from the upper one, block by block. */
export const OP_MIRROR = 562
/** From panels to row-major: to = scale * from + shift * I; scale may be divided by a norm, `to` may be the transpose. */
export const OP_TO_ROWS = 563
/** From row-major to panels: to = scale * from + shift * I. */
export const OP_TO_PANELS = 564
/** to = alpha * x + beta * y */
export const OP_BLEND = 565
/** to = from */
export const OP_COPY = 566
/** to = w - learning rate * weight decay * w - rate * x, w in panels, x row-major, or its transpose. */
export const OP_DESCEND = 567
/** Replaces the record's rates and scalars by those of the second rule. */
export const OP_SECOND_RULE = 568
/** to = s · (w ∘ w) + b ∘ b, one row: sums over paths from the inputs, forward. */
export const OP_PATH_UP = 569
/** to = (w ∘ w) · r, one row: sums over paths to the outputs, backward. */
export const OP_PATH_DOWN = 570
/** to = w - rate * g / (s rᵀ), or w where that is 0. */
export const OP_PATH_DESCEND = 571
/** Row i of to = the i-th eigenvector of a symmetric matrix, divided by a root of its eigenvalue. */
export const OP_EIGEN = 572
/** next = beta * second + rest * g², to = first / (sqrt(next) + epsilon), both corrected as Adam does. */
export const OP_ADAPT = 573
// Dense linear algebra, and K-FAC's ops on a batch's rows: see linear.ts and fisher.ts.

/** to = xᵀ x over the batch's rows, or a given number of rows; the diagonal and above. */
export const OP_GRAM = 600
/** to = -(from + record.scalar I), the diagonal and above */
export const OP_DAMP = 601
/** A diagonal block of U, A = Uᵀ U. */
export const OP_CHOLESKY = 602
/** A block of rows of x, Uᵀ x = b, U x = b or Uᵀ x = I. */
export const OP_TRIANGLE = 603
/** to = a · b with separate strides, and one extra row of b and of `to` stored elsewhere. */
export const OP_STRIDED_PRODUCT = 604
/** to = record.scalar 0 x + record.scalar 1 y; to may be x or y. */
export const OP_COMBINE = 605
/** to = factors of the rows times [x | 1] */
export const OP_WEIGH = 606
/** to = noise whose covariance is the Hessian of the loss with respect to the outputs. */
export const OP_SEED = 607

// Extension `int8`: from MODULE_INT8 << MODULE_SHIFT.

/** to = round(x / scale) + zero, 0..127, one scale and zero for all rows, or one per row. */
export const OP_QUANTIZE_ROWS = 768
/** y = activation((x - zero) · w * scales + b) for 8-bit x and w, summed exactly; y in float, or as 8-bit activations as well. */
export const OP_DENSE_INT8 = 769
/** OP_ACTIVATE with the same bits on every target. */
export const OP_ACTIVATE_EXACT = 770

// Extension `features`: from MODULE_FEATURES << MODULE_SHIFT.

/** OP_ACTIVATE for the activations from ACTIVATION_EXPONENTIAL on. */
export const OP_WAVE = 1024
/** dx = dy * wave'(saved); dx may be dy. */
export const OP_WAVE_BACK = 1025
/** y = x + alpha * (f - x), one alpha per column. */
export const OP_MIX = 1026
/** dx, df and dalpha from dy, x and f. */
export const OP_MIX_BACK = 1027
/** For each feature x: x, then kernel · cos(2 pi x w + b) + bias. */
export const OP_PERIODIC = 1028
/** dx, dw, db, dkernel and dbias from dy and x. */
export const OP_PERIODIC_BACK = 1029
/** to = from, column by column. */
export const OP_COPY_COLUMNS = 1030
/** to += from, column by column. */
export const OP_ADD_COLUMNS = 1031
/** y = the table row at the index, 0 if missing. */
export const OP_TAKE_ROWS = 1032
/** y = the one-hot encoding of the index. */
export const OP_MARK_COLUMNS = 1033
/** gradient = 0: the whole table's, or the rows of the previous batch. */
export const OP_CLEAR_ROWS = 1034
/** gradient[index] += dy */
export const OP_ADD_TO_ROWS = 1035
/** parameters[index] -= rate * gradient[index]: plain SGD on the looked-up rows. */
export const OP_STEP_ROWS = 1036
/** to = scale * from + shift where OP_DROPOUT keeps the element, else floor. */
export const OP_ALPHA_DROPOUT = 1037

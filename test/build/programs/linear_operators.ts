import { float32, float64 } from "../../../src/core/dtype.ts";
import type { Operation } from "../../../src/graph/operation.ts";
import type { Tensor } from "../../../src/graph/tensor.ts";
import * as tf from "../../../src/index.ts";
import type { Program } from "./compare.ts";

const L = tf.linalg;
type Operator = InstanceType<typeof L.LinearOperator>;
// biome-ignore lint/suspicious/noExplicitAny: a program names the placeholders it takes
type P = any;

const spd = { isSelfAdjoint: true, isPositiveDefinite: true } as const;
const full = (x: Tensor, options = {}) => new L.LinearOperatorFullMatrix(x, options);
const diag = (d: Tensor, options = {}) => new L.LinearOperatorDiag(d, options);
const lower = (x: Tensor, options = {}) => new L.LinearOperatorLowerTriangular(x, options);

const shapesOf = (op: Operator): Tensor[] => [
  op.shapeTensor(),
  op.batchShapeTensor(),
  op.tensorRankTensor(),
  op.domainDimensionTensor(),
  op.rangeDimensionTensor(),
];

const allOf = (op: Operator, x: Tensor, v: Tensor, more: (op: Operator) => Tensor[] = () => []): Tensor[] => {
  const others = more(op);
  return [
    op.toDense(),
    op.diagPart(),
    op.trace(),
    op.matmul(x),
    op.matvec(v),
    op.determinant(),
    op.logAbsDeterminant(),
    op.solve(x),
    op.solvevec(v),
    op.addToTensor(op.toDense()),
    op.matmul(x, { adjoint: true }),
    op.solve(x, { adjoint: true }),
    ...others,
  ];
};

/** Python's arguments are made before what they are given to. */
const withShapes = (op: Operator, x: Tensor, v: Tensor, more: (op: Operator) => Tensor[] = () => []): Tensor[] =>
  allOf(op, x, v, (o) => [...more(o), ...shapesOf(o)]);

const checked = (...checks: Operation[]): Tensor =>
  tf.controlDependencies(checks, () => tf.constant(1, { dtype: float32 }));

const matrices: Record<string, Program> = {
  full: ({ x, b, v }: P) => allOf(full(x), b, v),
  full_hints: ({ x, b, v }: P) =>
    allOf(full(x, { name: "m", ...spd }), b, v, (op) => [
      op.eigvals(),
      op.cond(),
      op.cholesky().toDense(),
      op.inverse().toDense(),
    ]),
  full_batch({ x, b }: P) {
    const op = full(x);
    return [
      op.matmul(b),
      op.solve(b),
      op.cond(),
      op.matmul(L.matrixTranspose(b), { adjointArg: true }),
      ...shapesOf(op),
    ];
  },
  full_unknown({ x, b }: P) {
    const op = full(x);
    return [op.matmul(b), op.toDense(), op.solve(b), ...shapesOf(op)];
  },
  full_folds: ({ x, b }: P) => full(x).solve(b),
  full_asserts({ x }: P) {
    const op = full(x);
    return checked(op.assertNonSingular(), op.assertSelfAdjoint());
  },
  full_asserts_known({ x }: P) {
    const op = full(x, spd);
    return checked(op.assertNonSingular(), op.assertPositiveDefinite());
  },
  full_gradient: ({ x, b }: P) => tf.gradients(tf.reduceSum(full(x).solve(b).pow(2)), [x, b]) as Tensor[],
  triangular: ({ x, b, v }: P) => withShapes(lower(x), b, v, (op) => [op.adjoint().toDense(), op.inverse().toDense()]),
  triangular_asserts: ({ x }: P) => checked(lower(x).assertNonSingular()),
  variable({ b }: P) {
    const a = [
      [4, 1, 0],
      [1, 3, -1],
      [0, -1, 5],
    ];
    const w = tf.getVariable("w", { initializer: tf.constant(a, float32), useResource: true });
    const op = full(w as unknown as Tensor);
    return [op.matmul(b), op.determinant()];
  },
};

const diagonals: Record<string, Program> = {
  diag: ({ d, b, v }: P) =>
    withShapes(diag(d), b, v, (op) => [op.eigvals(), op.cond(), op.inverse().toDense(), op.adjoint().toDense()]),
  diag_complex({ d, b }: P) {
    const op = diag(d);
    return [
      op.matmul(b),
      op.matmul(b, { adjoint: true }),
      op.adjoint().toDense(),
      op.logAbsDeterminant(),
      op.solve(b, { adjointArg: true }),
    ];
  },
  diag_asserts({ d }: P) {
    const op = diag(d);
    return checked(op.assertNonSingular(), op.assertPositiveDefinite(), op.assertSelfAdjoint());
  },
  diag_asserts_complex({ d }: P) {
    const op = diag(d);
    return checked(op.assertNonSingular(), op.assertSelfAdjoint());
  },
  diag_cholesky: ({ d }: P) => diag(d, spd).cholesky().toDense(),
  diag_unknown({ d, b }: P) {
    const op = diag(d);
    return [op.matmul(b), op.toDense(), ...shapesOf(op)];
  },
  diag_products({ d, x }: P) {
    const [a, t] = [diag(d), lower(x)];
    const s = new L.LinearOperatorScaledIdentity(3, 2);
    return [
      () => a.matmul(a),
      () => a.matmul(t),
      () => t.matmul(a),
      () => a.matmul(s),
      () => s.matmul(a),
      () => a.solve(a),
      () => a.solve(t),
      () => a.solve(s),
      () => s.solve(a),
      () => s.matmul(s),
    ].map((make) => make().toDense());
  },
  identity: ({ b, v }: P) =>
    withShapes(new L.LinearOperatorIdentity(3), b, v, (op) => [
      op.eigvals(),
      op.cond(),
      op.inverse().toDense(),
      op.cholesky().toDense(),
    ]),
  identity_batch({ b }: P) {
    const op = new L.LinearOperatorIdentity(3, { batchShape: [2], dtype: float64 });
    return [op.matmul(b), op.toDense(), op.trace(), op.diagPart(), op.determinant(), ...shapesOf(op)];
  },
  identity_dynamic({ n, b }: P) {
    const op = new L.LinearOperatorIdentity(n, { assertProperShapes: true });
    return [op.matmul(b), op.toDense(), op.trace(), op.diagPart(), ...shapesOf(op)];
  },
  identity_asserts() {
    const op = new L.LinearOperatorIdentity(2);
    return checked(op.assertNonSingular(), op.assertPositiveDefinite(), op.assertSelfAdjoint());
  },
  scaled: ({ m, b, v }: P) =>
    withShapes(new L.LinearOperatorScaledIdentity(3, m), b, v, (op) => [
      op.eigvals(),
      op.cond(),
      op.inverse().toDense(),
      op.adjoint().toDense(),
    ]),
  scaled_batch({ m, b }: P) {
    const op = new L.LinearOperatorScaledIdentity(3, m);
    return [
      op.matmul(b),
      op.toDense(),
      op.trace(),
      op.determinant(),
      checked(op.assertNonSingular(), op.assertPositiveDefinite(), op.assertSelfAdjoint()),
    ];
  },
  zeros({ b }: P) {
    const op = new L.LinearOperatorZeros(3);
    return [
      op.matmul(b),
      op.toDense(),
      op.trace(),
      op.diagPart(),
      op.determinant(),
      op.addToTensor(b),
      checked(op.assertSelfAdjoint()),
      ...shapesOf(op),
    ];
  },
  zeros_wide({ b }: P) {
    const op = new L.LinearOperatorZeros(2, { numColumns: 3, batchShape: [2], isSquare: false, isSelfAdjoint: false });
    return [op.matmul(b), op.diagPart(), ...shapesOf(op)];
  },
};

const madeOfOthers: Record<string, Program> = {
  adjoint: ({ x, b, v }: P) => allOf(new L.LinearOperatorAdjoint(full(x)), b, v),
  inversion: ({ x, b, v }: P) => withShapes(new L.LinearOperatorInversion(full(x)), b, v, (op) => [op.cond()]),
  h_of_matrix({ x }: P) {
    const op = full(x);
    return [op.H.toDense(), op.H.H.toDense(), op.inverse().inverse().toDense()];
  },
  composition: ({ x, d, b, v }: P) => withShapes(new L.LinearOperatorComposition([full(x), diag(d)]), b, v),
  composition_symmetric({ x }: P) {
    const t = lower(x, { isNonSingular: true });
    const op = new L.LinearOperatorComposition([t, t.adjoint()]);
    return [op.cholesky().toDense(), op.toDense(), checked(op.assertNonSingular())];
  },
  matmul_of_operators({ x, d }: P) {
    const [a, b] = [full(x), diag(d)];
    return [
      a.matmul(b).toDense(),
      a.solve(b).toDense(),
      b.matmul(a, { adjointArg: true }).toDense(),
      a.matmul(new L.LinearOperatorIdentity(3)).toDense(),
    ];
  },
  kronecker({ x, y, b }: P) {
    const op = new L.LinearOperatorKronecker([full(x), full(y)]);
    return [
      op.toDense(),
      op.diagPart(),
      op.trace(),
      op.determinant(),
      op.logAbsDeterminant(),
      op.matmul(b),
      op.solve(b),
      op.matmul(b, { adjoint: true }),
      op.adjoint().toDense(),
      op.inverse().toDense(),
      ...shapesOf(op),
    ];
  },
  kronecker_dynamic({ x, y, b }: P) {
    const op = new L.LinearOperatorKronecker([full(x), full(y)]);
    return [op.toDense(), op.matmul(b), ...shapesOf(op)];
  },
  kronecker_eigvals({ x, d }: P) {
    const op = new L.LinearOperatorKronecker([full(x, spd), diag(d, { isPositiveDefinite: true })]);
    return [op.eigvals(), op.cholesky().toDense(), checked(op.assertNonSingular(), op.assertSelfAdjoint())];
  },
  low_rank: ({ d, u, b, v }: P) =>
    withShapes(new L.LinearOperatorLowRankUpdate(diag(d, { isPositiveDefinite: true }), u), b, v),
  low_rank_full({ x, u, w, k, b }: P) {
    const op = new L.LinearOperatorLowRankUpdate(full(x), u, { diagUpdate: k, v: w });
    return [
      op.matmul(b),
      op.matmul(b, { adjoint: true }),
      op.solve(b),
      op.solve(b, { adjoint: true }),
      op.determinant(),
      op.logAbsDeterminant(),
      op.diagPart(),
    ];
  },
};

const blockDiag = (...operators: Operator[]) => new L.LinearOperatorBlockDiag(operators);
const blockLower = ({ x, y, z }: P) => {
  const first = full(x);
  return new L.LinearOperatorBlockLowerTriangular([[first], [full(z), full(y)]]);
};

const blocks: Record<string, Program> = {
  block_diag: ({ x, y, b, v }: P) =>
    withShapes(blockDiag(full(x), full(y)), b, v, (op) => [op.inverse().toDense(), op.adjoint().toDense()]),
  block_diag_lists({ x, y, b, c, v, w }: P) {
    const op = blockDiag(full(x), full(y));
    return [...op.matmul([b, c]), ...op.solve([b, c]), ...op.matvec([v, w]), ...op.solvevec([v, w])];
  },
  block_diag_spd({ x, d }: P) {
    const op = blockDiag(full(x, spd), diag(d, { isPositiveDefinite: true }));
    return [
      op.cholesky().toDense(),
      op.eigvals(),
      op.matmul(op).toDense(),
      op.solve(op).toDense(),
      checked(op.assertNonSingular(), op.assertPositiveDefinite(), op.assertSelfAdjoint()),
    ];
  },
  block_diag_dynamic({ x, y, b }: P) {
    const op = blockDiag(full(x), full(y));
    return [op.toDense(), op.matmul(b), ...shapesOf(op)];
  },
  block_lower: (places: P) => withShapes(blockLower(places), places.b, places.v),
  block_lower_inverse: (places: P) => blockLower(places).inverse().toDense(),
  block_lower_three({ x }: P) {
    const [m, d] = [full(x), new L.LinearOperatorDiag([1, 2, 3])];
    return new L.LinearOperatorBlockLowerTriangular([[m], [d, d], [m, m, m]]).inverse().toDense();
  },
  block_lower_lists(places: P) {
    const op = blockLower(places);
    const list = [places.b, places.c];
    const adjoint = { adjoint: true };
    return [...op.matmul(list), ...op.solve(list), ...op.matmul(list, adjoint), ...op.solve(list, adjoint)];
  },
};

const structured: Record<string, Program> = {
  householder: ({ v, b }: P) =>
    withShapes(new L.LinearOperatorHouseholder(v), b, v, (op) => [
      op.eigvals(),
      op.cond(),
      op.inverse().toDense(),
      checked(op.assertNonSingular(), op.assertSelfAdjoint()),
    ]),
  permutation({ p, b, v }: P) {
    const op = new L.LinearOperatorPermutation(p);
    return [
      op.toDense(),
      op.diagPart(),
      op.trace(),
      op.matmul(b),
      op.matvec(v),
      op.solve(b),
      op.logAbsDeterminant(),
      op.cond(),
      op.matmul(b, { adjoint: true }),
      checked(op.assertNonSingular()),
      ...shapesOf(op),
    ];
  },
  permutation_known({ b }: P) {
    const op = new L.LinearOperatorPermutation([1, 2, 0]);
    return [op.toDense(), op.matmul(b)];
  },
  tridiag: ({ d, b, v }: P) => withShapes(new L.LinearOperatorTridiag(d), b, v),
  tridiag_sequence({ d, b, v }: P) {
    const list = [0, 1, 2].map((i) => d.at(i));
    return withShapes(new L.LinearOperatorTridiag(list, { diagonalsFormat: "sequence" }), b, v);
  },
  tridiag_matrix({ d, b }: P) {
    const op = new L.LinearOperatorTridiag(d, { diagonalsFormat: "matrix" });
    return [
      op.toDense(),
      op.diagPart(),
      op.matmul(b),
      op.solve(b),
      op.matmul(b, { adjoint: true }),
      op.solve(b, { adjoint: true }),
    ];
  },
  tridiag_asserts: ({ d }: P) => checked(new L.LinearOperatorTridiag(d).assertSelfAdjoint()),
  toeplitz: ({ c, r, b, v }: P) => withShapes(new L.LinearOperatorToeplitz(c, r), b, v),
  toeplitz_dynamic({ c, r, b }: P) {
    const op = new L.LinearOperatorToeplitz(c, r);
    return [op.toDense(), op.matmul(b), ...shapesOf(op)];
  },
  circulant({ s, b }: P) {
    const op = new L.LinearOperatorCirculant(s);
    return [
      op.toDense(),
      op.diagPart(),
      op.trace(),
      op.matmul(b),
      op.solve(b),
      op.determinant(),
      op.logAbsDeterminant(),
      op.eigvals(),
      op.cond(),
      op.convolutionKernel(),
      op.inverse().toDense(),
      op.adjoint().toDense(),
      op.matmul(op).toDense(),
      op.solve(op).toDense(),
      ...shapesOf(op),
    ];
  },
  circulant_real({ s, b }: P) {
    const op = new L.LinearOperatorCirculant(s, { inputOutputDtype: float32 });
    return [
      op.matmul(b),
      op.trace(),
      checked(op.assertNonSingular(), op.assertPositiveDefinite(), op.assertSelfAdjoint()),
    ];
  },
  circulant_2d({ s, b }: P) {
    const op = new L.LinearOperatorCirculant2D(s);
    return [op.toDense(), op.matmul(b), op.solve(b), op.trace(), op.determinant(), ...shapesOf(op)];
  },
  circulant_3d({ s, b }: P) {
    const op = new L.LinearOperatorCirculant3D(s);
    return [op.matmul(b), op.solve(b), op.blockShapeTensor()];
  },
  circulant_dynamic({ s, b }: P) {
    const op = new L.LinearOperatorCirculant(s);
    return [op.matmul(b), op.trace(), op.diagPart(), ...shapesOf(op)];
  },
};

export const linearOperators: Record<string, Program> = {
  ...matrices,
  ...diagonals,
  ...madeOfOthers,
  ...blocks,
  ...structured,
};

/** Where a part of a partitioned variable lies in the whole. Source: variables.py, SaveSliceInfo. */
import type { FullShape } from "../../core/shape.ts";
import { fromLong, type pb, toLong } from "../../proto/messages.ts";

export class SaveSliceInfo {
  readonly fullName: string;
  readonly fullShape: FullShape;
  readonly varOffset: readonly number[];
  readonly varShape: FullShape;

  constructor(fullName: string, fullShape: FullShape, varOffset: readonly number[], varShape: FullShape) {
    this.fullName = fullName;
    this.fullShape = fullShape;
    this.varOffset = varOffset;
    this.varShape = varShape;
  }

  /** The form of SaveV2's shape_and_slices: `4 2 0,2:0,2`. */
  get spec(): string {
    return `${this.fullShape.join(" ")} ${this.varOffset.map((start, i) => `${start},${this.varShape[i]}`).join(":")}`;
  }

  toProto(): pb.SaveSliceInfoDef.$Properties {
    return {
      fullName: this.fullName,
      fullShape: this.fullShape.map((n) => toLong(n)),
      varOffset: this.varOffset.map((n) => toLong(n)),
      varShape: this.varShape.map((n) => toLong(n)),
    };
  }

  static fromProto(proto: pb.SaveSliceInfoDef.$Properties): SaveSliceInfo {
    const numbers = (list: pb.SaveSliceInfoDef.$Properties["fullShape"]): number[] =>
      (list ?? []).map((n) => Number(fromLong(n)));
    return new SaveSliceInfo(
      proto.fullName ?? "",
      numbers(proto.fullShape),
      numbers(proto.varOffset),
      numbers(proto.varShape),
    );
  }
}

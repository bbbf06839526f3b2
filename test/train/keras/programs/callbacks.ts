/** Callbacks: in which order they are called, and what those of Keras print, write and do. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type * as tf from "../../../../src/index.ts";
import { temporaryFolder } from "../../../io/temporary.ts";
import { C, error, floats, K, keras, type Program, printed, quiet, small, X, Y } from "./shared.ts";

type Logs = Readonly<Record<string, unknown>>;
const sorted = (logs: Logs): string[] => Object.keys(logs).sort();

export const callbackPrograms: Readonly<Record<string, Program>> = {
  async callbacks_in_order() {
    const calls: unknown[] = [];
    const batch = (name: string) => (i: number, logs: Logs) => void calls.push([name, i, sorted(logs)]);
    const whole = (name: string) => (logs: Logs) => void calls.push([name, sorted(logs)]);
    class Log extends C.Callback {
      override onTrainBegin = whole("train_begin");
      override onTrainEnd = whole("train_end");
      override onEpochBegin = batch("epoch_begin");
      override onEpochEnd = batch("epoch_end");
      override onTrainBatchBegin = batch("batch_begin");
      override onTrainBatchEnd = batch("batch_end");
      override onTestBegin = whole("test_begin");
      override onTestEnd = whole("test_end");
      override onTestBatchBegin = batch("test_batch_begin");
      override onTestBatchEnd = batch("test_batch_end");
      override onPredictBegin = () => void calls.push(["predict_begin"]);
      override onPredictEnd = () => void calls.push(["predict_end"]);
      override onPredictBatchEnd = batch("predict_batch_end");
    }
    const log = new Log();
    const model = await small({ metrics: ["mae"] });
    const callbacks = [log];
    await model.fit(X, Y, { batchSize: 10, epochs: 2, verbose: 0, validationData: [X, Y], callbacks, initialEpoch: 1 });
    const { batchSize, epochs, steps, samples, verbose, doValidation, metrics } = log.params;
    const params = { batch_size: batchSize, epochs, steps, samples, verbose, do_validation: doValidation, metrics };
    await model.evaluate(X, Y, { batchSize: 10, verbose: 0, callbacks });
    await model.predict(X, { batchSize: 10, callbacks });
    return [calls, params];
  },

  async callbacks_at_work() {
    const out: unknown[] = [];
    const model = await small({ optimizer: new keras.optimizers.SGD(0.5) });
    const train = (epochs: number, callbacks: readonly tf.keras.callbacks.Callback[], more: object = {}) =>
      model.fit(X, Y, { epochs, ...quiet, callbacks, ...more });
    await printed(out, async () => {
      const stop = new C.EarlyStopping({
        monitor: "loss",
        patience: 1,
        verbose: 1,
        minDelta: 0.01,
        restoreBestWeights: true,
      });
      const { epoch } = await train(12, [stop]);
      out.push([epoch, stop.stoppedEpoch, stop.best]);
    });
    await printed(out, () =>
      train(5, [
        new C.ReduceLROnPlateau({
          monitor: "loss",
          factor: 0.5,
          patience: 1,
          verbose: 1,
          minDelta: 1,
          cooldown: 1,
          minLr: 0.1,
        }),
      ]),
    );
    await printed(out, async () => {
      await train(3, [new C.LearningRateScheduler((_, rate) => rate * 0.5, { verbose: 1 })]);
      const { lr } = model.optimizer as tf.keras.optimizers.SGD;
      out.push(Number((await K.getValue(lr)).item()));
    });
    await printed(out, async () => {
      out.push((await train(2, [new C.LearningRateScheduler((epoch) => 0.1 / (epoch + 1))])).history);
    });
    const folder = temporaryFolder();
    const at = (name: string) => join(folder, name);
    const text = (name: string) => readFileSync(at(name), "utf8");
    const log2 = () => new C.CSVLogger(at("log2.csv"), { separator: ";", append: true });
    const short: string[] = [];
    await printed(short, async () => {
      const path = at("w-{epoch:02d}-{val_loss:.2f}.ckpt");
      const options = { saveWeightsOnly: true, verbose: 1, saveBestOnly: true };
      const checkpoint = new C.ModelCheckpoint(path, options);
      await train(2, [checkpoint, new C.CSVLogger(at("log.csv")), log2()], { validationSplit: 0.2 });
      out.push(readdirSync(folder).filter((name) => name.endsWith("index")));
      out.push([text("log.csv"), text("log2.csv")]);
    });
    await printed(short, async () => {
      const all = new C.ModelCheckpoint(at("all"), { saveWeightsOnly: true, verbose: 1 });
      await train(2, [log2(), all], { initialEpoch: 1 });
      short.push(text("log2.csv"));
    });
    const best = { monitor: "val_loss", saveBestOnly: true, saveWeightsOnly: true };
    await printed(short, () =>
      train(2, [new C.ModelCheckpoint(at("best"), best), new C.EarlyStopping(), new C.ReduceLROnPlateau()]),
    );
    out.push(...short.map((each) => each.replaceAll(`${folder}/`, "")));
    await printed(out, async () => {
      const bad = floats(X.shape, X.data as Float32Array);
      (bad.data as Float32Array).fill(Number.NaN, 21, 24);
      const settings = { batchSize: 4, epochs: 2, ...quiet, callbacks: [new C.TerminateOnNaN()] };
      out.push((await model.fit(bad, Y, settings)).epoch);
    });
    out.push(await error(() => new C.ReduceLROnPlateau({ factor: 1.5 })));
    out.push(await error(() => train(1, [new C.LearningRateScheduler((() => "x") as never)])));
    return out;
  },
};

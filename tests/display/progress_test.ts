import assert from "node:assert/strict";
import {
  lineSink,
  Progress,
  type ProgressSink,
  type ProgressState,
  terminalSink,
} from "../../display/progress.ts";

/** A clock that stands still until it is set. */
function clock() {
  const time = { ms: 0 };
  return { time, now: () => time.ms };
}

/** A sink that keeps every state. */
function keeper() {
  const states: ProgressState[] = [];
  const sink: ProgressSink = {
    show: (state) => states.push(state),
    finish: (state) => states.push(state),
  };
  return { states, sink };
}

Deno.test("Progress tells fraction, rate and remaining time of a steady job", () => {
  const { time, now } = clock();
  const { states, sink } = keeper();
  const progress = new Progress({
    label: "train",
    total: 100,
    rateUnit: "images",
    ratePerStep: 8,
    sink,
    now,
  });
  for (let step = 1; step <= 40; step++) {
    time.ms += 500;
    progress.update(step, { loss: 1 / step });
  }
  const last = states[39];
  assert.equal(last.fraction, 0.4);
  assert.equal(last.rate, 16); // 2 steps a second, 8 images each
  assert.equal(last.remainingSeconds, 30);
  assert.equal(last.elapsedSeconds, 20);
  assert.deepEqual(last.values, { loss: 1 / 40 });
});

Deno.test("Progress forgets a slow beginning", () => {
  const { time, now } = clock();
  const { states, sink } = keeper();
  const progress = new Progress({ label: "train", total: 1000, sink, now });
  time.ms = 60_000; // kernels are compiled
  progress.update(1);
  for (let step = 2; step <= 41; step++) {
    time.ms += 500;
    progress.update(step);
  }
  assert.equal(states.at(-1)!.rate, 2);
});

Deno.test("Progress has a rate even when a step takes longer than the window", () => {
  const { time, now } = clock();
  const { states, sink } = keeper();
  const progress = new Progress({ label: "train", total: 10, sink, now });
  for (let step = 1; step <= 3; step++) {
    time.ms += 40_000;
    progress.update(step);
  }
  assert.equal(states.at(-1)!.rate, 1 / 40);
  assert.equal(states.at(-1)!.remainingSeconds, 7 * 40);
});

Deno.test("Progress by time goes with the clock, by both with whichever ends first", () => {
  const { time, now } = clock();
  const { states, sink } = keeper();
  const timed = new Progress({ label: "train", limitSeconds: 10, sink, now });
  const both = new Progress({ label: "train", limitSeconds: 10, total: 4, sink, now });
  time.ms = 2000;
  timed.update(3);
  both.update(2);
  assert.deepEqual([states[0].fraction, states[0].remainingSeconds], [0.2, 8]);
  assert.deepEqual([states[1].fraction, states[1].remainingSeconds], [0.5, 2]);
  time.ms = 20_000;
  timed.update(4);
  assert.deepEqual([states[2].fraction, states[2].remainingSeconds], [1, 0]);
});

Deno.test("Progress says nothing of rate and end before it can", () => {
  const { states, sink } = keeper();
  const progress = new Progress({ label: "train", total: 10, sink, now: () => 0 });
  progress.update(0);
  assert.deepEqual([states[0].rate, states[0].remainingSeconds], [undefined, undefined]);
});

Deno.test("Progress keeps values that are not given again, and finishes once", () => {
  const { states, sink } = keeper();
  const progress = new Progress({ label: "train", total: 10, sink, now: () => 0 });
  progress.update(1, { loss: 3, push: 2 });
  progress.update(2, { loss: 1 });
  assert.deepEqual(states[1].values, { loss: 1, push: 2 });
  progress.finish();
  progress.finish();
  assert.equal(states.length, 3);
});

Deno.test("Progress refuses a job without end and steps that go back", () => {
  const { sink } = keeper();
  const fails = (message: string, run: () => void) =>
    assert.throws(run, { name: "RangeError", message });
  fails(
    "Progress: give total, limitSeconds or both; without an end there is no progress",
    () => new Progress({ label: "a", sink }),
  );
  fails(
    "Progress: total must be above 0, not 0",
    () => new Progress({ label: "a", total: 0, sink }),
  );
  fails(
    "Progress: limitSeconds must be above 0, not NaN",
    () => new Progress({ label: "a", limitSeconds: NaN, sink }),
  );
  fails(
    "Progress: ratePerStep must be above 0, not -1",
    () => new Progress({ label: "a", total: 1, ratePerStep: -1, sink }),
  );
  const progress = new Progress({ label: "a", total: 5, sink });
  progress.update(2);
  fails("Progress: done went from 2 to 1; it must not fall", () => progress.update(1));
  fails("Progress: done went from 2 to NaN; it must not fall", () => progress.update(NaN));
  progress.finish();
  fails('Progress: "a" is finished already', () => progress.update(3));
});

Deno.test("terminalSink() rewrites one line, ten times a second at most, and ends it", () => {
  const { time, now } = clock();
  const shown: string[] = [];
  const sink = terminalSink((text) => shown.push(text), { columns: () => 120 });
  const progress = new Progress({
    label: "train",
    total: 1000,
    rateUnit: "images",
    ratePerStep: 8,
    sink,
    now,
  });
  for (let step = 1; step <= 500; step++) {
    time.ms += 10;
    progress.update(step, { loss: 0.01234, push: 1e-6 });
  }
  assert.equal(shown.length, 50);
  assert.ok(shown.every((text) => text.startsWith("\r\x1b[K") && !text.includes("\n")));
  assert.equal(
    shown.at(-1),
    "\r\x1b[Ktrain ████████████░░░░░░░░░░░░  49%  491/1,000 steps  800 images/s  loss 0.0123  push 1.0e-6  ETA 0:05",
  );
  progress.finish();
  assert.equal(
    shown.at(-1),
    "\r\x1b[Ktrain  500 steps in 0:05  800 images/s  loss 0.0123  push 1.0e-6\n",
  );
});

Deno.test("terminalSink() always shows the end", () => {
  const shown: string[] = [];
  const progress = new Progress({
    label: "a",
    total: 2,
    sink: terminalSink((text) => shown.push(text)),
    now: () => 0,
  });
  progress.update(1);
  progress.update(2);
  assert.match(shown.at(-1)!, /100%/);
});

Deno.test("terminalSink() never fills the last column, however narrow the terminal", () => {
  for (const columns of [10, 30, 60, 200]) {
    const shown: string[] = [];
    const sink = terminalSink((text) => shown.push(text), { columns: () => columns });
    new Progress({ label: "train", total: 3, sink, now: () => 0 }).update(1, { loss: 1 });
    const line = shown[0].replace("\r\x1b[K", "");
    assert.ok(line.length < columns, `${line.length} of ${columns}: ${line}`);
  }
});

Deno.test("lineSink() writes plain lines for the first update and every tenth", () => {
  const lines: string[] = [];
  const progress = new Progress({
    label: "train",
    total: 50,
    sink: lineSink((line) => lines.push(line)),
    now: () => 0,
  });
  for (let step = 1; step <= 50; step++) progress.update(step, { loss: step });
  progress.finish();
  assert.equal(lines.length, 12);
  assert.equal(lines[0], "train   2%  1/50 steps  loss 1\n");
  assert.equal(lines[1], "train  10%  5/50 steps  loss 5\n");
  assert.equal(lines[10], "train 100%  50/50 steps  loss 50  ETA 0:00\n");
  assert.equal(lines[11], "train  50 steps in 0:00  loss 50\n");
  // No carriage returns, no terminal codes, one line end.
  assert.ok(lines.every((line) => line.split("\n").length === 2 && !line.includes("\r")));
  assert.ok(lines.every((line) => !line.includes("\x1b")));
});

Deno.test("lineSink() breaks a long silence", () => {
  const { time, now } = clock();
  const lines: string[] = [];
  const sink = lineSink((line) => lines.push(line), { everySeconds: 30 });
  const progress = new Progress({ label: "train", total: 1_000_000, sink, now });
  for (let step = 1; step <= 100; step++) {
    time.ms += 1000;
    progress.update(step);
  }
  assert.equal(lines.length, 4); // at 1, 31, 61 and 91 seconds
  assert.match(lines[3], /ETA 277:45:09\n$/); // 999,909 steps at one a second
});

Deno.test("Progress shows a value that became NaN as what it is", () => {
  const lines: string[] = [];
  const progress = new Progress({
    label: "train",
    total: 2,
    sink: lineSink((line) => lines.push(line)),
    now: () => 0,
  });
  progress.update(1, { loss: NaN, push: Infinity });
  assert.match(lines[0], /loss NaN {2}push Infinity/);
});

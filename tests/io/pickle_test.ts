import assert from "node:assert/strict";
import { InputError } from "../../core/errors.ts";
import { type PickleOptions, printable, unpickle } from "../../io/pickle.ts";
import { bytesOf, call, dict, int, named, pickle, program, text, tuple } from "./pickle_program.ts";

const options: PickleOptions = {
  name: "w.pt",
  global: (name) => ({ "m.pair": { call: (args: readonly unknown[]) => ({ args }) } }[name]),
};

const read = (value: Uint8Array | string, more: Partial<PickleOptions> = {}) =>
  unpickle(pickle(program(value)), 0, { ...options, ...more }).value;

function refuses(bytes: Uint8Array<ArrayBuffer>, message: string): void {
  assert.throws(() => unpickle(bytes, 0, options), { name: "InputError", message });
}

Deno.test("unpickle() gives Python's values as JavaScript's", () => {
  const double = program("G", new Uint8Array([0xbf, 0xf8, 0, 0, 0, 0, 0, 0]));
  const cases: [Uint8Array | string, unknown][] = [
    ["N", null],
    ["\x88", true],
    ["\x89", false],
    ["K\xff", 255],
    ["M\xff\xff", 65535],
    ["J\xfe\xff\xff\xff", -2],
    ["\x8a\x00", 0],
    ["\x8a\x01\xff", -1],
    ["\x8a\x02\xff\x00", 255],
    [int(-(2n ** 40n)), -(2 ** 40)],
    [program("\x8b", bytesOf(9, 4), bytesOf(2n ** 64n, 9)), 2n ** 64n],
    ["I140735340871680\n", 140735340871680], // Python 2: identities of parameters
    ["I01\n", true],
    ["L-12L\n", -12],
    [double, -1.5],
    [text("é"), "é"],
    ["U\x02ab", "ab"],
    [program("T", bytesOf(2, 4), "ab"), "ab"],
    ["\x8c\x01a", "a"],
    [program("\x8d", bytesOf(1, 8), "a"), "a"],
    ["C\x02\x00\xff", new Uint8Array([0, 255])],
    [program("B", bytesOf(1, 4), "\x07"), new Uint8Array([7])],
    ["](K\x01K\x02e", [1, 2]],
    ["]K\x01a", [1]],
    [")", []],
    ["K\x01\x85", [1]],
    ["K\x01K\x02\x86", [1, 2]],
    ["K\x01K\x02K\x03\x87", [1, 2, 3]],
    [tuple(int(1), tuple()), [1, []]],
    ["}K\x01K\x02s", new Map([[1, 2]])],
    [dict({ a: int(1), b: int(2) }), new Map([["a", 1], ["b", 2]])],
    [call(named("m", "pair"), int(7)), { args: [7] }],
    ["\x8c\x01m\x8c\x04pair\x93)R", { args: [] }],
    ["\x95\x00\x00\x00\x00\x00\x00\x00\x00N", null],
    ["K\x01K\x020", 1],
    ["K\x05(K\x01K\x021", 5],
  ];
  for (const [code, value] of cases) assert.deepEqual(read(code), value);
});

Deno.test("unpickle() shares what is referred to, also itself, and reads one pickle after another", () => {
  for (const [put, get] of [["q\x07", "h\x07"], ["r\x00\x01\x00\x00", "j\x00\x01\x00\x00"]]) {
    const [a, b] = read(program("(]", put, get, "t")) as unknown[];
    assert.equal(a, b);
  }
  assert.deepEqual(read("\x8c\x01a\x940h\x00"), "a"); // MEMOIZE counts
  const list = read("]q\x00h\x00a") as unknown[];
  assert.equal(list[0], list);
  const two = program(pickle(int(1)), pickle(int(2)));
  const first = unpickle(two, 0, options);
  assert.deepEqual(unpickle(two, first.end, options), { value: 2, end: two.length });
});

Deno.test("unpickle() runs nothing and names what was asked for", () => {
  const help = "\n  help: in Python, save the weights alone: torch.save(model.state_dict(), path)";
  refuses(
    pickle(call(named("os", "system"), text("rm -rf /"))),
    `w.pt: the pickle at byte 2 asks for os.system, which weights do not need; nothing was run${help}`,
  );
  for (const name of ["toString", "constructor", "__proto__"]) {
    assert.throws(
      () => unpickle(pickle(named("m", name)), 0, { ...options, global: () => undefined }),
      new RegExp(`asks for m.${name},`),
    );
  }
  // A name with control characters cannot write to the terminal.
  assert.throws(() => read(program("cos\n\x1b[2Jsystem\n")), /asks for os.\?\[2Jsystem/);
});

Deno.test("unpickle() refuses programs that make no sense, with the place", () => {
  const at = (byte: number, problem: string) => `w.pt: the pickle at byte ${byte} ${problem}`;
  const cases: [string, number, string][] = [
    ["\x80\x02K", 2, "needs 1 bytes more; it is cut off"],
    ["\x80\x02X\xff\xff\xff\x7fab", 2, "needs 2147483647 bytes more; it is cut off"],
    ["\x80\x02", 2, "needs 1 bytes more; it is cut off"],
    ["\x80\x06N.", 0, "is of protocol 6, not 2 to 5"],
    [".", 0, "takes from an empty stack"],
    ["K\x01a.", 2, "takes from an empty stack"],
    ["K\x01K\x02a.", 4, "appends to what is no list"],
    ["t.", 0, "takes from an empty stack"],
    ["q\x00.", 0, "takes from an empty stack"],
    ["h\x03.", 0, "refers to object 3, which was not made"],
    ["](K\x01u.", 4, "sets items of what is no dictionary"],
    ["}(K\x01u.", 4, "sets a key without a value"],
    ["K\x01)R.", 3, "calls no function"],
    ["}}b.", 2, "changes an object that may not be changed"],
    ["NQ.", 1, "refers to an object outside"],
    ["\x8f.", 0, "has the opcode 0x8f, which files of weights do not need"],
    ["I12x\n.", 0, "has a damaged integer"],
    ["cos", 0, "has a name that does not end"],
    ["\x8c\x01mK\x01\x93.", 5, "names a function by what is no text"],
    [")\x8c\x01m\x93.", 4, "names a function by what is no text"],
    ["\x8b\x00\x00\x01\x00", 0, "has an integer of 65536 bytes"],
    ["\x8a\x11" + "\x00".repeat(17), 0, "has an integer of 17 bytes"],
  ];
  for (const [code, byte, problem] of cases) refuses(program(code), at(byte, problem));
  const strict = {
    call: () => {
      throw new InputError("wants numbers");
    },
  }; // deno-fmt-ignore
  assert.throws(
    () => read("cm\nstrict\n)R", { global: () => strict }),
    /w.pt: the pickle at byte 13 wants numbers/,
  );
});

Deno.test("unpickle() counts pieces of bytes and wide integers like lists: each is an object", () => {
  const wide = "\x8a\x09" + "\x01".repeat(9);
  for (const one of ["C\x01a", wide]) {
    assert.throws(
      () => read(program(one.repeat(200_001), ".")),
      /^InputError: w.pt: the pickle at byte \d+ has more than 200000 lists/,
    );
  }
  const narrow = read(program("](", "\x8a\x02\x00\x01".repeat(200_001), "e.")) as unknown[];
  assert.deepEqual([narrow.length, narrow[0]], [200_001, 256]);
});

Deno.test("unpickle() counts what functions are given, all calls together", () => {
  const long = { text: text("a".repeat(400_000)), list: program("](", "N".repeat(400_000), "e") };
  for (const value of Object.values(long)) {
    const calls = (count: number) =>
      program("cm\npair\nq\x00", value, "\x85q\x01", "h\x00h\x01R".repeat(count));
    assert.ok(read(calls(2)));
    assert.throws(
      () => read(calls(3)),
      /w.pt: the pickle at byte \d+ gives functions more than 1000000 items/,
    );
  }
  // The arguments themselves may be the long list.
  const many = program("cm\npair\nq\x00(", "N".repeat(400_000), "tq\x01", "h\x00h\x01R".repeat(3));
  assert.throws(() => read(many), /gives functions more than 1000000 items/);
});

Deno.test("printable() makes any value of a pickle a short text", () => {
  assert.equal(printable("a\x1b[2J\n"), "a?[2J?");
  assert.equal(printable("a".repeat(1000)).length, 200);
  assert.equal(printable(2n ** 64n), "18446744073709551616");
  assert.equal(printable([[1], [2]]), "a list");
  assert.equal(printable(new Map()), "an object");
  assert.equal(printable(null), "null");
});

Deno.test("unpickle() stops at programs that only take memory or time", () => {
  // Lists in lists, twice each: ever more to walk for who follows the references, 30 lists to hold.
  const laughs = program("]q\x00", ...Array.from({ length: 30 }, () => "]q\x01h\x00ah\x00aq\x00"));
  assert.ok(Array.isArray(read(laughs)));
  const many = (code: string) => program("\x80\x02", code.repeat(1_100_000), ".");
  assert.throws(() => unpickle(many("N"), 0, options), /has more than 500000 opcodes/);
  assert.throws(() => unpickle(many("]"), 0, options), /has more than 200000 lists/);
  assert.throws(() => unpickle(many("("), 0, options), /has more than 200000 lists/);
});

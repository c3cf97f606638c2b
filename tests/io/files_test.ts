import assert from "node:assert/strict";
import { readBytes, writeFileAtomic } from "../../io/mod.ts";
import { inFolder } from "../in_folder.ts";

/** Run while a function of Deno's rejects: failures that a test run by root cannot bring about. */
async function whileFailing(
  name: "open" | "readFile" | "rename",
  error: Error,
  body: () => Promise<void>,
): Promise<void> {
  const original = Deno[name];
  const functions = Deno as unknown as Record<string, unknown>;
  functions[name] = () => Promise.reject(error);
  try {
    await body();
  } finally {
    functions[name] = original;
  }
}

const filesIn = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();

Deno.test("writeFileAtomic() writes text and bytes, replaces, and leaves nothing else behind", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.txt`;
    await writeFileAtomic(path, "a long first version é");
    assert.equal(await Deno.readTextFile(path), "a long first version é");
    await writeFileAtomic(path, new Uint8Array([1, 2, 3]).subarray(1));
    assert.deepEqual(await readBytes(path), new Uint8Array([2, 3]));
    await writeFileAtomic(path, "");
    assert.equal((await readBytes(path)).length, 0);
    assert.deepEqual(filesIn(folder), ["a.txt"]);
  });
});

Deno.test("writeFileAtomic() writes parts one after another, or nothing of them", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/file`;
    await writeFileAtomic(path, [new Uint8Array([1, 2]), new Uint8Array(), new Uint8Array([3])]);
    assert.deepEqual(await readBytes(path), new Uint8Array([1, 2, 3]));
    const failing = function* () {
      yield new Uint8Array([9]);
      throw new RangeError("no more");
    };
    await assert.rejects(writeFileAtomic(path, failing()), /no more/);
    assert.deepEqual(await readBytes(path), new Uint8Array([1, 2, 3]));
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["file"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("writeFileAtomic() keeps the old file when writing fails", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.txt`;
    await writeFileAtomic(path, "old");
    await whileFailing(
      "rename",
      new Error("the disk is full"),
      () =>
        assert.rejects(writeFileAtomic(path, "new"), {
          name: "InputError",
          message: `${path}: cannot write in the folder ${folder}: the disk is full`,
        }),
    );
    assert.equal(await Deno.readTextFile(path), "old");
    assert.deepEqual(filesIn(folder), ["a.txt"]);
  });
});

Deno.test("writeFileAtomic() says why a path cannot be written", async () => {
  await inFolder(async (folder) => {
    const refused = (path: string, message: string) =>
      assert.rejects(writeFileAtomic(path, "x"), {
        name: "InputError",
        message: `${path}: ${message}`,
      });
    await refused(folder, "is a folder, not a file");
    await refused(`${folder}/no/a.txt`, `the folder ${folder}/no does not exist`);
    await Deno.writeTextFile(`${folder}/file`, "");
    await refused(`${folder}/file/a.txt`, "a part of the path is a file, not a folder");
    const [longest, longer] = [255, 256].map((length) => `${folder}/${"n".repeat(length)}`);
    await refused(longer, "the name is longer than the file system allows");
    await writeFileAtomic(longest, "x"); // what it is written to before has a name of its own
    assert.deepEqual(filesIn(folder).sort(), ["file", "n".repeat(255)]);
  });
});

Deno.test("writeFileAtomic() says when a folder lets nobody write", async () => {
  // Linux refuses new files in /proc with "no such file", although the folder is there.
  await assert.rejects(writeFileAtomic("/proc/a.txt", "x"), {
    name: "InputError",
    message: /^\/proc\/a.txt: (cannot|Deno was not allowed to) write in the folder \/proc(: | \()/,
  });
  await inFolder(async (folder) => {
    const path = `${folder}/a.txt`;
    const refused = (error: Error, message: string) =>
      whileFailing("open", error, () =>
        assert.rejects(writeFileAtomic(path, "x"), {
          name: "InputError",
          message: `${path}: ${message}`,
        }));
    await refused(
      new Deno.errors.PermissionDenied("os error 13"),
      `no permission to write in the folder ${folder}`,
    );
    await refused(
      new Deno.errors.NotCapable("requires write access"),
      `Deno was not allowed to write in the folder ${folder} ` +
        "(run it with --allow-read and --allow-write)",
    );
    assert.deepEqual(filesIn(folder), []);
  });
});

Deno.test("writeFileAtomic() replaces a link, not what it points to", async () => {
  await inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/out`);
    await Deno.writeTextFile(`${folder}/precious.txt`, "mine");
    const targets = {
      file: `${folder}/precious.txt`,
      nothing: `${folder}/not_there_yet.txt`,
      device: "/dev/null",
    };
    for (const [name, target] of Object.entries(targets)) {
      await Deno.symlink(target, `${folder}/out/${name}`);
      await writeFileAtomic(`${folder}/out/${name}`, "new");
      assert.ok((await Deno.lstat(`${folder}/out/${name}`)).isFile, name);
      assert.equal(await Deno.readTextFile(`${folder}/out/${name}`), "new");
    }
    assert.equal(await Deno.readTextFile(`${folder}/precious.txt`), "mine");
    assert.deepEqual(filesIn(folder), ["out", "precious.txt"]);
    assert.deepEqual(filesIn(`${folder}/out`), Object.keys(targets).sort());

    await Deno.symlink(`${folder}/out`, `${folder}/folder`); // a folder that the user may have linked
    await assert.rejects(
      writeFileAtomic(`${folder}/folder`, "new"),
      /^InputError: .*folder: is a folder, not a file/,
    );
    await writeFileAtomic(`${folder}/folder/file`, "newer");
    assert.equal(await Deno.readTextFile(`${folder}/out/file`), "newer");
  });
});

Deno.test("writeFileAtomic() writes straight to what is no regular file, and to what the process has open", async () => {
  await writeFileAtomic("/dev/null", "gone");
  assert.ok((await Deno.stat("/dev/null")).isCharDevice);

  await inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/log`, "first\n");
    // A shell's `>> log` makes /dev/stdout such a path. Only a process that may do everything may use it.
    await Deno.writeTextFile(
      `${folder}/write.ts`,
      `import { writeFileAtomic } from "${new URL("../../io/files.ts", import.meta.url)}";
       const path = await Deno.realPath("log");
       using _open = await Deno.open(path, { append: true });
       const links = [...Deno.readDirSync("/proc/self/fd")].filter(({ isSymlink }) => isSymlink);
       const number = links.map(({ name }) => name).find((name) => {
         try {
           return Deno.readLinkSync("/proc/self/fd/" + name) === path;
         } catch {
           return false; // closed meanwhile
         }
       });
       await writeFileAtomic("/dev/fd/" + number, "second\\n");`,
    );
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", "--no-config", "--no-lock", "write.ts"],
      cwd: folder,
    }).output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
    assert.equal(await Deno.readTextFile(`${folder}/log`), "first\nsecond\n");
    assert.deepEqual(filesIn(folder), ["log", "write.ts"]);
  });
});

Deno.test("readBytes() says why a path cannot be read", async () => {
  await assert.rejects(readBytes("no/such.file"), {
    name: "InputError",
    message: "no/such.file: no such file",
  });
  await assert.rejects(readBytes("tests"), {
    name: "InputError",
    message: "tests: is a folder, not a file",
  });
  await whileFailing(
    "readFile",
    new Deno.errors.PermissionDenied("os error 13"),
    () =>
      assert.rejects(readBytes("secret"), {
        name: "InputError",
        message: "secret: no permission to read",
      }),
  );
});

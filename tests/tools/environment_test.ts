import assert from "node:assert/strict";
import { taskEnvironment } from "../../tools/environment.ts";

const DEBIAN = {
  os: "linux",
  cores: 2,
  exists: (path: string) => path === "/etc/ssl/certs/ca-certificates.crt",
  temporaryFolder: "/tmp",
};

Deno.test("taskEnvironment() keeps the GL backend out and trusts the system's certificates", () => {
  assert.deepEqual(taskEnvironment({}, DEBIAN), {
    DENO_WEBGPU_BACKEND: "vulkan,metal,dx12",
    DENO_NO_UPDATE_CHECK: "1",
    XDG_RUNTIME_DIR: "/tmp",
    LP_NUM_THREADS: "4",
    DENO_TLS_CA_STORE: "system,mozilla",
  });
});

Deno.test("taskEnvironment() gives way to what is set", () => {
  const { DENO_WEBGPU_BACKEND, XDG_RUNTIME_DIR, ...rest } = taskEnvironment(
    { DENO_WEBGPU_BACKEND: "gl", XDG_RUNTIME_DIR: "" },
    DEBIAN,
  );
  assert.equal(DENO_WEBGPU_BACKEND, undefined);
  assert.equal(XDG_RUNTIME_DIR, "/tmp"); // empty is as good as not set
  assert.equal(rest.DENO_NO_UPDATE_CHECK, "1");
});

Deno.test("taskEnvironment() leaves the software driver's threads alone where there are many cores", () => {
  assert.equal(taskEnvironment({}, { ...DEBIAN, cores: 64 }).LP_NUM_THREADS, undefined);
});

Deno.test("taskEnvironment() leaves Deno's own certificates where the system has none", () => {
  const slim = { ...DEBIAN, exists: () => false };
  assert.equal(taskEnvironment({}, slim).DENO_TLS_CA_STORE, undefined);
  const mac = { ...slim, os: "darwin" };
  assert.equal(taskEnvironment({}, mac).DENO_TLS_CA_STORE, "system,mozilla");
  assert.equal(taskEnvironment({}, mac).XDG_RUNTIME_DIR, undefined);
  assert.equal(taskEnvironment({}, mac).LP_NUM_THREADS, undefined);
});

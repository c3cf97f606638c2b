/**
 * The environment variables that every task runs under, in one place. Deno's task shell can only set
 * a variable to a fixed text; here each one gives way to what the user has set.
 *
 * | variable               | value                 | why                                                        |
 * | ---------------------- | --------------------- | ---------------------------------------------------------- |
 * | DENO_WEBGPU_BACKEND    | vulkan,metal,dx12     | with the GL backend in the list, Deno 2.9.6 aborts at exit in about 1 of 100 test runs |
 * | XDG_RUNTIME_DIR        | the temporary folder  | else libwayland, which the Vulkan loader pulls in, prints an error line |
 * | LP_NUM_THREADS         | twice the cores       | the software driver shares a dispatch out beforehand, and a thread that wakes late keeps the rest waiting: with smaller shares a training step of the demo takes a tenth less |
 * | DENO_TLS_CA_STORE      | system,mozilla        | else a proxy's certificate that npm accepts is refused by Deno |
 * | DENO_NO_UPDATE_CHECK   | 1                     | a task's output is its own                                 |
 *
 * @module
 */

/** Where Linux distributions keep the certificates that the system trusts. */
const CERTIFICATE_FILES: readonly string[] = [
  "/etc/ssl/certs/ca-certificates.crt", // Debian, Ubuntu, Arch
  "/etc/pki/tls/certs/ca-bundle.crt", // Fedora, RHEL
  "/etc/ssl/ca-bundle.pem", // openSUSE
  "/etc/ssl/cert.pem", // Alpine
];

/** The most that every version of Mesa's llvmpipe takes; with more cores it knows best. */
const MOST_THREADS = 16;

/** What {@linkcode taskEnvironment} needs to know about the machine. */
export interface Machine {
  /** `Deno.build.os`. */
  readonly os: string;
  /** Whether a file is there. */
  readonly exists: (path: string) => boolean;
  readonly cores: number;
  /** A folder for temporary files. */
  readonly temporaryFolder: string;
}

/**
 * The variables to add to a task's environment; those already set are left as they are.
 *
 * @param current What is set now, e.g. `Deno.env.toObject()`.
 * @param machine The machine the task runs on.
 */
export function taskEnvironment(
  current: Readonly<Record<string, string>>,
  machine: Machine = thisMachine(),
): Record<string, string> {
  const wanted: Record<string, string> = {
    DENO_WEBGPU_BACKEND: "vulkan,metal,dx12",
    DENO_NO_UPDATE_CHECK: "1",
  };
  if (machine.os === "linux") {
    wanted.XDG_RUNTIME_DIR = machine.temporaryFolder;
    if (2 * machine.cores <= MOST_THREADS) wanted.LP_NUM_THREADS = String(2 * machine.cores);
  }
  // Asking for the system's store where there is none (slim containers) is an error in Deno.
  if (machine.os !== "linux" || CERTIFICATE_FILES.some(machine.exists)) {
    wanted.DENO_TLS_CA_STORE = "system,mozilla";
  }
  return Object.fromEntries(Object.entries(wanted).filter(([name]) => !current[name]));
}

/** The machine this process runs on. */
export function thisMachine(): Machine {
  return {
    os: Deno.build.os,
    cores: navigator.hardwareConcurrency,
    exists: (path) => {
      try {
        return Deno.statSync(path).isFile;
      } catch {
        return false;
      }
    },
    temporaryFolder: Deno.env.get("TMPDIR") ?? "/tmp",
  };
}

/**
 * Open the notebooks, with the Deno kernel registered for this one start.
 *
 *     deno task notebook                  JupyterLab or the classic notebook, whichever is there
 *     deno task notebook --no-browser     arguments are handed on to it
 *
 * The kernel stands in out/jupyter, which the server is told of by JUPYTER_PATH. There, too, stand the signatures that
 * make Jupyter show the stored pictures at once: it hides those of files that it does not trust, and whoever starts this
 * program trusts its files.
 * Where there is no Jupyter and this runs as root beside apt-get, Debian's is installed, and said so first
 * (`AE_NO_INSTALL=1` refuses). Everywhere else it stops with the line to type.
 *
 * @module
 */
import { InputError } from "../core/errors.ts";
import { aptGet, isOnPath } from "./ensure_adapter.ts";
import { pythonWith, registerKernel, succeeds } from "./jupyter_kernel.ts";

/** The servers that can show notebooks, the one that is preferred first. */
const SERVERS = ["jupyter-lab", "jupyter-notebook"];

/** Debian's package of the classic notebook. */
const PACKAGE = "jupyter-notebook";

/** Where the kernel and the signatures are kept. */
const FOLDER = `${Deno.cwd()}/out/jupyter`;

/** Tells Jupyter where signatures are. */
const SIGNATURES = [
  `--NotebookNotary.db_file=${FOLDER}/signatures.db`,
  `--NotebookNotary.secret_file=${FOLDER}/secret`,
];

/** What may be done on a machine without a server. */
export interface Situation {
  /** The user's number; 0 is root. */
  readonly uid: number | null;
  /** Whether apt-get is on the PATH. */
  readonly aptGet: boolean;
  /** Whether `AE_NO_INSTALL` is set. */
  readonly refused: boolean;
}

/** Install (null), or the message to stop with. */
export function whyNotInstall({ uid, aptGet, refused }: Situation): string | null {
  if (aptGet && uid === 0 && !refused) return null;
  const line = `apt-get update && apt-get install -y --no-install-recommends ${PACKAGE}`;
  return `no Jupyter was found${
    refused ? ", and AE_NO_INSTALL forbids to install it" : ""
  }\n  help: ` +
    [
      ...(aptGet ? [uid === 0 ? line : `sudo sh -c "${line}"`] : []),
      "pip install jupyterlab",
    ].join("\n        or ");
}

/**
 * The arguments of a server.
 *
 * @param uid The user's number; Jupyter wants to be told that root is meant.
 * @param rest What the user typed.
 */
export function serverArguments(uid: number | null, rest: readonly string[]): string[] {
  return [
    "--notebook-dir=notebooks",
    "--MultiKernelManager.default_kernel_name=deno",
    ...SIGNATURES,
    ...(uid === 0 ? ["--allow-root"] : []),
    ...rest,
  ];
}

/** The server to start, installed if need be. */
async function findServer(): Promise<string> {
  const found = SERVERS.find(isOnPath);
  if (found) return found;
  const message = whyNotInstall({
    uid: Deno.uid(),
    aptGet: isOnPath("apt-get"),
    refused: !["", "0"].includes(Deno.env.get("AE_NO_INSTALL") ?? ""),
  });
  if (message) throw new InputError(message);
  console.error(
    `no Jupyter was found: installing Debian's ${PACKAGE} (AE_NO_INSTALL=1 refuses)`,
  );
  await aptGet("update");
  if (await aptGet("install", "-y", "--no-install-recommends", PACKAGE)) return PACKAGE;
  throw new InputError(
    "apt-get could not install Jupyter; its messages are above\n  help: pip install jupyterlab",
  );
}

/** Sign the notebooks. */
async function trustNotebooks(): Promise<void> {
  const names = (await Array.fromAsync(Deno.readDir("notebooks"))).map(({ name }) => name)
    .filter((name) => name.endsWith(".ipynb"));
  const python = await pythonWith(["nbformat"]);
  const success = python !== null && await succeeds(python, [
    "-c", // Debian has no jupyter-trust
    "from nbformat.sign import TrustNotebookApp; TrustNotebookApp.launch_instance()",
    ...SIGNATURES,
    ...names.map((name) => `notebooks/${name}`),
  ]);
  if (!success) console.error("stored pictures are hidden until you choose Trust Notebook");
}

if (import.meta.main) {
  try {
    const server = await findServer();
    const env = await registerKernel(FOLDER);
    await trustNotebooks();
    const child = new Deno.Command(server, {
      args: serverArguments(Deno.uid(), Deno.args),
      env,
    }).spawn();
    // A terminal sends Ctrl-C to the server as well, which asks whether it is meant.
    Deno.addSignalListener("SIGINT", () => {});
    if (Deno.build.os !== "windows") Deno.addSignalListener("SIGTERM", () => child.kill("SIGTERM"));
    Deno.exit((await child.status).code);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    console.error(error.message);
    Deno.exit(2);
  }
}

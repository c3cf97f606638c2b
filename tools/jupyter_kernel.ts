/**
 * The Deno kernel as Jupyter finds it: a folder with a `kernel.json`. It is written into a folder of our own, which
 * `JUPYTER_PATH` names, so that nothing in the user's home changes; it starts this very Deno, with the environment of
 * every task.
 *
 * @module
 */
import { taskEnvironment } from "./environment.ts";

/** A kernel.json of Jupyter. */
export interface KernelSpec {
  /** The command; Jupyter puts its connection file in. */
  readonly argv: readonly string[];
  /** Its name in menus. */
  readonly display_name: string;
  /** What it speaks. */
  readonly language: string;
  /** Variables added to its environment. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * The kernel that runs a given Deno.
 *
 * @param deno Path of the program.
 * @param env Variables added to its environment.
 */
export function kernelSpec(deno: string, env: Readonly<Record<string, string>>): KernelSpec {
  return {
    argv: [deno, "jupyter", "--kernel", "--conn", "{connection_file}"],
    display_name: "Deno",
    language: "typescript",
    env,
  };
}

/**
 * Write the kernel under `folder` (`kernels/deno/kernel.json`).
 *
 * @param folder A data folder of Jupyter.
 * @param env Variables for the kernel besides those of {@linkcode taskEnvironment}.
 * @returns The variables with which Jupyter finds it.
 */
export async function registerKernel(
  folder: string,
  env: Readonly<Record<string, string>> = {},
): Promise<{ JUPYTER_PATH: string }> {
  const spec = kernelSpec(Deno.execPath(), { ...taskEnvironment(Deno.env.toObject()), ...env });
  await Deno.mkdir(`${folder}/kernels/deno`, { recursive: true });
  await Deno.writeTextFile(`${folder}/kernels/deno/kernel.json`, JSON.stringify(spec, null, 2));
  const before = Deno.env.get("JUPYTER_PATH");
  return { JUPYTER_PATH: before ? `${folder}:${before}` : folder };
}

/** Where a Python may be: Debian's packages belong to /usr/bin/python3, which need not be the first of the PATH. */
const PYTHONS = ["/usr/bin/python3", "python3"];

/**
 * The first Python that can import modules.
 *
 * @param modules Names of Python modules.
 * @returns Its path, or null.
 */
export async function pythonWith(modules: readonly string[]): Promise<string | null> {
  for (const python of PYTHONS) {
    if (await succeeds(python, ["-c", `import ${modules.join(", ")}`])) return python;
  }
  return null;
}

/** Whether a program is there and ends well; what it prints is dropped. */
export async function succeeds(program: string, args: readonly string[]): Promise<boolean> {
  try {
    const command = new Deno.Command(program, { args: [...args], stdout: "null", stderr: "null" });
    return (await command.output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

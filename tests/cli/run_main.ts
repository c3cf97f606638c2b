import { main } from "../../cli/main.ts";

/** Run a command line: its exit code, and what it printed on standard output and standard error. */
export async function runMain(
  ...args: string[]
): Promise<{ code: number; printed: string; message: string }> {
  const printed: string[] = [], message: string[] = [];
  const { log, error } = console;
  console.log = (...words) => printed.push(words.join(" "));
  console.error = (...words) => message.push(words.join(" "));
  try {
    const code = await main(args);
    return { code, printed: printed.join("\n"), message: message.join("\n") };
  } finally {
    Object.assign(console, { log, error });
  }
}

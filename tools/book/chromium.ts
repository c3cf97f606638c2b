/**
 * A headless Chromium, driven over its DevTools protocol: a WebSocket on which commands go out, and answers and events
 * come in, each a JSON text.
 *
 *     Debian:  apt-get install -y --no-install-recommends chromium
 *
 * Only what a check of pages needs: open a page, listen to what it complains about, ask it for values, and act with mouse,
 * finger and keys as a reader would.
 *
 * @module
 */
import { InputError } from "../../core/errors.ts";

/** Programs that speak the protocol; the environment variable `CHROMIUM` names another one. */
const PROGRAMS = [
  "chromium",
  "chromium-browser",
  "google-chrome",
  "google-chrome-stable",
  "chrome",
];
const INSTALL_LINE = "apt-get install -y --no-install-recommends chromium";
/** Milliseconds after which a browser or a page that does not answer is given up. */
const PATIENCE_MS = 30_000;

type Params = Readonly<Record<string, unknown>>;

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly sessionId?: string;
  readonly params?: Params;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

/** A running browser; `await using` ends it. */
export class Chromium {
  readonly #process: Deno.ChildProcess;
  readonly #socket: WebSocket;
  readonly #folder: string;
  readonly #waiting = new Map<number, (message: Message) => void>();
  readonly #listeners: ((message: Message) => void)[] = [];
  #sent = 0;

  private constructor(process: Deno.ChildProcess, socket: WebSocket, folder: string) {
    this.#process = process;
    this.#socket = socket;
    this.#folder = folder;
    socket.onmessage = ({ data }) => this.#receive(JSON.parse(data));
  }

  /**
   * Start the browser.
   *
   * @param options.webGpu Whether pages get WebGPU, from SwiftShader, which needs no graphics card.
   * @throws {InputError} If there is no Chromium (the message says how to get one), or it does not start.
   */
  static async start(options: { readonly webGpu: boolean }): Promise<Chromium> {
    const program = await findProgram();
    const folder = await Deno.makeTempDir();
    const process = new Deno.Command(program, {
      args: [
        "--headless=new",
        "--no-sandbox", // containers and root have none; the pages are our own
        "--disable-gpu-sandbox",
        "--no-first-run",
        "--hide-scrollbars",
        "--remote-debugging-port=0",
        `--user-data-dir=${folder}`,
        ...(options.webGpu ? ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"] : []),
        "about:blank",
      ],
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const socket = new WebSocket(await debuggerAddress(process, program));
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onerror = () => reject(new InputError(`${program}: does not answer`));
    });
    return new Chromium(process, socket, folder);
  }

  /** Open an empty page. */
  async newPage(): Promise<BrowserPage> {
    const { targetId } = await this.send("Target.createTarget", { url: "about:blank" }) as {
      targetId: string;
    };
    const { sessionId } = await this.send("Target.attachToTarget", {
      targetId,
      flatten: true,
    }) as { sessionId: string };
    const page = new BrowserPage((method, params) => this.send(method, params, sessionId));
    this.#listeners.push((message) => {
      if (message.sessionId === sessionId) page.receive(message.method!, message.params ?? {});
    });
    for (const domain of ["Page", "Runtime", "Log"]) await page.send(`${domain}.enable`);
    return page;
  }

  /**
   * Give a command and wait for its answer.
   *
   * @throws {Error} If the browser refuses, or is silent for half a minute.
   */
  send(method: string, params: Params = {}, sessionId?: string): Promise<unknown> {
    const id = ++this.#sent;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${method}: no answer`)), PATIENCE_MS);
      this.#waiting.set(id, ({ result, error }) => {
        clearTimeout(timer);
        if (error) reject(new Error(`${method}: ${error.message}`));
        else resolve(result);
      });
      this.#socket.send(JSON.stringify({ id, method, params, sessionId }));
    });
  }

  #receive(message: Message): void {
    if (message.id === undefined) {
      for (const listener of this.#listeners) listener(message);
      return;
    }
    this.#waiting.get(message.id)?.(message);
    this.#waiting.delete(message.id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.send("Browser.close").catch(() => this.#process.kill("SIGKILL"));
    this.#socket.close();
    await this.#process.status;
    await Deno.remove(this.#folder, { recursive: true }).catch(() => {}); // what is left lies with temporary files
  }
}

async function findProgram(): Promise<string> {
  const named = Deno.env.get("CHROMIUM");
  for (const program of named ? [named] : PROGRAMS) if (await runs(program)) return program;
  throw new InputError(
    `no Chromium${named ? ` at ${named}` : ""}\n  help: ${INSTALL_LINE}, or name one in CHROMIUM`,
  );
}

async function runs(program: string): Promise<boolean> {
  try {
    const version = new Deno.Command(program, { args: ["--version"], stderr: "null" });
    return (await version.output()).success;
  } catch {
    return false; // not there, or not permitted
  }
}

/** The address that Chromium prints when it is ready; what it prints afterwards is read and dropped. */
async function debuggerAddress(process: Deno.ChildProcess, program: string): Promise<string> {
  const timer = setTimeout(() => process.kill("SIGKILL"), PATIENCE_MS);
  let said = "";
  const reader = process.stderr.pipeThrough(new TextDecoderStream()).getReader();
  while (true) {
    const { value, done } = await reader.read();
    if (done) throw new InputError(`${program}: does not start\n${said.trim()}`);
    said += value;
    const address = /DevTools listening on (ws:\S+)/.exec(said);
    if (!address) continue;
    clearTimeout(timer);
    void (async () => {
      while (!(await reader.read()).done);
    })();
    return address[1];
  }
}

/** A page of the browser. */
export class BrowserPage {
  /** Give a command to this page. */
  readonly send: (method: string, params?: Params) => Promise<unknown>;
  /** What the page has complained about since it was opened: exceptions, console errors, what could not be loaded. */
  complaints: string[] = [];
  #loaded = () => {};

  /** Made by {@linkcode Chromium.newPage}. */
  constructor(send: (method: string, params?: Params) => Promise<unknown>) {
    this.send = send;
  }

  /** An event of the page. */
  receive(method: string, params: Params): void {
    if (method === "Page.loadEventFired") this.#loaded();
    const complaint = complaintOf(method, params);
    if (complaint !== null) this.complaints.push(complaint);
  }

  /**
   * Open an address and wait until all of it is there.
   *
   * @throws {Error} If it is not there within half a minute.
   */
  async open(address: string): Promise<void> {
    this.complaints = [];
    const loaded = new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${address}: not loaded`)), PATIENCE_MS);
      this.#loaded = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    const { errorText } = await this.send("Page.navigate", { url: address }) as {
      errorText?: string;
    };
    if (errorText) this.complaints.push(errorText);
    await loaded;
  }

  /**
   * The value of an expression in the page.
   *
   * @throws {Error} If the expression throws.
   */
  async evaluate<T>(expression: string): Promise<T> {
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", {
      expression,
      awaitPromise: true,
      returnByValue: true,
    }) as { result: { value: T }; exceptionDetails?: { text: string } };
    if (exceptionDetails) throw new Error(`${expression}: ${exceptionDetails.text}`);
    return result.value;
  }

  /**
   * Wait until an expression is true.
   *
   * @throws {Error} If it is not within half a minute.
   */
  async until(expression: string): Promise<void> {
    const end = performance.now() + PATIENCE_MS;
    while (!await this.evaluate<boolean>(`Boolean(${expression})`)) {
      if (performance.now() > end) throw new Error(`waited in vain for ${expression}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Press the mouse at one place, move in ten steps to another, let go. In pixels of the window. */
  async dragMouse(from: readonly [number, number], to: readonly [number, number]): Promise<void> {
    const mouse = (type: string, [x, y]: readonly [number, number], buttons: number) =>
      this.send("Input.dispatchMouseEvent", { type, x, y, button: "left", buttons, clickCount: 1 });
    await mouse("mousePressed", from, 1);
    for (const place of between(from, to)) await mouse("mouseMoved", place, 1);
    await mouse("mouseReleased", to, 0);
  }

  /** The same with a finger. */
  async dragFinger(from: readonly [number, number], to: readonly [number, number]): Promise<void> {
    const touch = (type: string, places: readonly (readonly [number, number])[]) =>
      this.send("Input.dispatchTouchEvent", {
        type,
        touchPoints: places.map(([x, y]) => ({ x, y })),
      });
    await touch("touchStart", [from]);
    for (const place of between(from, to)) await touch("touchMove", [place]);
    await touch("touchEnd", []);
  }

  /** Press and release a key, e.g. `ArrowRight`. */
  async pressKey(key: string): Promise<void> {
    for (const type of ["keyDown", "keyUp"]) {
      await this.send("Input.dispatchKeyEvent", { type, key, code: key });
    }
  }
}

function between(
  [x0, y0]: readonly [number, number],
  [x1, y1]: readonly [number, number],
): [number, number][] {
  return Array.from({ length: 10 }, (_, i) => {
    const t = (i + 1) / 10;
    return [x0 + (x1 - x0) * t, y0 + (y1 - y0) * t];
  });
}

function complaintOf(method: string, params: Params): string | null {
  if (method === "Runtime.exceptionThrown") {
    const { text, exception } = params.exceptionDetails as {
      text: string;
      exception?: { description?: string };
    };
    return exception?.description ?? text;
  }
  if (method === "Runtime.consoleAPICalled" && params.type === "error") {
    return (params.args as { value?: unknown; description?: string }[])
      .map(({ value, description }) => description ?? `${value}`).join(" ");
  }
  if (method === "Log.entryAdded") {
    const { level, text, url } = params.entry as { level: string; text: string; url?: string };
    return level === "error" ? `${text}${url ? ` (${url})` : ""}` : null;
  }
  return null;
}

// A gateway of its own for every test: the real program, on free ports, with a fresh data folder.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** Settings of the gateway, as environment variables: `{ SOTTO_CONTENT_MAX: '64KiB' }`. */
export type Settings = Record<string, string>;

/** How often a port that was just left is asked for again. */
const STARTS_MAX = 20;
const START_PAUSE_MS = 100;

export class Gateway {
  /** Whether it was ever down while the test ran: browsers complain about that by themselves. */
  wasDown = false;

  private child: ChildProcess | undefined;
  private http = '127.0.0.1:0';
  private tcp = '127.0.0.1:0';
  private tlsTcp: string | undefined;
  private said: string[] = [];
  private log: string[] = [];

  private constructor(
    private readonly folder: string,
    private settings: Settings,
  ) {}

  static async start(settings: Settings = {}): Promise<Gateway> {
    const folder = await mkdtemp(join(tmpdir(), 'sotto-e2e-'));
    const gateway = new Gateway(folder, settings);
    await gateway.run();
    return gateway;
  }

  /** Where to open the page. */
  get url(): string {
    return `http${this.fingerprint ? 's' : ''}://${this.http}/`;
  }

  /** `host:port` for browsers. */
  get httpAddress(): string {
    return this.http;
  }

  /** `host:port` for native clients. */
  get tcpAddress(): string {
    return this.tcp;
  }

  /** `host:port` for native clients under TLS. */
  get tlsTcpAddress(): string {
    if (!this.tlsTcp) throw new Error('the gateway has no TLS address: set SOTTO_TLS_TCP');
    return this.tlsTcp;
  }

  /** The fingerprint of its self-signed certificate, if it has one. */
  get fingerprint(): string | undefined {
    return this.said.join('\n').match(/^fingerprint (\S+)$/m)?.[1];
  }

  /** Its data folder. */
  get data(): string {
    return join(this.folder, 'data');
  }

  /** Every file in its data folder, by path. */
  async files(): Promise<Map<string, Buffer>> {
    const files = new Map<string, Buffer>();
    for (const entry of await readdir(this.data, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (entry.isFile()) files.set(path, await readFile(path));
    }
    return files;
  }

  /** Runs one of the operator's commands; what it printed. */
  async operate(...command: string[]): Promise<string> {
    const child = spawn(program(), [...command, '--data', this.data], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (data: Buffer) => (output += data.toString()));
    }
    const [exit] = (await once(child, 'close')) as [number | null];
    if (exit !== 0) throw new Error(`${command.join(' ')} ended with ${exit}:\n${output}`);
    return output;
  }

  /** What it wrote to its log. */
  get logged(): string {
    return this.log.join('\n');
  }

  /** Pulls the plug. */
  async kill9(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** Asks it to stop, and waits. */
  async stop(): Promise<void> {
    await this.end('SIGTERM');
  }

  /** Starts it again on the same ports and data, with further settings if there are any. */
  async restart(settings: Settings = {}): Promise<void> {
    if (this.child) await this.stop();
    this.settings = { ...this.settings, ...settings };
    await this.run();
  }

  /** Ends it and removes its data. */
  async dispose(): Promise<void> {
    if (this.child) await this.end('SIGKILL');
    await rm(this.folder, { recursive: true, force: true });
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.child;
    if (!child) throw new Error('the gateway does not run');
    this.child = undefined;
    this.wasDown = true;
    if (child.exitCode !== null) {
      throw new Error(`the gateway ended by itself, with ${child.exitCode}\n${this.logged}`);
    }
    child.kill(signal);
    await once(child, 'exit');
  }

  private async run(): Promise<void> {
    for (let start = 1; ; start += 1) {
      if (await this.tryRun()) return;
      if (start === STARTS_MAX) throw new Error(`the gateway does not start\n${this.logged}`);
      await new Promise((resolve) => setTimeout(resolve, START_PAUSE_MS));
    }
  }

  private async tryRun(): Promise<boolean> {
    const child = spawn(
      program(),
      ['serve', '--http', this.http, '--tcp', this.tcp, '--data', this.data],
      {
        cwd: this.folder,
        env: { ...process.env, SOTTO_LOG: 'info', NO_COLOR: '1', ...this.settings },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    createInterface({ input: child.stderr }).on('line', (line) => this.log.push(line));
    this.said = [];
    for await (const line of createInterface({ input: child.stdout })) {
      this.said.push(line);
      const found = line.match(/^listening http=(\S+) tcp=(\S+)/);
      if (found) {
        [, this.http, this.tcp] = found as unknown as [string, string, string];
        this.tlsTcp = line.match(/ tls_tcp=(\S+)/)?.[1];
      }
      if (line.startsWith('Sotto is ready')) {
        child.stdout.resume();
        this.child = child;
        return true;
      }
    }
    return false;
  }
}

function program(): string {
  const program = process.env.SOTTO_GATEWAY_BIN;
  if (!program) throw new Error('SOTTO_GATEWAY_BIN must name the gateway; cargo xtask test e2e does');
  return program;
}

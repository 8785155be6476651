// Somebody at a terminal: the real `sotto`, over TCP.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** One line of `sotto --json`. */
export interface Line {
  type: string;
  [field: string]: unknown;
}

/** How a command ended. */
export interface Ended {
  exit: number | null;
  lines: Line[];
  errors: string;
}

const TIMEOUT_SECONDS = 30;

export class Cli {
  private following: ChildProcess[] = [];

  constructor(
    readonly profile: string,
    private readonly server: string,
  ) {}

  /** Runs a command that has to succeed; what it printed. */
  async run(...command: string[]): Promise<Line[]> {
    const ended = await this.try(...command);
    if (ended.exit !== 0) {
      const said = [...ended.lines.map((line) => JSON.stringify(line)), ended.errors].join('\n');
      throw new Error(`sotto ${command.join(' ')} ended with ${ended.exit}:\n${said}`);
    }
    return ended.lines;
  }

  /** Runs a command, however it ends. */
  async try(...command: string[]): Promise<Ended> {
    const child = this.spawn(['--timeout', `${TIMEOUT_SECONDS}`, ...command]);
    let output = '';
    let errors = '';
    child.stdout?.on('data', (data: Buffer) => (output += data.toString()));
    child.stderr?.on('data', (data: Buffer) => (errors += data.toString()));
    const [exit] = (await once(child, 'close')) as [number | null];
    const lines = output.split('\n').filter((line) => line.startsWith('{'));
    return { exit, lines: lines.map((line) => JSON.parse(line) as Line), errors };
  }

  /** What arrived since the last time: messages only. */
  async receive(...options: string[]): Promise<Line[]> {
    const lines = await this.run('receive', ...options);
    return lines.filter((line) => line.type === 'message');
  }

  /** Texts that arrived since the last time. */
  async texts(): Promise<unknown[]> {
    return (await this.receive()).map((line) => line.text);
  }

  stop(): void {
    for (const child of this.following) child.kill('SIGKILL');
  }

  private spawn(command: string[]): ChildProcess {
    const child = spawn(
      program(),
      ['--json', '--profile', this.profile, '--server', this.server, ...command],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    this.following.push(child);
    return child;
  }
}

/** The menu of the classic protocol: `sotto classic`, in a folder of its own. */
export class Menu {
  /** Everything that it printed. */
  output = '';

  private constructor(private readonly child: ChildProcess) {
    child.stdout?.on('data', (data: Buffer) => (this.output += data.toString()));
  }

  static async start(folder: string, server: string): Promise<Menu> {
    await mkdir(folder);
    await writeFile(join(folder, 'server.info'), server);
    const child = spawn(program(), ['classic'], { cwd: folder, stdio: ['pipe', 'pipe', 'ignore'] });
    return new Menu(child);
  }

  /** Types lines, without waiting for what they bring. */
  type(...lines: string[]): void {
    this.child.stdin?.write(lines.map((line) => `${line}\n`).join(''));
  }

  stop(): void {
    this.child.kill('SIGKILL');
  }
}

function program(): string {
  const program = process.env.SOTTO_CLI_BIN;
  if (!program) throw new Error('SOTTO_CLI_BIN must name the client; cargo xtask test e2e does');
  return program;
}

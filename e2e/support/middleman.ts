// A relay between browser and gateway that can misbehave as networks and servers do. Files and the
// WebSocket's handshake always pass; the frames behind it can be lost, changed, or answered by the
// test. It remembers what passed.

import { createHash } from 'node:crypto';
import {
  type IncomingMessage,
  type ServerResponse,
  createServer as createHttpServer,
} from 'node:http';
import { type Server, type Socket, connect, createServer } from 'node:net';
import { once } from 'node:events';
import { REQUEST_HEADER, RESPONSE_HEADER, response } from './classic';

const HANDSHAKE_KEY = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const OP_TEXT = 1;
const OP_BINARY = 2;
const OP_CLOSE = 8;

/** A request as it came from the browser. */
export interface Asked {
  code: number;
  payload: Buffer;
}

/** What is answered: messages, and then perhaps the end of the connection. */
export interface Answer {
  send?: (Buffer | string)[];
  hangUp?: boolean;
}

/** Plays the server. Nothing: the request is left unanswered. */
export type Script = (asked: Asked) => Answer | undefined;

/** Sees each answer of the gateway before the browser does; true cuts the connection instead. */
export type Cut = (code: number) => boolean;

/** Sees each payload of the gateway before the browser does, and gives what the browser gets. */
export type Lie = (code: number, payload: Buffer) => Buffer;

/** A frame of Sotto's protocol that passed. */
export interface Passed {
  from: 'browser' | 'gateway';
  code: number;
  payload: Buffer;
}

export class Middleman {
  /** WebSockets that were opened so far. */
  connections = 0;
  /** Frames that passed on them, in order. */
  readonly passed: Passed[] = [];
  /** All bytes that passed, WebSockets unmasked: what somebody on the line could keep. */
  readonly recorded: Buffer[] = [];

  private script: Script | undefined;
  private cut: Cut | undefined;
  private lie: Lie | undefined;
  private prefix: { path: RegExp; script: string } | undefined;
  private readonly sockets = new Set<Socket>();
  private readonly webSockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly gateway: () => string,
  ) {}

  static async start(gateway: () => string): Promise<Middleman> {
    const server = createServer();
    const middleman = new Middleman(server, gateway);
    server.on('connection', (socket) => void middleman.serve(socket));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return middleman;
  }

  get url(): string {
    const address = this.server.address();
    if (!address || typeof address === 'string') throw new Error('the relay does not listen');
    return `http://127.0.0.1:${address.port}/`;
  }

  /** From now on this answers in the gateway's place. */
  play(script: Script): void {
    this.script = script;
    this.hangUp();
  }

  /** From now on answers may be lost on the way. */
  lose(cut: Cut): void {
    this.cut = cut;
    this.hangUp();
  }

  /** From now on the browser is told something else than the gateway says. */
  tell(lie: Lie): void {
    this.lie = lie;
    this.hangUp();
  }

  /** From now on scripts at such a path begin with this one. */
  prepend(path: RegExp, script: string): void {
    this.prefix = { path, script };
  }

  /** From now on everything passes. */
  behave(): void {
    this.script = undefined;
    this.cut = undefined;
    this.lie = undefined;
    this.hangUp();
  }

  /** Breaks all WebSockets. */
  hangUp(): void {
    for (const socket of this.webSockets) socket.destroy();
  }

  stop(): void {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }

  private async serve(socket: Socket): Promise<void> {
    this.keep(socket, this.sockets);
    const [first] = (await once(socket, 'data').catch(() => [undefined])) as [Buffer | undefined];
    if (!first) return;
    const isWebSocket = first.subarray(0, 7).toString() === 'GET /ws';
    if (isWebSocket) {
      this.connections += 1;
      this.keep(socket, this.webSockets);
    }
    if (isWebSocket && this.script) this.answer(socket, first);
    else if (this.prefix && !isWebSocket) this.changeFiles(socket, first);
    else this.relay(socket, first, isWebSocket);
  }

  /** Plays the web server on this connection. */
  private changeFiles(socket: Socket, first: Buffer): void {
    const server = createHttpServer((asked, answer) => void this.changeFile(asked, answer));
    server.on('close', () => socket.destroy());
    socket.unshift(first);
    server.emit('connection', socket);
  }

  private async changeFile(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
    const path = asked.url ?? '/';
    const file = await fetch(`http://${this.gateway()}${path}`);
    let body = Buffer.from(await file.arrayBuffer());
    if (this.prefix?.path.test(path)) body = Buffer.concat([Buffer.from(this.prefix.script), body]);
    this.recorded.push(Buffer.from(`${path} ${asked.rawHeaders.join(' ')}`), body);
    const headers = Object.fromEntries(file.headers);
    for (const name of ['content-encoding', 'content-length', 'transfer-encoding', 'connection']) {
      delete headers[name];
    }
    const policy = headers['content-security-policy'];
    const [own, theirs] = [new URL(this.url).host, this.gateway()];
    if (policy) headers['content-security-policy'] = policy.replaceAll(theirs, own);
    answer.writeHead(file.status, headers).end(body);
  }

  private keep(socket: Socket, set: Set<Socket>): void {
    set.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => set.delete(socket));
  }

  private relay(socket: Socket, first: Buffer, isWebSocket: boolean): void {
    const [host, port] = this.gateway().split(':');
    const upstream = connect(Number(port), host);
    this.keep(upstream, this.sockets);
    upstream.write(first);
    this.recorded.push(first);
    socket.pipe(upstream);
    socket.on('close', () => upstream.destroy());
    upstream.on('close', () => socket.end());
    if (!isWebSocket) {
      for (const side of [socket, upstream]) {
        side.on('data', (data: Buffer) => this.recorded.push(data));
      }
      upstream.pipe(socket);
      return;
    }
    const asked = new Frames();
    socket.on('data', (data: Buffer) => {
      for (const frame of asked.take(data)) this.note('browser', frame);
    });
    const answered = new Frames('after the handshake');
    upstream.on('data', (data: Buffer) => {
      for (const frame of answered.take(data)) {
        this.note('gateway', frame);
        const isAnswer = frame.op === OP_BINARY && frame.content.length >= RESPONSE_HEADER;
        const code = isAnswer ? frame.content.readUInt16LE(1) : 0;
        if (isAnswer && this.cut?.(code)) {
          socket.destroy();
          return;
        }
        if (isAnswer && this.lie) {
          const payload = this.lie(code, frame.content.subarray(RESPONSE_HEADER));
          const version = frame.content.readUInt8(0);
          socket.write(writeFrame(OP_BINARY, response(code, payload, version)));
        } else {
          socket.write(frame.whole);
        }
      }
    });
  }

  private note(from: Passed['from'], { op, content }: Frame): void {
    this.recorded.push(content);
    const [header, code] = from === 'browser' ? [REQUEST_HEADER, 17] : [RESPONSE_HEADER, 1];
    if (op === OP_BINARY && content.length >= header) {
      this.passed.push({ from, code: content.readUInt16LE(code), payload: content.subarray(header) });
    }
  }

  private answer(socket: Socket, first: Buffer): void {
    const key = first.toString('latin1').match(/sec-websocket-key: (\S+)/i)?.[1];
    if (!key) {
      socket.destroy();
      return;
    }
    const accept = createHash('sha1').update(key + HANDSHAKE_KEY).digest('base64');
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        `Sec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    let pending: Buffer = Buffer.alloc(0);
    socket.on('data', (data: Buffer) => {
      pending = Buffer.concat([pending, data]);
      for (;;) {
        const frame = takeFrame(pending);
        if (!frame) return;
        pending = pending.subarray(frame.length);
        if (frame.op === OP_CLOSE) {
          socket.end(writeFrame(OP_CLOSE, frame.content));
          return;
        }
        if (frame.op === OP_BINARY) this.reply(socket, frame.content);
      }
    });
  }

  private reply(socket: Socket, request: Buffer): void {
    const asked = { code: request.readUInt16LE(17), payload: request.subarray(REQUEST_HEADER) };
    const { send = [], hangUp = false } = this.script?.(asked) ?? {};
    for (const message of send) {
      const op = typeof message === 'string' ? OP_TEXT : OP_BINARY;
      socket.write(writeFrame(op, Buffer.from(message as Buffer)));
    }
    if (hangUp) socket.end(writeFrame(OP_CLOSE, Buffer.alloc(0)));
  }
}

interface Frame {
  op: number;
  content: Buffer;
  whole: Buffer;
  length: number;
}

/** Cuts what arrives into frames; the HTTP header before them is one, too. */
class Frames {
  private pending: Buffer = Buffer.alloc(0);

  constructor(private handshake?: 'after the handshake') {}

  *take(data: Buffer): Generator<Frame> {
    this.pending = Buffer.concat([this.pending, data]);
    if (this.handshake) {
      const end = this.pending.indexOf('\r\n\r\n') + 4;
      if (end < 4) return;
      this.handshake = undefined;
      const whole = this.pending.subarray(0, end);
      this.pending = this.pending.subarray(end);
      yield { op: -1, content: whole, whole, length: end };
    }
    for (let frame = takeFrame(this.pending); frame; frame = takeFrame(this.pending)) {
      this.pending = this.pending.subarray(frame.length);
      yield frame;
    }
  }
}

/** The WebSocket frame at the beginning, once it is there whole. */
function takeFrame(bytes: Buffer): Frame | undefined {
  if (bytes.length < 2) return undefined;
  const op = (bytes[0] ?? 0) & 0x0f;
  const isMasked = ((bytes[1] ?? 0) & 0x80) !== 0;
  let size = (bytes[1] ?? 0) & 0x7f;
  let at = 2;
  if (size === 126) {
    if (bytes.length < 4) return undefined;
    size = bytes.readUInt16BE(2);
    at = 4;
  } else if (size === 127) {
    if (bytes.length < 10) return undefined;
    size = Number(bytes.readBigUInt64BE(2));
    at = 10;
  }
  const mask = isMasked ? bytes.subarray(at, at + 4) : undefined;
  if (isMasked) at += 4;
  const length = at + size;
  if (bytes.length < length) return undefined;
  const content = Buffer.from(bytes.subarray(at, length));
  if (mask) content.forEach((byte, index) => (content[index] = byte ^ (mask[index % 4] ?? 0)));
  return { op, content, whole: bytes.subarray(0, length), length };
}

function writeFrame(op: number, content: Buffer): Buffer {
  let header: Buffer;
  if (content.length < 126) {
    header = Buffer.from([0, content.length]);
  } else if (content.length < 65_536) {
    header = Buffer.from([0, 126, 0, 0]);
    header.writeUInt16BE(content.length, 2);
  } else {
    header = Buffer.from([0, 127, 0, 0, 0, 0, 0, 0, 0, 0]);
    header.writeBigUInt64BE(BigInt(content.length), 2);
  }
  header[0] = 0x80 | op;
  return Buffer.concat([header, content]);
}

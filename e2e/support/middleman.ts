// A relay between browser and gateway that can misbehave as networks and servers do. Files and the
// WebSocket's handshake always pass; the frames behind it can be lost, or answered by the test.

import { createHash } from 'node:crypto';
import { type Server, type Socket, connect, createServer } from 'node:net';
import { once } from 'node:events';
import { REQUEST_HEADER, RESPONSE_HEADER } from './classic';

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

export class Middleman {
  /** WebSockets that were opened so far. */
  connections = 0;

  private script: Script | undefined;
  private cut: Cut | undefined;
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

  /** From now on everything passes. */
  behave(): void {
    this.script = undefined;
    this.cut = undefined;
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
    else this.relay(socket, first, isWebSocket);
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
    socket.pipe(upstream);
    socket.on('close', () => upstream.destroy());
    upstream.on('close', () => socket.end());
    if (!isWebSocket) {
      upstream.pipe(socket);
      return;
    }
    let pending: Buffer = Buffer.alloc(0);
    let inHandshake = true;
    upstream.on('data', (data: Buffer) => {
      if (!this.cut) {
        socket.write(data);
        return;
      }
      pending = Buffer.concat([pending, data]);
      if (inHandshake) {
        const end = pending.indexOf('\r\n\r\n');
        if (end < 0) return;
        socket.write(pending.subarray(0, end + 4));
        pending = pending.subarray(end + 4);
        inHandshake = false;
      }
      for (;;) {
        const frame = takeFrame(pending);
        if (!frame) return;
        pending = pending.subarray(frame.length);
        const isAnswer = frame.op === OP_BINARY && frame.content.length >= RESPONSE_HEADER;
        if (isAnswer && this.cut?.(frame.content.readUInt16LE(1))) {
          socket.destroy();
          return;
        }
        socket.write(frame.whole);
      }
    });
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

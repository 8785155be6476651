// An independent client of the classic protocol, on nothing but Node.js: what other people's
// programs do. It shares no code with the product, so that both would have to be wrong alike.

import {
  type KeyObject,
  constants,
  createCipheriv,
  createDecipheriv,
  createPublicKey,
  generateKeyPairSync,
  privateDecrypt,
  publicEncrypt,
  randomBytes,
} from 'node:crypto';
import { once } from 'node:events';
import { type Socket, connect } from 'node:net';
import type { Upload } from './content';

export const REQUEST_HEADER = 23;
export const RESPONSE_HEADER = 7;
const ID_SIZE = 16;
const NAME_FIELD = 255;
const KEY_SIZE = 160;
const AES_KEY_SIZE = 16;
const ZERO_IV = Buffer.alloc(16);
const PACKET = 1024;

export const Code = {
  register: 600,
  list: 601,
  publicKey: 602,
  send: 603,
  pull: 604,
  registered: 2100,
  clientList: 2101,
  publicKeyAnswer: 2102,
  stored: 2103,
  waiting: 2104,
  error: 9000,
} as const;

export const Kind = { keyRequest: 1, key: 2, text: 3, file: 4 } as const;

/** A message out of a mailbox. */
export interface Waiting {
  from: string;
  kind: number;
  content: Buffer;
}

/** What a message says once it is decrypted. */
export interface Opened {
  from: string;
  kind: number;
  text?: string;
  file?: Buffer;
}

export function response(code: number, payload: Buffer = Buffer.alloc(0), version = 2): Buffer {
  const header = Buffer.alloc(RESPONSE_HEADER);
  header.writeUInt8(version, 0);
  header.writeUInt16LE(code, 1);
  header.writeUInt32LE(payload.length, 3);
  return Buffer.concat([header, payload]);
}

/** How requests travel: on one connection, or in padded packets, each on its own. */
type Exchange = (request: Buffer) => Promise<{ code: number; payload: Buffer }>;

export class ClassicClient {
  id: Buffer = Buffer.alloc(ID_SIZE);

  private readonly privateKey: KeyObject;
  private readonly publicKey: Buffer;
  private readonly keys = new Map<string, Buffer>();
  private readonly names = new Map<string, string>();
  private readonly line: KeptConnection;
  private exchange: Exchange;
  private inPackets = false;

  constructor(
    private readonly server: string,
    readonly name: string,
  ) {
    const pair = generateKeyPairSync('rsa', { modulusLength: 1024, publicExponent: 17 });
    this.privateKey = pair.privateKey;
    this.publicKey = pair.publicKey.export({ type: 'spki', format: 'der' });
    this.line = new KeptConnection(server);
    this.exchange = (request) => this.line.exchange(request);
  }

  /** The file in which clients keep their identity. */
  myInfo(): Upload {
    const key = this.privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64');
    const lines = [this.name, this.id.toString('hex'), ...(key.match(/.{1,64}/g) ?? [])];
    const buffer = Buffer.from(lines.map((line) => `${line}\n`).join(''));
    return { name: 'my.info', mimeType: 'text/plain', buffer };
  }

  /** From now on as some clients do: requests padded to 1024 bytes, a connection for each. */
  usePackets(): void {
    this.inPackets = true;
    this.exchange = (request) => exchangeInPackets(this.server, request);
  }

  close(): void {
    this.line.close();
  }

  async register(): Promise<void> {
    const name = Buffer.alloc(NAME_FIELD);
    name.write(this.name, 'utf8');
    const answer = await this.ask(Code.register, Buffer.concat([name, this.publicKey]));
    if (answer.code !== Code.registered) throw new Error(`registering was answered ${answer.code}`);
    this.id = answer.payload;
  }

  /** Everybody else, by name. */
  async list(): Promise<Map<string, Buffer>> {
    const { payload } = await this.ask(Code.list);
    const people = new Map<string, Buffer>();
    for (let at = 0; at < payload.length; at += ID_SIZE + NAME_FIELD) {
      const id = payload.subarray(at, at + ID_SIZE);
      const field = payload.subarray(at + ID_SIZE, at + ID_SIZE + NAME_FIELD);
      const name = field.subarray(0, field.indexOf(0)).toString('utf8');
      people.set(name, id);
      this.names.set(id.toString('hex'), name);
    }
    return people;
  }

  /** Asks somebody for a symmetric key. */
  async askForKey(name: string): Promise<void> {
    await this.send(name, Kind.keyRequest, Buffer.alloc(0));
  }

  /** Makes a symmetric key, and uses it from now on. */
  makeKey(name: string): void {
    this.keys.set(name, randomBytes(AES_KEY_SIZE));
  }

  /** The symmetric key with somebody. */
  sharedKey(name: string): Buffer {
    return this.key(name);
  }

  /** Sends the symmetric key; makes one if there is none. */
  async sendKey(name: string): Promise<void> {
    if (!this.keys.has(name)) this.makeKey(name);
    const key = this.key(name);
    const padding = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' };
    const wrapped = publicEncrypt({ key: await this.publicKeyOf(name), ...padding }, key);
    await this.send(name, Kind.key, wrapped);
  }

  async sendText(name: string, text: string): Promise<void> {
    await this.send(name, Kind.text, this.encrypt(name, Buffer.from(text, 'utf8')));
  }

  async sendFile(name: string, file: Buffer): Promise<void> {
    await this.send(name, Kind.file, this.encrypt(name, file));
  }

  /** Sends anything. */
  async send(name: string, kind: number, content: Buffer): Promise<void> {
    const head = Buffer.alloc(ID_SIZE + 5);
    (await this.idOf(name)).copy(head, 0);
    head.writeUInt8(kind, ID_SIZE);
    head.writeUInt32LE(content.length, ID_SIZE + 1);
    const answer = await this.ask(Code.send, Buffer.concat([head, content]));
    if (answer.code !== Code.stored) throw new Error(`sending was answered ${answer.code}`);
  }

  /** Empties the mailbox and decrypts what was in it. */
  async pull(): Promise<Opened[]> {
    const { code, payload } = await this.ask(Code.pull);
    if (code !== Code.waiting) throw new Error(`pulling was answered ${code}`);
    const opened: Opened[] = [];
    for (let at = 0; at < payload.length; ) {
      const from = payload.subarray(at, at + ID_SIZE).toString('hex');
      const kind = payload.readUInt8(at + ID_SIZE + 4);
      const size = payload.readUInt32LE(at + ID_SIZE + 5);
      const start = at + ID_SIZE + 9;
      at = start + size;
      opened.push(await this.opened({ from, kind, content: payload.subarray(start, at) }));
    }
    return opened;
  }

  /** Pulls until this many texts and files have come; all of them in order. */
  async pullContents(count: number, timeoutMs = 15_000): Promise<Opened[]> {
    const contents: Opened[] = [];
    const end = Date.now() + timeoutMs;
    while (contents.length < count) {
      if (Date.now() > end) throw new Error(`${contents.length} of ${count} messages came`);
      const news = await this.pull();
      contents.push(...news.filter(({ kind }) => kind === Kind.text || kind === Kind.file));
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return contents;
  }

  private async opened({ from, kind, content }: Waiting): Promise<Opened> {
    if (!this.names.has(from)) await this.list();
    const name = this.names.get(from) ?? from;
    if (kind === Kind.key) {
      const padding = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' };
      this.keys.set(name, privateDecrypt({ key: this.privateKey, ...padding }, content));
    }
    if (kind === Kind.text) return { from: name, kind, text: this.decrypt(name, content).toString() };
    if (kind === Kind.file) return { from: name, kind, file: this.decrypt(name, content) };
    return { from: name, kind };
  }

  private async publicKeyOf(name: string): Promise<KeyObject> {
    const answer = await this.ask(Code.publicKey, await this.idOf(name));
    const der = answer.payload.subarray(ID_SIZE, ID_SIZE + KEY_SIZE);
    return createPublicKey({ key: der, format: 'der', type: 'spki' });
  }

  private async idOf(name: string): Promise<Buffer> {
    const id = (await this.list()).get(name);
    if (!id) throw new Error(`${name} is not in the list`);
    return id;
  }

  private key(name: string): Buffer {
    const key = this.keys.get(name);
    if (!key) throw new Error(`there is no key with ${name}`);
    return key;
  }

  private encrypt(name: string, plain: Buffer): Buffer {
    const cipher = createCipheriv('aes-128-cbc', this.key(name), ZERO_IV);
    return Buffer.concat([cipher.update(plain), cipher.final()]);
  }

  private decrypt(name: string, content: Buffer): Buffer {
    const decipher = createDecipheriv('aes-128-cbc', this.key(name), ZERO_IV);
    return Buffer.concat([decipher.update(content), decipher.final()]);
  }

  private async ask(code: number, payload: Buffer = Buffer.alloc(0)) {
    const header = Buffer.alloc(REQUEST_HEADER);
    this.id.copy(header, 0);
    header.writeUInt8(2, 16);
    header.writeUInt16LE(code, 17);
    // Clients that send packets leave this size at 0 when they ask for a public key.
    const says = this.inPackets && code === Code.publicKey ? 0 : payload.length;
    header.writeUInt32LE(says, 19);
    return this.exchange(Buffer.concat([header, payload]));
  }
}

/** One connection that is kept. */
class KeptConnection {
  private socket: Socket | undefined;

  constructor(private readonly server: string) {}

  async exchange(request: Buffer): Promise<{ code: number; payload: Buffer }> {
    const socket = (this.socket ??= await dial(this.server));
    socket.write(request);
    const header = await read(socket, RESPONSE_HEADER);
    const size = header.readUInt32LE(3);
    return { code: header.readUInt16LE(1), payload: await read(socket, size) };
  }

  close(): void {
    this.socket?.destroy();
  }
}

/** Sends whole packets, and reads whole packets until the other side closes. */
async function exchangeInPackets(server: string, request: Buffer) {
  const socket = await dial(server);
  const padded = Buffer.alloc(Math.ceil(request.length / PACKET) * PACKET);
  request.copy(padded);
  socket.write(padded);
  const packets: Buffer[] = [];
  for await (const data of socket) packets.push(data as Buffer);
  const answer = Buffer.concat(packets);
  if (answer.length === 0 || answer.length % PACKET !== 0) {
    throw new Error(`an answer of ${answer.length} bytes is not made of packets`);
  }
  const size = answer.readUInt32LE(3);
  return {
    code: answer.readUInt16LE(1),
    payload: answer.subarray(RESPONSE_HEADER, RESPONSE_HEADER + size),
  };
}

async function dial(server: string): Promise<Socket> {
  const [host, port] = server.split(':');
  const socket = connect(Number(port), host);
  await once(socket, 'connect');
  return socket;
}

/** Waits until there is more to read, or the end. */
async function change(socket: Socket): Promise<void> {
  const events = ['readable', 'end', 'close', 'error'];
  await new Promise<void>((resolve) => {
    const done = () => {
      for (const event of events) socket.off(event, done);
      resolve();
    };
    for (const event of events) socket.on(event, done);
  });
}

async function read(socket: Socket, size: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (let left = size; left > 0; ) {
    const part = socket.read(Math.min(left, socket.readableLength || left)) as Buffer | null;
    if (part) {
      parts.push(part);
      left -= part.length;
    } else {
      if (socket.readableEnded || socket.destroyed) throw new Error('the gateway hung up');
      await change(socket);
    }
  }
  return Buffer.concat(parts);
}

// The secrets of a browser, known to the test: everything random that a worker makes comes out of
// one seed, which is listened to where the worker asks the browser for it. What is secret among it
// is recognised by what is public: a public key, or a vault that it opens.

import type { BrowserContext } from '@playwright/test';
import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
} from 'node:crypto';
import type { Middleman } from './middleman';

/** Bytes of a seed, a key, an Ed25519 seed. */
const KEY_SIZE = 32;
/** Random bytes that are drawn for one account in a test, at most. */
const STREAM_SIZE = 16 * 1024;
/** The engine's generators have seeds that are drawn among the first bytes of another one. */
const CHILDREN = [1024, 256];
/** `rand_chacha` takes whole words. */
const WORD = 4;
const NONCE_SIZE = 24;
const TAG_SIZE = 16;
const CHACHA_CONSTANTS = Buffer.from('expand 32-byte k');
/** DER of an Ed25519 private key up to its seed (RFC 8410). */
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** The seeds that the workers of a browser have drawn so far. */
export class Seeds {
  private readonly seeds = new Set<string>();

  /** Listens in this context from now on. The page has to come by the relay. */
  static listen(context: BrowserContext, middleman: Middleman): Seeds {
    const seeds = new Seeds();
    middleman.prepend(/^\/worker_loader[^/]*\.js$/, LISTENER);
    context.on('console', (message) => {
      const seed = message.text().match(/^e2e-seed:([0-9a-f]{64})$/)?.[1];
      if (seed) seeds.seeds.add(seed);
    });
    return seeds;
  }

  /** The secrets of which this id was made: an account's, or a device's. */
  secretsOf(id: Buffer): Secrets {
    for (const seed of this.seeds) {
      for (const stream of streams(Buffer.from(seed, 'hex'), CHILDREN)) {
        if (hasDrawn(stream, id)) return new Secrets(stream);
      }
    }
    throw new Error(`no worker has drawn ${id.toString('hex')}`);
  }
}

/** Random bytes, and what was made of them. */
export class Secrets {
  constructor(private readonly stream: Buffer) {}

  /** The secret key that belongs to this public one. */
  keyOf(public_: Buffer): Buffer {
    for (const window of windows(this.stream)) {
      if (publicKey(window).equals(public_)) return window;
    }
    throw new Error(`no secret key was drawn for ${public_.toString('hex')}`);
  }

  /** The key that opens a sealed vault, and what is in it. */
  vaultKey(sealed: Buffer, account: Buffer, version: bigint): { key: Buffer; content: Buffer } {
    const number = Buffer.alloc(8);
    number.writeBigUInt64LE(version);
    const data = Buffer.concat([Buffer.from('sotto/3 vault\0'), account, number]);
    for (const key of windows(this.stream)) {
      const content = openXChaCha(key, sealed, data);
      if (content) return { key, content };
    }
    throw new Error('no key was drawn that opens the vault');
  }
}

/** Whether an id was drawn here; its bytes that came out as zero were drawn anew. */
function hasDrawn(stream: Buffer, id: Buffer): boolean {
  const fits = (at: number, index: number) =>
    stream[at + index] === id[index] || stream[at + index] === 0;
  for (let at = 0; at + id.length <= stream.length; at += WORD) {
    if (fits(at, 0) && fits(at, 1) && id.every((_, index) => fits(at, index))) return true;
  }
  return false;
}

/** What the generators below a seed give. */
function* streams(seed: Buffer, children: number[]): Generator<Buffer> {
  const [among, ...below] = children;
  if (among === undefined) {
    yield keystream(seed, STREAM_SIZE);
    return;
  }
  for (const child of windows(keystream(seed, among))) yield* streams(child, below);
}

/** Everything that a key may have been made of. */
function* windows(stream: Buffer): Generator<Buffer> {
  for (let at = 0; at + KEY_SIZE <= stream.length; at += WORD) {
    yield stream.subarray(at, at + KEY_SIZE);
  }
}

/** Tells each seed that the worker draws. */
const LISTENER = `{
  const draw = crypto.getRandomValues.bind(crypto);
  crypto.getRandomValues = (bytes) => {
    const drawn = draw(bytes);
    if (drawn.length === ${KEY_SIZE}) {
      console.log('e2e-seed:' + [...drawn].map((b) => b.toString(16).padStart(2, '0')).join(''));
    }
    return drawn;
  };
}`;

/** What ChaCha20Rng gives for a seed. */
function keystream(seed: Buffer, size: number): Buffer {
  return createCipheriv('chacha20', seed, Buffer.alloc(16)).update(Buffer.alloc(size));
}

/** The public key of an Ed25519 seed. */
function publicKey(seed: Buffer): Buffer {
  const der = Buffer.concat([PKCS8_ED25519, seed]);
  const key = createPublicKey(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }));
  return key.export({ format: 'der', type: 'spki' }).subarray(-KEY_SIZE);
}

/** XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha): format u8, nonce, ciphertext, tag. */
function openXChaCha(key: Buffer, sealed: Buffer, data: Buffer): Buffer | undefined {
  const nonce = sealed.subarray(1, 1 + NONCE_SIZE);
  const subkey = hchacha20(key, nonce.subarray(0, 16));
  const inner = Buffer.concat([Buffer.alloc(4), nonce.subarray(16)]);
  const cipher = createDecipheriv('chacha20-poly1305', subkey, inner, { authTagLength: TAG_SIZE });
  cipher.setAAD(data, { plaintextLength: sealed.length - 1 - NONCE_SIZE - TAG_SIZE });
  cipher.setAuthTag(sealed.subarray(-TAG_SIZE));
  const content = cipher.update(sealed.subarray(1 + NONCE_SIZE, -TAG_SIZE));
  try {
    cipher.final();
    return content;
  } catch {
    return undefined;
  }
}

/** A block of ChaCha20 without the addition of its input: rows one and four. */
function hchacha20(key: Buffer, nonce: Buffer): Buffer {
  const block = createCipheriv('chacha20', key, nonce).update(Buffer.alloc(64));
  const subkey = Buffer.alloc(KEY_SIZE);
  for (let word = 0; word < 4; word += 1) {
    const first = block.readUInt32LE(4 * word) - CHACHA_CONSTANTS.readUInt32LE(4 * word);
    subkey.writeUInt32LE(first >>> 0, 4 * word);
    const last = block.readUInt32LE(48 + 4 * word) - nonce.readUInt32LE(4 * word);
    subkey.writeUInt32LE(last >>> 0, 16 + 4 * word);
  }
  return subkey;
}

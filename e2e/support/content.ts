// Files to send, and how to recognise them.

import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { deflateSync } from 'node:zlib';

export const MIB = 1024 * 1024;

/** A file for a file input. */
export interface Upload {
  name: string;
  mimeType: string;
  buffer: Buffer;
}

/** A file of random bytes. */
export function randomFile(name: string, size: number): Upload {
  return { name, mimeType: 'application/octet-stream', buffer: randomBytes(size) };
}

export function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export async function sha256OfFile(path: string): Promise<string> {
  return sha256(await readFile(path));
}

/** A picture: the sun over hills. */
export function picture(name: string, width: number, height: number): Upload {
  const row = 1 + width * 3;
  const pixels = Buffer.alloc(row * height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      pixels.set(colourAt(x / width, y / height, width / height), y * row + 1 + x * 3);
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const buffer = Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(pixels)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
  return { name, mimeType: 'image/png', buffer };
}

type Colour = [number, number, number];

function colourAt(x: number, y: number, ratio: number): Colour {
  const ranges: [number, Colour][] = [
    [0.8 + 0.06 * Math.sin(x * 5 + 2), [38, 70, 83]],
    [0.68 + 0.07 * Math.sin(x * 7), [42, 120, 122]],
    [0.58 + 0.05 * Math.sin(x * 4 + 1), [92, 152, 148]],
  ];
  const range = ranges.find(([top]) => y > top);
  if (range) return range[1];
  const fromSun = Math.hypot((x - 0.7) * ratio, y - 0.42);
  if (fromSun < 0.11) return [255, 243, 214];
  const glow = Math.max(0, 0.5 - fromSun) * 110;
  return [238 - 30 * (1 - y) + glow / 6, 158 + 60 * y + glow / 2, 120 + 40 * (1 - y)];
}

function chunk(type: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), content]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(content.length, 0);
  body.copy(framed, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}

function crc32(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

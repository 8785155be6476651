// Just enough of proto3 to read and change what the gateway says: fields of a message, by number.

/** A field: a message, string or bytes as bytes, everything else as a number. */
export interface Field {
  number: number;
  value: Buffer | bigint;
}

export function decode(message: Buffer): Field[] {
  const fields: Field[] = [];
  for (let at = 0; at < message.length; ) {
    const [tag, afterTag] = varint(message, at);
    const number = Number(tag >> 3n);
    const kind = Number(tag & 7n);
    if (kind !== 0 && kind !== 2) throw new Error(`wire type ${kind} is not read here`);
    const [value, end] = varint(message, afterTag);
    if (kind === 0) {
      fields.push({ number, value });
      at = end;
    } else {
      at = end + Number(value);
      fields.push({ number, value: message.subarray(end, at) });
    }
  }
  return fields;
}

/** The same again. */
export function encode(fields: Field[]): Buffer {
  const parts = fields.map(({ number, value }) => {
    if (typeof value === 'bigint') return Buffer.concat([toVarint(BigInt(number) << 3n), toVarint(value)]);
    const head = [toVarint((BigInt(number) << 3n) | 2n), toVarint(BigInt(value.length))];
    return Buffer.concat([...head, value]);
  });
  return Buffer.concat(parts);
}

/** The bytes of a field that is there once, by its path of numbers. */
export function bytesAt(message: Buffer, ...path: number[]): Buffer {
  return path.reduce((inner, number) => {
    const found = decode(inner).find((field) => field.number === number)?.value;
    if (!Buffer.isBuffer(found)) throw new Error(`no bytes at ${path.join('.')}`);
    return found;
  }, message);
}

/** Changes every field of this number. */
export function change(message: Buffer, number: number, by: (value: Buffer) => Buffer): Buffer {
  return encode(
    decode(message).map((field) =>
      field.number === number && Buffer.isBuffer(field.value)
        ? { number, value: by(field.value) }
        : field,
    ),
  );
}

function varint(bytes: Buffer, start: number): [bigint, number] {
  let value = 0n;
  for (let at = start; ; at += 1) {
    const byte = bytes[at];
    if (byte === undefined) throw new Error('the message is cut');
    value |= BigInt(byte & 0x7f) << BigInt(7 * (at - start));
    if (byte < 0x80) return [value, at + 1];
  }
}

function toVarint(value: bigint): Buffer {
  const bytes: number[] = [];
  for (let left = value; ; left >>= 7n) {
    if (left < 0x80n) return Buffer.from([...bytes, Number(left)]);
    bytes.push(Number(left & 0x7fn) | 0x80);
  }
}

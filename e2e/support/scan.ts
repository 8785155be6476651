// Looks for secrets where none may be, in every form in which programs write bytes down.

/** Something that must not be found, and what to call it. */
export interface Secret {
  name: string;
  bytes: Buffer;
}

/** Where it was looked: a file, a log, what passed. */
export type Places = Map<string, Buffer>;

export function secret(name: string, value: string | Buffer): Secret {
  return { name, bytes: Buffer.from(value as string) };
}

/** Every place in which a secret was found, in which form. */
export function scan(places: Places, secrets: Secret[]): string[] {
  const found: string[] = [];
  for (const { name, bytes } of secrets) {
    if (bytes.length < 8) throw new Error(`${name} is too short to be looked for`);
    for (const [form, pattern] of forms(bytes)) {
      for (const [place, content] of places) {
        if (content.includes(pattern)) found.push(`${name} in ${place}, as ${form}`);
      }
    }
  }
  return found;
}

/** A secret as bytes, digits, and wide characters. */
export function forms(bytes: Buffer): [string, Buffer][] {
  const text = (form: string, value: string): [string, Buffer] => [form, Buffer.from(value)];
  return [
    ['bytes', bytes],
    ['bytes backwards', Buffer.from(bytes).reverse()],
    ['UTF-16', Buffer.from(bytes.toString('latin1'), 'utf16le')],
    text('hexadecimal', bytes.toString('hex')),
    text('capital hexadecimal', bytes.toString('hex').toUpperCase()),
    text('a list', [...bytes].join(', ')),
    text('a dense list', [...bytes].join(',')),
    text('a URL', encodeURIComponent(bytes.toString('latin1'))),
    ...[0, 1, 2].flatMap((shift) => base64(bytes, shift)),
  ];
}

/** Base64 of the bytes behind `shift` others: what does not depend on what stands around them. */
function base64(bytes: Buffer, shift: number): [string, Buffer][] {
  const from = shift === 0 ? 0 : 4;
  const whole = Math.floor((shift + bytes.length) / 3) * 4;
  const padded = Buffer.concat([Buffer.alloc(shift), bytes]);
  return (['base64', 'base64url'] as const).map((form) => [
    `${form} at ${shift}`,
    Buffer.from(padded.toString(form).slice(from, whole)),
  ]);
}

/** The 20 bytes of a recovery code: Crockford's base 32, without the check characters. */
export function recoverySecret(code: string): Buffer {
  const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
  const characters = code.split('-').flatMap((group) => [...group.slice(0, 4)]);
  const bits = characters.map((c) => alphabet.indexOf(c).toString(2).padStart(5, '0')).join('');
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}

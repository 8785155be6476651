"""The classic protocol's cryptography from its definitions, with nothing but the standard library.

RSA-1024 with exponent 17, OAEP with SHA-1 (RFC 8017); AES-128 (FIPS 197) in CBC mode with a zero
IV and PKCS#7 padding. Slow and not constant-time: for tests only. It shares no code with Sotto, so
that agreement between the two means something.
"""

import hashlib
import secrets

# --- AES-128 ---------------------------------------------------------------------------------


def _xtime(a):
    a <<= 1
    return (a ^ 0x11B) & 0xFF if a & 0x100 else a


def _mul(a, b):
    product = 0
    while b:
        if b & 1:
            product ^= a
        a, b = _xtime(a), b >> 1
    return product


def _sbox():
    box = [0x63] * 256
    for value in range(1, 256):
        inverse = next(x for x in range(1, 256) if _mul(value, x) == 1)
        result = 0x63
        for shift in range(5):
            result ^= ((inverse << shift) | (inverse >> (8 - shift))) & 0xFF
        box[value] = result
    return box


SBOX = _sbox()
INVERSE_SBOX = [SBOX.index(value) for value in range(256)]
TIMES = {factor: [_mul(value, factor) for value in range(256)] for factor in (2, 3, 9, 11, 13, 14)}


def _expand(key):
    words, round_constant = [list(key[i : i + 4]) for i in range(0, 16, 4)], 1
    for i in range(4, 44):
        word = list(words[i - 1])
        if i % 4 == 0:
            word = [SBOX[b] for b in word[1:] + word[:1]]
            word[0] ^= round_constant
            round_constant = _xtime(round_constant)
        words.append([a ^ b for a, b in zip(words[i - 4], word)])
    return [sum(words[i : i + 4], []) for i in range(0, 44, 4)]


def _xor(a, b):
    return [x ^ y for x, y in zip(a, b)]


def _mix(state, factors):
    a, b, c, d = factors
    table = lambda factor: TIMES[factor] if factor != 1 else range(256)
    out = []
    for i in range(0, 16, 4):
        column = state[i : i + 4]
        for row in range(4):
            w, x, y, z = (column[(row + k) % 4] for k in range(4))
            out.append(table(a)[w] ^ table(b)[x] ^ table(c)[y] ^ table(d)[z])
    return out


def _encrypt_block(keys, block):
    state = _xor(block, keys[0])
    for number in range(1, 11):
        state = [SBOX[b] for b in state]
        state = [state[(i + 4 * (i % 4)) % 16] for i in range(16)]
        if number < 10:
            state = _mix(state, (2, 3, 1, 1))
        state = _xor(state, keys[number])
    return state


def _decrypt_block(keys, block):
    state = _xor(block, keys[10])
    for number in range(9, -1, -1):
        state = [state[(i - 4 * (i % 4)) % 16] for i in range(16)]
        state = [INVERSE_SBOX[b] for b in state]
        state = _xor(state, keys[number])
        if number:
            state = _mix(state, (14, 11, 13, 9))
    return state


def aes_encrypt(key, plain):
    keys, previous, out = _expand(key), [0] * 16, bytearray()
    padding = 16 - len(plain) % 16
    padded = plain + bytes([padding]) * padding
    for i in range(0, len(padded), 16):
        previous = _encrypt_block(keys, _xor(padded[i : i + 16], previous))
        out += bytes(previous)
    return bytes(out)


def aes_decrypt(key, cipher):
    if not cipher or len(cipher) % 16:
        raise ValueError("not whole blocks")
    keys, previous, out = _expand(key), [0] * 16, bytearray()
    for i in range(0, len(cipher), 16):
        block = cipher[i : i + 16]
        out += bytes(_xor(_decrypt_block(keys, block), previous))
        previous = block
    padding = out[-1]
    if not 1 <= padding <= 16 or any(b != padding for b in out[-padding:]):
        raise ValueError("wrong padding")
    return bytes(out[:-padding])


# --- RSA-1024 --------------------------------------------------------------------------------

EXPONENT = 17


def _is_prime(n):
    if any(n % p == 0 for p in (3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37)):
        return False
    odd, twos = n - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for _ in range(24):
        x = pow(secrets.randbelow(n - 3) + 2, odd, n)
        if x in (1, n - 1):
            continue
        for _ in range(twos - 1):
            x = x * x % n
            if x == n - 1:
                break
        else:
            return False
    return True


def _prime():
    while True:
        candidate = secrets.randbits(512) | (3 << 510) | 1
        if (candidate - 1) % EXPONENT and _is_prime(candidate):
            return candidate


def generate():
    """A key pair as (modulus, private exponent)."""
    p, q = _prime(), _prime()
    return p * q, pow(EXPONENT, -1, (p - 1) * (q - 1))


def to_spki(modulus):
    """The 160 bytes of the wire."""
    algorithm = bytes.fromhex("300d06092a864886f70d0101010500")
    integer = b"\x02\x81\x81\x00" + modulus.to_bytes(128, "big")
    body = integer + b"\x02\x01" + bytes([EXPONENT])
    sequence = b"\x30\x81" + bytes([len(body)]) + body
    bits = b"\x03\x81" + bytes([len(sequence) + 1]) + b"\x00" + sequence
    return b"\x30\x81" + bytes([len(algorithm) + len(bits)]) + algorithm + bits


def from_spki(der):
    """The modulus of a key made by anybody."""
    at = der.index(b"\x02\x81\x81\x00") + 4
    if der[at + 128 : at + 131] != bytes([2, 1, EXPONENT]):
        raise ValueError("unexpected exponent")
    return int.from_bytes(der[at : at + 128], "big")


def _mask(seed, size):
    out = b""
    while len(out) < size:
        out += hashlib.sha1(seed + (len(out) // 20).to_bytes(4, "big")).digest()
    return out[:size]


EMPTY_LABEL = hashlib.sha1(b"").digest()


def rsa_encrypt(modulus, plain):
    block = EMPTY_LABEL + b"\x00" * (128 - 42 - len(plain)) + b"\x01" + plain
    seed = secrets.token_bytes(20)
    block = bytes(_xor(block, _mask(seed, len(block))))
    seed = bytes(_xor(seed, _mask(block, 20)))
    number = int.from_bytes(b"\x00" + seed + block, "big")
    return pow(number, EXPONENT, modulus).to_bytes(128, "big")


def rsa_decrypt(modulus, private, cipher):
    padded = pow(int.from_bytes(cipher, "big"), private, modulus).to_bytes(128, "big")
    seed, block = padded[1:21], padded[21:]
    seed = bytes(_xor(seed, _mask(block, 20)))
    block = bytes(_xor(block, _mask(seed, len(block))))
    digest, rest = block[:20], block[20:].lstrip(b"\x00")
    if padded[0] or digest != EMPTY_LABEL or rest[:1] != b"\x01":
        raise ValueError("decryption failed")
    return rest[1:]

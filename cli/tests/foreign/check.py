"""Checks the cryptography of this folder against published answers: python3 check.py"""

import weak_crypto as crypto

# FIPS 197, appendix C.1: with a zero IV, CBC's first block is the bare cipher.
key = bytes(range(16))
plain = bytes.fromhex("00112233445566778899aabbccddeeff")
cipher = crypto.aes_encrypt(key, plain)
assert cipher[:16].hex() == "69c4e0d86a7b0430d8cdb78070b4c55a"
assert crypto.aes_decrypt(key, cipher) == plain
for size in (0, 1, 15, 16, 17, 112):
    assert crypto.aes_decrypt(key, crypto.aes_encrypt(key, b"x" * size)) == b"x" * size

modulus, private = crypto.generate()
assert len(crypto.to_spki(modulus)) == 160
assert crypto.from_spki(crypto.to_spki(modulus)) == modulus
assert crypto.rsa_decrypt(modulus, private, crypto.rsa_encrypt(modulus, key)) == key
print("ok")

//! Known answers of others: NIST, RSA Laboratories, Project Wycheproof.
//!
//! Their CBC vectors mostly have an IV other than zero, which [`SymmetricKey`] does not take. They
//! are tried all the same: CBC under a zero IV goes through the IV as if it were one more block of
//! ciphertext, so that `decrypt(IV ‖ C)` is the block cipher's inverse of the IV, then P.

use rand_chacha::ChaCha8Rng;
use rand_core::{CryptoRng, RngCore, SeedableRng};
use rsa::pkcs8::{DecodePrivateKey, EncodePrivateKey};
use rsa::{BigUint, RsaPrivateKey};
use wycheproof::{HashFunction, TestResult, cipher, rsa_oaep};

use super::rsa::{open, seal};
use super::{DecryptError, PrivateKey, SymmetricKey};

const BLOCK: usize = 16;

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).collect();
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(&pair.iter().collect::<String>(), 16).unwrap())
        .collect()
}

fn symmetric_key(bytes: &[u8]) -> SymmetricKey {
    SymmetricKey::from_bytes(bytes.try_into().unwrap())
}

/// Checks one padded message under any IV, both ways.
fn check_padded(key: &SymmetricKey, iv: &[u8], plaintext: &[u8], ciphertext: &[u8]) {
    let shifted = [iv, ciphertext].concat();
    let opened = key.decrypt(&shifted).unwrap();
    let (before, opened) = opened.split_at(BLOCK);
    assert_eq!(opened, plaintext);
    assert_eq!(key.encrypt(&[before, plaintext].concat()), shifted);
}

/// Checks whole blocks without padding under any IV.
fn check_blocks(key: &SymmetricKey, iv: &[u8], plaintext: &[u8], ciphertext: &[u8]) {
    // A block of padding is sealed behind, so that there is one to open.
    let zero_iv = symmetric_ecb_inverse(key, iv);
    let sealed = key.encrypt(&[&zero_iv, plaintext].concat());
    let (blocks, _padding) = sealed.split_at(BLOCK + ciphertext.len());
    assert_eq!(blocks, [iv, ciphertext].concat());
    assert_eq!(key.decrypt(&sealed).unwrap()[BLOCK..], *plaintext);
}

/// The block which, encrypted under a zero IV, gives `block`.
fn symmetric_ecb_inverse(key: &SymmetricKey, block: &[u8]) -> Vec<u8> {
    // Behind `block` goes one that decrypts, chained to it, to sixteen bytes of padding.
    let padding: Vec<u8> = block.iter().map(|byte| byte ^ 0x10).collect();
    let padded = key.encrypt(&padding);
    key.decrypt(&[block, &padded[..BLOCK]].concat()).unwrap()
}

#[test]
fn aes_cbc_of_sp_800_38a() {
    // Appendix F.2.1 and F.2.2.
    let key = symmetric_key(&unhex("2b7e151628aed2a6abf7158809cf4f3c"));
    let iv = unhex("000102030405060708090a0b0c0d0e0f");
    let plaintext = unhex(
        "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51
         30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710",
    );
    let ciphertext = unhex(
        "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2
         73bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7",
    );
    check_blocks(&key, &iv, &plaintext, &ciphertext);
}

#[test]
fn aes_cbc_of_the_cavp() {
    let files = [
        (include_str!("../../tests/vectors/CBCGFSbox128.rsp"), 14),
        (include_str!("../../tests/vectors/CBCKeySbox128.rsp"), 42),
        (include_str!("../../tests/vectors/CBCMMT128.rsp"), 20),
    ];
    for (file, count) in files {
        let mut fields = std::collections::HashMap::new();
        let mut checked = 0;
        for (name, value) in file.lines().filter_map(|line| line.split_once(" = ")) {
            if name == "COUNT" {
                fields.clear();
            }
            fields.insert(name, value);
            if let (Some(plaintext), Some(ciphertext)) =
                (fields.get("PLAINTEXT"), fields.get("CIPHERTEXT"))
            {
                let key = symmetric_key(&unhex(fields["KEY"]));
                check_blocks(
                    &key,
                    &unhex(fields["IV"]),
                    &unhex(plaintext),
                    &unhex(ciphertext),
                );
                checked += 1;
            }
        }
        assert_eq!(checked, count);
    }
}

#[test]
fn aes_cbc_pkcs5_of_wycheproof() {
    let set = cipher::TestSet::load(cipher::TestName::AesCbcPkcs5).unwrap();
    let (mut valid, mut invalid) = (0, 0);
    for group in set.test_groups.iter().filter(|group| group.key_size == 128) {
        for test in &group.tests {
            let key = symmetric_key(&test.key);
            if test.result == TestResult::Valid {
                check_padded(&key, &test.nonce, &test.pt, &test.ct);
                valid += 1;
            } else if test.ct.is_empty() {
                // The IV alone would be judged by its own padding.
                assert_eq!(key.decrypt(&[]), Err(DecryptError));
                invalid += 1;
            } else {
                let shifted = [&test.nonce[..], &test.ct].concat();
                assert_eq!(key.decrypt(&shifted), Err(DecryptError), "{}", test.tc_id);
                invalid += 1;
            }
        }
    }
    assert_eq!((valid, invalid), (24, 48));
}

/// Gives the bytes of a seed, as OAEP draws them.
struct Seed(Vec<u8>);

impl RngCore for Seed {
    fn next_u32(&mut self) -> u32 {
        unreachable!("OAEP draws its seed in one piece")
    }
    fn next_u64(&mut self) -> u64 {
        unreachable!("OAEP draws its seed in one piece")
    }
    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        bytes.copy_from_slice(&self.0);
    }
    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

impl CryptoRng for Seed {}

/// Reads `# Title:` followed by lines of hexadecimal bytes.
fn rsa_laboratories(text: &str) -> Vec<(String, Vec<u8>)> {
    let mut fields: Vec<(String, Vec<u8>)> = Vec::new();
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("# ") {
            fields.push((title.trim_end_matches([':', ' ']).to_owned(), Vec::new()));
        } else if let Some((_, bytes)) = fields.last_mut() {
            bytes.extend(unhex(line.trim_start_matches('#')));
        }
    }
    fields.retain(|(_, bytes)| !bytes.is_empty());
    fields
}

#[test]
fn oaep_of_rsa_laboratories_both_ways() {
    let fields = rsa_laboratories(include_str!("../../tests/vectors/oaep-sha1-1024.txt"));
    let first = |title: &str| {
        let field = fields.iter().find(|(name, _)| name == title).unwrap();
        BigUint::from_bytes_be(&field.1)
    };
    let all = |title: &'static str| {
        let named = fields.iter().filter(move |(name, _)| name == title);
        named.map(|(_, bytes)| bytes)
    };
    // The second "Exponent" is the private one: the first has a title of its own before it.
    let private = fields
        .iter()
        .rfind(|(name, _)| name == "Exponent")
        .map(|(_, bytes)| BigUint::from_bytes_be(bytes))
        .unwrap();
    let key = RsaPrivateKey::from_components(
        first("Modulus"),
        first("Public exponent"),
        private,
        vec![first("Prime 1"), first("Prime 2")],
    )
    .unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut checked = 0;
    for ((message, seed), ciphertext) in all("Message").zip(all("Seed")).zip(all("Encryption")) {
        let sealed = seal(&key.to_public_key(), &mut Seed(seed.clone()), message).unwrap();
        assert_eq!(sealed, *ciphertext);
        assert_eq!(*open(&key, &mut rng, ciphertext).unwrap(), *message);
        checked += 1;
    }
    assert_eq!(checked, 6);

    // None of the messages is a symmetric key, so none is taken for one.
    let der = key.to_pkcs8_der().unwrap();
    let key = PrivateKey::from_pkcs8_der(der.as_bytes()).unwrap();
    for ciphertext in all("Encryption") {
        assert_eq!(key.unwrap_key(&mut rng, ciphertext), Err(DecryptError));
    }
}

#[test]
fn oaep_of_wycheproof() {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let (mut valid, mut invalid, mut labelled) = (0, 0, 0);
    for name in [
        rsa_oaep::TestName::RsaMisc,
        rsa_oaep::TestName::Rsa2048Sha1Mgf1Sha1,
    ] {
        let set = rsa_oaep::TestSet::load(name).unwrap();
        let sha1 = set.test_groups.iter().filter(|group| {
            (&group.hash, &group.mgf_hash) == (&HashFunction::Sha1, &HashFunction::Sha1)
                && group.key_size <= 2048
        });
        for group in sha1 {
            let key = RsaPrivateKey::from_pkcs8_der(&group.pkcs8).unwrap();
            for test in &group.tests {
                let opened = open(&key, &mut rng, &test.ct);
                if test.result == TestResult::Invalid {
                    assert_eq!(opened, Err(DecryptError), "{}", test.tc_id);
                    invalid += 1;
                } else if test.label.is_empty() {
                    assert_eq!(*opened.unwrap(), *test.pt, "{}", test.tc_id);
                    valid += 1;
                } else {
                    // Ours is the empty label.
                    assert_eq!(opened, Err(DecryptError), "{}", test.tc_id);
                    labelled += 1;
                }
            }
        }
    }
    assert!(
        valid > 10 && invalid > 15 && labelled > 5,
        "{valid} {invalid} {labelled}"
    );
}

//! How groups are run. It is the same for all of them, and so it is not stored with each.

use openmls::group::{MlsGroupJoinConfig, PURE_CIPHERTEXT_WIRE_FORMAT_POLICY};
use openmls::prelude::SenderRatchetConfiguration;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Error, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

/// How many past epochs' messages can still be read. The gateway refuses messages of past epochs,
/// so one that lies is needed for any to come.
pub(in crate::mls) const PAST_EPOCHS: usize = 3;

/// How many messages of a sender may come later than younger ones of it.
const OUT_OF_ORDER: u32 = 32;

/// How many messages of a sender in a row may be lost within an epoch. What shows that somebody
/// types counts, and never reaches who is offline.
const MAX_LOST: u32 = 20_000;

/// The smallest step of sizes in bytes: no message shows more of its size than this.
const MIN_STEP: usize = 256;

/// The settings of every group.
///
/// Commits are encrypted, but for external ones, which cannot be: the gateway sees who is added or
/// removed only as far as it needs to.
pub(in crate::mls) fn join_config(padding: usize) -> MlsGroupJoinConfig {
    MlsGroupJoinConfig::builder()
        .wire_format_policy(PURE_CIPHERTEXT_WIRE_FORMAT_POLICY)
        .padding_size(padding)
        .max_past_epochs(PAST_EPOCHS)
        .use_ratchet_tree_extension(true)
        .sender_ratchet_configuration(SenderRatchetConfiguration::new(OUT_OF_ORDER, MAX_LOST))
        .build()
}

/// To a multiple of what a content of this size is padded: Padmé (PURBs, section 4), which lets out
/// O(log log size) bits and costs at most 12 % above the smallest step.
pub(in crate::mls) fn padding_step(size: usize) -> usize {
    let exponent = size.max(2).ilog2();
    let kept = exponent.max(1).ilog2() + 1;
    (1 << exponent.saturating_sub(kept)).max(MIN_STEP)
}

/// The settings as whatever OpenMLS calls their type.
pub(super) fn stored_join_config<T: DeserializeOwned>() -> Result<T, postcard::Error> {
    let bytes = postcard::to_allocvec(&join_config(0))?;
    T::deserialize(Settings(&mut postcard::Deserializer::from_bytes(&bytes)))
}

/// Reads the settings out of postcard. One of their fields asks what it is, which postcard does not
/// know: it is a number.
struct Settings<D>(D);

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Settings<D> {
    type Error = D::Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_struct(name, fields, Fields(visitor))
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, D::Error> {
        Err(D::Error::custom("the settings are a struct"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

struct Fields<T>(T);

impl<'de, V: Visitor<'de>> Visitor<'de> for Fields<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.expecting(f)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, fields: A) -> Result<V::Value, A::Error> {
        self.0.visit_seq(Fields(fields))
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Fields<A> {
    type Error = A::Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, A::Error> {
        self.0.next_element_seed(Field(seed))
    }
}

struct Field<T>(T);

impl<'de, T: DeserializeSeed<'de>> DeserializeSeed<'de> for Field<T> {
    type Value = T::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T::Value, D::Error> {
        self.0.deserialize(Field(deserializer))
    }
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Field<D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_u64(visitor)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_bool(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_struct(name, fields, visitor)
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_as_they_are() {
        let read: MlsGroupJoinConfig = stored_join_config().unwrap();
        assert_eq!(read, join_config(0));
    }

    #[test]
    fn sizes_are_in_few_classes() {
        let padded = |size: usize| size.next_multiple_of(padding_step(size));
        assert_eq!(padded(0), 0);
        assert_eq!(padded(1), MIN_STEP);
        assert_eq!(padded(MIN_STEP), MIN_STEP);
        assert_eq!(padded(MIN_STEP + 1), 2 * MIN_STEP);
        let mut classes: Vec<_> = (0..1 << 20).map(padded).collect();
        classes.dedup();
        assert!(classes.len() < 256, "{}", classes.len());
        for size in 4096..1 << 20 {
            assert!(padded(size) * 100 <= size * 113, "{size}");
        }
    }
}

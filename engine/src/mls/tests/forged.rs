//! Leaves that are not whose they say.

use openmls::credentials::{BasicCredential, CredentialWithKey};
use openmls::prelude::LeafNodeParameters;
use sotto_shared::account::{DeviceCertificate, DeviceKey};

use super::rules::unchecked;
use super::*;
use crate::mls::error::KeyPackageError;
use crate::mls::*;

/// A device of account 3 by its own words.
fn impostor(change: impl FnOnce(&mut DeviceCertificate), signed_by: u8) -> Node {
    let key = DeviceKey::from_bytes(&[77; 32]);
    let mut certificate = DeviceCertificate::issue(
        &account_key(signed_by),
        account(3),
        client(3, 1),
        key.public(),
        7,
    );
    change(&mut certificate);
    Node::with(key, certificate)
}

fn impostors() -> [(Node, PolicyError); 3] {
    let wrong_key = impostor(|_| {}, 4);
    let device = wrong_key.device();
    let forged = impostor(|certificate| certificate.created_at += 1, 3);
    let mut anothers = impostor(|_| {}, 3);
    anothers = Node::with(DeviceKey::from_bytes(&[78; 32]), anothers.certificate);
    [
        (wrong_key, PolicyError::WrongAccountKey(device)),
        (forged, PolicyError::ForgedCertificate(device)),
        (anothers, PolicyError::AnothersCertificate(device)),
    ]
}

#[test]
fn forged_key_packages_are_refused() {
    let node = Node::new(1, 1);
    for (mut impostor, error) in impostors() {
        let suite = Suite::Classical;
        let made = impostor.mls.make_key_packages(suite, 1, NOW).unwrap();
        let read = |device| {
            node.mls
                .read_key_package(&made[0].bytes, device, suite, NOW, &known)
                .map(|it| it.certificate)
        };
        assert_eq!(read(impostor.device()), Err(KeyPackageError::Leaf(error)));
    }
    let mut honest = Node::new(2, 1);
    let made = honest
        .mls
        .make_key_packages(Suite::Classical, 1, NOW)
        .unwrap();
    let swapped = node.mls.read_key_package(
        &made[0].bytes,
        Node::new(3, 1).device(),
        Suite::Classical,
        NOW,
        &known,
    );
    assert_eq!(
        swapped.map(|it| it.certificate),
        Err(KeyPackageError::AnotherDevice(honest.device()))
    );
}

#[test]
fn nobody_follows_an_admin_who_adds_a_forged_leaf() {
    for (mut impostor, error) in impostors() {
        let mut nodes = [Node::new(1, 1), Node::new(2, 1)];
        group(Suite::Classical, &mut nodes);
        let made = impostor
            .mls
            .make_key_packages(Suite::Classical, 1, NOW)
            .unwrap();
        let package = crate::mls::key_package::parse(&made[0].bytes, &nodes[0].mls.provider);
        let commit = unchecked(&mut nodes[0], |it| it.propose_adds([package.unwrap()]));
        assert_eq!(
            nodes[1].mls.read(id(), &commit, &known),
            Err(Unreadable::Refused(error))
        );
    }
}

#[test]
fn nobody_lets_a_forged_leaf_join_by_itself() {
    for (mut impostor, error) in impostors() {
        let mut node = Node::new(1, 1);
        let policy = Policy::lobby([1; 32]);
        let info = node.mls.create(id(), Suite::Classical, &policy).unwrap();
        let staged = join_unchecked(&mut impostor, &info);
        assert_eq!(
            node.mls.read(id(), &staged, &known),
            Err(Unreadable::Refused(error))
        );
    }
}

fn join_unchecked(node: &mut Node, info: &[u8]) -> Vec<u8> {
    use crate::mls::leaf::capabilities;
    use crate::mls::provider::{OpenMlsProvider, join_config};
    use tls_codec::Serialize as _;

    let mls = &node.mls;
    let info = crate::mls::commit::read_group_info(info).unwrap();
    let parameters = LeafNodeParameters::builder()
        .with_capabilities(capabilities())
        .build();
    let (_, bundle) = openmls::group::MlsGroup::external_commit_builder()
        .with_config(join_config(0))
        .build_group(&mls.provider, info, mls.identity.credential())
        .unwrap()
        .leaf_node_parameters(parameters)
        .load_psks(mls.provider.storage())
        .unwrap()
        .build(
            mls.provider.rand(),
            mls.provider.crypto(),
            &mls.identity,
            |_| true,
        )
        .unwrap()
        .finalize(&mls.provider)
        .unwrap();
    bundle.into_messages().0.tls_serialize_detached().unwrap()
}

#[test]
fn nobody_joins_a_group_with_a_forged_leaf_in_it() {
    let (mut impostor, error) = {
        let [first, ..] = impostors();
        first
    };
    let policy = Policy::lobby([1; 32]);
    let info = impostor
        .mls
        .create(id(), Suite::Classical, &policy)
        .unwrap();
    let mut node = Node::new(1, 1);
    assert_eq!(
        node.mls.join_by_commit(id(), &info, &known),
        Err(JoinError::Refused(error))
    );
    assert!(!node.mls.has(id()));
}

#[test]
fn a_leaf_stays_its_devices() {
    let mut nodes = [Node::new(1, 1), Node::new(2, 1)];
    group(Suite::Classical, &mut nodes);
    let other = Node::new(1, 2).certificate;
    let key = nodes[0].certificate.device_key;
    let credential = CredentialWithKey {
        credential: BasicCredential::new(other.to_bytes()).into(),
        signature_key: key.as_bytes().as_slice().into(),
    };
    let commit = unchecked(&mut nodes[0], |it| {
        it.leaf_node_parameters(
            LeafNodeParameters::builder()
                .with_credential_with_key(credential)
                .build(),
        )
    });
    assert_eq!(
        nodes[1].mls.read(id(), &commit, &known),
        Err(Unreadable::Refused(PolicyError::IdentityChanged(
            nodes[0].device()
        )))
    );
}

//! Devices that talk.

use super::*;
use crate::mls::*;

#[test]
fn all_devices_of_all_accounts_read_each_other() {
    for suite in Suite::ALL {
        let mut nodes = [
            Node::new(1, 1),
            Node::new(1, 2),
            Node::new(2, 1),
            Node::new(3, 1),
        ];
        group(suite, &mut nodes);
        for from in 0..nodes.len() {
            say(&mut nodes, from, &format!("from {from}"));
        }
        for node in &mut nodes {
            assert_eq!(node.mls.members(id()).unwrap().len(), 4);
            assert_eq!(node.mls.suite(id()).unwrap(), suite);
        }
    }
}

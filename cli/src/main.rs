//! `sotto`: Sotto in a terminal, and the classic protocol's console client.

mod classic;
mod files;
mod sanitize;
mod store;
mod transport;

fn main() -> anyhow::Result<()> {
    classic::run(None, sotto_shared::classic::Version::V2)
}

//! The worker: engine, keys, storage and connection, away from the page's thread.

fn main() {
    sotto_web_client::worker::start();
}

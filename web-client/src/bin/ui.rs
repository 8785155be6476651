//! Entry point of the page.

fn main() {
    sotto_web_client::ui::start();
}

//! Tests of groups: every device by itself, and the test in the place of the gateway.

mod world;

mod causes;
mod forged;
mod joining;
mod rules;
mod state;
mod talking;

use world::*;

//! Tests of groups: every device by itself, and the test in the place of the gateway.

mod world;

mod talking;

use world::*;

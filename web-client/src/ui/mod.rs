//! The page: everything the user sees.

//! User names.

use sotto_shared::limits::{NAME_FIELD, NAME_MAX};
use sotto_shared::{ClientId, UserName};

/// Name fields, names as text, and ids as text.
pub fn names(input: &[u8]) {
    let strict = UserName::from_field(input);
    let shown = UserName::from_field_lossy(input);
    check(&shown);
    if let Ok(name) = strict {
        check(&name);
        assert_eq!(name, shown, "a good name is shown as it is");
    }
    let text = String::from_utf8_lossy(input);
    if let Ok(name) = text.parse::<UserName>() {
        assert_eq!(name.as_str(), text);
        check(&name);
    }
    if let Ok(id) = text.parse::<ClientId>() {
        assert_eq!(id.to_string(), text.to_lowercase());
    }
}

fn check(name: &UserName) {
    assert!((1..=NAME_MAX).contains(&name.as_str().len()));
    assert!(!name.as_str().chars().any(char::is_control));
    let field = name.to_field();
    assert_eq!(field.len(), NAME_FIELD);
    assert_eq!(UserName::from_field(&field).as_ref(), Ok(name));
}

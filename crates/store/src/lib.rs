//! Where nouns live: the only crate that knows SQL.

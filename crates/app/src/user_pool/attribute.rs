//! Attributes of users: set and taken away as the pool's schema has it.
//!
//! An address that changes is not proved any more, unless who changed it says so in the same request.

use garita_model::user_pool::{AttributeSpec, Attributes, PoolFault, SignInAttribute, is_shown};
use garita_model::{PoolUser, Result, UserPool};
use garita_store::Snapshot;

use super::username::must_be_free;
use super::{AdmittedClient, invalid};

/// An attribute that a pool has and that can be set.
pub(super) fn spec(pool: &UserPool, name: &str) -> Result<AttributeSpec> {
    let spec = pool.attribute(name).filter(|spec| spec.name != "sub");
    spec.ok_or_else(|| {
        let shown: String = name.chars().take(64).collect();
        invalid(format!(
            "Attributes did not conform to the schema: {shown}: Attribute does not exist in the schema."
        ))
    })
}

/// Sets an attribute, held to the schema.
pub(super) fn set(pool: &UserPool, user: &mut PoolUser, name: &str, value: &str) -> Result<()> {
    spec(pool, name)?.check(value)?;
    let attribute = SignInAttribute::ALL.into_iter().find(|attribute| attribute.as_str() == name);
    if attribute.is_some_and(|a| a != SignInAttribute::PreferredUsername && !is_address(a, value)) {
        let what = if name == "email" { "email address" } else { "phone number" };
        return Err(invalid(format!("Invalid {what} format.")));
    }
    user.attributes.set(name, value)
}

/// Takes attributes away, with what was said of them.
pub(super) fn remove(pool: &UserPool, user: &mut PoolUser, names: &[String]) -> Result<()> {
    for name in names {
        let spec = spec(pool, name)?;
        let as_name = pool.username_attributes.iter().any(|attribute| attribute.as_str() == name);
        if spec.required || as_name {
            return Err(invalid(format!("user.{name}: Attribute is required and cannot be deleted.")));
        }
        if !spec.mutable {
            return Err(invalid(format!("{name}: Attribute cannot be updated.")));
        }
        user.attributes.remove(name);
        let attribute = SignInAttribute::ALL.into_iter().find(|attribute| attribute.as_str() == name);
        if let Some(proof) = attribute.and_then(SignInAttribute::proof) {
            user.attributes.remove(proof);
        }
    }
    Ok(())
}

/// An address that changed is not proved, unless the same request says so.
pub(super) fn unproved_when_changed(
    user: &mut PoolUser,
    before: &Attributes,
    given: &[(String, String)],
) -> Result<()> {
    for attribute in SignInAttribute::ALL {
        let Some(proof) = attribute.proof() else { continue };
        let changed = before.get(attribute.as_str()) != user.attributes.get(attribute.as_str());
        if changed && !given.iter().any(|(name, _)| name == proof) {
            user.attributes.set(proof, "false")?;
        }
    }
    Ok(())
}

/// Sets attributes that a user gave, as far as the client may write them.
pub(super) fn own_attributes(
    state: &Snapshot,
    admitted: &AdmittedClient,
    user: &mut PoolUser,
    attributes: &[(String, String)],
) -> Result<()> {
    let (pool, before) = (admitted.user_pool(), user.attributes.clone());
    for (name, value) in attributes {
        let spec = spec(pool, name)?;
        let proof = SignInAttribute::ALL.iter().any(|attribute| attribute.proof() == Some(name.as_str()));
        if !admitted.client().may_write(name) || proof || spec.developer_only {
            return Err(
                PoolFault::NotAuthorized.because("A client attempted to write unauthorized attribute")
            );
        }
        if !spec.mutable && before.get(name).is_some_and(|held| held != value) {
            return Err(invalid(format!("{name}: Attribute cannot be updated.")));
        }
        set(pool, user, name, value)?;
    }
    unproved_when_changed(user, &before, &[])?;
    must_be_free(state, pool, user)
}

/// Refuses a user who lacks what the pool asks of everyone.
pub(super) fn must_have_required(admitted: &AdmittedClient, user: &PoolUser) -> Result<()> {
    let required = admitted.user_pool().schema.iter().filter(|spec| spec.required && spec.name != "sub");
    match required.into_iter().find(|spec| user.attributes.get(&spec.name).is_none()) {
        None => Ok(()),
        Some(spec) => Err(invalid(format!(
            "Attributes did not conform to the schema: {}: The attribute {} is required",
            spec.name, spec.name
        ))),
    }
}

/// Whether a text has the form of an address.
pub(super) fn is_address(attribute: SignInAttribute, text: &str) -> bool {
    match attribute {
        SignInAttribute::Email => is_email(text),
        SignInAttribute::PhoneNumber => text.strip_prefix('+').is_some_and(|digits| {
            (3..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
        }),
        SignInAttribute::PreferredUsername => false,
    }
}

/// One `@`, something on both sides, nothing that breaks out of a header.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let plain = |c: char| is_shown(c) && !"<>()[],;:\\\"@".contains(c);
    let labels = |label: &str| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-');
    let sides = !local.is_empty() && local.len() <= 64 && text.len() <= 254;
    sides
        && text.chars().filter(|c| *c != '@').all(plain)
        && local.chars().all(plain)
        && domain.split('.').all(labels)
}

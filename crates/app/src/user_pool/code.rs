//! Codes that are sent to people: drawn, kept as a keyed hash, shown once.

use std::sync::Arc;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use garita_model::user_pool::{CodePurpose, PoolFault, PoolId, TokenHash, Uuid};
use garita_model::{Error, MailMessage, Object, ObjectKey, PoolCode, PoolUser, Result, Secret, UserPool};
use garita_store::Snapshot;
use jiff::SignedDuration;

use super::AdmittedClient;
use super::mail::letter_to;
use crate::App;
use crate::authorize::Permit;
use crate::change::Change;
use crate::letter::{Letter, Own};

const LABEL: &str = "pool-code";
/// Stands for who is not there.
const NOBODY: [u8; 16] = [0; 16];

/// Where a code was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The address, all but hidden.
    pub destination: String,
    /// The attribute that holds it.
    pub attribute: &'static str,
}

impl Delivery {
    /// To an e-mail address: `a***@e***`.
    pub(super) fn to_email(address: &str) -> Self {
        let first = |text: &str| text.chars().next().unwrap_or('*');
        let (local, domain) = address.split_once('@').unwrap_or((address, ""));
        Self { destination: format!("{}***@{}***", first(local), first(domain)), attribute: "email" }
    }
}

/// How long a code is good for. Cognito Developer Guide, "Quotas": sign-up a day, a forgotten password an hour.
fn life(purpose: CodePurpose) -> SignedDuration {
    match purpose {
        CodePurpose::SignUp | CodePurpose::Email => SignedDuration::from_hours(24),
        CodePurpose::ForgotPassword => SignedDuration::from_hours(1),
    }
}

/// Draws a code for a user and keeps its hash, in place of the one before. Answers the message to send.
pub(super) fn draw(
    change: &mut Change<'_>,
    admitted: &AdmittedClient,
    user: &PoolUser,
    purpose: CodePurpose,
    address: &str,
) -> Result<MailMessage> {
    let (code, digits) = made(change, user, purpose, address)?;
    change.put_own(admitted, Object::PoolCode(Arc::new(code)))?;
    Ok(message(admitted.user_pool(), user, purpose, address, &digits))
}

/// As [`draw`], for an administrator, whose change writes the user.
pub(super) fn drawn(
    change: &mut Change<'_>,
    permit: &Permit,
    pool: &UserPool,
    user: &PoolUser,
    purpose: CodePurpose,
    address: &str,
) -> Result<MailMessage> {
    let (code, digits) = made(change, user, purpose, address)?;
    change.put(permit, Object::PoolCode(Arc::new(code)));
    Ok(message(pool, user, purpose, address, &digits))
}

fn made(
    change: &Change<'_>,
    user: &PoolUser,
    purpose: CodePurpose,
    address: &str,
) -> Result<(PoolCode, Secret<String>)> {
    let mut bytes = [0_u8; 8];
    change.entropy().fill(&mut bytes)?;
    let digits = Secret::new(format!("{:06}", u64::from_be_bytes(bytes) % 1_000_000));
    let code = PoolCode {
        pool: user.pool.clone(),
        user: user.sub,
        purpose,
        mac: mac(change.app(), (&user.pool, user.sub), purpose, address, digits.expose())?,
        address: address.to_owned(),
        expires: change.now() + life(purpose),
    };
    Ok((code, digits))
}

/// Looks at a code that somebody shows, before anything that takes long is done for it. A name that is nobody's, a user
/// who was sent no code and one who shows a wrong one cost the same: one keyed hash.
///
/// # Errors
/// `CodeMismatch`.
pub(super) fn look_at(
    app: &App,
    state: &Snapshot,
    (pool, user): (&PoolId, Option<&PoolUser>),
    purpose: CodePurpose,
    shown: &str,
) -> Result<()> {
    let held = user.and_then(|user| state.pool_code(pool, user.sub, purpose));
    let sub = user.map_or_else(|| Uuid::from_bytes(NOBODY), |user| user.sub);
    let mac = mac(app, (pool, sub), purpose, held.map_or("", |held| &held.address), shown)?;
    let wanted = held.map_or([0; 32], |held| held.mac.0);
    let same = verify_slices_are_equal(&mac.0, &wanted).is_ok();
    if same && held.is_some() { Ok(()) } else { Err(mismatch()) }
}

/// Takes a code that a user shows. A right one is used up; answers the address it proves.
///
/// # Errors
/// `CodeMismatch`, also when none was sent; `ExpiredCode` for the right one, too late.
pub(super) fn take(
    change: &mut Change<'_>,
    admitted: &AdmittedClient,
    user: &PoolUser,
    purpose: CodePurpose,
    shown: &str,
) -> Result<String> {
    let held = change.state().pool_code(&user.pool, user.sub, purpose).cloned().ok_or_else(mismatch)?;
    let mac = mac(change.app(), (&user.pool, user.sub), purpose, &held.address, shown)?;
    verify_slices_are_equal(&mac.0, &held.mac.0).map_err(|_| mismatch())?;
    if change.cx().now() >= held.expires {
        return Err(PoolFault::ExpiredCode.because("Invalid code provided, please request a code again."));
    }
    change.delete_own(admitted, ObjectKey::pool_code(&user.pool, user.sub, purpose))?;
    Ok(held.address.clone())
}

/// The code that a user was sent for a forgotten password, if there is one: it goes when a password is set.
pub(super) fn of_forgotten(state: &Snapshot, user: &PoolUser) -> Option<ObjectKey> {
    let purpose = CodePurpose::ForgotPassword;
    state.pool_code(&user.pool, user.sub, purpose)?;
    Some(ObjectKey::pool_code(&user.pool, user.sub, purpose))
}

fn mac(
    app: &App,
    (pool, user): (&PoolId, Uuid),
    purpose: CodePurpose,
    address: &str,
    digits: &str,
) -> Result<TokenHash> {
    let text = format!("{pool}\0{user}\0{}\0{address}\0{digits}", purpose.as_str());
    app.keyring.mac(LABEL, &[text.as_bytes()]).map(TokenHash)
}

fn message(
    pool: &UserPool,
    user: &PoolUser,
    purpose: CodePurpose,
    address: &str,
    digits: &Secret<String>,
) -> MailMessage {
    let letter = match purpose {
        CodePurpose::SignUp => Letter::SignUp,
        CodePurpose::ForgotPassword => Letter::ForgottenPassword,
        CodePurpose::Email => Letter::Address,
    };
    let own = Own {
        subject: pool.messages.verification_subject.as_deref(),
        text: pool.messages.verification.as_deref(),
    };
    letter_to(pool, user, address, letter, own, digits)
}

/// The error for a code that is not the one that was sent.
pub(super) fn mismatch() -> Error {
    PoolFault::CodeMismatch.because("Invalid verification code provided, please try again.")
}

/// The error for too many tries.
pub(crate) fn too_often() -> Error {
    PoolFault::LimitExceeded.because("Attempt limit exceeded, please try after some time.")
}

#[cfg(test)]
mod tests {
    use super::Delivery;

    #[test]
    fn destinations_are_all_but_hidden() {
        assert_eq!(Delivery::to_email("ana@example.com").destination, "a***@e***");
        assert_eq!(Delivery::to_email("@").destination, "****@****");
    }
}

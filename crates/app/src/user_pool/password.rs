//! Passwords of pool users: what the pool asks of them, how they are stored, which cannot come back.
//!
//! INVARIANT: what SRP needs is set and removed together with the hash, so it never stands for another password. It is
//! made only where some client of the pool opens SRP, because passwords are guessed from it cheaply.
//!
//! INVARIANT: a new password goes in only over the one it was prepared for, so a former password cannot come back in a
//! race.

use std::sync::Arc;

use garita_model::user_pool::{AuthFlow, PoolFault, PoolId, PoolPasswordPolicy};
use garita_model::{Entropy, PoolUser, Result, Sealed, Secret, UserPool};
use garita_store::Snapshot;
use jiff::Timestamp;

use crate::App;
use crate::password::rules::Rules;

/// A password that conforms: for a user that an administrator makes without one.
pub(super) fn draw(policy: &PoolPasswordPolicy, entropy: &dyn Entropy) -> Result<Secret<String>> {
    let length = usize::try_from(policy.min_length).unwrap_or(0).max(20);
    let drawn = garita_model::user_pool::ClientId::draw_secret(entropy)?;
    let (head, tail) = ("Aa1!", drawn.expose().chars().cycle().take(length.saturating_sub(4)));
    Ok(Secret::new(head.chars().chain(tail).collect()))
}

/// What is known of a user that a password should not be made of.
pub(super) fn about(user: &PoolUser) -> Vec<String> {
    const NAMES: [&str; 6] = ["email", "name", "given_name", "family_name", "nickname", "preferred_username"];
    let attributes = NAMES.iter().filter_map(|name| user.attributes.get(name));
    attributes.chain([&*user.name]).map(str::to_owned).collect()
}

/// Refuses to go on when the password is no longer the one that was looked at.
pub(super) fn must_be_unchanged(user: &PoolUser, looked_at: Option<&str>) -> Result<()> {
    if user.password.as_deref() == looked_at {
        return Ok(());
    }
    Err(PoolFault::TooManyRequests.because("the password was changed meanwhile; try again"))
}

/// A password made ready to be stored: what takes long is done before the transaction.
#[derive(Clone)]
pub(super) struct Prepared {
    hash: Box<str>,
    /// The name that the verifier is bound to.
    name: Box<str>,
    srp: Option<Sealed>,
}

/// Whether some client of a pool opens SRP.
pub(super) fn srp_is_open(state: &Snapshot, pool: &PoolId) -> bool {
    state.pool_clients(pool).any(|client| client.allows(AuthFlow::UserSrp))
}

/// Gives a password to a user whose former one, if there is one, counts for nothing.
pub(super) fn give(user: &mut PoolUser, new: Prepared) {
    let srp = new.srp.filter(|_| new.name == user.name);
    if srp.is_some() || user.more.is_some() {
        user.more_mut().srp = srp;
    }
    user.password = Some(new.hash);
}

/// Puts a password in place of the one a user has, which is remembered if the pool asks for it.
pub(super) fn replace(pool: &UserPool, user: &mut PoolUser, new: Prepared) {
    let kept = usize::try_from(pool.password_policy.history).unwrap_or(0);
    let old = user.password.take();
    give(user, new);
    if let Some(old) = old
        && kept > 1
    {
        let former = &mut user.more_mut().former;
        former.insert(0, old);
        former.truncate(kept - 1);
    }
    if kept <= 1
        && let Some(more) = &mut user.more
    {
        more.former.clear();
    }
}

/// Sets until when the password is good.
pub(super) fn temporary_until(user: &mut PoolUser, until: Option<Timestamp>) {
    if until.is_some() || user.more.is_some() {
        user.more_mut().temporary_until = until;
    }
}

impl App {
    /// Makes a password ready to be stored for the user of a name.
    ///
    /// # Errors
    /// `Unavailable` when too many passwords wait already; `Internal` when there is no randomness.
    pub(super) async fn prepare_password(
        self: &Arc<Self>,
        pool: &PoolId,
        name: &str,
        password: &Secret<String>,
    ) -> Result<Prepared> {
        let hash = self.passwords().hash(password).await?;
        let srp = match srp_is_open(&self.snapshot(), pool) {
            true => Some(self.srp_verifier(pool.as_str(), name, password).await?),
            false => None,
        };
        Ok(Prepared { hash, name: name.into(), srp })
    }

    /// Holds a new password to a pool's policy; `about` is what is known of its owner to whoever sets it.
    ///
    /// # Errors
    /// `InvalidPassword` with the first thing it lacks.
    pub(super) async fn hold_pool_password(
        &self,
        pool: &UserPool,
        password: &Secret<String>,
        about: Vec<String>,
    ) -> Result<()> {
        let policy = pool.passwords();
        let rules = Rules {
            min_length: policy.min_length,
            uppercase: policy.uppercase,
            lowercase: policy.lowercase,
            numbers: policy.numbers,
            symbols: policy.symbols,
            hard_to_guess: policy.hard_to_guess,
        };
        let held = self.passwords().hold(rules, password, about).await?;
        held.map_err(|weakness| PoolFault::InvalidPassword(weakness).because(weakness.to_string()))
    }

    /// Refuses a password that the user had before, as far back as the pool asks.
    pub(super) async fn must_not_be_former(
        &self,
        pool: &UserPool,
        user: &PoolUser,
        password: &Secret<String>,
    ) -> Result<()> {
        let back = usize::try_from(pool.password_policy.history).unwrap_or(0);
        let former = user.more.iter().flat_map(|more| &more.former);
        let held: Vec<&str> = user.password.iter().chain(former).take(back).map(AsRef::as_ref).collect();
        if !held.is_empty() && self.passwords().is_one_of(password, held).await? {
            return Err(PoolFault::PasswordHistory
                .because("Password has previously been used, please provide a different password."));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use garita_model::SystemEntropy;

    use super::*;

    #[test]
    fn drawn_passwords_are_long_and_of_every_class() {
        for min_length in [6, 8, 99] {
            let policy = PoolPasswordPolicy { min_length, ..PoolPasswordPolicy::default() };
            let drawn = draw(&policy, &SystemEntropy).unwrap();
            let text = drawn.expose();
            assert!(text.len() >= 20 && text.len() >= min_length as usize);
            assert!(text.starts_with("Aa1!") && *text != **draw(&policy, &SystemEntropy).unwrap().expose());
        }
    }
}

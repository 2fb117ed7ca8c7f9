//! Recovery codes: what somebody has on paper for the day on which the phone is gone. Cognito has none.
//!
//! Ten codes of 50 random bits, shown once. What is kept of each is a keyed hash, bound to its user: with so much randomness
//! nothing slower is needed. INVARIANT: a code is good once, in the transaction of the sign-in it was given for; tries are
//! counted together with those of the authenticator app, so that nobody gets twice as many.

use std::sync::Arc;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use garita_model::user_pool::{PoolFault, TokenHash, Uuid};
use garita_model::{Error, PoolUser, Result, Secret};

use super::passkey::Who;
use super::second_factor::has_second_factor;
use super::{AdmittedClient, invalid, session};
use crate::App;
use crate::attempts::Tried;
use crate::change::Change;
use crate::context::RequestContext;

const LABEL: &str = "pool-recovery-code/1";
/// How many there are.
pub const RECOVERY_CODES: usize = 10;
/// Letters of a code: 50 bits.
const LETTERS: usize = 10;
/// Crockford's base 32: no letter that looks like another one.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

impl App {
    /// Makes new recovery codes for who is signed in, in place of those there were.
    ///
    /// # Errors
    /// `NotAuthorized`; `InvalidParameter` for who has no other second factor.
    pub async fn make_recovery_codes(
        self: &Arc<Self>,
        cx: &RequestContext,
        who: Who<'_>,
    ) -> Result<Vec<Secret<String>>> {
        let bearer = self.self_of(cx, &who)?;
        let sub = bearer.user.sub;
        let codes: Result<Vec<String>> = (0..RECOVERY_CODES).map(|_| self.draw_code()).collect();
        let codes = codes?;
        let kept: Result<Vec<TokenHash>> = codes.iter().map(|code| self.code_mac(sub, code)).collect();
        let kept = kept?;
        self.edit_as(cx, bearer, move |_, bearer, user| {
            let pool = bearer.admitted.user_pool();
            if !has_second_factor(pool, user) {
                return Err(invalid("recovery codes stand in for a second factor: set one up first"));
            }
            user.more_mut().recovery = kept;
            Ok(())
        })
        .await?;
        Ok(codes.into_iter().map(|code| Secret::new(grouped(&code))).collect())
    }

    /// Looks at a recovery code before the sign-in is made with it. Counted before it is looked at.
    pub(super) fn guess_recovery(
        &self,
        cx: &RequestContext,
        user: &PoolUser,
        typed: &str,
    ) -> Result<TokenHash> {
        let (pool, sub) = (user.pool.to_string(), user.sub.to_string());
        let attempt = self.attempts.begin(Tried::SoftwareToken, &pool, &sub, cx.now());
        let attempt = attempt.ok_or_else(mismatch)?;
        let code = normal(typed).ok_or_else(mismatch)?;
        let mac = self.code_mac(user.sub, &code)?;
        let held = user.recovery_codes().iter().filter(|held| same(held, &mac)).count();
        if held == 0 {
            return Err(mismatch());
        }
        self.attempts.succeeded(&attempt);
        Ok(mac)
    }

    fn draw_code(&self) -> Result<String> {
        let mut bytes = [0_u8; LETTERS];
        self.entropy().fill(&mut bytes)?;
        // 256 is a multiple of 32: every letter is as likely as any other.
        let letter = |byte: &u8| ALPHABET.get(usize::from(byte & 31)).copied().map_or('0', char::from);
        Ok(bytes.iter().map(letter).collect())
    }

    fn code_mac(&self, user: Uuid, code: &str) -> Result<TokenHash> {
        self.keyring.mac(LABEL, &[user.as_bytes(), code.as_bytes()]).map(TokenHash)
    }
}

/// A user whose recovery code was used up; the record says so.
pub(super) fn spend(
    change: &mut Change<'_>,
    admitted: &AdmittedClient,
    user: &PoolUser,
    mac: &TokenHash,
) -> Result<PoolUser> {
    let asked = has_second_factor(admitted.user_pool(), user);
    if !asked || !user.recovery_codes().iter().any(|held| same(held, mac)) {
        return Err(session::spent());
    }
    let mut user = user.clone();
    user.more_mut().recovery.retain(|held| !same(held, mac));
    change.note("recoveryCodeUsed");
    Ok(user)
}

fn same(one: &TokenHash, other: &TokenHash) -> bool {
    verify_slices_are_equal(&one.0, &other.0).is_ok()
}

/// In two groups, as people read it.
fn grouped(code: &str) -> String {
    let (first, second) = code.split_at_checked(LETTERS / 2).unwrap_or((code, ""));
    format!("{first}-{second}")
}

/// A code as it was drawn, from what somebody typed off.
fn normal(typed: &str) -> Option<String> {
    let letters = typed.chars().filter(|letter| !letter.is_whitespace() && *letter != '-').take(LETTERS + 1);
    let code: String = letters
        .map(|letter| match letter.to_ascii_lowercase() {
            'o' => '0',
            'i' | 'l' => '1',
            letter => letter,
        })
        .collect();
    let known = code.bytes().all(|letter| ALPHABET.contains(&letter));
    (known && code.len() == LETTERS).then_some(code)
}

fn mismatch() -> Error {
    PoolFault::CodeMismatch.because("Invalid code received for user")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_as_people_type_them() {
        assert_eq!(grouped("0123456789"), "01234-56789");
        assert_eq!(normal("01234-56789").as_deref(), Some("0123456789"));
        assert_eq!(normal(" OIlab - CDEFG ").as_deref(), Some("011abcdefg"));
        for wrong in ["", "01234-5678", "01234-567890", "u1234-56789", "\u{e9}1234-56789"] {
            assert_eq!(normal(wrong), None, "{wrong}");
        }
    }
}

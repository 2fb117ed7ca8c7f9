//! Making a passkey: what the authenticator is to make, and what it made.
//!
//! A user begins by asking what the authenticator is to make; what is to be answered stands with the user until it is
//! answered or too late. INVARIANT: each beginning is answered once, by the app client or browser that asked.
//!
//! Web Authentication Level 3, section 7.1.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use garita_model::user_pool::{PendingPasskey, PoolFault};
use garita_model::{Error, Plain as _, PoolPasskey, PoolUser, Result, UserPool};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::bearer::Bearer;
use super::invalid;
use super::passkey::{Who, passkeys_of};
use super::relying_party::{PasskeyChallenge, RelyingParty, TIMEOUT, descriptor, verification};
use crate::App;
use crate::change::Change;
use crate::context::RequestContext;
use crate::hash;
use crate::webauthn::{Algorithm, Expected, Mismatch, Origins, RegistrationResponse, register};

/// How long a beginning may wait for its answer.
const PENDING: SignedDuration = SignedDuration::from_mins(5);
/// Most letters of a passkey's name.
const LONGEST_NAME: usize = 64;

impl App {
    /// What an authenticator is to make for a user: `PublicKeyCredentialCreationOptionsJSON`.
    ///
    /// # Errors
    /// `NotAuthorized`; `WebAuthnNotEnabled`; `WebAuthnConfigurationMissing`; `LimitExceeded`.
    pub async fn start_passkey(self: &Arc<Self>, cx: &RequestContext, who: Who<'_>) -> Result<Value> {
        let bearer = self.self_of(cx, &who)?;
        let pool = Arc::clone(bearer.admitted.user_pool());
        must_have_passkeys(&pool)?;
        let party = self.relying_party(&pool)?;
        let challenge = PasskeyChallenge::draw(self.entropy())?;
        let client = match who {
            Who::Token(_) => Some(bearer.admitted.client().id.clone()),
            Who::Browser(_) => None,
        };
        let options = self
            .edit_as(cx, bearer, move |change, _, user| {
                if user.passkeys().len() >= PoolPasskey::MOST {
                    return Err(too_many());
                }
                let held = passkeys_of(change.state(), &pool, user);
                let options = creation_options(&pool, &party, user, &challenge, &held);
                let until = change.now() + PENDING;
                user.more_mut().pending_passkey =
                    Some(PendingPasskey { challenge: challenge.kept(), client, until });
                Ok(options)
            })
            .await?;
        Ok(options)
    }

    /// Keeps a passkey that was made. On a page, where a person and not an app decides, it becomes the second factor too.
    ///
    /// # Errors
    /// `NotAuthorized`; `WebAuthnChallengeNotFound`; `WebAuthnClientMismatch`; `WebAuthnOriginNotAllowed`;
    /// `WebAuthnRelyingPartyMismatch`; `WebAuthnCredentialNotSupported`; `InvalidParameter`; `LimitExceeded`.
    pub async fn complete_passkey(
        self: &Arc<Self>,
        cx: &RequestContext,
        who: Who<'_>,
        answer: &RegistrationResponse,
        name: Option<&str>,
    ) -> Result<()> {
        let bearer = self.self_of(cx, &who)?;
        let pool = Arc::clone(bearer.admitted.user_pool());
        must_have_passkeys(&pool)?;
        let at_page = matches!(who, Who::Browser(_));
        let pending = self.pending(cx, &bearer, at_page)?;
        let party = self.relying_party(&pool)?;
        let expected = Expected {
            challenge: &pending.challenge.0,
            relying_party: &party.id,
            origins: if at_page { Origins::One(&party.site) } else { Origins::Aligned(&party.site) },
            verification: pool.web_authn.verification_required,
        };
        let made = register(&expected, answer).map_err(refused_registration)?;
        let passkey = PoolPasskey {
            account: pool.account,
            pool: pool.id.clone(),
            user: bearer.user.sub,
            place: hash::of(&made.id),
            id: URL_SAFE_NO_PAD.encode(&made.id),
            key: URL_SAFE_NO_PAD.encode(&made.key),
            relying_party: party.id,
            counter: made.counter,
            backup_eligible: made.backup_eligible,
            backed_up: made.backed_up,
            attachment: answer.attachment().map(str::to_owned),
            transports: answer.transports().into_iter().map(str::to_owned).collect(),
            name: name.map(short).unwrap_or_default(),
            created: cx.now(),
            used: None,
            answered: Vec::new(),
        };
        self.edit_as(cx, bearer, move |change, bearer, user| keep(change, bearer, user, &pending, passkey))
            .await
    }

    /// What is waited for.
    fn pending(&self, cx: &RequestContext, bearer: &Bearer, at_page: bool) -> Result<PendingPasskey> {
        let pending = bearer.user.more.as_ref().and_then(|more| more.pending_passkey.clone());
        let pending = pending.filter(|pending| cx.now() < pending.until);
        let pending = pending.ok_or_else(|| {
            PoolFault::WebAuthnChallengeNotFound
                .because("no passkey is being made, or not any more: begin with StartWebAuthnRegistration")
        })?;
        let client = (!at_page).then(|| &bearer.admitted.client().id);
        if pending.client.as_ref() == client {
            return Ok(pending);
        }
        Err(PoolFault::WebAuthnClientMismatch.because("another app client began to make this passkey"))
    }
}

/// Keeps a passkey: what was begun must still wait, and the list must still have room, at the head.
fn keep(
    change: &mut Change<'_>,
    bearer: &Bearer,
    user: &mut PoolUser,
    pending: &PendingPasskey,
    passkey: PoolPasskey,
) -> Result<()> {
    if user.more.as_ref().and_then(|more| more.pending_passkey.as_ref()) != Some(pending) {
        return Err(PoolFault::WebAuthnChallengeNotFound.because("no passkey is being made"));
    }
    if change.state().get::<PoolPasskey>(passkey.account, &passkey.local()).is_some() {
        return Err(invalid("the passkey is registered already"));
    }
    let count = user.passkeys().len();
    if count >= PoolPasskey::MOST {
        return Err(too_many());
    }
    let usual = format!("Passkey {}", count + 1);
    let name = if passkey.name.is_empty() { usual } else { passkey.name.clone() };
    let at_page = bearer.browser.is_some();
    let more = user.more_mut();
    more.pending_passkey = None;
    more.passkeys.push(passkey.place);
    more.passkey_mfa |= at_page && bearer.admitted.user_pool().web_authn.multi_factor;
    change.put_own(&bearer.admitted, PoolPasskey { name, ..passkey }.into_object())
}

/// `PublicKeyCredentialCreationOptionsJSON`. The user's handle is the `sub`: it tells nothing of the person.
fn creation_options(
    pool: &UserPool,
    party: &RelyingParty,
    user: &PoolUser,
    challenge: &PasskeyChallenge,
    held: &[Arc<PoolPasskey>],
) -> Value {
    let nameless = *user.name == *user.sub.to_string();
    let name = user.attributes.get("email").filter(|_| nameless).unwrap_or(&user.name);
    let shown = user.attributes.get("name").unwrap_or(name);
    let algorithms: Vec<Value> =
        Algorithm::ALL.iter().map(|one| json!({ "type": "public-key", "alg": one.id() })).collect();
    json!({
        "rp": { "id": party.id, "name": pool.name },
        "user": { "id": URL_SAFE_NO_PAD.encode(user.sub.as_bytes()), "name": name, "displayName": shown },
        "challenge": challenge.text(),
        "pubKeyCredParams": algorithms,
        "timeout": TIMEOUT,
        "excludeCredentials": held.iter().map(|passkey| descriptor(passkey)).collect::<Vec<_>>(),
        "authenticatorSelection": {
            "requireResidentKey": true,
            "residentKey": "required",
            "userVerification": verification(pool.web_authn.verification_required),
        },
        "attestation": "none",
    })
}

fn must_have_passkeys(pool: &UserPool) -> Result<()> {
    if pool.has_passkeys() {
        return Ok(());
    }
    Err(PoolFault::WebAuthnNotEnabled.because("passkeys are not enabled for this user pool"))
}

fn refused_registration(why: Mismatch) -> Error {
    let fault = match why {
        Mismatch::Origin => PoolFault::WebAuthnOriginNotAllowed,
        Mismatch::RelyingParty => PoolFault::WebAuthnRelyingPartyMismatch,
        Mismatch::Challenge => PoolFault::WebAuthnChallengeNotFound,
        Mismatch::Unsupported | Mismatch::UserVerification | Mismatch::Backup => {
            PoolFault::WebAuthnCredentialNotSupported
        }
        Mismatch::Malformed
        | Mismatch::Ceremony
        | Mismatch::UserPresence
        | Mismatch::Signature
        | Mismatch::Counter
        | Mismatch::Credential => PoolFault::InvalidParameter,
    };
    fault.because(why.to_string())
}

/// A name that people gave, without what would spoil a page.
fn short(name: &str) -> String {
    name.trim().chars().filter(|letter| !letter.is_control()).take(LONGEST_NAME).collect()
}

fn too_many() -> Error {
    let most = PoolPasskey::MOST;
    PoolFault::LimitExceeded.because(format!("a user has at most {most} passkeys: delete one first"))
}

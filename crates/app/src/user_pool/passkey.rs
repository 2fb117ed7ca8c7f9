//! Passkeys of a user: made, listed, taken away.
//!
//! A user begins by asking what the authenticator is to make; what is to be answered stands with the user until it is
//! answered or too late. INVARIANT: each beginning is answered once, by the app client or browser that asked.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use garita_model::user_pool::{FirstFactor, PendingPasskey, PoolFault, TokenHash};
use garita_model::{Entropy, Error, ObjectKey, Plain as _, PoolPasskey, PoolUser, Result, Secret, UserPool};
use garita_store::Snapshot;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::invalid;
use super::own::Bearer;
use super::software_token::forget_codes_of_nothing;
use crate::App;
use crate::change::Change;
use crate::context::RequestContext;
use crate::hash;
use crate::iam::Page;
use crate::oauth::SignedIn;
use crate::webauthn::{Algorithm, Expected, Mismatch, Origins, RegistrationResponse, register};

/// How long a beginning may wait for its answer.
const PENDING: SignedDuration = SignedDuration::from_mins(5);
/// Milliseconds that browsers are told to wait for an authenticator.
pub(super) const TIMEOUT: u32 = 180_000;
/// Most letters of a passkey's name.
const LONGEST_NAME: usize = 64;

/// Bytes that a passkey is to sign: 256 bits of randomness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasskeyChallenge(TokenHash);

impl PasskeyChallenge {
    pub(super) fn draw(entropy: &dyn Entropy) -> Result<Self> {
        let mut bytes = [0; 32];
        entropy.fill(&mut bytes)?;
        Ok(Self(TokenHash(bytes)))
    }
    /// The bytes.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0.0
    }
    /// As browsers take it.
    pub(super) fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.bytes())
    }
}

/// Who asks about their own passkeys.
pub enum Who<'a> {
    /// The bearer of an access token.
    Token(&'a Secret<String>),
    /// Somebody at a browser, with its cookie.
    Browser(&'a SignedIn),
}

/// A host that passkeys are for, and the pages of Garita itself.
pub(super) struct RelyingParty {
    pub(super) id: String,
    /// The origin of the sign-in pages.
    pub(super) site: String,
}

impl App {
    /// Who asks, by whichever means.
    pub(super) fn self_of(&self, cx: &RequestContext, who: &Who<'_>) -> Result<Bearer> {
        match who {
            Who::Token(token) => self.bearer(cx, token),
            Who::Browser(signed_in) => self.bearer_at_browser(cx, signed_in),
        }
    }

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
                    Some(PendingPasskey { challenge: challenge.0, client, until });
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

    /// The passkeys of a user, oldest first.
    ///
    /// # Errors
    /// `NotAuthorized`; `InvalidParameter` for a part that cannot be.
    pub fn list_passkeys(
        &self,
        cx: &RequestContext,
        who: &Who<'_>,
        most: Option<usize>,
        token: Option<&str>,
    ) -> Result<Page<Arc<PoolPasskey>>> {
        let bearer = self.self_of(cx, who)?;
        let most = most.filter(|most| *most > 0).unwrap_or(PoolPasskey::MOST);
        if most > PoolPasskey::MOST {
            return Err(invalid(format!("`MaxResults` is at most {}", PoolPasskey::MOST)));
        }
        let scope = format!("{}/{} passkeys", bearer.admitted.pool(), bearer.user.sub);
        let pager = self.pager_over(scope, token, most)?;
        let held = passkeys_of(&self.snapshot(), bearer.admitted.user_pool(), &bearer.user);
        // In the order they were made: a moment alone may be shared.
        let keyed = held
            .into_iter()
            .map(|passkey| (format!("{:020}/{}", passkey.created.as_millisecond(), passkey.place), passkey));
        Ok(pager.cut(keyed))
    }

    /// Who is signed in, and what they may begin a sign-in with.
    ///
    /// # Errors
    /// `NotAuthorized`.
    pub fn own_auth_factors(
        &self,
        cx: &RequestContext,
        token: &Secret<String>,
    ) -> Result<(Arc<PoolUser>, Vec<FirstFactor>)> {
        let Bearer { admitted, user, .. } = self.bearer(cx, token)?;
        let has = |factor: &FirstFactor| match factor {
            FirstFactor::Password => user.password.is_some(),
            FirstFactor::WebAuthn => !user.passkeys().is_empty(),
        };
        let factors = admitted.user_pool().first_factors.iter().copied().filter(has).collect();
        Ok((user, factors))
    }

    /// Takes a passkey from its user.
    ///
    /// # Errors
    /// `NotAuthorized`; `ResourceNotFound`.
    pub async fn delete_passkey(self: &Arc<Self>, cx: &RequestContext, who: Who<'_>, id: &str) -> Result<()> {
        let bearer = self.self_of(cx, &who)?;
        let absent = || PoolFault::ResourceNotFound.because("the user has no passkey of this id");
        let place = hash::of(&URL_SAFE_NO_PAD.decode(id).map_err(|_| absent())?);
        self.edit_as(cx, bearer, move |change, bearer, user| {
            if !user.passkeys().contains(&place) {
                return Err(absent());
            }
            let more = user.more_mut();
            more.passkeys.retain(|held| *held != place);
            more.passkey_mfa &= !more.passkeys.is_empty();
            forget_codes_of_nothing(bearer.admitted.user_pool(), user);
            change.delete_own(&bearer.admitted, key_of(bearer.admitted.user_pool(), &place))
        })
        .await
    }

    /// Which host the passkeys of a pool are for.
    pub(super) fn relying_party(&self, pool: &UserPool) -> Result<RelyingParty> {
        let missing = || {
            PoolFault::WebAuthnConfigurationMissing.because(
                "passkeys are for the name of a host: set `RelyingPartyId` with SetUserPoolMfaConfig",
            )
        };
        let base = self.issuer_base()?;
        let (scheme, rest) = base.split_once("://").ok_or_else(missing)?;
        let authority = rest.split('/').next().unwrap_or_default().to_ascii_lowercase();
        let usual = if scheme == "https" { ":443" } else { ":80" };
        let authority = authority.strip_suffix(usual).unwrap_or(&authority);
        let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
        let own = Some(host).filter(|host| is_name(host)).map(str::to_owned);
        let id = pool.web_authn.relying_party.clone().or(own).ok_or_else(missing)?;
        Ok(RelyingParty { id, site: format!("{scheme}://{authority}") })
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

/// Whether a host is a name that passkeys can be for: an address of a machine is none.
pub(super) fn is_name(host: &str) -> bool {
    let label = |label: &str| {
        let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        !label.is_empty() && label.bytes().all(inner) && !label.starts_with('-') && !label.ends_with('-')
    };
    let numeric = host.rsplit('.').next().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    (1..=127).contains(&host.len()) && host.split('.').all(label) && !numeric
}

/// The passkeys of a user, oldest first.
pub(super) fn passkeys_of(state: &Snapshot, pool: &UserPool, user: &PoolUser) -> Vec<Arc<PoolPasskey>> {
    let place = |hash: &TokenHash| PoolPasskey::place(&pool.id, hash);
    user.passkeys().iter().filter_map(|hash| state.get(pool.account, &place(hash)).cloned()).collect()
}

/// The key of a passkey in the store.
pub(super) fn key_of(pool: &UserPool, hash: &TokenHash) -> ObjectKey {
    ObjectKey::named(PoolPasskey::KIND, pool.account, &PoolPasskey::place(&pool.id, hash))
}

/// Whether authenticators must, should, or need not know their user.
pub(super) fn verification(required: bool) -> &'static str {
    if required { "required" } else { "preferred" }
}

/// A credential, as browsers are told of it.
pub(super) fn descriptor(passkey: &PoolPasskey) -> Value {
    let mut told = json!({ "type": "public-key", "id": passkey.id });
    if let (Some(members), false) = (told.as_object_mut(), passkey.transports.is_empty()) {
        members.insert("transports".to_owned(), json!(passkey.transports));
    }
    told
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passkeys_are_for_names() {
        for (host, is) in [
            ("localhost", true),
            ("id.example.com", true),
            ("127.0.0.1", false),
            ("[::1]", false),
            ("Example.com", false),
            ("a..b", false),
            ("-a.example", false),
            ("", false),
            ("https://a", false),
        ] {
            assert_eq!(is_name(host), is, "{host}");
        }
    }
}

//! What people do for themselves, with an access token ([`bearer`](super::bearer)).

use std::sync::Arc;

use garita_model::user_pool::{CodePurpose, PoolBrowser, PoolFault, SignInAttribute};
use garita_model::{ObjectKey, PoolDevice, PoolUser, Result, Secret};

use super::attribute::own_attributes;
use super::bearer::{Bearer, still_there};
use super::code::{self, Delivery, mismatch, too_often};
use super::refresh::end;
use super::user::belongings;
use super::username::must_be_free;
use super::{attribute, invalid, password};
use crate::App;
use crate::attempts::Tried;
use crate::change::Change;
use crate::context::RequestContext;
use crate::password::Checked;

/// An attribute's name and value.
type Pair = (String, String);

/// What `ChangePassword` asks for.
pub struct OwnPassword {
    /// The access token.
    pub token: Secret<String>,
    /// The password there is.
    pub previous: Secret<String>,
    /// The one there is to be.
    pub proposed: Secret<String>,
}

impl App {
    /// Who is signed in, with the attributes that the app may read.
    ///
    /// # Errors
    /// `NotAuthorized`.
    pub fn get_own_user(
        &self,
        cx: &RequestContext,
        token: &Secret<String>,
    ) -> Result<(Arc<PoolUser>, Vec<Pair>)> {
        let Bearer { admitted, user, .. } = self.bearer(cx, token)?;
        let sub = user.sub.to_string();
        let all = user.attributes.iter().chain([("sub", sub.as_str())]);
        let readable = all.filter(|(name, _)| admitted.client().may_read(name) && !name.starts_with("dev:"));
        let shown = readable.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Ok((user, shown))
    }

    /// Sets attributes of who is signed in. An address that the pool proves gets a code; one that is only to change
    /// once it is proved waits for it.
    ///
    /// # Errors
    /// `NotAuthorized`; `InvalidParameter`; `AliasExists`; `LimitExceeded` after too many letters to the address.
    pub async fn update_own_attributes(
        self: &Arc<Self>,
        cx: &RequestContext,
        token: &Secret<String>,
        mut attributes: Vec<(String, String)>,
    ) -> Result<Option<Delivery>> {
        let app = Arc::clone(self);
        let mail = self
            .edit_own(cx, token, move |change, bearer, user| {
                let pool = bearer.admitted.user_pool();
                let before = user.attributes.get("email").map(str::to_owned);
                let given =
                    attributes.iter().rev().find(|(name, _)| name == "email").map(|(_, value)| value.clone());
                let changed = given.filter(|given| before.as_deref() != Some(given));
                let proves = pool.auto_verified.contains(&SignInAttribute::Email);
                let waits = pool.verified_before_update.contains(&SignInAttribute::Email);
                let mut trial = user.clone();
                own_attributes(change.state(), &bearer.admitted, &mut trial, &attributes)?;
                if let (Some(email), true) = (&changed, waits) {
                    attributes.retain(|(name, _)| name != "email");
                    user.more_mut().pending_email = Some(email.clone());
                }
                own_attributes(change.state(), &bearer.admitted, user, &attributes)?;
                match changed.filter(|_| proves) {
                    Some(email) => {
                        app.count_letter(pool, &email, change.now())?;
                        code::draw(change, &bearer.admitted, user, CodePurpose::Email, &email).map(Some)
                    }
                    None => Ok(None),
                }
            })
            .await?;
        self.deliver(mail).await
    }

    /// Takes attributes of who is signed in away.
    ///
    /// # Errors
    /// `NotAuthorized`; `InvalidParameter` for one that the user must have.
    pub async fn delete_own_attributes(
        self: &Arc<Self>,
        cx: &RequestContext,
        token: &Secret<String>,
        names: Vec<String>,
    ) -> Result<()> {
        self.edit_own(cx, token, move |_, bearer, user| {
            if names.iter().any(|name| !bearer.admitted.client().may_write(name)) {
                return Err(
                    PoolFault::NotAuthorized.because("A client attempted to write unauthorized attribute")
                );
            }
            attribute::remove(bearer.admitted.user_pool(), user, &names)
        })
        .await
    }

    /// Sends a code that proves the address of who is signed in.
    ///
    /// # Errors
    /// `NotAuthorized`; `InvalidParameter` without an address; `LimitExceeded`, also after too many letters to an address
    /// that is not proved.
    pub async fn send_attribute_code(
        self: &Arc<Self>,
        cx: &RequestContext,
        token: &Secret<String>,
        attribute: &str,
    ) -> Result<Option<Delivery>> {
        must_be_email(attribute)?;
        let bearer = self.bearer(cx, token)?;
        self.count_own(cx, &bearer, Tried::SendCode)?;
        let app = Arc::clone(self);
        let mail = self
            .edit_own(cx, token, move |change, bearer, user| {
                let pending = user.more.as_ref().and_then(|more| more.pending_email.clone());
                let proved = pending.is_none() && user.attributes.is("email_verified");
                let address = pending.or_else(|| user.attributes.get("email").map(str::to_owned));
                let address = address.ok_or_else(|| invalid("User does not have an attribute to verify"))?;
                if !proved {
                    app.count_letter(bearer.admitted.user_pool(), &address, change.now())?;
                }
                code::draw(change, &bearer.admitted, user, CodePurpose::Email, &address).map(Some)
            })
            .await?;
        self.deliver(mail).await
    }

    /// Proves the address of who is signed in.
    ///
    /// # Errors
    /// `NotAuthorized`; `CodeMismatch`; `ExpiredCode`; `LimitExceeded`; `AliasExists`.
    pub async fn verify_own_attribute(
        self: &Arc<Self>,
        cx: &RequestContext,
        token: &Secret<String>,
        attribute: &str,
        shown: String,
    ) -> Result<()> {
        must_be_email(attribute)?;
        let bearer = self.bearer(cx, token)?;
        let attempt = self.count_own(cx, &bearer, Tried::VerifyAttribute)?;
        let done = self
            .edit_own(cx, token, move |change, bearer, user| {
                let address = code::take(change, &bearer.admitted, user, CodePurpose::Email, &shown)?;
                let pending = user.more.as_ref().and_then(|more| more.pending_email.clone());
                if pending.as_ref() == Some(&address) {
                    user.more_mut().pending_email = None;
                    user.attributes.set("email", &address)?;
                } else if user.attributes.get("email") != Some(&address) {
                    return Err(mismatch());
                }
                user.attributes.set("email_verified", "true")?;
                must_be_free(change.state(), bearer.admitted.user_pool(), user)
            })
            .await;
        if done.is_ok() {
            self.attempts.succeeded(&attempt);
        }
        done
    }

    /// Sets the password of who is signed in; every other sign-in ends, at browsers too.
    ///
    /// # Errors
    /// `NotAuthorized`, also for a previous password that is not right; `InvalidPassword`; `PasswordHistory`;
    /// `LimitExceeded`.
    pub async fn change_pool_password(
        self: &Arc<Self>,
        cx: &RequestContext,
        input: OwnPassword,
    ) -> Result<()> {
        let bearer = self.bearer(cx, &input.token)?;
        let attempt = self.count_own(cx, &bearer, Tried::ChangePassword)?;
        let held = bearer.user.password.clone();
        let known = password::about(&bearer.user);
        self.hold_pool_password(bearer.admitted.user_pool(), &input.proposed, known).await?;
        if self.passwords().check(&input.previous, held.as_deref()).await? == Checked::No {
            return Err(super::admit::wrong_credentials());
        }
        self.must_not_be_former(bearer.admitted.user_pool(), &bearer.user, &input.proposed).await?;
        let new = self.prepare_password(bearer.admitted.pool(), &bearer.user.name, &input.proposed).await?;
        self.edit_own(cx, &input.token, move |change, bearer, user| {
            password::must_be_unchanged(user, held.as_deref())?;
            if let Some(code) = code::of_forgotten(change.state(), user) {
                change.delete_own(&bearer.admitted, code)?;
            }
            password::replace(bearer.admitted.user_pool(), user, new);
            password::temporary_until(user, None);
            end_elsewhere(change, bearer)
        })
        .await?;
        self.attempts.succeeded(&attempt);
        Ok(())
    }

    /// Signs who is signed in out everywhere.
    ///
    /// # Errors
    /// `NotAuthorized`.
    pub async fn global_sign_out(
        self: &Arc<Self>,
        cx: &RequestContext,
        token: &Secret<String>,
    ) -> Result<()> {
        self.edit_own(cx, token, |change, _, user| {
            user.min_rev = change.revision();
            Ok(())
        })
        .await
    }

    /// Deletes the user who is signed in.
    ///
    /// # Errors
    /// `NotAuthorized`.
    pub async fn delete_own_user(
        self: &Arc<Self>,
        cx: &RequestContext,
        token: &Secret<String>,
    ) -> Result<()> {
        let bearer = self.bearer(cx, token)?;
        self.change(cx, move |change| {
            let user = still_there(change, &bearer)?;
            for key in belongings(change.state(), &user) {
                change.delete_own(&bearer.admitted, key)?;
            }
            Ok(())
        })
        .await
    }

    fn count_own(
        &self,
        cx: &RequestContext,
        bearer: &Bearer,
        tried: Tried,
    ) -> Result<crate::attempts::Attempt> {
        let (pool, sub) = (bearer.admitted.pool().as_str(), bearer.user.sub.to_string());
        self.attempts.begin(tried, pool, &sub, cx.now()).ok_or_else(too_often)
    }

    async fn deliver(&self, mail: Option<garita_model::MailMessage>) -> Result<Option<Delivery>> {
        let Some(mail) = mail else { return Ok(None) };
        let delivery = Delivery::to_email(&mail.to);
        self.send_mail(mail).await?;
        Ok(Some(delivery))
    }
}

/// Ends all that the user's sign-ins have led to, but for the one that the token goes back to.
fn end_elsewhere(change: &mut Change<'_>, bearer: &Bearer) -> Result<()> {
    let (admitted, sub) = (&bearer.admitted, bearer.user.sub);
    let (account, place) = (admitted.user_pool().account, format!("{}/", admitted.pool()));
    let state = change.state();
    let sessions = state.pool_sessions_of(admitted.pool(), sub);
    let others = sessions.filter(|session| Some(session.id) != bearer.session && !session.ended);
    let others: Vec<_> = others.cloned().collect();
    // Which browser the sign-in of an app came from is not kept.
    let browsers = state.list::<PoolBrowser>(account, &place).filter(|browser| browser.user == sub);
    let browsers: Vec<_> = browsers.cloned().collect();
    let devices = state.list::<PoolDevice>(account, &place).filter(|device| device.is_allowed_by(sub));
    let devices: Vec<_> = devices.map(|device| ObjectKey::plain(device.as_ref())).collect();
    for session in &others {
        end(change, admitted, session)?;
    }
    for browser in browsers {
        change.end_browser(PoolBrowser::clone(&browser));
    }
    devices.into_iter().try_for_each(|device| change.delete_own(admitted, device))
}

fn must_be_email(attribute: &str) -> Result<()> {
    if attribute == "email" {
        return Ok(());
    }
    Err(invalid("only `email` can be verified here: there are no text messages"))
}

//! Signing up: a person makes a user of their own and proves an address.

use std::sync::Arc;

use garita_model::user_pool::{ClientId, CodePurpose, PoolFault, SignInAttribute, UserStatus, Uuid};
use garita_model::{Object, PoolUser, Result, Secret};

use super::attribute::{must_have_required, own_attributes};
use super::code::{self, Delivery, mismatch, too_often};
use super::new_user::draft;
use super::user::about;
use super::username::{find, is_taken, must_be_free, own_name};
use super::{AdmittedClient, check_name, invalid, password};
use crate::App;
use crate::attempts::Tried;
use crate::context::RequestContext;

/// What `SignUp` asks for.
pub struct SignUp {
    /// The app client.
    pub client: ClientId,
    /// The client's hash, if it has a secret.
    pub secret_hash: Option<String>,
    /// The name; an address where people sign up with one.
    pub username: String,
    /// The password.
    pub password: Secret<String>,
    /// Attributes.
    pub attributes: Vec<(String, String)>,
}

/// Who signed up.
pub struct SignedUp {
    /// The user's `sub`.
    pub sub: Uuid,
    /// Where a code was sent.
    pub delivery: Option<Delivery>,
}

/// Who asks for, or shows, a code: a client and a user's name.
pub struct Named {
    /// The app client.
    pub client: ClientId,
    /// The client's hash, if it has a secret.
    pub secret_hash: Option<String>,
    /// The user's name.
    pub username: String,
}

impl App {
    /// Makes a user who is still to be confirmed, and sends a code where the pool proves addresses.
    ///
    /// # Errors
    /// `ResourceNotFound` for the client; `NotAuthorized`; `UsernameExists`; `InvalidParameter`; `InvalidPassword`;
    /// `LimitExceeded` after too many letters to the address; `CodeDeliveryFailure` when the user is made and the code
    /// cannot be sent.
    pub async fn sign_up(self: &Arc<Self>, cx: &RequestContext, input: SignUp) -> Result<SignedUp> {
        let admitted = self.admit(&self.snapshot(), cx, &input.client)?;
        self.check_secret_hash(&admitted, &input.username, input.secret_hash.as_deref())?;
        let pool = admitted.user_pool();
        if pool.admin_only_sign_up {
            return Err(PoolFault::NotAuthorized.because("SignUp is not permitted for this user pool"));
        }
        check_name("username", &input.username)?;
        let known = input.attributes.iter().map(|(_, value)| value.clone());
        let known = known.chain([input.username.clone()]).collect();
        self.hold_pool_password(pool, &input.password, known).await?;
        let sub = Uuid::draw(self.entropy())?;
        let name = own_name(pool, sub, &input.username);
        let new = self.prepare_password(&pool.id, &name, &input.password).await?;
        let (app, inside, client) = (Arc::clone(self), admitted.clone(), input.attributes);
        let username = input.username;
        let (sub, mail) = self
            .change(cx, move |change| {
                let pool = inside.user_pool();
                if is_taken(change.state(), pool, &username) {
                    return Err(PoolFault::UsernameExists.because("User already exists"));
                }
                let mut user = draft(change, pool, sub, &username, UserStatus::Unconfirmed)?;
                own_attributes(change.state(), &inside, &mut user, &client)?;
                must_have_required(&inside, &user)?;
                password::give(&mut user, new);
                about(change.cx(), pool, user.sub);
                change.put_own(&inside, Object::PoolUser(Arc::new(user.clone())))?;
                let email = user.attributes.get("email").map(str::to_owned);
                let proves = pool.auto_verified.contains(&SignInAttribute::Email);
                let mail = match email.filter(|_| proves) {
                    Some(email) => {
                        app.count_letter(pool, &email, change.now())?;
                        Some(code::draw(change, &inside, &user, CodePurpose::SignUp, &email)?)
                    }
                    None => None,
                };
                Ok((user.sub, mail))
            })
            .await?;
        let delivery = mail.as_ref().map(|mail| Delivery::to_email(&mail.to));
        if let Some(mail) = mail {
            self.send_mail(mail).await?;
        }
        Ok(SignedUp { sub, delivery })
    }

    /// Confirms a sign-up with the code that was sent.
    ///
    /// # Errors
    /// `ResourceNotFound` for the client; `NotAuthorized`; `CodeMismatch`; `ExpiredCode`; `LimitExceeded`;
    /// `AliasExists` when the address became another user's; `UserNotFound` where the client does not hide it.
    pub async fn confirm_sign_up(
        self: &Arc<Self>,
        cx: &RequestContext,
        who: Named,
        shown: String,
        force_alias: bool,
    ) -> Result<()> {
        if force_alias {
            return Err(invalid(
                "`ForceAliasCreation` is not supported here: an administrator can move an address",
            ));
        }
        let (admitted, user) = self.named(cx, &who)?;
        let attempt = self.count(cx, &admitted, Tried::ConfirmSignUp, &who, user.as_deref())?;
        let whose = (admitted.pool(), user.as_deref());
        let looked = code::look_at(self, &self.snapshot(), whose, CodePurpose::SignUp, &shown);
        let user = self.must_be_there(&admitted, user, mismatch)?;
        looked?;
        let confirmed = self
            .change(cx, move |change| {
                let held =
                    change.state().pool_user(admitted.pool(), user.sub).cloned().ok_or_else(mismatch)?;
                if held.status != UserStatus::Unconfirmed || !held.enabled {
                    // Only who has the code of a sign-up could be told more, and of the confirmed it is gone by now.
                    return Err(mismatch());
                }
                let address = code::take(change, &admitted, &held, CodePurpose::SignUp, &shown)?;
                let mut user = PoolUser::clone(&held);
                if user.attributes.get("email") == Some(&address) {
                    user.attributes.set("email_verified", "true")?;
                }
                must_be_free(change.state(), admitted.user_pool(), &user)?;
                user.status = UserStatus::Confirmed;
                user.modified = change.now().as_second();
                change.put_own(&admitted, Object::PoolUser(Arc::new(user)))
            })
            .await;
        if confirmed.is_ok() {
            self.attempts.succeeded(&attempt);
        }
        confirmed
    }

    /// Sends the code of a sign-up again.
    ///
    /// # Errors
    /// `ResourceNotFound` for the client; `NotAuthorized`; `LimitExceeded`; `InvalidParameter` for a user who is
    /// confirmed and `UserNotFound`, where the client does not hide it.
    pub async fn resend_confirmation_code(
        self: &Arc<Self>,
        cx: &RequestContext,
        who: Named,
    ) -> Result<Delivery> {
        let (admitted, user) = self.named(cx, &who)?;
        self.count(cx, &admitted, Tried::SendCode, &who, user.as_deref())?;
        let waiting = |user: &Arc<PoolUser>| user.status == UserStatus::Unconfirmed;
        if !admitted.client().hides_users {
            let user = user.as_ref().ok_or_else(super::no_user)?;
            if !waiting(user) {
                return Err(invalid("User is already confirmed."));
            }
        }
        self.send_code(cx, &admitted, user.filter(waiting), &who.username, CodePurpose::SignUp).await
    }

    /// Sends a code to a user, or does as much for nobody.
    pub(super) async fn send_code(
        self: &Arc<Self>,
        cx: &RequestContext,
        admitted: &AdmittedClient,
        user: Option<Arc<PoolUser>>,
        name: &str,
        purpose: CodePurpose,
    ) -> Result<Delivery> {
        let address = user.as_ref().and_then(|user| user.attributes.get("email")).map(str::to_owned);
        let target = user.zip(address);
        let delivery = match &target {
            Some((_, address)) => Delivery::to_email(address),
            None => self.invented(admitted, name)?,
        };
        // Nobody has proved the address of a sign-up yet. That it gets no more letters is not said: of a name that is
        // nobody's it never is.
        let target = target.filter(|(_, address)| {
            purpose != CodePurpose::SignUp
                || self.count_letter(admitted.user_pool(), address, cx.now()).is_ok()
        });
        let inside = admitted.clone();
        let mail = self
            .change(cx, move |change| match target {
                Some((user, address)) => code::draw(change, &inside, &user, purpose, &address).map(Some),
                // The change holds its record alone, and takes as long.
                None => Ok(None),
            })
            .await?;
        if let Some(mail) = mail {
            // Not waited for: the time it takes would tell that there is somebody to send to.
            let app = Arc::clone(self);
            tokio::spawn(async move {
                // A failure is in the log; the caller can ask for another code.
                let _ = app.send_mail(mail).await;
            });
        }
        Ok(delivery)
    }

    /// Where a code would have been sent: always the same for the same name.
    fn invented(&self, admitted: &AdmittedClient, name: &str) -> Result<Delivery> {
        let text = format!("{}\0{name}", admitted.pool());
        let drawn = self.keyring.mac("pool-invented-destination", &[text.as_bytes()])?;
        let mut letters = drawn.iter().map(|byte| char::from(b'a' + byte % 26));
        let mut letter = || letters.next().unwrap_or('a');
        // Who signs in with an address is told of that address.
        let shown = if name.contains('@') { name.to_owned() } else { format!("{}@{}", letter(), letter()) };
        Ok(Delivery::to_email(&shown))
    }

    /// The client and the user of a request for a code.
    pub(super) fn named(
        &self,
        cx: &RequestContext,
        who: &Named,
    ) -> Result<(AdmittedClient, Option<Arc<PoolUser>>)> {
        let state = self.snapshot();
        let admitted = self.admit(&state, cx, &who.client)?;
        self.check_secret_hash(&admitted, &who.username, who.secret_hash.as_deref())?;
        check_name("username", &who.username)?;
        let user = find(&state, admitted.user_pool(), &who.username);
        if let Some(user) = &user {
            about(cx, admitted.user_pool(), user.sub);
        }
        Ok((admitted, user))
    }

    /// Counts a try, of a name whether there is such a user or not.
    pub(super) fn count(
        &self,
        cx: &RequestContext,
        admitted: &AdmittedClient,
        tried: Tried,
        who: &Named,
        user: Option<&PoolUser>,
    ) -> Result<crate::attempts::Attempt> {
        let pool = admitted.user_pool();
        let name = user.map_or_else(|| pool.name_key(&who.username), |user| user.sub.to_string());
        self.attempts.begin(tried, pool.id.as_str(), &name, cx.now()).ok_or_else(too_often)
    }

    /// The user; without one, what is said of a wrong code, or that there is none where the client says so.
    pub(super) fn must_be_there(
        &self,
        admitted: &AdmittedClient,
        user: Option<Arc<PoolUser>>,
        hidden: fn() -> garita_model::Error,
    ) -> Result<Arc<PoolUser>> {
        let absent = || if admitted.client().hides_users { hidden() } else { super::no_user() };
        user.ok_or_else(absent)
    }
}

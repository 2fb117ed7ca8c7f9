//! Accounts: made by the operator of the machine, who holds the data folder, not over the wire.

use std::sync::Arc;
use std::time::Instant;

use garita_model::{
    AccessKeyId, Account, AccountId, AccountName, Error, KeyOwner, Object, RequestId, Result, Secret,
};
use garita_policy::Principal;
use serde_json::{Value, json};

use crate::App;
use crate::audit::Event;
use crate::authorize::Question;
use crate::context::{Arrival, Caller, RequestContext};
use crate::mint::{self, NewKey};

/// A root key brought along instead of drawn.
pub struct BroughtKey {
    /// Its id.
    pub id: AccessKeyId,
    /// Its secret.
    pub secret: Secret<String>,
}

/// A new account.
pub struct NewAccount {
    /// Its id; drawn when none.
    pub id: Option<AccountId>,
    /// Its name.
    pub name: AccountName,
    /// The root user's key; drawn when none.
    pub root_key: Option<BroughtKey>,
}

impl App {
    /// The operator of the machine, acting as an account's root user.
    ///
    /// # Errors
    /// `Internal` when there is no randomness.
    pub fn operator(&self, account: AccountId, name: &str, parameters: Value) -> Result<RequestContext> {
        let arrival = Arrival {
            request_id: RequestId::draw(self.entropy())?,
            now: self.clock.now(),
            source_ip: std::net::Ipv4Addr::LOCALHOST.into(),
            secure: true,
            user_agent: "garita".to_owned(),
            started: Instant::now(),
        };
        let caller = Caller { principal: Principal::Root { account }, key: None, session: None, iss_rev: 0 };
        let source = "organizations.amazonaws.com";
        let event = Event { source, name: name.to_owned(), parameters, read_only: false, management: true };
        Ok(RequestContext::new(arrival, caller, self.region(), None).for_event(event))
    }

    /// Makes an account with a root user and one root key.
    ///
    /// # Errors
    /// `AlreadyExists` when the id, the name or the brought key id is taken.
    pub async fn create_account(self: &Arc<Self>, new: NewAccount) -> Result<(Account, NewKey)> {
        let id = match new.id {
            Some(id) => id,
            None => self.draw_account_id()?,
        };
        let parameters = json!({ "accountName": new.name.as_str(), "accountId": id.to_string() });
        let cx = self.operator(id, "CreateAccount", parameters)?;
        self.change(&cx, move |change| {
            let state = change.state();
            if state.account(id).is_some() {
                return Err(Error::AlreadyExists(format!("account `{id}` already exists")));
            }
            if state.accounts().any(|a| a.name.as_str() == new.name.as_str()) {
                return Err(Error::AlreadyExists(format!("an account named `{}` already exists", new.name)));
            }
            if let Some(key) = &new.root_key
                && state.access_key(&key.id).is_some()
            {
                return Err(Error::AlreadyExists(format!("access key `{}` already exists", key.id)));
            }
            let account = Account {
                id,
                name: new.name,
                alias: None,
                password_policy: None,
                created: change.now(),
                min_rev: 0,
            };
            change.found(account.clone())?;
            let arn = format!("arn:aws:iam::{id}:root");
            let permit = change.authorize(&Question::new("iam:CreateAccessKey", &arn, id))?;
            let (app, now) = (change.app(), change.now());
            let key = match new.root_key {
                Some(BroughtKey { id: key, secret }) => {
                    mint::brought_key(&app.keyring, app.entropy(), id, KeyOwner::Root, key, secret, now)?
                }
                None => mint::access_key(&app.keyring, app.entropy(), &permit, id, KeyOwner::Root, now)?,
            };
            change.put(&permit, Object::AccessKey(Arc::new(key.key.clone())));
            change.made(json!({ "accountId": id.to_string(), "accessKeyId": key.key.id.as_str() }));
            Ok((account, key))
        })
        .await
    }

    fn draw_account_id(&self) -> Result<AccountId> {
        let state = self.snapshot();
        loop {
            let mut bytes = [0_u8; 8];
            self.entropy().fill(&mut bytes)?;
            let number = 100_000_000_000 + u64::from_be_bytes(bytes) % 900_000_000_000;
            let id: AccountId = format!("{number:012}")
                .parse()
                .map_err(|_| Error::internal("account id drawn out of range"))?;
            if state.account(id).is_none() {
                return Ok(id);
            }
        }
    }
}

//! The users of a pool, written as a file that [`super::import`] takes.
//!
//! INVARIANT: the record is on disk before the first line leaves.

use std::sync::Arc;

use garita_model::user_pool::{PoolId, UserPool};
use garita_model::{Error, PoolUser, Result, Secret};
use garita_store::Snapshot;
use jiff::Timestamp;
use serde_json::json;

use super::line::{GroupLine, Line, StatusWord, TokenLine, UserLine};
use crate::App;
use crate::audit::Outcome;
use crate::totp;
use crate::user_pool::software_token;

/// The users of a pool at a moment.
pub struct Export {
    app: Arc<App>,
    state: Arc<Snapshot>,
    pool: Arc<UserPool>,
    /// What will be written.
    pub counts: Exported,
}

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Exported {
    /// Users.
    pub users: usize,
    /// Groups.
    pub groups: usize,
    /// Users left out, because they sign in elsewhere.
    pub left_out: usize,
}

impl App {
    /// The users of a pool with their hashes, for the operator of the machine.
    ///
    /// # Errors
    /// `Rejected` for a pool that is not there; `Unavailable` when the trail cannot be written.
    pub async fn export_users(self: &Arc<Self>, pool: &PoolId) -> Result<Export> {
        let cx = self.pool_operator(pool, "ExportUsers", json!({ "userPoolId": pool.as_str() }), true)?;
        let (state, pool) = self.read_pool(&cx, "cognito-idp:ListUsers", pool)?;
        let users = state.pool_users(&pool.id, None);
        let left_out = users.filter(|user| StatusWord::of(user.status).is_none()).count();
        let counts = Exported {
            users: state.pool_user_count(&pool.id) - left_out,
            groups: state.pool_groups(&pool.id).count(),
            left_out,
        };
        self.audit(&cx, &Outcome { response: json!(counts), ..Outcome::ok(200) }).await?;
        Ok(Export { app: Arc::clone(self), state, pool, counts })
    }
}

impl Export {
    /// The lines, groups first, without their ends.
    pub fn lines(&self) -> impl Iterator<Item = Result<Secret<String>>> + '_ {
        let groups = self.state.pool_groups(&self.pool.id).map(|group| {
            Line::Group(GroupLine {
                name: group.name.clone(),
                description: group.description.clone(),
                role: group.role.clone(),
                precedence: group.precedence,
            })
        });
        let users = self.state.pool_users(&self.pool.id, None);
        let users = users.filter_map(|user| self.line(user).transpose());
        groups.map(Ok).chain(users).map(|line| {
            let text = serde_json::to_string(&line?);
            text.map(Secret::new).map_err(|error| Error::internal(format!("a line of users: {error}")))
        })
    }

    fn line(&self, user: &PoolUser) -> Result<Option<Line>> {
        let Some(status) = StatusWord::of(user.status) else { return Ok(None) };
        let more = user.more.as_deref();
        let own = |hash: &str| hash.to_owned();
        Ok(Some(Line::User(Box::new(UserLine {
            username: self.username(user),
            sub: Some(user.sub),
            status: Some(status),
            enabled: user.enabled,
            created: Timestamp::from_second(user.created).ok(),
            attributes: user
                .attributes
                .iter()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            groups: user.groups.iter().map(ToString::to_string).collect(),
            password_hash: user.password.as_deref().map(own),
            former_password_hashes: more
                .map(|more| more.former.iter().map(|hash| own(hash)).collect())
                .unwrap_or_default(),
            temporary_until: more.and_then(|more| more.temporary_until),
            software_token: self.token(user)?,
        }))))
    }

    /// The name as it is given to sign up: an address where people do so with one.
    fn username(&self, user: &PoolUser) -> String {
        let mut names = self.pool.username_attributes.iter();
        let address = names.find_map(|attribute| user.attributes.get(attribute.as_str()));
        address.unwrap_or(&user.name).to_owned()
    }

    fn token(&self, user: &PoolUser) -> Result<Option<TokenLine>> {
        let (Some(token), Some(more)) = (user.software_token(), &user.more) else { return Ok(None) };
        let key = software_token::open(&self.app, user.sub, &token.seed)?;
        Ok(Some(TokenLine {
            secret: totp::base32(key.expose()),
            enabled: more.software_token_on,
            preferred: more.software_token_preferred,
            name: token.name.clone(),
        }))
    }
}

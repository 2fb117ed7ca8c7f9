//! A file of users, put into a pool.
//!
//! Every line is read before anything is written, then all of it is one change: whatever is wrong with a line, nothing
//! of the file is there. INVARIANT: tokens of a former user cannot come to life again because a file brings its `sub`.

use std::collections::HashMap;
use std::sync::Arc;

use aws_lc_rs::digest;
use garita_model::user_pool::{PoolId, SoftwareToken, UserStatus, Uuid};
use garita_model::{Error, Object, PoolUser, Result, UserPool};
use garita_store::{PoolName, Snapshot};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::line::{GroupLine, Line, MOST_LINE, TokenLine, UserLine};
use crate::App;
use crate::audit::{self, Event, Outcome};
use crate::authorize::Permit;
use crate::change::Change;
use crate::context::RequestContext;
use crate::totp;
use crate::user_pool::ask::judged;
use crate::user_pool::attribute::set;
use crate::user_pool::group::{GroupSettings, MOST_GROUPS_OF_USER, add_group};
use crate::user_pool::new_user::draft;
use crate::user_pool::username::{is_taken, must_be_free};
use crate::user_pool::{invalid, software_token};

/// Most users and groups of a file: they are one change, and others wait for it.
const MOST_LINES: usize = 200_000;
/// How many faults are told.
const MOST_FAULTS: usize = 20;

/// A file that was read whole.
pub struct UsersFile {
    groups: Vec<(usize, GroupLine)>,
    users: Vec<(usize, Box<UserLine>)>,
    bytes: u64,
    sha256: String,
}

/// Reads a file line by line.
pub struct UsersFileReader {
    file: UsersFile,
    digest: digest::Context,
    lines: usize,
    /// Whether the line goes on that was too long.
    within: bool,
    faults: Vec<String>,
}

/// What came of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Imported {
    /// Users that were made.
    pub users: usize,
    /// Users that were there already.
    pub users_there: usize,
    /// Groups that were made.
    pub groups: usize,
    /// Groups that were there already.
    pub groups_there: usize,
}

impl Default for UsersFileReader {
    fn default() -> Self {
        let file = UsersFile { groups: Vec::new(), users: Vec::new(), bytes: 0, sha256: String::new() };
        let digest = digest::Context::new(&digest::SHA256);
        Self { file, digest, lines: 0, within: false, faults: Vec::new() }
    }
}

impl UsersFileReader {
    /// Most bytes of a file.
    pub const MOST_BYTES: u64 = 256 * 1024 * 1024;

    /// Takes a line with its end, or a piece of one that is longer than [`MOST_LINE`].
    pub fn take(&mut self, piece: &[u8]) {
        self.digest.update(piece);
        self.file.bytes = self.file.bytes.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
        let (goes_on, ends) = (self.within, piece.ends_with(b"\n"));
        self.within = !ends && piece.len() > MOST_LINE;
        if goes_on {
            self.within |= !ends;
            return;
        }
        self.lines += 1;
        let full = self.file.users.len() + self.file.groups.len() >= MOST_LINES;
        if self.faults.len() >= MOST_FAULTS || piece.trim_ascii().is_empty() {
            return;
        }
        if full || self.file.bytes > Self::MOST_BYTES {
            let most =
                format!("a file has at most {MOST_LINES} users and groups and {} bytes", Self::MOST_BYTES);
            self.faults = vec![format!("line {}: {most}: split it", self.lines)];
            // One is enough: the rest is not looked at.
            self.faults.resize(MOST_FAULTS, String::new());
            return;
        }
        match Line::parse(piece) {
            Ok(Line::Group(group)) => self.file.groups.push((self.lines, group)),
            Ok(Line::User(user)) => self.file.users.push((self.lines, user)),
            Err(fault) => self.faults.push(format!("line {}: {fault}", self.lines)),
        }
    }

    /// The file; or what is wrong with it, the first lines of it.
    ///
    /// # Errors
    /// One text for each line that is wrong.
    pub fn finish(mut self) -> Result<UsersFile, Vec<String>> {
        self.faults.retain(|fault| !fault.is_empty());
        if !self.faults.is_empty() {
            return Err(self.faults);
        }
        let sum = self.digest.finish();
        self.file.sha256 = hex::encode(sum);
        Ok(self.file)
    }
}

impl App {
    /// Puts a file of users into a pool, for the operator of the machine.
    ///
    /// # Errors
    /// `Rejected` for a pool that is not there, and for a line that does not fit it, with the line's number: then nothing
    /// is changed; `Unavailable` when the store cannot keep it.
    pub async fn import_users(self: &Arc<Self>, pool: PoolId, file: UsersFile) -> Result<Imported> {
        let parameters = json!({
            "userPoolId": pool.as_str(), "sha256": file.sha256, "bytes": file.bytes,
            "users": file.users.len(), "groups": file.groups.len(),
        });
        let cx = self.pool_operator(&pool, "ImportUsers", parameters, false)?;
        let imported = self.change(&cx, move |change| put(change, &pool, file)).await;
        if let Err(error) = &imported {
            let outcome = Outcome::error(400, audit::error_code(error), error.to_string());
            self.audit(&cx, &outcome).await?;
        }
        imported
    }

    /// The operator of the machine, acting on a pool.
    pub(super) fn pool_operator(
        &self,
        pool: &PoolId,
        name: &str,
        parameters: serde_json::Value,
        read_only: bool,
    ) -> Result<RequestContext> {
        let state = self.snapshot();
        let absent = || garita_model::user_pool::PoolFault::ResourceNotFound;
        let found = state.user_pool(pool);
        let found = found.ok_or_else(|| absent().because(format!("User pool {pool} does not exist.")))?;
        let cx = self.operator(found.account, name, serde_json::Value::Null)?;
        let (source, name) = ("garita.internal", name.to_owned());
        Ok(cx.for_event(Event { source, name, parameters, read_only, management: true }))
    }
}

fn put(change: &mut Change<'_>, pool: &PoolId, file: UsersFile) -> Result<Imported> {
    let (permit, pool) = judged(change, "cognito-idp:AdminCreateUser", pool)?;
    let mut done = Imported::default();
    let mut first: HashMap<String, usize> = HashMap::new();
    for (line, group) in file.groups {
        if change.state().pool_group(&pool.id, &group.name).is_some() {
            done.groups_there += 1;
            continue;
        }
        let GroupLine { name, description, role, precedence } = group;
        let settings = GroupSettings { description, role, precedence };
        add_group(change, &permit, &pool, name, settings).map_err(|error| at(line, error))?;
        done.groups += 1;
    }
    for (line, user) in file.users {
        if let Some(before) = first.insert(pool.name_key(&user.username), line) {
            return Err(at(line, invalid(format!("the same user is on line {before} already"))));
        }
        match put_user(change, &permit, &pool, *user).map_err(|error| at(line, error))? {
            true => done.users += 1,
            false => done.users_there += 1,
        }
    }
    change.made(json!(done));
    Ok(done)
}

/// Makes the user of a line; false when it is there.
fn put_user(change: &mut Change<'_>, permit: &Permit, pool: &UserPool, line: UserLine) -> Result<bool> {
    if let Some(there) = named(change.state(), pool, &line.username) {
        if line.sub.is_some_and(|sub| sub != there.sub) {
            return Err(invalid("a user of this name with another `sub` is there"));
        }
        return Ok(false);
    }
    if line.sub.is_some_and(|sub| change.state().pool_user(&pool.id, sub).is_some()) {
        return Err(invalid("a user with this `sub` and another name is there"));
    }
    if is_taken(change.state(), pool, &line.username) {
        return Err(invalid("the name is the `sub` or an alias of a user who is there"));
    }
    if line.sub.is_some_and(|sub| named(change.state(), pool, &sub.to_string()).is_some()) {
        return Err(invalid("a user whose name is this `sub` is there"));
    }
    let user = made(change, pool, line)?;
    change.put(permit, Object::PoolUser(Arc::new(user)));
    Ok(true)
}

/// The user that a line's name means: no alias counts.
fn named(state: &Snapshot, pool: &UserPool, username: &str) -> Option<Arc<PoolUser>> {
    let by = |name| state.pool_users_named(&pool.id, name, username).next().cloned();
    let attributes = pool.username_attributes.iter().map(|attribute| PoolName::Attribute(*attribute));
    std::iter::once(PoolName::Username).chain(attributes).find_map(by)
}

fn made(change: &Change<'_>, pool: &UserPool, line: UserLine) -> Result<PoolUser> {
    let status = line.status();
    let sub = match line.sub {
        Some(sub) => sub,
        None => Uuid::draw(change.entropy())?,
    };
    let mut user = draft(change, pool, sub, &line.username, status)?;
    for (name, value) in &line.attributes {
        set(pool, &mut user, name, value)?;
    }
    must_be_free(change.state(), pool, &user)?;
    user.groups = groups(change.state(), pool, line.groups)?;
    user.enabled = line.enabled;
    user.created = line.created.map_or(user.created, Timestamp::as_second);
    user.min_rev = change.revision();
    user.password = line.password_hash.map(String::into_boxed_str);
    if !line.former_password_hashes.is_empty() {
        user.more_mut().former =
            line.former_password_hashes.into_iter().map(String::into_boxed_str).collect();
    }
    if status == UserStatus::ForceChangePassword {
        let days = i64::from(pool.password_policy.temporary_days);
        let until = line.temporary_until.unwrap_or(change.now() + SignedDuration::from_hours(24 * days));
        user.more_mut().temporary_until = Some(until);
    }
    if let Some(token) = line.software_token {
        put_token(change, &mut user, token)?;
    }
    Ok(user)
}

fn groups(state: &Snapshot, pool: &UserPool, mut names: Vec<String>) -> Result<Box<[Box<str>]>> {
    names.sort();
    names.dedup();
    if names.len() > MOST_GROUPS_OF_USER {
        return Err(invalid(format!("a user is in at most {MOST_GROUPS_OF_USER} groups")));
    }
    if let Some(absent) = names.iter().find(|name| state.pool_group(&pool.id, name).is_none()) {
        let shown: String = absent.chars().take(128).collect();
        return Err(invalid(format!("the group `{shown}` is neither in the pool nor in the file")));
    }
    Ok(names.into_iter().map(String::into_boxed_str).collect())
}

fn put_token(change: &Change<'_>, user: &mut PoolUser, token: TokenLine) -> Result<()> {
    let unreadable = || invalid("`software_token.secret` is no base32");
    let key = totp::from_base32(&token.secret).ok_or_else(unreadable)?;
    let seed = software_token::seal(change.app(), user.sub, &key)?;
    let more = user.more_mut();
    // A code that was used elsewhere a moment ago is not known here.
    let last_step = totp::step_of(change.now());
    more.software_token = Some(SoftwareToken { seed, last_step, drift: 0, name: token.name });
    (more.software_token_on, more.software_token_preferred) = (token.enabled, token.preferred);
    Ok(())
}

/// The error with its line; one that is not the file's fault stays as it is.
fn at(line: usize, error: Error) -> Error {
    match error {
        Error::Internal(_) | Error::Unavailable(_) => error,
        error => invalid(format!("line {line}: {error}")),
    }
}

//! SSH public keys of users.
//!
//! AWS takes RSA keys only; here the other key types of OpenSSH's `authorized_keys` are taken as well.
//! Formats: RFC 4253 §6.6, RFC 5656 §3.1, RFC 8709 §4; PEM as SubjectPublicKeyInfo (RFC 5280 §4.1, RFC 3279 §2.3.1).

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use garita_model::id::IdKind;
use garita_model::{
    Error, KeyStatus, ObjectKey, Plain, Reason, Result, SshPublicKey, UniqueId, User, UserName,
};
use garita_store::Snapshot;
use md5::{Digest as _, Md5};
use serde_json::json;

use super::ask::own_account;
use super::entity::EntityName;
use super::page::{Page, PageRequest};
use super::{quota, user};
use crate::App;
use crate::authorize::Permit;
use crate::change::Change;
use crate::context::RequestContext;

const TYPES: [&str; 5] =
    ["ssh-rsa", "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"];
/// DER of the algorithm `rsaEncryption`, with its null parameters.
const RSA: &[u8] = &[0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 1, 1, 5, 0];

impl App {
    /// Takes a user's key.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound`; `Rejected` for what is no key, or one the user has; `LimitExceeded` for a sixth.
    pub async fn upload_ssh_public_key(
        self: &Arc<Self>,
        cx: &RequestContext,
        name: UserName,
        body: String,
    ) -> Result<(UserName, SshPublicKey)> {
        self.with_user(cx, "iam:UploadSSHPublicKey", name, move |change, permit, user| {
            let blob = blob(&body)?;
            let held: Vec<_> = of_user(change.state(), user).cloned().collect();
            quota::SSH_KEYS_OF_USER.one_more(held.len())?;
            let fingerprint = fingerprint(&blob);
            if held.iter().any(|key| key.fingerprint == fingerprint) {
                let message = "The SSH public key is already associated with the specified IAM user.";
                return Err(Error::rejected(Reason::DuplicateSshPublicKey, message));
            }
            let key = SshPublicKey {
                account: user.account,
                user: user.id.clone(),
                id: UniqueId::draw(IdKind::PublicKey, change.entropy())?,
                body: body.trim().to_owned(),
                fingerprint,
                status: KeyStatus::Active,
                uploaded: change.now(),
            };
            change.put(permit, key.clone().into_object());
            change.made(json!({ "sSHPublicKey": { "sSHPublicKeyId": key.id, "status": "Active" } }));
            Ok((user.name.clone(), key))
        })
        .await
    }

    /// A user's key; as PEM if so asked.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound`; `Rejected` for PEM of a key that is not RSA.
    pub fn get_ssh_public_key(
        &self,
        cx: &RequestContext,
        name: &UserName,
        id: &str,
        as_pem: bool,
    ) -> Result<(UserName, SshPublicKey)> {
        let (account, state) = (own_account(cx)?, self.snapshot());
        let ask = EntityName::User(name.clone()).ask(["iam:GetSSHPublicKey"; 3], &state, account);
        ask.judge_read(&state, cx)?;
        let user = user::get(&state, account, name)?;
        let mut key = SshPublicKey::clone(&*find(&state, &user, id)?);
        if as_pem {
            key.body = pem(&blob(&key.body)?).ok_or_else(|| {
                let message = "only RSA keys can be shown as PEM: ask for SSH";
                Error::rejected(Reason::UnrecognizedPublicKeyEncoding, message)
            })?;
        }
        Ok((user.name.clone(), key))
    }

    /// The keys of a user, or of the caller.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound`; `Invalid` for a marker or a number of items that cannot be.
    pub fn list_ssh_public_keys(
        &self,
        cx: &RequestContext,
        name: Option<UserName>,
        page: &PageRequest,
    ) -> Result<(UserName, Page<Arc<SshPublicKey>>)> {
        let (account, state) = (own_account(cx)?, self.snapshot());
        let name = name.map_or_else(|| user::calling_user(&state, cx), Ok)?;
        let ask = EntityName::User(name.clone()).ask(["iam:ListSSHPublicKeys"; 3], &state, account);
        ask.judge_read(&state, cx)?;
        let user = user::get(&state, account, &name)?;
        let keys = of_user(&state, &user).map(|key| (key.local(), Arc::clone(key)));
        Ok((user.name.clone(), self.pager(&ask, page)?.cut(keys)))
    }

    /// Activates or deactivates a key.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound`.
    pub async fn update_ssh_public_key(
        self: &Arc<Self>,
        cx: &RequestContext,
        name: UserName,
        id: String,
        status: KeyStatus,
    ) -> Result<()> {
        self.with_user(cx, "iam:UpdateSSHPublicKey", name, move |change, permit, user| {
            let key = find(change.state(), user, &id)?;
            change.put(permit, SshPublicKey { status, ..SshPublicKey::clone(&key) }.into_object());
            Ok(())
        })
        .await
    }

    /// Deletes a key.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound`.
    pub async fn delete_ssh_public_key(
        self: &Arc<Self>,
        cx: &RequestContext,
        name: UserName,
        id: String,
    ) -> Result<()> {
        self.with_user(cx, "iam:DeleteSSHPublicKey", name, move |change, permit, user| {
            let key = find(change.state(), user, &id)?;
            change.delete(permit, ObjectKey::plain(key.as_ref()));
            Ok(())
        })
        .await
    }

    /// Changes something of a user, for a caller that may.
    async fn with_user<T: Send + 'static>(
        self: &Arc<Self>,
        cx: &RequestContext,
        action: &'static str,
        name: UserName,
        work: impl FnOnce(&mut Change<'_>, &Permit, &User) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let account = own_account(cx)?;
        self.change(cx, move |change| {
            let permit =
                EntityName::User(name.clone()).ask([action; 3], change.state(), account).judge(change)?;
            let user = user::get(change.state(), account, &name)?;
            work(change, &permit, &user)
        })
        .await
    }
}

/// The keys of a user.
pub(super) fn of_user<'a>(
    state: &'a Snapshot,
    user: &User,
) -> impl Iterator<Item = &'a Arc<SshPublicKey>> + use<'a> {
    state.list::<SshPublicKey>(user.account, &format!("{}/", user.id))
}

fn find(state: &Snapshot, user: &User, id: &str) -> Result<Arc<SshPublicKey>> {
    let found = of_user(state, user).find(|key| key.id.as_str() == id).cloned();
    found.ok_or_else(|| Error::NotFound(format!("The SSH Public Key with id {id} cannot be found.")))
}

/// Reads a key as it is uploaded; answers its fingerprint and, for an RSA key, what it is as PEM.
///
/// # Errors
/// `Rejected` for a text that is no public key of OpenSSH's.
pub fn read(body: &str) -> Result<(String, Option<String>)> {
    blob(body).map(|blob| (fingerprint(&blob), pem(&blob)))
}

/// The key itself: what stands in base64 behind its type, which it repeats.
fn blob(body: &str) -> Result<Vec<u8>> {
    let mut words = body.split_whitespace();
    let mut read = || {
        let kind = words.next().filter(|kind| TYPES.contains(kind))?;
        let blob = STANDARD.decode(words.next()?).ok()?;
        let (named, rest) = field(&blob)?;
        (named == kind.as_bytes() && !rest.is_empty()).then_some(blob)
    };
    read().ok_or_else(|| {
        let message =
            "The public key is not in the form of OpenSSH's `authorized_keys`, such as `ssh-rsa AAAA…`.";
        Error::rejected(Reason::InvalidPublicKey, message)
    })
}

/// A field with its length in front, and what follows it.
fn field(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

fn fingerprint(blob: &[u8]) -> String {
    Md5::digest(blob).iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":")
}

/// An RSA key as PEM.
fn pem(blob: &[u8]) -> Option<String> {
    let (kind, rest) = field(blob)?;
    let (exponent, rest) = field(rest)?;
    let (modulus, _) = field(rest)?;
    if kind != b"ssh-rsa" {
        return None;
    }
    let numbers = [der(2, modulus), der(2, exponent)].concat();
    let key = der(3, &[&[0][..], &der(0x30, &numbers)].concat());
    let text = STANDARD.encode(der(0x30, &[RSA, &key].concat()));
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    Some(format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n")))
}

/// A DER element.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let significant: Vec<u8> = length.into_iter().skip_while(|byte| *byte == 0).collect();
    let mut element = vec![tag];
    match (significant.as_slice(), u8::try_from(significant.len())) {
        ([], _) => element.push(0),
        ([short], _) if *short < 0x80 => element.push(*short),
        (long, Ok(count)) => {
            element.push(0x80 | count);
            element.extend(long);
        }
        (_, Err(_)) => {}
    }
    element.extend(content);
    element
}

//! The ground that tokens of one user pool are made and verified on, without a pool.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use garita_app::Keyring;
use garita_app::token::rotation::Step;
use garita_app::token::{Ground, Issuer, RestsOn, TokenSubject, key};
use garita_model::{Entropy as _, Secret, SystemEntropy, TokenAlgorithm, TokenKey};
use jiff::Timestamp;

/// A pool with keys, and what is told of its users.
pub struct OnePool {
    /// The pool as issuer.
    pub issuer: Issuer,
    /// The key ring its keys are sealed under.
    pub keyring: Keyring,
    keys: Mutex<Vec<Arc<TokenKey>>>,
    state: Mutex<State>,
}

struct State {
    revision: u64,
    /// The `min_rev` by what a token may rest on: a client, a sub or an `origin_jti`; none when it is gone.
    floors: HashMap<String, Option<u64>>,
}

impl OnePool {
    /// A pool at revision 5 with a pair of keys for each algorithm, signing from `now`.
    pub fn new(url: &str, algorithms: &[TokenAlgorithm], now: Timestamp) -> Self {
        let pool = url.rsplit('/').next().unwrap().to_owned();
        let account = crate::ACCOUNT.parse().unwrap();
        let issuer = Issuer { account, pool, url: url.to_owned() };
        let mut master = [0; 32];
        SystemEntropy.fill(&mut master).unwrap();
        let keyring = Keyring::new(&Secret::new(master));
        let made = algorithms.iter().flat_map(|algorithm| {
            key::generate_pair(account, &issuer.pool, *algorithm, &keyring, &SystemEntropy, now).unwrap()
        });
        let keys = Mutex::new(made.map(Arc::new).collect());
        let state = Mutex::new(State { revision: 5, floors: HashMap::new() });
        Self { issuer, keyring, keys, state }
    }

    /// A user's sign-in through a client, as what tokens rest on.
    pub fn sign_in(&self, client: &str, username: &str) -> RestsOn {
        let subject = TokenSubject::User { sub: format!("sub-of-{username}"), username: username.to_owned() };
        let origin_jti = Some(format!("sign-in-of-{username}"));
        RestsOn { issuer: self.issuer.clone(), client: client.to_owned(), subject, origin_jti }
    }

    /// Another change came in, at the revision that is returned.
    pub fn advance(&self) -> u64 {
        let mut state = self.state.lock().unwrap();
        state.revision += 1;
        state.revision
    }

    /// Sets the `min_rev` of a client, a sub or an `origin_jti`; none deletes or disables it.
    pub fn set_floor(&self, of: &str, floor: Option<u64>) {
        self.state.lock().unwrap().floors.insert(of.to_owned(), floor);
    }

    /// Puts a key in place of the one of its name.
    pub fn put(&self, key: TokenKey) {
        let mut keys = self.keys.lock().unwrap();
        keys.retain(|held| held.kid != key.kid);
        keys.push(Arc::new(key));
    }

    /// Does what a plan says.
    pub fn apply(&self, steps: Vec<Step>, now: Timestamp) {
        let Issuer { account, pool, .. } = &self.issuer;
        for step in steps {
            match step {
                Step::Add { algorithm, signs, signs_from } => {
                    let new = key::NewKey { account: *account, pool, algorithm, signs };
                    self.put(key::generate(new, &self.keyring, &SystemEntropy, now, signs_from).unwrap());
                }
                Step::Put(key) => self.put(*key),
                Step::Delete(key) => self.keys.lock().unwrap().retain(|held| held.kid != key.kid),
            }
        }
    }

    /// All keys.
    pub fn all_keys(&self) -> Vec<Arc<TokenKey>> {
        self.keys.lock().unwrap().clone()
    }
}

impl Ground for OnePool {
    fn revision(&self) -> u64 {
        self.state.lock().unwrap().revision
    }
    fn issuer(&self, iss: &str) -> Option<Issuer> {
        (iss == self.issuer.url).then(|| self.issuer.clone())
    }
    fn keys(&self, issuer: &Issuer) -> Vec<Arc<TokenKey>> {
        if issuer.pool == self.issuer.pool { self.all_keys() } else { Vec::new() }
    }
    fn floor(&self, on: &RestsOn) -> Option<u64> {
        let state = self.state.lock().unwrap();
        let sub = match &on.subject {
            TokenSubject::User { sub, .. } => Some(sub),
            TokenSubject::Client => None,
        };
        let things = [Some(&on.client), sub, on.origin_jti.as_ref()];
        things.into_iter().flatten().try_fold(0, |floor, thing| {
            let held = state.floors.get(thing).copied().unwrap_or(Some(0))?;
            Some(floor.max(held))
        })
    }
}

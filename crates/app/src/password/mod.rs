//! Passwords: what they are stored as, how they are checked, and what makes one good enough.
//!
//! [`HashPool`] bounds what hashing costs; [`stored`] reads every form a hash may have, Garita's own and those that
//! people bring along; [`rules`] says which new passwords are accepted. The cost is that of OWASP's "Password Storage
//! Cheat Sheet" for Argon2id: 19 MiB, two passes. The same characters typed on two devices are the same password: they are
//! hashed in Unicode's composed form (NIST SP 800-63B-4 section 3.1.1.2; UAX #15, NFC).
//!
//! INVARIANT: a hash is only ever computed on the pool's own threads. INVARIANT: a user that is not there costs the
//! same work as one that is.

mod pool;
pub mod rules;
pub mod stored;

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use garita_model::user_pool::Weakness;
use garita_model::{Entropy, Error, PasswordHash, Result, Secret};
use icu_normalizer::ComposingNormalizerBorrowed;

use crate::App;
pub use pool::{Busy, HashPool, Scratch};
pub use stored::{Checked, Stored};

/// Memory in KiB.
pub(crate) const MEMORY: u32 = 19 * 1024;
/// Passes over it.
pub(crate) const PASSES: u32 = 2;
/// Bytes of salt.
const SALT: usize = 16;
/// Bytes of hash.
const HASH: usize = 32;

/// Hashes and checks passwords, for all of the program.
#[derive(Clone)]
pub struct Passwords {
    pool: Arc<HashPool>,
    entropy: Arc<dyn Entropy>,
}

impl Passwords {
    /// Passwords hashed by so many threads.
    pub fn new(pool: HashPool, entropy: Arc<dyn Entropy>) -> Self {
        Self { pool: Arc::new(pool), entropy }
    }

    /// How many pieces of work the pool has taken in: two requests that it works alike for cannot be told apart by the
    /// time they take.
    pub fn turns(&self) -> u64 {
        self.pool.taken()
    }

    /// What a password is stored as: a PHC string.
    ///
    /// # Errors
    /// `Unavailable` when too many passwords wait already; `Internal` when there is no randomness or no memory.
    pub async fn hash(&self, password: &Secret<String>) -> Result<Box<str>> {
        let mut salt = [0_u8; SALT];
        self.entropy.fill(&mut salt)?;
        let password = composed(password);
        let work = move |scratch: &mut Scratch| {
            let stored = Stored::argon2id(MEMORY, PASSES, salt.to_vec(), vec![0; HASH]);
            let hash = stored.derive(password.expose().as_bytes(), scratch)?;
            Some(Stored::argon2id(MEMORY, PASSES, salt.to_vec(), hash).to_string())
        };
        let hash =
            self.pool.run(work).await?.ok_or_else(|| Error::internal("a password cannot be hashed"))?;
        Ok(hash.into_boxed_str())
    }

    /// Whether a password is the one that is stored. Without one it is not, after the same work.
    ///
    /// # Errors
    /// `Unavailable` when too many passwords wait already; `Internal` when what is stored cannot be read.
    pub async fn check(&self, password: &Secret<String>, stored: Option<&str>) -> Result<Checked> {
        let known = stored.map(str::parse::<Stored>).transpose();
        let known = known.map_err(|e| Error::internal(format!("a stored password: {e}")))?;
        let there = known.is_some();
        let against = known.unwrap_or_else(|| {
            Stored::argon2id(MEMORY, PASSES, b"nobody's own salt".to_vec(), vec![0; HASH])
        });
        let forms = forms(password);
        let work = move |scratch: &mut Scratch| {
            let mut checks = forms.iter().map(|form| against.check(form.expose().as_bytes(), scratch));
            checks.find(|checked| *checked != Checked::No).unwrap_or(Checked::No)
        };
        let checked = self.pool.run(work).await?;
        Ok(if there { checked } else { Checked::No })
    }

    /// Whether a password is one of those that are stored; one turn on the pool for all of them.
    ///
    /// # Errors
    /// As [`Passwords::check`].
    pub async fn is_one_of<'a>(
        &self,
        password: &Secret<String>,
        stored: impl IntoIterator<Item = &'a str>,
    ) -> Result<bool> {
        let stored: Result<Vec<Stored>, _> = stored.into_iter().map(str::parse::<Stored>).collect();
        let stored = stored.map_err(|e| Error::internal(format!("a stored password: {e}")))?;
        let forms = forms(password);
        let same = move |stored: &Stored, scratch: &mut Scratch| {
            forms.iter().any(|form| stored.check(form.expose().as_bytes(), scratch) != Checked::No)
        };
        self.pool
            .run(move |scratch| stored.iter().any(|stored| same(stored, scratch)))
            .await
            .map_err(Error::from)
    }

    /// Does other work of a sign-in that takes a while on the pool's threads, in the same queue.
    ///
    /// # Errors
    /// `Unavailable` when too much waits already.
    pub async fn turn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        self.pool.run(move |_: &mut Scratch| work()).await.map_err(Error::from)
    }

    /// Holds a new password to rules. Estimating how well it can be guessed is work for the pool, too.
    ///
    /// # Errors
    /// `Unavailable` when too many passwords wait already; inside, what the password lacks.
    pub async fn hold(
        &self,
        rules: rules::Rules,
        password: &Secret<String>,
        about: Vec<String>,
    ) -> Result<Result<(), Weakness>> {
        let password = composed(password);
        let work = move |_: &mut Scratch| {
            let about: Vec<&str> = about.iter().map(String::as_str).collect();
            rules.check(password.expose(), &about)
        };
        self.pool.run(work).await.map_err(Error::from)
    }
}

impl App {
    /// Hashes and checks passwords.
    pub fn passwords(&self) -> &Passwords {
        &self.passwords
    }

    /// What the password of an IAM user is stored as.
    ///
    /// # Errors
    /// As [`Passwords::hash`].
    pub(crate) async fn hash_password(&self, password: &Secret<String>) -> Result<PasswordHash> {
        let stored = self.passwords.hash(password).await?;
        let mut parts = stored.rsplit('$');
        let (Some(hash), Some(salt)) = (parts.next(), parts.next()) else {
            return Err(Error::internal("a password hash without its parts"));
        };
        let (salt, hash) = (salt.to_owned(), hash.to_owned());
        Ok(PasswordHash { memory: MEMORY, passes: PASSES, salt, hash })
    }

    /// Whether a password is the one that was stored for an IAM user.
    ///
    /// # Errors
    /// As [`Passwords::check`].
    pub(crate) async fn is_password(&self, password: &Secret<String>, stored: &PasswordHash) -> Result<bool> {
        self.is_login(password, Some(stored)).await
    }

    /// The same of who signs in. Without a stored one it is not, after the same work.
    ///
    /// # Errors
    /// As [`Passwords::check`].
    pub(crate) async fn is_login(
        &self,
        password: &Secret<String>,
        stored: Option<&PasswordHash>,
    ) -> Result<bool> {
        let Some(stored) = stored else {
            return Ok(self.passwords.check(password, None).await? != Checked::No);
        };
        let bytes = |text: &str| {
            let unreadable = |_| Error::internal("a stored password hash cannot be read");
            STANDARD_NO_PAD.decode(text).map_err(unreadable)
        };
        let (memory, passes) = (stored.memory, stored.passes);
        let stored = Stored::argon2id(memory, passes, bytes(&stored.salt)?, bytes(&stored.hash)?);
        Ok(self.passwords.check(password, Some(&stored.to_string())).await? != Checked::No)
    }
}

/// A password in the form in which it is hashed.
fn composed(password: &Secret<String>) -> Secret<String> {
    Secret::new(ComposingNormalizerBorrowed::new_nfc().normalize(password.expose()).into_owned())
}

/// The forms in which a password may be stored: composed, and, where that is another text, as it was typed, because other
/// software hashed what it was given. What they cost depends on the password that is tried alone.
fn forms(password: &Secret<String>) -> Vec<Secret<String>> {
    let mut forms = vec![composed(password)];
    if forms.iter().all(|form| form.expose() != password.expose()) {
        forms.push(password.clone());
    }
    forms
}

#[cfg(test)]
mod tests {
    use super::*;
    use garita_model::SystemEntropy;

    fn passwords() -> Passwords {
        Passwords::new(HashPool::start(2, 8), Arc::new(SystemEntropy))
    }

    fn secret(text: &str) -> Secret<String> {
        Secret::new(text.to_owned())
    }

    #[tokio::test]
    async fn a_password_is_known_again_and_no_other_is() {
        let passwords = passwords();
        let stored = passwords.hash(&secret("correct horse")).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        let check = async |password: &str, stored: Option<&str>| {
            passwords.check(&secret(password), stored).await.unwrap()
        };
        assert_eq!(check("correct horse", Some(&stored)).await, Checked::Yes);
        for wrong in ["correct hors", "Correct horse", "", "correct horse\0", "nobody's own salt"] {
            assert_eq!(check(wrong, Some(&stored)).await, Checked::No);
            assert_eq!(check(wrong, None).await, Checked::No);
        }
        assert_ne!(passwords.hash(&secret("correct horse")).await.unwrap(), stored, "salted");
        assert!(passwords.check(&secret("x"), Some("plain")).await.is_err());
    }

    #[tokio::test]
    async fn the_same_characters_are_the_same_password_however_a_device_writes_them() {
        let passwords = passwords();
        let (one, two) = ("contrase\u{f1}a", "contrasen\u{303}a");
        for (first, second) in [(one, two), (two, one)] {
            let stored = passwords.hash(&secret(first)).await.unwrap();
            assert_eq!(passwords.check(&secret(second), Some(&stored)).await.unwrap(), Checked::Yes);
            assert!(passwords.is_one_of(&secret(second), [&*stored]).await.unwrap());
            assert_eq!(passwords.check(&secret("contrasena"), Some(&stored)).await.unwrap(), Checked::No);
        }
        // Other software hashed what was typed.
        let (salt, mut scratch) = (vec![7; SALT], Scratch::default());
        let brought = Stored::argon2id(64, 1, salt.clone(), vec![0; HASH]);
        let hash = brought.derive(two.as_bytes(), &mut scratch).unwrap();
        let brought = Stored::argon2id(64, 1, salt, hash).to_string();
        assert_eq!(passwords.check(&secret(two), Some(&brought)).await.unwrap(), Checked::NeedsUpgrade);
    }

    #[tokio::test]
    async fn former_passwords_are_found() {
        let passwords = passwords();
        let mut former = Vec::new();
        for word in ["one", "two"] {
            former.push(passwords.hash(&secret(word)).await.unwrap());
        }
        for (word, found) in [("one", true), ("two", true), ("three", false)] {
            let asked = passwords.is_one_of(&secret(word), former.iter().map(|f| &**f)).await.unwrap();
            assert_eq!(asked, found, "{word}");
        }
    }
}

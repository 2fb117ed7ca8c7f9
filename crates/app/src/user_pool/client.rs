//! App clients.

use std::collections::BTreeSet;
use std::sync::Arc;

use garita_model::user_pool::{AuthFlow, ClientId, PoolFault, PoolId, TokenValidity, ValidityUnit};
use garita_model::{Object, ObjectKey, PoolClient, Result, Secret, UserPool};
use garita_store::Snapshot;

use super::ask::judged;
use super::resource_server::must_be_scopes;
use super::{Part, checked_title, invalid, provider};
use crate::App;
use crate::context::RequestContext;
use crate::iam::Page;
use crate::mint;

/// Most app clients of a pool; Cognito's quota.
const MOST_CLIENTS: usize = 1_000;

/// What can be changed of a client; what is not named goes to its default.
#[derive(Debug, Clone, Default)]
pub struct ClientSettings {
    /// Its name.
    pub name: Option<String>,
    /// The ways to sign in that are open.
    pub flows: Option<BTreeSet<AuthFlow>>,
    /// How long access tokens are good for.
    pub access_token: Option<TokenValidity>,
    /// How long id tokens are good for.
    pub id_token: Option<TokenValidity>,
    /// How long refresh tokens are good for.
    pub refresh_token: Option<TokenValidity>,
    /// Minutes until a challenge must be answered.
    pub session_minutes: Option<u32>,
    /// Whether refresh tokens are exchanged, and for how many seconds the old one is still good.
    pub rotation: Option<u32>,
    /// Whether it is hidden if a user is there.
    pub hides_users: Option<bool>,
    /// Whether tokens can be revoked.
    pub revocation: Option<bool>,
    /// Attributes it reads.
    pub reads: Option<BTreeSet<String>>,
    /// Attributes it writes.
    pub writes: Option<BTreeSet<String>>,
    /// Who vouches for people.
    pub providers: Vec<String>,
    /// Whether the OAuth endpoints are open to it.
    pub oauth: bool,
    /// OAuth flows.
    pub oauth_flows: Vec<String>,
    /// OAuth scopes.
    pub oauth_scopes: Vec<String>,
    /// Where a sign-in may lead back to.
    pub callback_urls: Vec<String>,
    /// Where a sign-out may lead back to.
    pub logout_urls: Vec<String>,
    /// Where a sign-in leads back to when the request does not say.
    pub default_redirect: Option<String>,
}

/// A client with its secret, for who may read it.
#[derive(Clone)]
pub struct ClientDetail {
    /// The client.
    pub client: Arc<PoolClient>,
    /// Its secret.
    pub secret: Option<Secret<String>>,
}

impl App {
    /// Makes a client of a pool.
    ///
    /// # Errors
    /// `AccessDenied`; `ResourceNotFound`; `InvalidParameter` for settings that cannot be; `LimitExceeded`.
    pub async fn create_pool_client(
        self: &Arc<Self>,
        cx: &RequestContext,
        pool: PoolId,
        settings: ClientSettings,
        with_secret: bool,
    ) -> Result<ClientDetail> {
        self.change(cx, move |change| {
            let (permit, pool) = judged(change, "cognito-idp:CreateUserPoolClient", &pool)?;
            if change.state().pool_clients(&pool.id).count() >= MOST_CLIENTS {
                return Err(
                    PoolFault::LimitExceeded.because("Maximum number of clients per user pool reached.")
                );
            }
            let (now, id) = (change.now(), ClientId::draw(change.entropy())?);
            let (keyring, entropy) = (&change.app().keyring, change.entropy());
            let made =
                with_secret.then(|| mint::client_secret(keyring, entropy, &permit, &id)).transpose()?;
            let (secret, sealed) = made.unzip();
            let client = PoolClient {
                pool: pool.id.clone(),
                id,
                name: String::new(),
                secret: sealed,
                created: now,
                modified: now,
                flows: BTreeSet::new(),
                access_token: hours(1),
                id_token: hours(1),
                refresh_token: days(30),
                session_minutes: 3,
                rotation: None,
                hides_users: true,
                revocation: true,
                reads: None,
                writes: None,
                providers: Vec::new(),
                oauth: false,
                oauth_flows: Vec::new(),
                oauth_scopes: Vec::new(),
                callback_urls: Vec::new(),
                logout_urls: Vec::new(),
                default_redirect: None,
                min_rev: 0,
            };
            must_be_scopes(change.state(), &pool, &settings.oauth_scopes)?;
            let client = Arc::new(settled(change.state(), &pool, client, settings)?);
            change.put(&permit, Object::PoolClient(Arc::clone(&client)));
            Ok(ClientDetail { client, secret })
        })
        .await
    }

    /// A client of a pool.
    ///
    /// # Errors
    /// `AccessDenied`; `ResourceNotFound`.
    pub fn describe_pool_client(
        &self,
        cx: &RequestContext,
        pool: &PoolId,
        id: &ClientId,
    ) -> Result<ClientDetail> {
        let (state, pool) = self.read_pool(cx, "cognito-idp:DescribeUserPoolClient", pool)?;
        let client = Arc::clone(find(&pool, state.pool_client(id), id)?);
        self.with_secret(client)
    }

    /// The clients of a pool.
    ///
    /// # Errors
    /// `AccessDenied`; `ResourceNotFound`; `InvalidParameter` for a part that cannot be.
    pub fn list_pool_clients(
        &self,
        cx: &RequestContext,
        pool: &PoolId,
        part: &Part,
    ) -> Result<Page<Arc<PoolClient>>> {
        let action = "cognito-idp:ListUserPoolClients";
        let (state, pool) = self.read_pool(cx, action, pool)?;
        let pager = self.pager_over(format!("{action}\0{}", pool.id), part.token.as_deref(), part.most()?)?;
        let clients = state.pool_clients(&pool.id);
        Ok(pager.cut(clients.map(|client| (client.id.to_string(), Arc::clone(client)))))
    }

    /// Sets what can be changed of a client. Tokens it has keep to what they were issued with, and are good while it may be
    /// given that still.
    ///
    /// # Errors
    /// `AccessDenied`; `ResourceNotFound`; `InvalidParameter`.
    pub async fn update_pool_client(
        self: &Arc<Self>,
        cx: &RequestContext,
        pool: PoolId,
        id: ClientId,
        settings: ClientSettings,
    ) -> Result<ClientDetail> {
        let app = Arc::clone(self);
        self.change(cx, move |change| {
            let (permit, pool) = judged(change, "cognito-idp:UpdateUserPoolClient", &pool)?;
            let held = find(&pool, change.state().pool_client(&id), &id)?;
            must_be_scopes(change.state(), &pool, &settings.oauth_scopes)?;
            let client = settled(change.state(), &pool, PoolClient::clone(held), settings)?;
            let client = Arc::new(PoolClient { modified: change.now(), ..client });
            change.put(&permit, Object::PoolClient(Arc::clone(&client)));
            app.with_secret(client)
        })
        .await
    }

    /// Deletes a client; everything it was given ends.
    ///
    /// # Errors
    /// `AccessDenied`; `ResourceNotFound`.
    pub async fn delete_pool_client(
        self: &Arc<Self>,
        cx: &RequestContext,
        pool: PoolId,
        id: ClientId,
    ) -> Result<()> {
        self.change(cx, move |change| {
            let (permit, pool) = judged(change, "cognito-idp:DeleteUserPoolClient", &pool)?;
            find(&pool, change.state().pool_client(&id), &id)?;
            change.delete(&permit, ObjectKey::pool_client(&id));
            Ok(())
        })
        .await
    }

    fn with_secret(&self, client: Arc<PoolClient>) -> Result<ClientDetail> {
        let secret = mint::open_client_secret(&self.keyring, &client)?;
        Ok(ClientDetail { client, secret })
    }
}

fn find<'a>(
    pool: &UserPool,
    client: Option<&'a Arc<PoolClient>>,
    id: &ClientId,
) -> Result<&'a Arc<PoolClient>> {
    client
        .filter(|client| client.pool == pool.id)
        .ok_or_else(|| PoolFault::ResourceNotFound.because(format!("User pool client {id} does not exist.")))
}

const fn hours(amount: u32) -> TokenValidity {
    TokenValidity { amount, unit: ValidityUnit::Hours }
}
const fn days(amount: u32) -> TokenValidity {
    TokenValidity { amount, unit: ValidityUnit::Days }
}

/// A client with its settings, checked.
fn settled(
    state: &Snapshot,
    pool: &UserPool,
    client: PoolClient,
    settings: ClientSettings,
) -> Result<PoolClient> {
    let minutes = settings.session_minutes.unwrap_or(3);
    if !(3..=15).contains(&minutes) {
        return Err(invalid("`AuthSessionValidity` is 3 to 15 minutes"));
    }
    if settings.rotation.is_some_and(|grace| grace > 60) {
        return Err(invalid("`RetryGracePeriodSeconds` is 0 to 60 seconds"));
    }
    let flows = settings.flows.unwrap_or_else(|| BTreeSet::from([AuthFlow::RefreshToken]));
    if settings.rotation.is_some() && flows.contains(&AuthFlow::RefreshToken) {
        return Err(invalid("Refresh token rotation cannot be enabled with ALLOW_REFRESH_TOKEN_AUTH."));
    }
    for name in settings.reads.iter().chain(&settings.writes).flatten() {
        if pool.attribute(name).is_none() {
            return Err(invalid(format!(
                "Invalid read or write attributes specified while creating a client: {name}"
            )));
        }
    }
    for url in settings.callback_urls.iter().chain(&settings.logout_urls).chain(&settings.default_redirect) {
        check_redirect(url)?;
    }
    let outside = |uri: &String| !settings.callback_urls.contains(uri);
    if settings.default_redirect.as_ref().is_some_and(outside) {
        return Err(invalid("`DefaultRedirectURI` must be one of `CallbackURLs`"));
    }
    let unknown = |name: &&String| *name != PoolClient::OWN && provider::find(state, pool, name).is_none();
    if let Some(other) = settings.providers.iter().find(unknown) {
        return Err(invalid(format!("The provider {other} does not exist for User Pool {}.", pool.id)));
    }
    let client = PoolClient {
        name: checked_title("clientName", settings.name.unwrap_or(client.name))?,
        flows,
        access_token: settings.access_token.unwrap_or(hours(1)),
        id_token: settings.id_token.unwrap_or(hours(1)),
        refresh_token: settings.refresh_token.unwrap_or(days(30)),
        session_minutes: minutes,
        rotation: settings.rotation,
        hides_users: settings.hides_users.unwrap_or(true),
        revocation: settings.revocation.unwrap_or(true),
        reads: settings.reads,
        writes: settings.writes,
        providers: settings.providers,
        oauth: settings.oauth,
        oauth_flows: settings.oauth_flows,
        oauth_scopes: settings.oauth_scopes,
        callback_urls: settings.callback_urls,
        logout_urls: settings.logout_urls,
        default_redirect: settings.default_redirect,
        ..client
    };
    check_lives(&client)?;
    Ok(client)
}

/// Tokens live as long as Cognito lets them: five minutes to a day, refresh tokens an hour to ten years.
fn check_lives(client: &PoolClient) -> Result<()> {
    let seconds = |validity: TokenValidity| validity.duration().as_secs();
    let refresh = seconds(client.refresh_token);
    if !(3_600..=3_650 * 86_400).contains(&refresh) {
        return Err(invalid(
            "Invalid range for token validity: a refresh token lives 60 minutes to 3650 days.",
        ));
    }
    for short in [client.access_token, client.id_token].map(seconds) {
        if !(300..=86_400).contains(&short) {
            return Err(invalid(
                "Invalid range for token validity: access and id tokens live 5 minutes to 1 day.",
            ));
        }
        if short > refresh {
            return Err(invalid("access and id tokens cannot live longer than refresh tokens"));
        }
    }
    Ok(())
}

/// HTTPS, plain HTTP to this machine, or an app's own scheme; no fragment. OAuth 2.0, RFC 6749 §3.1.2.
fn check_redirect(url: &str) -> Result<()> {
    let refused = || {
        Err(invalid(format!(
            "{url} is not a redirect URI: HTTPS, HTTP to localhost or an app's own scheme, without a fragment"
        )))
    };
    let Some((scheme, rest)) = url.split_once("://") else { return refused() };
    let plain = url.bytes().all(|b| (0x21..=0x7e).contains(&b)) && !url.contains(['#', '\\', '"', '<', '>']);
    if !plain || url.len() > 1_024 || rest.is_empty() {
        return refused();
    }
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    match scheme.to_ascii_lowercase().as_str() {
        "http" | "https" if authority.contains('@') => refused(),
        "https" if !host.is_empty() => Ok(()),
        "http" if matches!(host, "localhost" | "127.0.0.1" | "[::1]") => Ok(()),
        "https" | "http" | "javascript" | "data" | "file" | "vbscript" => refused(),
        own if own.bytes().all(|b| b.is_ascii_alphanumeric() || b"+.-".contains(&b)) && !own.is_empty() => {
            Ok(())
        }
        _ => refused(),
    }
}

#[cfg(test)]
mod tests {
    use super::check_redirect;

    #[test]
    fn redirects_are_https_or_local() {
        for good in
            ["https://a.example/x?y=1", "http://localhost:8080/", "http://127.0.0.1/a", "myapp://callback"]
        {
            assert!(check_redirect(good).is_ok(), "{good}");
        }
        for bad in [
            "http://a.example/",
            "https://",
            "https://a@b/",
            "https://a/#x",
            "javascript://x",
            "JavaScript://x",
            "HTTP://a.example/",
            "http://localhost:80@a.example/",
            "http://127.0.0.1@a.example/",
            "/a",
            "https:a",
            "http://localhost.evil/",
            "https://a/\n",
            "data://x",
        ] {
            assert!(check_redirect(bad).is_err(), "{bad}");
        }
    }
}

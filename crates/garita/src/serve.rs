//! Joins the doors to their listeners and runs what runs beside them, until told to stop.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use bytes::Bytes;
use garita_app::token::rotation::Schedule;
use garita_app::{App, Event, Outcome};
use garita_aws::AwsApi;
use garita_gateway::Gateway;
use garita_web::{Site, Web};
use garita_wire::peer::Peer;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::config::Config;
use crate::control::Control;
use crate::data_folder::DataFolder;
use crate::listen::{self, Door};
use crate::who_can;

/// A running server.
pub(crate) struct Serving {
    /// The application behind all doors.
    pub(crate) app: Arc<App>,
    /// The AWS endpoint, as a URL.
    pub(crate) aws_endpoint: String,
    /// The address of each gateway listener, as URLs, in the order of the configuration.
    pub(crate) gateway_endpoints: Vec<String>,
    /// Where browsers sign in, as a URL; none when no browser would keep the cookies of the AWS endpoint.
    pub(crate) web_endpoint: Option<String>,
    stop: watch::Sender<bool>,
    listeners: Vec<JoinHandle<()>>,
    housekeeping: JoinHandle<()>,
    control: Control,
}

/// Starts all listeners. Nothing is served when one of them cannot be bound.
pub(crate) async fn start(config: &Config, app: Arc<App>, folder: &DataFolder) -> Result<Serving> {
    let (stop, stopped) = watch::channel(false);
    let proxies = Arc::new(config.proxies()?);
    let aws_listener = listen::bind(config.aws.listen).await?;
    let aws_address = config.found_at(aws_listener.local_addr()?);
    let aws_endpoint = format!("http://{aws_address}");
    let aws_url = config.aws.url(aws_address);
    let (web_listener, site) = match &config.web {
        None => (None, at_aws_endpoint(config, aws_address)),
        Some(web) => {
            let listener = listen::bind(web.listen).await?;
            let site = web.site(listener.local_addr()?)?;
            (Some(listener), Some(site))
        }
    };
    let web_endpoint = site.as_ref().map(|site| site.url().to_owned());
    app.set_aws_endpoint(&aws_url);
    app.set_endpoint(web_endpoint.as_deref().unwrap_or(&aws_url));
    let web = site.map(|site| Web::new(app.clone(), site));
    let mut bound = Vec::new();
    for (address, apis) in config.gateways()? {
        bound.push((listen::bind(address).await?, apis));
    }
    let control = Control::start(app.clone(), who_can::surroundings(config)?, folder)?;
    let aws = Arc::new(AwsDoor { app: app.clone(), api: AwsApi::new(app.clone()), web: web.clone() });
    let mut listeners =
        vec![tokio::spawn(listen::serve(aws_listener, aws, proxies.clone(), stopped.clone()))];
    if let (Some(listener), Some(web)) = (web_listener, web) {
        let door = Arc::new(WebDoor { app: app.clone(), web });
        listeners.push(tokio::spawn(listen::serve(listener, door, proxies.clone(), stopped.clone())));
    }
    let mut gateway_endpoints = Vec::new();
    let mut gateways = Vec::new();
    for (listener, apis) in bound {
        let address = listener.local_addr()?;
        gateway_endpoints.push(format!("http://{}", config.found_at(address)));
        let gateway = Gateway::new(app.clone(), apis, address)?;
        gateways.push(gateway.clone());
        let door = Arc::new(GatewayDoor { app: app.clone(), gateway });
        listeners.push(tokio::spawn(listen::serve(listener, door, proxies.clone(), stopped.clone())));
    }
    let housekeeping = tokio::spawn(keep_house(app.clone(), gateways, config.tokens.schedule()));
    Ok(Serving { app, aws_endpoint, gateway_endpoints, web_endpoint, stop, listeners, housekeeping, control })
}

/// The AWS endpoint as a site for browsers, if it can be one.
fn at_aws_endpoint(config: &Config, listening: SocketAddr) -> Option<Site> {
    let site = config.aws.site(listening);
    site.inspect_err(|why| tracing::warn!("no sign-in pages are served: {why}")).ok()
}

impl Serving {
    /// Stops taking requests, lets those in flight end, sends the letters that wait, and saves what is only in memory.
    pub(crate) async fn stop(self) -> Result<()> {
        self.stop.send_replace(true);
        for listener in self.listeners {
            listener.await?;
        }
        self.housekeeping.abort();
        drop(self.control);
        self.app.finish_letters().await;
        self.app.save_use().await?;
        self.app.close();
        Ok(())
    }
}

/// What is done every minute, and some of it every hour.
async fn keep_house(app: Arc<App>, gateways: Vec<Arc<Gateway>>, keys: Schedule) {
    let mut every = tokio::time::interval(Duration::from_secs(60));
    for minute in 0_u64.. {
        every.tick().await;
        if minute % 60 == 0
            && let Err(error) = app.sweep_pools().await
        {
            tracing::warn!(?error, "cannot forget sign-ins and codes that are over");
        }
        if let Err(error) = app.save_use().await {
            tracing::warn!(?error, "cannot save when keys and roles were last used");
        }
        if let Err(error) = app.keep_token_keys(keys).await {
            tracing::warn!(?error, "cannot keep the signing keys of user pools in order");
        }
        if let Err(error) = app.delete_linked_roles().await {
            tracing::warn!(?error, "cannot carry out the deletions of service-linked roles");
        }
        if let Err(error) = app.sweep_browsers().await {
            tracing::warn!(?error, "cannot forget browsers and devices that are over");
        }
        for gateway in &gateways {
            gateway.sweep().await;
        }
    }
}

/// The AWS API at `/` (people who open that with a browser are led on), and the sign-in pages below it: clients of user
/// pools look for a pool's keys under the endpoint they have, so one address serves both.
struct AwsDoor {
    app: Arc<App>,
    api: Arc<AwsApi>,
    web: Option<Arc<Web>>,
}

impl Door for AwsDoor {
    type Body = Full<Bytes>;

    async fn answer(self: Arc<Self>, request: Request<Incoming>, peer: Peer) -> Response<Full<Bytes>> {
        match &self.web {
            Some(web) if Web::takes(&request) => web.handle(request, peer).await,
            _ => self.api.handle(request, peer).await,
        }
    }
    async fn unreadable(self: Arc<Self>, peer: Peer, answered: StatusCode, why: String) {
        note_unreadable(&self.app, peer, answered, why).await;
    }
    fn text(text: String) -> Full<Bytes> {
        Full::from(text)
    }
}

struct WebDoor {
    app: Arc<App>,
    web: Arc<Web>,
}

impl Door for WebDoor {
    type Body = Full<Bytes>;

    async fn answer(self: Arc<Self>, request: Request<Incoming>, peer: Peer) -> Response<Full<Bytes>> {
        self.web.handle(request, peer).await
    }
    async fn unreadable(self: Arc<Self>, peer: Peer, answered: StatusCode, why: String) {
        note_unreadable(&self.app, peer, answered, why).await;
    }
    fn text(text: String) -> Full<Bytes> {
        Full::from(text)
    }
}

struct GatewayDoor {
    app: Arc<App>,
    gateway: Arc<Gateway>,
}

impl Door for GatewayDoor {
    type Body = garita_gateway::Body;

    async fn answer(self: Arc<Self>, request: Request<Incoming>, peer: Peer) -> Response<Self::Body> {
        self.gateway.handle(request, peer).await
    }
    async fn unreadable(self: Arc<Self>, peer: Peer, answered: StatusCode, why: String) {
        note_unreadable(&self.app, peer, answered, why).await;
    }
    fn text(text: String) -> Self::Body {
        garita_gateway::full(text)
    }
}

/// The library answered by itself; the trail must know of it all the same.
async fn note_unreadable(app: &App, peer: Peer, answered: StatusCode, why: String) {
    let Ok(arrival) = app.arrive(peer.address, peer.secure, None) else { return };
    let cx =
        app.nobody(arrival).for_event(Event { name: "UnreadableRequest".to_owned(), ..Event::unknown() });
    if let Err(error) = app.audit(&cx, &Outcome::error(answered.as_u16(), "BadRequest", why)).await {
        tracing::warn!(?error, "cannot record an unreadable request");
    }
}

//! The route table of MLflow 3.18, which also holds for 3.17.2 (whose routes are a subset).
//!
//! One row per operation: method, path, what the body is, which query keys may repeat, what the operation is
//! called, and whether it is forwarded at all. MLflow serves most of its API twice, under `/api` and
//! `/ajax-api`; both spellings are one row and are judged as `/api`.
//!
//! INVARIANT: a request whose method and path match no row goes nowhere. At most one row is the best match of a
//! path, and it is the one MLflow's own routers would choose: a literal segment before a parameter, and no
//! parameter that could be read as a literal of a longer route (see [`Row::guarded`]).
//!
//! `routes-3.18.txt` is the list MLflow itself registers; a test holds the table against it.

mod genai;
#[cfg(test)]
mod golden;
mod pages;
mod reference;
mod registry;
mod skills;
mod template;
#[cfg(test)]
mod tests;
mod traces;
mod tracking;

use std::fmt;

use http::Method;

pub use reference::reference;
pub use template::Match;

/// The methods that a route may have. Anything else is refused before the table is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verb {
    /// `GET`
    Get,
    /// `POST`
    Post,
    /// `PUT`
    Put,
    /// `PATCH`
    Patch,
    /// `DELETE`
    Delete,
}

impl Verb {
    /// From the method as it stands on the wire; methods are case-sensitive (RFC 9110 §9.1).
    pub fn from_wire(method: &str) -> Option<Self> {
        match method {
            "GET" => Some(Self::Get),
            "POST" => Some(Self::Post),
            "PUT" => Some(Self::Put),
            "PATCH" => Some(Self::Patch),
            "DELETE" => Some(Self::Delete),
            _ => None,
        }
    }
    /// As it stands on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
    /// As the library has it.
    pub(crate) fn method(self) -> Method {
        match self {
            Self::Get => Method::GET,
            Self::Post => Method::POST,
            Self::Put => Method::PUT,
            Self::Patch => Method::PATCH,
            Self::Delete => Method::DELETE,
        }
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Under which prefixes MLflow serves a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Served {
    /// `/api/...` and `/ajax-api/...`.
    Both,
    /// `/ajax-api/...` only.
    Ajax,
    /// The path as it stands in the table.
    Root,
}

/// What a route takes as a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    /// None: a body is refused.
    None,
    /// A JSON object.
    Json,
    /// A JSON object, or nothing.
    JsonOptional,
    /// An OTLP export: opaque, bounded, possibly gzip or deflate.
    Telemetry,
    /// A file: streamed, of any length up to the stage's limit.
    File,
}

/// What becomes of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exposure {
    /// Forwarded when allowed.
    Forward,
    /// Answered here, when allowed; MLflow may be asked on the way.
    Answered(Answer),
    /// Answered here to whoever is known: it is about the caller alone.
    Own(Own),
    /// Never served, whoever asks; the text says why.
    Refused(&'static str),
}

/// What a caller may ask about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Own {
    /// Who it is.
    User,
    /// What it may do.
    Permissions,
    /// Which roles it has.
    Roles,
    /// What MLflow's assistant may do for it: nothing.
    Assistant,
    /// Who stands behind the assistant: nobody.
    AssistantProviders,
    /// Which model endpoints MLflow would call for it: none.
    Endpoints,
}

/// The operations that the gateway answers itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// What the server can do, with our transfers announced.
    ServerInfo,
    /// Begin an upload in parts.
    UploadCreate,
    /// End an upload in parts.
    UploadComplete,
    /// Give up an upload in parts.
    UploadAbort,
    /// A URL for one download.
    PresignedDownload,
}

/// The kinds of things of which MLflow's pages are told, one by one, what may be done with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registry {
    /// MCP servers.
    McpServers,
    /// Skills.
    Skills,
}

/// One operation of MLflow.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// The method.
    pub verb: Verb,
    /// The path behind the prefix that `served` says, without a leading slash.
    pub path: &'static str,
    /// Under which prefixes.
    pub served: Served,
    /// The operation's name: `sagemaker-mlflow`'s where AWS has one.
    pub action: &'static str,
    /// What it takes as a body.
    pub body: Body,
    /// Query keys that may stand more than once; MLflow reads them as a list.
    pub repeats: &'static [&'static str],
    /// Whether it changes nothing.
    pub reads: bool,
    /// Whether parameters may be none of the route's own words; for routes with a parameter before a literal.
    pub guarded: bool,
    /// What becomes of it.
    pub exposure: Exposure,
    /// Whose answer tells MLflow's pages what may be done with what is in it.
    pub tells_rights: Option<Registry>,
}

const fn row(verb: Verb, path: &'static str, action: &'static str, body: Body, reads: bool) -> Row {
    Row {
        verb,
        path,
        served: Served::Both,
        action,
        body,
        repeats: &[],
        reads,
        guarded: false,
        exposure: Exposure::Forward,
        tells_rights: None,
    }
}
const fn get(path: &'static str, action: &'static str) -> Row {
    row(Verb::Get, path, action, Body::None, true)
}
const fn post(path: &'static str, action: &'static str) -> Row {
    row(Verb::Post, path, action, Body::Json, false)
}
const fn put(path: &'static str, action: &'static str) -> Row {
    row(Verb::Put, path, action, Body::Json, false)
}
const fn patch(path: &'static str, action: &'static str) -> Row {
    row(Verb::Patch, path, action, Body::Json, false)
}
const fn delete(path: &'static str, action: &'static str) -> Row {
    row(Verb::Delete, path, action, Body::JsonOptional, false)
}

impl Row {
    const fn ajax(self) -> Self {
        Self { served: Served::Ajax, ..self }
    }
    const fn root(self) -> Self {
        Self { served: Served::Root, ..self }
    }
    const fn reading(self) -> Self {
        Self { reads: true, ..self }
    }
    const fn body(self, body: Body) -> Self {
        Self { body, ..self }
    }
    const fn repeats(self, repeats: &'static [&'static str]) -> Self {
        Self { repeats, ..self }
    }
    const fn guarded(self) -> Self {
        Self { guarded: true, ..self }
    }
    const fn answered(self, answer: Answer) -> Self {
        Self { exposure: Exposure::Answered(answer), ..self }
    }
    const fn telling_rights(self, registry: Registry) -> Self {
        Self { tells_rights: Some(registry), ..self }
    }
    const fn own(self, own: Own) -> Self {
        Self { exposure: Exposure::Own(own), ..self }
    }
    const fn refused(self, why: &'static str) -> Self {
        Self { exposure: Exposure::Refused(why), ..self }
    }

    /// A cheap look before the template is fitted.
    fn may_start(&self, path: &str) -> bool {
        self.path.split('{').next().is_some_and(|literal| path.starts_with(literal))
    }

    /// The path as it is judged: `/api/...` for both spellings.
    pub fn judged_path(&self) -> String {
        match self.served {
            Served::Both | Served::Ajax => format!("/api/{}", self.path),
            Served::Root => format!("/{}", self.path),
        }
    }

    /// The paths MLflow serves it under.
    pub fn served_paths(&self) -> Vec<String> {
        match self.served {
            Served::Both => vec![format!("/api/{}", self.path), format!("/ajax-api/{}", self.path)],
            Served::Ajax => vec![format!("/ajax-api/{}", self.path)],
            Served::Root => vec![format!("/{}", self.path)],
        }
    }
}

/// All rows, in the order of the files they stand in.
pub fn rows() -> impl Iterator<Item = &'static Row> {
    [tracking::ROWS, registry::ROWS, traces::ROWS, genai::ROWS, skills::ROWS, pages::ROWS]
        .into_iter()
        .flat_map(|rows| rows.iter())
}

/// The row that serves a method and a canonical path, and what its parameters stand for.
pub fn find<'p>(verb: Verb, segments: &'p [String]) -> Option<(&'static Row, Match<'p>)> {
    let (prefix, behind) = match segments.split_first() {
        Some((first, rest)) if first == "api" => (Prefix::Api, rest),
        Some((first, rest)) if first == "ajax-api" => (Prefix::Ajax, rest),
        _ => (Prefix::Other, segments),
    };
    let (text, text_behind) = (segments.join("/"), behind.join("/"));
    let mut best: Option<(&'static Row, Match<'p>)> = None;
    for row in rows().filter(|row| row.verb == verb) {
        let given = if row.served == Served::Root { &text } else { &text_behind };
        if !row.may_start(given) {
            continue;
        }
        let path = match (row.served, prefix) {
            (Served::Both, Prefix::Api | Prefix::Ajax) | (Served::Ajax, Prefix::Ajax) => behind,
            (Served::Root, _) => segments,
            (Served::Both | Served::Ajax, _) => continue,
        };
        let Some(found) = template::matches(row, path) else { continue };
        if best.as_ref().is_none_or(|(_, other)| found.weight < other.weight) {
            best = Some((row, found));
        }
    }
    best
}

#[derive(Clone, Copy)]
enum Prefix {
    Api,
    Ajax,
    Other,
}

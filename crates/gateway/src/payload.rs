//! Taking a request's body in: in which order it is hashed, bounded, parsed and written anew.
//!
//! INVARIANT: no byte of a body goes on before the caller is known and allowed; a JSON body goes on only in its
//! canonical form; a file goes on while it is hashed, and its end only when the hash is the one that was signed.

use bytes::Bytes;
use garita_wire::hash::sha256;
use garita_wire::sigv4::BodyHash;
use http::header::{self, HeaderMap, HeaderValue};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;

use crate::admit::{Framing, RequestShape};
use crate::body::{self, HeldBack, ReadError, Watch};
use crate::field;
use crate::json::JsonObject;
use crate::limits::Limits;
use crate::mlflow::{Body, Row};
use crate::refusal::Refusal;
use crate::serve::Routed;
use crate::upstream::Payload;

const FORM: &str = "application/x-www-form-urlencoded";

/// Most bytes of a body that are read before it is known that the caller's key exists: 64 KiB.
const STRANGERS: u64 = 64 << 10;

/// A body on its way in.
pub(crate) struct Intake {
    framing: Framing,
    /// Whether the caller proved itself without signing the body.
    unsigned: bool,
    state: State,
}

enum State {
    Empty,
    Unread(Incoming),
    Read(Bytes),
}

/// A body that was taken in, and the headers that describe it.
pub(crate) struct Accepted {
    pub(crate) headers: HeaderMap,
    pub(crate) payload: Payload,
    /// For a file: what becomes of it.
    pub(crate) watch: Option<Watch>,
}

impl Intake {
    pub(crate) fn new(shape: &RequestShape<'_>, body: Incoming) -> Self {
        let state = if shape.framing == Framing::None { State::Empty } else { State::Unread(body) };
        Self { framing: shape.framing, unsigned: false, state }
    }

    /// Notes that the caller is known by something that does not cover the body.
    pub(crate) fn is_unsigned(&mut self) {
        self.unsigned = true;
    }

    /// Whether [`Intake::hash`] would read more than a stranger may make us hold.
    pub(crate) fn is_costly(&self, headers: &HeaderMap, row: Option<&Row>) -> bool {
        let streams = row.is_some_and(|row| row.body == Body::File) || declares_hash(headers);
        let small = matches!(self.framing, Framing::Length(length) if length <= STRANGERS);
        matches!(self.state, State::Unread(_)) && !streams && !small
    }

    /// What is known of the body's hash before the caller is. Without a declared hash a small body is read now.
    pub(crate) async fn hash(
        &mut self,
        headers: &HeaderMap,
        row: Option<&Row>,
        limits: &Limits,
    ) -> Result<BodyHash, Refusal> {
        let is_file = row.is_some_and(|row| row.body == Body::File);
        match std::mem::replace(&mut self.state, State::Empty) {
            State::Empty => Ok(BodyHash::of(b"")),
            State::Unread(body) if is_file || declares_hash(headers) => {
                self.state = State::Unread(body);
                Ok(BodyHash::Declared)
            }
            State::Unread(body) => {
                let is_telemetry = row.is_some_and(|row| row.body == Body::Telemetry);
                let limit = if is_telemetry { limits.telemetry } else { limits.json };
                let bytes = self.read(body, limit).await?;
                self.state = State::Read(bytes.clone());
                Ok(BodyHash::of(&bytes))
            }
            State::Read(bytes) => {
                let hash = BodyHash::of(&bytes);
                self.state = State::Read(bytes);
                Ok(hash)
            }
        }
    }

    /// Takes the body of an allowed request in, as its route wants it.
    pub(crate) async fn accept(self, routed: &Routed<'_>, limits: &Limits) -> Result<Accepted, Refusal> {
        let given = &routed.parts.headers;
        let is_empty = matches!(self.state, State::Empty);
        match routed.row.body {
            Body::None if is_empty => Ok(nothing()),
            Body::JsonOptional if is_empty => Ok(nothing()),
            Body::None => Err(Refusal::bad_request("this route takes no body")),
            Body::Json if is_empty => Err(Refusal::bad_request("this route takes a JSON object as its body")),
            Body::Json | Body::JsonOptional => {
                check_encoding(given, &[])?;
                check_json_type(given)?;
                let bytes = self.whole(routed, limits.json).await?;
                let json =
                    JsonObject::parse(&bytes).map_err(|error| Refusal::bad_request(error.to_string()))?;
                let headers = typed(HeaderValue::from_static("application/json"));
                Ok(Accepted { headers, payload: Payload::Bytes(json.into_bytes().into()), watch: None })
            }
            Body::Telemetry => self.telemetry(routed, limits).await,
            Body::File => self.file(routed, limits),
        }
    }

    async fn telemetry(self, routed: &Routed<'_>, limits: &Limits) -> Result<Accepted, Refusal> {
        let given = &routed.parts.headers;
        check_encoding(given, &["gzip", "deflate"])?;
        let kind = given.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !["application/x-protobuf", "application/json"].contains(&media_type(kind).as_str()) {
            return Err(Refusal::unsupported("this route takes application/x-protobuf or application/json"));
        }
        if let Some(id) = given.get("x-mlflow-experiment-id") {
            let id = id.to_str().unwrap_or_default();
            field::check_experiment_id("experiment_id", id).map_err(|error| {
                Refusal::bad_request(format!("in the x-mlflow-experiment-id header, {error}"))
            })?;
        }
        let mut headers = given.get(header::CONTENT_TYPE).cloned().map(typed).unwrap_or_default();
        if let Some(encoding) = given.get(header::CONTENT_ENCODING) {
            headers.insert(header::CONTENT_ENCODING, encoding.clone());
        }
        let bytes = self.whole(routed, limits.telemetry).await?;
        Ok(Accepted { headers, payload: Payload::Bytes(bytes), watch: None })
    }

    fn file(self, routed: &Routed<'_>, limits: &Limits) -> Result<Accepted, Refusal> {
        let given = &routed.parts.headers;
        check_encoding(given, &[])?;
        let kind = given.get(header::CONTENT_TYPE).filter(|value| {
            // The SDK's signer puts this where there was no type; MLflow would then parse the file as a form.
            value.to_str().is_ok_and(|kind| media_type(kind) != FORM)
        });
        let headers = kind.cloned().map(typed).unwrap_or_default();
        let length = match self.framing {
            Framing::Length(length) if length > limits.artifact => {
                return Err(Refusal::too_large(limits.artifact));
            }
            Framing::Length(length) => Some(length),
            Framing::None | Framing::Chunked => None,
        };
        let signed = routed.cx.declared_payload();
        match (self.state, signed) {
            (State::Unread(body), _) if signed.is_some() || self.unsigned => {
                let (held, watch) = HeldBack::new(body, signed, limits.artifact);
                Ok(Accepted {
                    headers,
                    payload: Payload::Stream(held.boxed_unsync(), length),
                    watch: Some(watch),
                })
            }
            (State::Unread(_), _) => {
                Err(Refusal::bad_request("sign the file's hash in x-amz-content-sha256"))
            }
            (State::Read(bytes), _) => Ok(Accepted { headers, payload: Payload::Bytes(bytes), watch: None }),
            (State::Empty, _) => Ok(Accepted { headers, payload: Payload::Bytes(Bytes::new()), watch: None }),
        }
    }

    /// The whole body, whose hash is the one that was signed.
    async fn whole(mut self, routed: &Routed<'_>, limit: usize) -> Result<Bytes, Refusal> {
        match std::mem::replace(&mut self.state, State::Empty) {
            State::Empty => Ok(Bytes::new()),
            State::Read(bytes) => Ok(bytes),
            State::Unread(body) => {
                let bytes = self.read(body, limit).await?;
                if self.unsigned || routed.cx.declared_payload() == Some(sha256(&bytes)) {
                    Ok(bytes)
                } else {
                    Err(Refusal::payload_mismatch())
                }
            }
        }
    }

    async fn read(&self, body: Incoming, limit: usize) -> Result<Bytes, Refusal> {
        let bound = u64::try_from(limit).unwrap_or(u64::MAX);
        if matches!(self.framing, Framing::Length(length) if length > bound) {
            return Err(Refusal::too_large(bound));
        }
        body::read(body, limit).await.map_err(|error| match error {
            ReadError::TooLarge => Refusal::too_large(bound),
            ReadError::Broken => Refusal::bad_request("the request body broke off"),
            ReadError::Slow => Refusal::bad_request("the request body did not arrive in time"),
        })
    }
}

impl Accepted {
    /// The bytes of a body that is at hand.
    pub(crate) fn bytes(&self) -> &[u8] {
        match &self.payload {
            Payload::Bytes(bytes) => bytes,
            Payload::None | Payload::Stream(..) => &[],
        }
    }
}

fn nothing() -> Accepted {
    Accepted { headers: HeaderMap::new(), payload: Payload::None, watch: None }
}

fn typed(value: HeaderValue) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, value);
    headers
}

fn declares_hash(headers: &HeaderMap) -> bool {
    headers
        .get("x-amz-content-sha256")
        .is_some_and(|value| value.len() == 64 && value.as_bytes().iter().all(u8::is_ascii_hexdigit))
}

fn media_type(kind: &str) -> String {
    kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn check_json_type(headers: &HeaderMap) -> Result<(), Refusal> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let parameter = kind.split_once(';').map(|(_, rest)| rest.trim().to_ascii_lowercase().replace('"', ""));
    let utf8 = parameter.is_none_or(|parameter| matches!(parameter.as_str(), "" | "charset=utf-8"));
    if media_type(kind) == "application/json" && utf8 {
        return Ok(());
    }
    Err(Refusal::unsupported("this route takes application/json in UTF-8"))
}

fn check_encoding(headers: &HeaderMap, known: &[&str]) -> Result<(), Refusal> {
    let Some(encoding) = headers.get(header::CONTENT_ENCODING) else { return Ok(()) };
    let encoding = encoding.to_str().unwrap_or("?").trim().to_ascii_lowercase();
    if encoding == "identity" || known.contains(&encoding.as_str()) {
        return Ok(());
    }
    Err(Refusal::unsupported(format!("the content encoding `{encoding}` is not taken here")))
}

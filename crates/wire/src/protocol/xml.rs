//! The XML of Query services: replies, lists and errors.
//!
//! INVARIANT: whatever the texts are, the output is well-formed XML 1.0: `&<>"'` are escaped, and so is a carriage
//! return, which a parser would otherwise turn into a line feed; characters that XML 1.0 can't hold at all become
//! U+FFFD. Element names come from the program, never from a request.
//!
//! Spec: Smithy, "AWS query protocol", response and error serialization; XML 1.0 (5th edition) §2.2, §2.11.

use jiff::Timestamp;

use super::iso8601;

/// Namespace of IAM's replies.
pub const IAM: &str = "https://iam.amazonaws.com/doc/2010-05-08/";
/// Namespace of STS's replies.
pub const STS: &str = "https://sts.amazonaws.com/doc/2011-06-15/";
/// `Content-Type` of replies and errors.
pub const CONTENT_TYPE: &str = "text/xml";

/// Writes the members of a result, in order.
#[derive(Debug, Default)]
pub struct XmlWriter {
    out: String,
}

/// A whole reply: `<XResponse xmlns=".."><XResult>..</XResult><ResponseMetadata>..`.
///
/// ```
/// use garita_wire::protocol::xml;
///
/// let reply = xml::response(xml::IAM, "ListGroups", "6f2a", |result| {
///     result.list("Groups", ["a&b"], |group, name| group.text("GroupName", name));
///     result.boolean("IsTruncated", false);
/// });
/// assert_eq!(reply, concat!(
///     r#"<ListGroupsResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><ListGroupsResult>"#,
///     "<Groups><member><GroupName>a&amp;b</GroupName></member></Groups><IsTruncated>false</IsTruncated>",
///     "</ListGroupsResult><ResponseMetadata><RequestId>6f2a</RequestId></ResponseMetadata></ListGroupsResponse>"));
/// ```
#[must_use]
pub fn response(
    namespace: &str,
    operation: &str,
    request_id: &str,
    fill: impl FnOnce(&mut XmlWriter),
) -> String {
    let mut result = XmlWriter::default();
    let name = format!("{operation}Result");
    result.element(&name, fill);
    envelope(namespace, operation, request_id, &result)
}

/// The reply of an operation that has no result, such as `DeleteUser`.
#[must_use]
pub fn acknowledgement(namespace: &str, operation: &str, request_id: &str) -> String {
    envelope(namespace, operation, request_id, &XmlWriter::default())
}

/// An error: `Sender` below 500, `Receiver` from there on.
#[must_use]
pub fn error(
    namespace: &str,
    status: http::StatusCode,
    code: &str,
    message: &str,
    request_id: &str,
) -> String {
    let fault = if status.is_server_error() { "Receiver" } else { "Sender" };
    let mut writer = XmlWriter::default();
    writer.root("ErrorResponse", namespace, |root| {
        root.element("Error", |error| {
            error.text("Type", fault);
            error.text("Code", code);
            error.text("Message", message);
        });
        root.text("RequestId", request_id);
    });
    writer.out
}

fn envelope(namespace: &str, operation: &str, request_id: &str, result: &XmlWriter) -> String {
    let mut writer = XmlWriter::default();
    writer.root(&format!("{operation}Response"), namespace, |root| {
        root.out.push_str(&result.out);
        root.element("ResponseMetadata", |metadata| metadata.text("RequestId", request_id));
    });
    writer.out
}

impl XmlWriter {
    /// `<Name>value</Name>`; an empty text is `<Name></Name>`.
    pub fn text(&mut self, name: &str, value: &str) {
        self.open(name);
        escape(&mut self.out, value);
        self.close(name);
    }

    /// [`XmlWriter::text`] if there is one, else nothing.
    pub fn optional(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.text(name, value);
        }
    }

    /// A whole number.
    pub fn integer(&mut self, name: &str, value: i64) {
        self.text(name, &value.to_string());
    }

    /// `true` or `false`.
    pub fn boolean(&mut self, name: &str, value: bool) {
        self.text(name, if value { "true" } else { "false" });
    }

    /// An instant, as [`iso8601`].
    pub fn timestamp(&mut self, name: &str, at: Timestamp) {
        self.text(name, &iso8601(at));
    }

    /// An element with members; `<Name/>` if `fill` writes none.
    pub fn element(&mut self, name: &str, fill: impl FnOnce(&mut Self)) {
        self.open(name);
        let start = self.out.len();
        fill(self);
        if self.out.len() == start {
            self.out.truncate(start - 1);
            self.out.push_str("/>");
        } else {
            self.close(name);
        }
    }

    /// A list: `<Name><member>..</member></Name>`; `<Name/>` if it is empty.
    pub fn list<T>(
        &mut self,
        name: &str,
        items: impl IntoIterator<Item = T>,
        mut fill: impl FnMut(&mut Self, T),
    ) {
        self.element(name, |list| {
            for item in items {
                list.element("member", |member| fill(member, item));
            }
        });
    }

    /// A list of texts.
    pub fn texts<'t>(&mut self, name: &str, items: impl IntoIterator<Item = &'t str>) {
        self.element(name, |list| {
            for item in items {
                list.text("member", item);
            }
        });
    }

    fn root(&mut self, name: &str, namespace: &str, fill: impl FnOnce(&mut Self)) {
        self.out.push('<');
        self.out.push_str(name);
        self.out.push_str(" xmlns=\"");
        escape(&mut self.out, namespace);
        self.out.push_str("\">");
        fill(self);
        self.close(name);
    }

    fn open(&mut self, name: &str) {
        self.out.push('<');
        self.out.push_str(name);
        self.out.push('>');
    }

    fn close(&mut self, name: &str) {
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
    }
}

fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\r' => out.push_str("&#xD;"),
            '\t' | '\n' => out.push(c),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            _ => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests;

use crate::bind::{self, host as raw};
use crate::error::check;
use crate::host::{at, Asset};
use crate::{Image, Result, Value};
use alloc::string::String;
use alloc::vec::Vec;

/// A route of the extension, below /ext/<id>.
pub struct Route {
    /// GET, POST, PUT, PATCH or DELETE.
    pub method: &'static str,
    /// Segments that start with a colon are parameters.
    pub path: &'static str,
    /// Answers a request.
    pub run: fn(&Request) -> Result<Response>,
}

impl Route {
    /// A route.
    pub const fn new(method: &'static str, path: &'static str, run: fn(&Request) -> Result<Response>) -> Route {
        Route { method, path, run }
    }

    pub(crate) fn describe(&self) -> Value {
        Value::map().with("method", self.method).with("path", self.path)
    }

    pub(crate) fn is(&self, route: &str) -> bool {
        route.split_once(' ').is_some_and(|(m, p)| m == self.method && p == self.path)
    }
}

/// An HTTP request.
pub struct Request(pub(crate) Value);

impl Request {
    /// The whole request, as docs/abi.md describes it.
    pub fn value(&self) -> &Value {
        &self.0
    }

    /// GET, POST, …
    pub fn method(&self) -> &str {
        self.0.get("method").text()
    }

    /// The path below /ext/<id>.
    pub fn path(&self) -> &str {
        self.0.get("path").text()
    }

    /// The files of a form.
    pub fn files(&self) -> Vec<FormFile<'_>> {
        self.0.get("files").items().iter().map(FormFile).collect()
    }

    /// Begins an answer of Server-Sent Events, which the host keeps alive while there are none.
    pub fn events(&self) -> Result<Events> {
        Answer::begin(200, "text/event-stream").map(Events)
    }

    /// The id of the last event that the client has seen, when it asks again; "" for none.
    pub fn last_event_id(&self) -> &str {
        self.header("last-event-id")
    }

    /// A parameter of the path.
    pub fn param(&self, name: &str) -> &str {
        self.0.get("params").get(name).text()
    }

    /// The first value of a query's parameter.
    pub fn query(&self, name: &str) -> &str {
        self.0.get("query").get(name).items().first().map_or("", Value::text)
    }

    /// The first value of a form's field.
    pub fn form(&self, name: &str) -> &str {
        self.0.get("form").get(name).items().first().map_or("", Value::text)
    }

    /// A header; the name in lower case.
    pub fn header(&self, name: &str) -> &str {
        self.0.get("headers").get(name).text()
    }

    /// The body of a request that is no form.
    pub fn body(&self) -> &[u8] {
        self.0.get("body").bytes()
    }

    /// The body when it is too long to come with the request.
    pub fn stream(&self) -> Option<Body> {
        match self.0.get("stream") {
            Value::Handle(_, id) => Some(Body(*id)),
            _ => None,
        }
    }

    /// Who asks.
    pub fn tenant(&self) -> &str {
        self.0.get("tenant").text()
    }
}

/// A file of a form.
#[derive(Clone, Copy)]
pub struct FormFile<'a>(&'a Value);

impl<'a> FormFile<'a> {
    /// The form's field.
    pub fn field(&self) -> &'a str {
        self.0.get("field").text()
    }

    /// What the client calls it.
    pub fn filename(&self) -> &'a str {
        self.0.get("filename").text()
    }

    /// Its type, as the client says.
    pub fn content_type(&self) -> &'a str {
        self.0.get("type").text()
    }

    /// What is in it; nothing for a long one.
    pub fn data(&self) -> &'a [u8] {
        self.0.get("data").bytes()
    }

    /// A long file.
    pub fn stream(&self) -> Option<Body> {
        match self.0.get("stream") {
            Value::Handle(_, id) => Some(Body(*id)),
            _ => None,
        }
    }
}

/// A stream of Server-Sent Events.
#[derive(Clone, Copy, Debug)]
pub struct Events(Answer);

impl Events {
    /// Sends an event; "" for the name of a plain message, and for no id. ECANCEL when the client is gone.
    pub fn send(&self, name: &str, id: &str, data: &str) -> Result<()> {
        let mut text = String::new();
        for (field, v) in [("event: ", name), ("id: ", id)] {
            if !v.is_empty() {
                text.push_str(field);
                text.push_str(&v.replace(['\n', '\r'], " "));
                text.push('\n');
            }
        }
        for line in data.replace("\r\n", "\n").split(['\n', '\r']) {
            text.push_str("data: ");
            text.push_str(line);
            text.push('\n');
        }
        text.push('\n');
        self.0.write(text.as_bytes()).map(drop)
    }
}

/// A body that is read piece by piece; [`store`](crate::store) saves it without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Body(pub i64);

impl Body {
    /// Waits for bytes: how many, 0 at the end.
    pub fn read(&self, b: &mut [u8]) -> Result<usize> {
        check(unsafe { raw::body_read(self.0, at(b.as_mut_ptr()), b.len() as u32) }).map(|n| n as usize)
    }
}

/// An answer that is sent piece by piece. What the route gives does not count then.
#[derive(Clone, Copy, Debug)]
pub struct Answer;

impl Answer {
    /// Sends the head.
    pub fn begin(status: i64, content_type: &str) -> Result<Answer> {
        let b = Value::map().with("status", status).with("headers", Value::map().with("content-type", content_type)).encode();
        check(unsafe { raw::reply_head(at(b.as_ptr()), b.len() as u32) } as i64).map(|_| Answer)
    }

    /// Sends a piece: how many bytes. ECANCEL when the client is gone.
    pub fn write(&self, b: &[u8]) -> Result<usize> {
        check(unsafe { raw::reply_write(at(b.as_ptr()), b.len() as u32) }).map(|n| n as usize)
    }
}

/// The answer to a [`Request`].
pub struct Response {
    status: i64,
    headers: Value,
    body: Value,
}

impl Response {
    /// An answer of a type.
    pub fn new(status: i64, content_type: &str, body: impl Into<Vec<u8>>) -> Response {
        Response { status, headers: Value::map().with("content-type", content_type), body: Value::Bytes(body.into()) }
    }

    /// An open file, of which no byte crosses.
    pub fn file(status: i64, content_type: &str, file: Asset) -> Response {
        Response { status, headers: Value::map().with("content-type", content_type), body: Value::Handle(bind::KIND_ASSET, file.0) }
    }

    /// The first picture of a batch: format "png", "jpeg" or "webp".
    pub fn image(status: i64, image: &Image, format: &str) -> Response {
        let body = Value::map().with("image", Value::Handle(bind::KIND_IMAGE, image.id())).with("format", format);
        Response { status, headers: Value::map(), body }
    }

    /// A plain text.
    pub fn text(status: i64, body: impl Into<String>) -> Response {
        Response::new(status, "text/plain; charset=utf-8", body.into())
    }

    /// A page, self-contained: it runs in an origin of its own and reaches the extension's routes through the bridge.
    pub fn html(page: impl Into<String>) -> Response {
        Response::new(200, "text/html; charset=utf-8", page.into())
    }

    /// One more header.
    pub fn header(mut self, name: &str, value: &str) -> Response {
        self.headers = self.headers.with(name, value);
        self
    }

    pub(crate) fn value(self) -> Value {
        Value::map().with("status", self.status).with("headers", self.headers).with("body", self.body)
    }
}

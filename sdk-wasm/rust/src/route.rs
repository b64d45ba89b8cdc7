use crate::{Result, Value};
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

    /// Who asks.
    pub fn tenant(&self) -> &str {
        self.0.get("tenant").text()
    }
}

/// The answer to a [`Request`].
pub struct Response {
    status: i64,
    headers: Value,
    body: Vec<u8>,
}

impl Response {
    /// An answer of a type.
    pub fn new(status: i64, content_type: &str, body: impl Into<Vec<u8>>) -> Response {
        Response { status, headers: Value::map().with("content-type", content_type), body: body.into() }
    }

    /// A plain text.
    pub fn text(status: i64, body: impl Into<String>) -> Response {
        Response::new(status, "text/plain; charset=utf-8", body.into())
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

use crate::bind;
use alloc::borrow::Cow;
use alloc::string::String;
use core::fmt;

/// Why a call cannot be done: an errno of the contract and a text for the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// One of the errnos of [`bind`].
    pub code: i32,
    /// What the user reads.
    pub text: Cow<'static, str>,
    /// A name for the kind of error, such as ValueError, that clients are shown.
    pub kind: Option<Cow<'static, str>>,
}

/// What all functions of this crate give.
pub type Result<T> = core::result::Result<T, Error>;

impl Error {
    /// A failure of the extension's own.
    pub fn new(text: impl Into<Cow<'static, str>>) -> Error {
        Error { code: bind::EIO, text: text.into(), kind: None }
    }

    /// A refusal of the host.
    pub fn of(code: i32) -> Error {
        Error { code, text: Cow::Borrowed(said(code)), kind: None }
    }

    /// A failure with an errno of the contract and a text of the extension's own.
    pub fn with(code: i32, text: impl Into<Cow<'static, str>>) -> Error {
        Error { code, text: text.into(), kind: None }
    }

    /// An error with a name for its kind, such as ValueError.
    pub fn raise(kind: impl Into<Cow<'static, str>>, text: impl Into<Cow<'static, str>>) -> Error {
        Error { code: bind::EIO, text: text.into(), kind: Some(kind.into()) }
    }
}

impl From<&'static str> for Error {
    fn from(text: &'static str) -> Error {
        Error::new(text)
    }
}

impl From<String> for Error {
    fn from(text: String) -> Error {
        Error::new(text)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn said(code: i32) -> &'static str {
    match code {
        bind::EPERM => "the extension was not granted this",
        bind::ELIMIT => "a budget of the extension is spent",
        bind::ETOOBIG => "a value is too large",
        bind::ENOENT => "there is no such thing",
        bind::ECONFLICT => "the state has moved on",
        bind::ECANCEL => "cancelled",
        bind::ETIMEOUT => "nothing came in time",
        bind::EUNSUP => "the server does not do this",
        bind::EAGAIN => "try again later",
        bind::ENOMEM => "there is not enough memory",
        _ => "the outside world failed",
    }
}

/// Turns what a host function gave into a result.
pub(crate) fn check(n: i64) -> Result<i64> {
    if n < 0 {
        Err(Error::of(n as i32))
    } else {
        Ok(n)
    }
}

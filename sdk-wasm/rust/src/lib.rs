//! Nodes and HTTP routes for Cocoon in Rust, as a WebAssembly module: no std, no dependencies.
//!
//! ```ignore
//! #![no_std]
//! use cocoon_guest::*;
//!
//! node! {
//!     /// Turns light into dark.
//!     pub INVERT: "MyInvert" ("Invert", "my nodes") {
//!         image: Image,
//!         amount: f64 = number(1.0).range(0.0, 1.0).step(0.01),
//!     } -> (Image) = invert
//! }
//!
//! fn invert(image: Image, amount: f64) -> Result<Image> {
//!     let mut g = Graph::new();
//!     let x = g.input(&image);
//!     let inverted = g.affine(x, -1.0, 1.0);
//!     let t = g.scalar(amount)?;
//!     let mixed = g.op(bind::T_LERP, &[x, inverted, t]);
//!     g.one(mixed)?.image()
//! }
//!
//! extension! { nodes: [INVERT], routes: [] }
//! ```
//!
//! Every call of the host starts from the memory that the module had at first, and its memory is thrown away when it ends:
//! nothing is ever freed, and nothing that a call writes is there in the next one. [`kv`] keeps what is to stay.
#![no_std]
#![warn(missing_docs)]

extern crate alloc;

pub mod bind;
mod call;
mod cbor;
mod declare;
mod error;
mod exchange;
mod graph;
mod heap;
pub mod host;
pub mod kv;
mod media;
mod message;
mod port;
mod route;
mod serve;
mod setting;
mod tensor;
mod widget;

pub use alloc::{borrow::ToOwned, boxed::Box, collections::BTreeMap, format, string::String, string::ToString, vec, vec::Vec};
pub use call::{linked, node_id, prompt_id, pull, Expansion, Later, Reply};
pub use cbor::{decode, Value};
pub use declare::{Node, Output};
pub use error::{Error, Result};
pub use exchange::{wait_any, Exchange, Target};
pub use graph::{Attr, Graph, Ref, AREA, BICUBIC, BILINEAR, NEAREST, NEAREST_EXACT};
pub use media::{build, image_save, parts, store, type_of, Draft};
pub use message::{Incoming, Message};
pub use port::{IntoReply, Opaque, Port};
pub use route::{Answer, Body, Events, FormFile, Request, Response, Route};
pub use serve::{abi_version, buffer, called, Extension};
pub use setting::Setting;
pub use tensor::{Image, Info, Latent, Mask, Rect, Tensor, Window};
pub use widget::{
    cases, choice, group, grow, grow_named, hidden, lazy, link, matching, number, seed, slot, switch, text, whole, Case, Input, Widget,
};

//! The functions of the module cocoon1.

use crate::{float, int, plain, tensor, Step, DONE};
use cocoon_guest::*;

fn preview(a: &[Value]) -> Result<Value> {
    let image = Image(tensor(&a[0]));
    let show = if a[2] == Value::Bool(true) { host::preview_png } else { host::preview };
    show(&image, int(&a[1]) as u32).map(|_| DONE)
}

fn make(kind: u32, t: Tensor) -> Result<Value> {
    match kind {
        bind::KIND_IMAGE => t.image().map(Image::to_value),
        bind::KIND_MASK => t.mask().map(Mask::to_value),
        _ => t.latent().map(Latent::to_value),
    }
}

/// By name.
pub const OPS: &[(&str, Step)] = &[
    ("log", |_, a| {
        host::log(int(&a[0]) as i32, a[1].text());
        Ok(Value::Null)
    }),
    ("progress", |_, a| Ok(host::progress(float(&a[0]), float(&a[1])).into())),
    ("progress_state", |_, a| Ok(host::progress_state(float(&a[0]), float(&a[1])).into())),
    ("progress_text", |_, a| {
        host::progress_text(a[0].text());
        Ok(Value::Null)
    }),
    ("progress_text_all", |_, a| {
        host::progress_text_all(a[0].text());
        Ok(Value::Null)
    }),
    ("preview", |_, a| preview(a)),
    ("sleep_ms", |_, a| if host::sleep_ms(int(&a[0]) as u32) { Ok(DONE) } else { Err(Error::of(bind::ECANCEL)) }),
    ("now_ms", |_, _| Ok(host::now_ms().into())),
    ("random", |_, a| {
        let mut b = vec![0u8; int(&a[0]) as usize];
        host::random(&mut b)?;
        Ok(b.into())
    }),
    ("fuel_left", |_, _| Ok(host::fuel_left().into())),
    ("deadline_ms", |_, _| Ok(host::deadline_ms().into())),
    ("feature", |_, a| Ok(host::feature(int(&a[0]) as u32).into())),
    ("h_drop", |_, a| {
        tensor(&a[0]).drop_now();
        Ok(Value::Null)
    }),
    ("h_get", |_, a| Latent(tensor(&a[0]).id()).part(a[1].text()).map(plain)),
    ("h_make", |_, a| make(int(&a[0]) as u32, tensor(&a[1]))),
];

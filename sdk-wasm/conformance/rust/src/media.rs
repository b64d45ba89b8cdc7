//! Parts of values, files in the making, and pictures as files.

use crate::{int, outside::asset, tensor, Step};
use cocoon_guest::*;

fn draft(v: &Value) -> Draft {
    Draft(tensor(v).id())
}

fn picture(a: &[Value]) -> Result<Value> {
    if int(&a[1]) == 1 {
        return asset(&a[0]).mask().map(Mask::to_value);
    }
    asset(&a[0]).image().map(Image::to_value)
}

/// By name.
pub const OPS: &[(&str, Step)] = &[
    ("h_type", |_, a| type_of(tensor(&a[0]).id()).map(Value::Text)),
    ("h_parts", |_, a| parts(tensor(&a[0]).id())),
    ("h_build", |_, a| build(int(&a[0]) as u32, &a[1])),
    ("asset_create", |_, a| Draft::create(a[0].text()).map(|d| Value::Handle(bind::KIND_DRAFT, d.0))),
    ("asset_write", |_, a| draft(&a[0]).write(a[1].bytes()).map(|n| Value::Int(n as i64))),
    ("asset_commit", |_, a| draft(&a[0]).commit()),
    ("asset_store", |_, a| store(tensor(&a[0]).id(), a[1].text())),
    ("asset_image", |_, a| picture(a)),
    ("image_save", |_, a| image_save(&Image(tensor(&a[0])), a[1].text(), a[2].clone()).map(Value::List)),
];

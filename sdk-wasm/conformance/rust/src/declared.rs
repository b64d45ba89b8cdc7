//! Nodes with what the others have not.

use cocoon_guest::*;

link_type! {
    /// A type of the kit's own.
    pub Thing(Value) = "KIT_THING"
}

link_type! {
    /// What the input is linked to.
    pub Same(Value) = "COMFY_MATCHTYPE_V3", "t"
}

node! {
    /// Has what the others have not.
    pub DECLARED: "KitDeclared" ("Declared", "conformance") {
        amount: f64 = number(0.5).range(0.0, 1.0).step(0.05).slider(),
        seed: u64 = seed(7),
        text: Option<String> = text("").force_input(),
        hint: Option<String> = text("").set(&[("placeholder", Setting::Text("say something"))]),
        named: Option<Value> = grow_named(1, &["x", "y"], &[Input::new("n", "INT", whole(0))]),
        slot: Option<Value> = slot("IMAGE", &[Input::new("by", "INT", whole(1))]),
        rows: Option<Value> = group("Row", 1, 3, &[Input::new("n", "INT", whole(0))]),
        same: Value = matching("t", "INT,FLOAT"),
        raw: Option<Value> = link().raw(),
    } -> (Thing as "thing": "What it is.", Same) = declared, flags: &["v3"]
}

#[allow(clippy::too_many_arguments)]
fn declared(
    amount: f64, seed: u64, _: Option<String>, _: Option<String>, _: Option<Value>, _: Option<Value>, _: Option<Value>, same: Value, _: Option<Value>,
) -> Result<(Thing, Same)> {
    Ok((Thing(Value::map().with("seed", seed.to_value()).with("amount", amount)), Same(same)))
}

node! {
    /// Tells how far it is, with a picture.
    pub TELL_WITH: "KitTellWith" ("Tell with", "conformance") {
        image: Image,
    } -> (i64) = tell_with
}

fn tell_with(image: Image) -> Result<i64> {
    if host::progress_with(1.0, 2.0, &image, 4, true)? {
        return Err(Error::of(bind::ECANCEL));
    }
    Ok(1)
}

node! {
    /// Wants all lazy inputs.
    pub MISSING: "KitMissing" ("Missing", "conformance") {
        a: Option<String> = text("").lazy(),
        b: Option<String> = text("").lazy(),
    } -> (String) = missing
}

fn missing(a: Option<String>, b: Option<String>) -> Result<String> {
    Ok(a.unwrap_or_default() + &b.unwrap_or_default())
}

node! {
    /// Its check breaks.
    pub BROKEN: "KitBroken" ("Broken", "conformance") {
        n: i64 = whole(0),
    } -> (i64) = broken, checks: &["n"], validate: Some(breaks)
}

fn breaks(_: &Value) -> Result<()> {
    Err(Error::raise("ValueError", "bad value"))
}

fn broken(n: i64) -> Result<i64> {
    Ok(n)
}

node! {
    /// Becomes a node that shows elsewhere.
    pub ELSEWHERE: "KitElsewhere" ("Elsewhere", "conformance") {
        text: String = text(""),
    } -> (String) = elsewhere, flags: &["expands"]
}

fn elsewhere(text: String) -> Result<Reply> {
    Ok(Reply::new().expand(Expansion::new().add("a", "KitFingerprint", vec![("key", text.into())]).display("3")).output_link("a", 0))
}

/// Tells what it was sent, an event a file of the form.
pub fn route_events(r: &Request) -> Result<Response> {
    let out = r.events()?;
    out.send("tick\ntock", "1", "one\ntwo\r\nthree\rfour")?;
    for f in r.files() {
        out.send("", "", &format!("{} {} {} {} {}", r.method(), f.field(), f.filename(), f.content_type(), String::from_utf8_lossy(f.data())))?;
    }
    Ok(Response::text(200, ""))
}

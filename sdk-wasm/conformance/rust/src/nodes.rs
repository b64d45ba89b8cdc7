//! The kit's nodes and routes.

use cocoon_guest::*;

node! {
    /// Gives its values.
    pub VALUES: "KitValues" ("Values", "conformance") {
        mode: String = choice(&["near", "far"]).help("How far."),
        whole: i64 = whole(3).between(0, 10),
        number: f64 = number(0.5).range(0.0, 1.0).step(0.01),
        text: String = text("a").multiline(),
        on: bool = switch(true),
        extra: Option<String> = text("none").optional(),
    } -> (String as "mode", i64, f64, String, bool, String) = values
}

type Values = (String, i64, f64, String, bool, String);

fn values(mode: String, whole: i64, number: f64, text: String, on: bool, extra: Option<String>) -> Result<Values> {
    Ok((mode, whole, number, text, on, extra.unwrap_or("none".into())))
}

node! {
    /// Gives one of two texts.
    pub LAZY: "KitLazy" ("Lazy", "conformance") {
        first: bool = switch(true),
        a: Option<String> = text("").lazy(),
        b: Option<String> = text("").lazy(),
    } -> (String) = lazy_text, needs: Some(needs)
}

fn needs(inputs: &Value) -> Vec<&'static str> {
    let name = if *inputs.get("first") == Value::Bool(true) { "a" } else { "b" };
    if *inputs.get(name) == Value::Null { vec![name] } else { vec![] }
}

fn lazy_text(first: bool, a: Option<String>, b: Option<String>) -> Result<String> {
    (if first { a } else { b }).ok_or(Error::new("the text is missing"))
}

node! {
    /// Multiplies each item.
    pub LISTS: "KitLists" ("Lists", "conformance") {
        items: Vec<i64> = whole(0),
        factor: Vec<i64> = whole(2),
    } -> (Vec<i64>, i64) = lists, flags: &["input_is_list"]
}

fn lists(items: Vec<i64>, factor: Vec<i64>) -> Result<(Vec<i64>, i64)> {
    let n = items.len() as i64;
    Ok((items.into_iter().map(|v| v * factor[0]).collect(), n))
}

node! {
    /// Becomes two nodes.
    pub EXPAND: "KitExpand" ("Expand", "conformance") {
        text: String = text(""),
        whole: i64 = whole(0),
    } -> (String) = expand, flags: &["expands"]
}

fn expand(text: String, whole: i64) -> Result<Reply> {
    let nodes = Expansion::new()
        .add("a", "KitValues", vec![("mode", "far".into()), ("whole", whole.into()), ("number", 0.25.into()), ("text", text.into()), ("on", false.into())])
        .add("b", "KitLazy", vec![("first", true.into()), ("a", Value::link("a", 3))]);
    Ok(Reply::new().expand(nodes).output_link("b", 0))
}

node! {
    /// Blocks an output, or all.
    pub BLOCK: "KitBlock" ("Block", "conformance") {
        mode: String = choice(&["say", "silent", "all"]),
    } -> (String, String) = block
}

fn block(mode: String) -> Result<Reply> {
    Ok(match &*mode {
        "say" => Reply::new().output("x".to_string()).output_blocked(Some("no more")),
        "silent" => Reply::new().output("x".to_string()).output_blocked(None),
        _ => Reply::block("all blocked"),
    })
}

node! {
    /// Takes even numbers.
    pub CHECK: "KitCheck" ("Check", "conformance") {
        n: i64 = whole(0),
    } -> (i64) = check, checks: &["n"], validate: Some(check_n)
}

fn check_n(inputs: &Value) -> Result<()> {
    if inputs.get("n").int().unwrap_or(0) % 2 != 0 { Err("n is odd".into()) } else { Ok(()) }
}

fn check(n: i64) -> Result<i64> {
    Ok(n)
}

node! {
    /// Depends on more than its inputs.
    pub FINGERPRINT: "KitFingerprint" ("Fingerprint", "conformance") {
        key: String = text(""),
    } -> (String) = fingerprint, fingerprint: Some(fingerprint_of)
}

fn fingerprint_of(inputs: &Value) -> Result<Value> {
    let list = vec![true.into(), Value::Null, 0.5.into()];
    Ok(Value::map().with("n", 1i64).with("list", list).with("key", inputs.get("key").clone()))
}

fn fingerprint(key: String) -> Result<String> {
    Ok(key)
}

node! {
    /// Shows values of every sort.
    pub SHOW: "KitShow" ("Show", "conformance") {
        key: String = text(""),
    } -> () = show, flags: &["output_node"]
}

fn show(key: String) -> Result<Reply> {
    Ok(Reply::new().show(&key).ui("values", vec![1i64.into(), 2.5.into(), true.into(), Value::Null]))
}

node! {
    /// Tells how far it is.
    pub TELL: "KitTell" ("Tell", "conformance") {
        image: Image,
    } -> (i64) = tell
}

fn tell(image: Image) -> Result<i64> {
    if host::progress(1.0, 2.0) {
        return Err(Error::of(bind::ECANCEL));
    }
    host::progress_text("half");
    host::preview_png(&image, 4)?;
    host::progress(2.0, 2.0);
    Ok(1)
}

node! {
    /// Waits for a message.
    pub WAIT: "KitWait" ("Wait", "conformance") {} -> (String) = wait, flags: &["async", "not_idempotent"]
}

fn wait() -> Result<String> {
    String::from_utf8(host::msg_wait("go", 20_000)?).map_err(|_| Error::new("the message is no text"))
}

node! {
    /// Asks n times to be called again.
    pub LATER: "KitLater" ("Later", "conformance") {
        n: i64 = whole(2),
    } -> (String) = later, resume: Some(resumed)
}

fn later(_: i64) -> Result<Reply> {
    Ok(Reply::later(1, b"x".to_vec()))
}

fn resumed(inputs: &Value, state: &[u8]) -> Result<Reply> {
    if state.len() as i64 >= inputs.get("n").int().unwrap_or(0) {
        return Ok(Reply::new().output(String::from_utf8_lossy(state).into_owned()));
    }
    Ok(Reply::later(1, [state, b"x"].concat()))
}

node! {
    /// Gives what the server fills in.
    pub HIDDEN: "KitHidden" ("Hidden", "conformance") {
        id: Option<String> = hidden("UNIQUE_ID"),
        prompt: Option<String> = hidden("PROMPT"),
        info: Option<String> = hidden("EXTRA_PNGINFO"),
    } -> (String, String, String) = filled
}

fn filled(id: Option<String>, prompt: Option<String>, info: Option<String>) -> Result<(String, String, String)> {
    Ok((id.unwrap_or_default(), prompt.unwrap_or_default(), info.unwrap_or_default()))
}

node! {
    /// Passes on what stays with the host.
    pub HANDLES: "KitHandles" ("Handles", "conformance") {
        image: Image,
        mask: Mask,
        latent: Latent,
        model: Model,
    } -> (Image, Mask, Latent, Model) = handles
}

link_type! {
    /// A value that is passed on unseen.
    pub Model(Opaque) = "MODEL"
}

fn handles(image: Image, mask: Mask, latent: Latent, model: Model) -> Result<(Image, Mask, Latent, Model)> {
    Ok((image, mask, latent, model))
}

node! {
    /// Fails.
    pub FAIL: "KitFail" ("Fail", "conformance") {
        mode: String = choice(&["errno", "raise"]),
    } -> (i64) = fail
}

fn fail(mode: String) -> Result<i64> {
    Err(if mode == "raise" { Error::raise("ValueError", "bad value") } else { Error::with(bind::ECONFLICT, "moved on") })
}

node! {
    /// Has every flag.
    pub FLAGS: "KitFlags" ("Flags", "conformance") {} -> () = flags,
    flags: &["output_node", "not_idempotent", "async", "intermediate", "deprecated", "experimental"]
}

fn flags() -> Result<()> {
    Ok(())
}

node! {
    /// Adds up what there is.
    pub GROW: "KitGrow" ("Grow", "conformance") {
        items: Value = grow("n", 1, 4, &[Input::new("n", "INT", whole(0))]),
        how: Value = cases(&[Case { key: "plus", inputs: &[Input::new("by", "INT", whole(1))] }, Case { key: "plain", inputs: &[] }]),
    } -> (i64) = sum, flags: &["v3"], more: Some(|v| v.with("aliases", vec![Value::from("sum"), Value::from("total")]))
}

fn sum(items: Value, how: Value) -> Result<i64> {
    let n = (0..4).map(|i| items.get(&format!("n{i}")).int().unwrap_or(0)).sum::<i64>();
    Ok(n + how.get("by").int().unwrap_or(0))
}

node! {
    /// Begins a loop.
    pub LOOP: "KitLoop" ("Loop", "conformance") {
        n: i64 = whole(2),
    } -> (i64, String, Value) = looped, more: Some(|v| v.with("loop", "start"))
}

fn looped(n: i64) -> Result<Reply> {
    Ok(Reply::iterations((0..n).map(|i| vec![i.into(), format!("row {i}").into()]).collect(), true))
}

node! {
    /// Takes anything but pictures.
    pub LINKS: "KitLinks" ("Links", "conformance") {
        x: Value,
    } -> (i64) = any, flags: &["validates_links"], validate: Some(check_links)
}

fn check_links(_: &Value) -> Result<()> {
    if linked("x") == "IMAGE" { Err("no pictures".into()) } else { Ok(()) }
}

fn any(_: Value) -> Result<i64> {
    Ok(1)
}

/// Says what a request is made of.
pub fn route_echo(r: &Request) -> Result<Response> {
    let text = [r.param("name"), r.query("q"), r.header("accept"), r.tenant()].join("|");
    Ok(Response::text(203, text).header("x-ext-kit", "yes"))
}

/// Hands a message to a node that waits.
pub fn route_go(r: &Request) -> Result<Response> {
    let taken = host::msg_post("", r.form("node"), "go", r.form("message").as_bytes())?;
    Ok(Response::text(200, if taken { "taken" } else { "kept" }))
}

/// Gives a body back.
pub fn route_body(r: &Request) -> Result<Response> {
    Ok(Response::new(200, "application/x-kit", r.body()))
}

/// Reads a message that is written in hexadecimal.
pub fn unhex(s: &str) -> Vec<u8> {
    let digit = |c: u8| if c <= b'9' { c - b'0' } else { c - b'a' + 10 };
    s.as_bytes().chunks_exact(2).map(|x| digit(x[0]) << 4 | digit(x[1])).collect()
}

/// Does the steps of its query, which are a message in hexadecimal, and answers with what they gave: behind what they have written
/// of an answer, if they began one. A long body is named body.
pub fn route_steps(r: &Request) -> Result<Response> {
    let mut named = Value::map();
    if let Some(body) = r.stream() {
        named = named.with("body", Value::Handle(bind::KIND_BODY, body.0));
    }
    let b = crate::steps(&decode(&unhex(r.query("s")))?, &named)?.encode();
    let _ = Answer.write(&b); // where no answer began this does nothing
    Ok(Response::new(200, "application/cbor", b))
}

/// Opens a file of the input folder.
fn opened(name: &str) -> Result<host::Asset> {
    host::Asset::open(&Value::map().with("type", "input").with("filename", name))
}

/// Answers with a file.
pub fn route_file(r: &Request) -> Result<Response> {
    Ok(Response::file(200, "text/plain", opened(r.param("name"))?))
}

/// Answers with a picture file, written anew.
pub fn route_picture(r: &Request) -> Result<Response> {
    Ok(Response::image(200, &opened(r.param("name"))?.image()?, "png"))
}

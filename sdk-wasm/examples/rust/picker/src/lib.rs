//! Picker lets somebody choose one of the pictures of a batch while the workflow runs. Its node waits for a message, which a form
//! posts to the extension's route: from its page, from another, or from a script:
//!
//!     curl -F message=2 -F node_id=7 http://127.0.0.1:8188/ext/example.picker-rust/choose
#![no_std]
use cocoon_guest::*;

/// Pixels of a shown picture's longer side.
const SIDE: i64 = 128;
/// Pictures that are shown; the others can be chosen by number.
const MOST: i64 = 64;
/// Milliseconds after which a node that waits says that it still does.
const PULSE: i64 = 5000;

node! {
    /// Waits until somebody chooses one of the pictures.
    pub PICK: "PickImageRust" ("Pick Image (Rust)", "examples/rust") {
        images: Image,
        seconds: i64 = whole(600).between(0, 3600).help("How long it waits. Then it takes the first picture."),
    } -> (Image as "image", i64 as "index": "Which one it was, counted from 0.") = pick, fingerprint: Some(anew)
}

/// A choice is made anew in each prompt, whatever the pictures are.
fn anew(_: &Value) -> Result<Value> {
    Ok(host::now_ms().into())
}

fn pick(images: Image, seconds: i64) -> Result<(Image, i64)> {
    let (node, info) = (node_id(), images.info()?);
    let count = info.shape()[0];
    show(&images, info.shape(), &node, 1000 * (seconds + 60))?;
    let index = chosen(&node, count, 1000 * seconds);
    hide(&node, count);
    let index = index?;
    Ok((images.slice(0, index, index + 1)?.image()?, index))
}

/// Waits for a message that names one of count pictures; 0 when none comes in time.
fn chosen(node: &str, count: i64, mut left: i64) -> Result<i64> {
    if count == 1 {
        return Ok(0);
    }
    host::progress_text(&format!("Choose a picture: {count} wait"));
    loop {
        let part = left.min(PULSE);
        match host::msg_wait("choice", part as u32) {
            Ok(b) => match number(&String::from_utf8_lossy(&b)) {
                Some(index) if index < count => return Ok(index),
                _ => host::log(2, &format!("node {node} has no such picture: it waits on")),
            },
            Err(e) if e.code == bind::ETIMEOUT => {
                left -= part;
                if left <= 0 {
                    return Ok(0);
                }
                still_waits(node, count)?;
            }
            Err(e) => return Err(e),
        }
    }
}

/// Keeps small copies of the pictures for pages, and tells the one that is open.
fn show(images: &Image, s: &[i64], node: &str, ttl: i64) -> Result<()> {
    let longer = s[1].max(s[2]).max(SIDE);
    let (h, w) = ((s[1] * SIDE / longer).max(1), (s[2] * SIDE / longer).max(1));
    let mut g = Graph::new();
    let x = g.input(images);
    let small = g.resize(x, AREA, &[s[0], h, w, s[3]]);
    let small = g.clamp(small, 0.0, 1.0);
    let window = g.one(small)?.map()?;
    let size = (h * w * s[3]) as usize;
    for i in 0..s[0].min(MOST) {
        let from = i as usize * size;
        kv::put(kv::TENANT, &picture_key(node, i), &bitmap(&window.elems()[from..from + size], h, w, s[3]), ttl)?;
    }
    still_waits(node, s[0])?;
    tell("pictures", node);
    host::preview(images, 512).map(drop)
}

fn hide(node: &str, count: i64) {
    let _ = kv::delete(kv::TENANT, &count_key(node));
    for i in 0..count.min(MOST) {
        let _ = kv::delete(kv::TENANT, &picture_key(node, i));
    }
    tell("chosen", node);
}

/// Keeps a node among those that wait, for a little longer than it takes to say so again.
fn still_waits(node: &str, count: i64) -> Result<()> {
    kv::put(kv::TENANT, &count_key(node), count.to_string().as_bytes(), 2 * PULSE)
}

/// Sends an event to the client whose prompt runs. It may be away, and events may not be granted: the page asks too.
fn tell(kind: &str, node: &str) {
    let _ = host::ws_send(kind, &format!("{{\"node\":\"{node}\"}}"));
}

fn count_key(node: &str) -> String {
    format!("count/{node}")
}

fn picture_key(node: &str, index: i64) -> String {
    format!("picture/{node}/{index}")
}

/// A BMP file of values of 0 to 1.
fn bitmap(px: &[f32], h: i64, w: i64, ch: i64) -> Vec<u8> {
    let row = (3 * w as usize + 3) & !3;
    let mut b = vec![0u8; 54 + row * h as usize];
    let size = b.len() as u32;
    b[..2].copy_from_slice(b"BM");
    for (at, v) in [(2, size), (10, 54), (14, 40), (18, w as u32), (22, (-h) as u32), (26, 1 | 24 << 16)] {
        b[at..at + 4].copy_from_slice(&v.to_le_bytes()); // from the top
    }
    for (i, p) in px.chunks_exact(ch as usize).enumerate() {
        for k in 0..3 {
            let v = p[k.min(p.len() - 1)];
            b[54 + row * (i / w as usize) + 3 * (i % w as usize) + 2 - k] = (v * 255.0 + 0.5) as u8;
        }
    }
    b
}

/// A number of a picture.
fn number(s: &str) -> Option<i64> {
    if s.len() < 10 && s.bytes().all(|c| c.is_ascii_digit()) { s.parse().ok() } else { None }
}

/// How many pictures a node waits with; 0 when it does not.
fn pictures(node: &str) -> Result<i64> {
    Ok(kv::get(kv::TENANT, &count_key(node))?.and_then(|b| number(&String::from_utf8_lossy(&b))).unwrap_or(0))
}

/// Whether a node's id needs no quoting anywhere.
fn plain(node: &str) -> bool {
    !node.is_empty() && node.len() <= 64 && node.bytes().all(|c| c.is_ascii_alphanumeric() || b"-_:.".contains(&c))
}

fn says(status: i64, json: impl Into<String>) -> Result<Response> {
    Ok(Response::new(status, "application/json", json.into()).header("cache-control", "no-store"))
}

/// Hands a choice to the node that waits for it, or will.
fn choose(r: &Request) -> Result<Response> {
    let (node, index) = (r.form("node_id"), number(r.form("message")));
    let (true, Some(index)) = (plain(node), index) else {
        return says(400, "{\"error\":\"post node_id, and as message the number of a picture, counted from 0\"}");
    };
    let count = pictures(node)?;
    if count > 0 && index >= count {
        return says(400, format!("{{\"error\":\"there are {count} pictures, counted from 0\"}}"));
    }
    match host::msg_post(r.form("prompt_id"), node, "choice", index.to_string().as_bytes()) {
        Ok(taken) => says(200, format!("{{\"index\":{index},\"taken\":{taken}}}")),
        Err(e) if e.code == bind::ELIMIT || e.code == bind::ETOOBIG => says(429, "{\"error\":\"too many choices wait already\"}"),
        Err(e) => Err(e),
    }
}

/// Lists the nodes that wait: [{"node": "7", "count": 4, "shown": 4}].
fn waiting(_: &Request) -> Result<Response> {
    let mut all = Vec::new();
    for key in kv::list(kv::TENANT, "count/")? {
        let node = &key["count/".len()..];
        let count = pictures(node)?;
        if count > 0 {
            all.push(format!("{{\"node\":\"{node}\",\"count\":{count},\"shown\":{}}}", count.min(MOST)));
        }
    }
    says(200, format!("[{}]", all.join(",")))
}

/// Gives one of them.
fn picture(r: &Request) -> Result<Response> {
    let Some(index) = number(r.param("index")) else {
        return says(400, "{\"error\":\"pictures are counted from 0\"}");
    };
    match kv::get(kv::TENANT, &picture_key(r.param("node"), index))? {
        Some(file) => Ok(Response::new(200, "image/bmp", file)),
        None => says(404, "{\"error\":\"there is no such picture\"}"),
    }
}

extension! {
    nodes: [PICK],
    routes: [Route::new("POST", "/choose", choose), Route::new("GET", "/pictures", waiting), Route::new("GET", "/pictures/:node/:index", picture)],
}

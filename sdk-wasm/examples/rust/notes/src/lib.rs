//! Notes keeps short texts by HTTP, apart for each tenant, and has a page to write them and a node that reads one.
#![no_std]
use cocoon_guest::*;

const PAGE: &str = include_str!("page.html");

node! {
    /// Gives the text of a note.
    pub NOTE: "ExampleNoteRust" ("Note (Rust)", "examples/rust") {
        key: String = text(""),
    } -> (String) = note, flags: &["not_idempotent"]
}

fn note(key: String) -> Result<String> {
    let b = kv::get(kv::TENANT, &key)?.ok_or(Error::new("there is no such note"))?;
    String::from_utf8(b).map_err(|_| Error::new("the note is no text"))
}

fn names() -> Result<String> {
    let keys: Vec<String> = kv::list(kv::TENANT, "")?.iter().map(|k| format!("\"{k}\"")).collect();
    Ok(format!("[{}]", keys.join(",")))
}

fn list(_: &Request) -> Result<Response> {
    Ok(Response::new(200, "application/json", names()?))
}

/// Tells the names whenever they have changed, as Server-Sent Events, until the client is gone. A stream ends after some minutes,
/// and its reader asks again.
fn changes(r: &Request) -> Result<Response> {
    let out = r.events()?;
    let mut told = String::new();
    for _ in 0..500 {
        let now = names()?;
        if now != told {
            if out.send("", "", &now).is_err() {
                break;
            }
            told = now;
        }
        if !host::sleep_ms(500) {
            break;
        }
    }
    Ok(Response::text(200, ""))
}

fn keep(r: &Request) -> Result<Response> {
    let key = r.form("key");
    // Letters, digits and hyphens need no quoting anywhere.
    if key.is_empty() || key.len() > 64 || !key.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-') {
        return Ok(Response::text(400, "a name is letters, digits and hyphens"));
    }
    match kv::put(kv::TENANT, key, r.form("text").as_bytes(), 0) {
        Err(e) if e.code == bind::ELIMIT => Ok(Response::text(507, "there is no room for more notes")),
        Err(e) => Err(e),
        Ok(()) => Ok(Response::text(201, "kept")),
    }
}

fn get(r: &Request) -> Result<Response> {
    Ok(match kv::get(kv::TENANT, r.param("key"))? {
        Some(b) => Response::new(200, "text/plain; charset=utf-8", b),
        None => Response::text(404, "there is no such note"),
    })
}

fn forget(r: &Request) -> Result<Response> {
    kv::delete(kv::TENANT, r.param("key"))?;
    Ok(Response::text(200, "gone"))
}

fn page(_: &Request) -> Result<Response> {
    Ok(Response::html(PAGE))
}

extension! {
    nodes: [NOTE],
    routes: [
        Route::new("GET", "/notes", list),
        Route::new("POST", "/notes", keep),
        Route::new("GET", "/notes/:key", get),
        Route::new("DELETE", "/notes/:key", forget),
        Route::new("GET", "/changes", changes),
        Route::new("GET", "/page", page),
    ]
}

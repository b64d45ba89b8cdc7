"""The recipes of docs/api.md and docs/recipes.md, run as they stand against the server at COCOON_URL. A block of shell may be followed by
a block of text, which is what it prints: … stands for anything in a line, and a line of it for any lines."""
import json
import os
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import zlib

root = pathlib.Path(__file__).resolve().parents[2]
base = os.environ.get("COCOON_URL", "http://127.0.0.1:8188")
passed = failed = 0


def check(what, ok, more=""):
    global passed, failed
    passed, failed = passed + bool(ok), failed + (not ok)
    print(f"{'ok  ' if ok else 'FAIL'} recipes: {what}" + ("" if ok else f" — {str(more)[:400]}"))


def png(side):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + bytes([x * 8 % 256 for x in range(side * 3)]) for _ in range(side))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def blocks(name):
    """The shell blocks of a document, each with the text it prints or None."""
    text = (root / "docs" / name).read_text().replace("http://127.0.0.1:8188", base)
    return re.findall(r"```sh\n(.*?)```\n(?:\n```text\n(.*?)```)?", text, re.S)


def fits(want, got):
    """Whether lines are those wanted."""
    form = "".join("(?:[^\n]*\n)*" if line == "…\n" else re.escape(line).replace("…", "[^\n]*") for line in want.splitlines(True))
    return re.fullmatch(form, got)


def api_page(work):
    """The recipes of docs/api.md, each by itself."""
    found = blocks("api.md")
    check("there are recipes", len(found) >= 4, len(found))
    name = "none.png"
    for block, _ in found:
        script = block.replace("ComfyUI_00001_.png", name)
        streams = "curl -sN" in script
        if streams:  # it goes on until it is stopped: when the end was told, or after two minutes; it hears that also when it begins late
            script = script.replace("curl -sN", "curl -sN -m 120 -H 'Last-Event-ID: 0'").replace("' &\n", "' | sed '/execution_success/q' &\n") + "\nwait\n"
        done = subprocess.run(["bash", "-e", "-c", script], cwd=work, capture_output=True, text=True, timeout=400)
        first = block.strip().splitlines()[0]
        if streams:
            check(first + " tells of the end", "execution_success" in done.stdout, done.stdout[-400:])
            continue
        check(first, done.returncode == 0, done.stderr or done.returncode)
        if "wait=300" in script:
            outputs = json.loads(done.stdout)["result"]["outputs"]
            name = next(i["filename"] for o in outputs.values() for i in o.get("images", []))
        if "picture.png" in script:
            check("a picture", (work / "picture.png").read_bytes()[:4] == b"\x89PNG")
            check("a small one", (work / "small.webp").read_bytes()[8:12] == b"WEBP")
        if "upload/image" in script:
            check("the upload's name comes back", '"photo.png"' in done.stdout, done.stdout)


def recipes_page(work):
    """The recipes of docs/recipes.md in one shell, since later ones use what earlier ones made."""
    found = blocks("recipes.md")
    check("recipes.md has recipes and their answers", sum(bool(want) for _, want in found) >= 8, len(found))
    mark = "\x1erecipe\x1e"
    script = "set -euo pipefail\n" + "".join(f"printf '{mark}'\n{block}" for block, _ in found) + f"printf '{mark}'\n"
    done = subprocess.run(["bash", "-c", script], cwd=work, capture_output=True, text=True, timeout=500)
    printed = done.stdout.split(mark)[1:]
    for i, (block, want) in enumerate(found):
        first = block.strip().splitlines()[0]
        if i + 1 >= len(printed):  # the shell ended in this one, or before
            check(first, False, done.stderr or done.returncode)
            continue
        got = printed[i] if not printed[i] or printed[i].endswith("\n") else printed[i] + "\n"
        check(first, want == "" and got == "" or want and fits(want, got), f"it prints {got!r}, not {want!r}")


with tempfile.TemporaryDirectory() as work:
    work = pathlib.Path(work)
    (work / "examples").symlink_to(root / "examples")
    (work / "photo.png").write_bytes(png(32))
    api_page(work)
    recipes_page(work)
print("COUNT", passed, failed)
sys.exit(failed > 0)

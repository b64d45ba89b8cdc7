"""The recipes of docs/api.md: every shell block is run as it stands, against the server at COCOON_URL, and does what it says."""
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


with tempfile.TemporaryDirectory() as work:
    work = pathlib.Path(work)
    (work / "examples").symlink_to(root / "examples")
    (work / "photo.png").write_bytes(png(32))
    blocks = re.findall(r"```sh\n(.*?)```", (root / "docs/api.md").read_text(), re.S)
    check("there are recipes", len(blocks) >= 4, len(blocks))
    name = "none.png"
    for block in blocks:
        script = block.replace("http://127.0.0.1:8188", base).replace("ComfyUI_00001_.png", name)
        streams = "curl -sN" in script
        if streams:  # it goes on until it is stopped: when the end was told, or after two minutes
            script = script.replace("curl -sN", "curl -sN -m 120").replace("' &\n", "' | sed '/execution_success/q' &\n") + "\nwait\n"
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
print("COUNT", passed, failed)
sys.exit(failed > 0)

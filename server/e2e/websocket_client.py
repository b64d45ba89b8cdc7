"""The plain script of many tutorials: urllib and websocket-client."""
import json
import os
import struct
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
import zlib

import websocket

BASE = os.environ.get("COCOON_URL", "http://127.0.0.1:8188")
HOST = urllib.parse.urlparse(BASE).netloc
EXAMPLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "examples", "text-to-image.json")
client_id = str(uuid.uuid4())
counts = {True: 0, False: 0}


def check(what, ok, more=""):
    counts[bool(ok)] += 1
    print(("ok  " if ok else "FAIL") + f" websocket: {what}" + ("" if ok else f" — {more!r:.500}"), flush=True)


def post(path, body, headers=None):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    req = urllib.request.Request(BASE + path, data=data, headers=headers or {"Content-Type": "application/json"})
    return urllib.request.urlopen(req).read()


def get(path, **query):
    return urllib.request.urlopen(BASE + path + ("?" + urllib.parse.urlencode(query) if query else "")).read()


def queue_prompt(prompt):
    return json.loads(post("/prompt", {"prompt": prompt, "client_id": client_id}))["prompt_id"]


def wait(ws, prompt_id):
    """Reads until the prompt is done; gives messages and binary frames."""
    messages, frames = [], []
    while True:
        out = ws.recv()
        if not isinstance(out, str):
            frames.append(out)
            continue
        m = json.loads(out)
        messages.append(m)
        if m["type"] == "executing" and m["data"]["node"] is None and m["data"].get("prompt_id") == prompt_id:
            return messages, frames
        if m["type"] in ("execution_error", "execution_interrupted") and m["data"]["prompt_id"] == prompt_id:
            return messages, frames


def images(prompt_id):
    for _ in range(100):
        history = json.loads(get("/history/" + prompt_id))
        if prompt_id in history:
            break
        time.sleep(0.05)
    return {node: [get("/view", filename=i["filename"], subfolder=i["subfolder"], type=i["type"]) for i in out["images"]]
            for node, out in history[prompt_id]["outputs"].items() if "images" in out}


def png(width, height):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + b"".join(bytes((x * 8 % 256, y * 8 % 256, 90)) for x in range(width)) for y in range(height))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def upload(name, data):
    edge = uuid.uuid4().hex
    body = (f'--{edge}\r\nContent-Disposition: form-data; name="image"; filename="{name}"\r\nContent-Type: image/png\r\n\r\n'.encode()
            + data + f'\r\n--{edge}\r\nContent-Disposition: form-data; name="overwrite"\r\n\r\ntrue\r\n--{edge}--\r\n'.encode())
    return json.loads(post("/upload/image", body, {"Content-Type": "multipart/form-data; boundary=" + edge}))


def main():
    with open(EXAMPLE, encoding="utf-8") as f:
        example = json.load(f)
    ws = websocket.WebSocket()
    ws.connect(f"ws://{HOST}/ws?clientId={client_id}", timeout=60)
    first = json.loads(ws.recv())
    check("the first message is the status with the session", first["type"] == "status" and first["data"]["sid"] == client_id, first)

    prompt = json.loads(json.dumps(example))
    prompt["5"]["inputs"].update(seed=int(time.time()), steps=30)
    messages, frames = wait(ws, queue_prompt(prompt))
    kinds = {m["type"] for m in messages}
    check("all events of a run come", {"execution_start", "executing", "progress", "progress_state", "executed"} <= kinds, kinds)
    check("previews are binary frames of type 1 with a JPEG", frames and frames[0][:8] == struct.pack(">II", 1, 1) and frames[0][8:10] == b"\xff\xd8", len(frames))
    prompt_id = messages[-1]["data"]["prompt_id"]
    got = images(prompt_id)
    check("the result is a PNG", got["7"][0].startswith(b"\x89PNG"))

    up = upload("websocket.png", png(32, 32))
    check("the upload has a name", up["name"] == "websocket.png", up)
    load = {"1": {"class_type": "LoadImage", "inputs": {"image": up["name"]}},
            "2": {"class_type": "ImageInvert", "inputs": {"image": ["1", 0]}},
            "3": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "websocket"}}}
    prompt_id = queue_prompt(load)
    wait(ws, prompt_id)
    check("an uploaded picture goes through a workflow", images(prompt_id)["3"][0].startswith(b"\x89PNG"))

    prompt["5"]["inputs"]["steps"] = -1
    try:
        queue_prompt(prompt)
        check("a bad value is refused", False)
    except urllib.error.HTTPError as e:
        body = json.loads(e.read())
        check("a bad value is refused", e.code == 400 and body["node_errors"]["5"]["errors"][0]["type"] == "value_smaller_than_min", body)

    prompt["5"]["inputs"].update(steps=2000, seed=6)
    prompt_id = queue_prompt(prompt)
    running = False
    while not running:
        out = ws.recv()
        running = isinstance(out, str) and json.loads(out)["type"] == "progress"
    post("/interrupt", b"")
    messages, _ = wait(ws, prompt_id)
    check("an interrupted prompt is told", messages[-1]["type"] == "execution_interrupted", messages[-1])
    ws.close()
    print("COUNT", counts[True], counts[False])
    sys.exit(1 if counts[False] else 0)


main()

"""What the server tells of itself is read by those who are meant to read it: OpenAPI's validator and Prometheus's parser."""
import json
import os
import sys
import urllib.request

from openapi_spec_validator import validate
from prometheus_client.parser import text_string_to_metric_families

base = os.environ.get("COCOON_URL", "http://127.0.0.1:8188")
passed = failed = 0


def check(what, ok, more=""):
    global passed, failed
    passed, failed = passed + bool(ok), failed + (not ok)
    print(f"{'ok  ' if ok else 'FAIL'} described: {what}" + ("" if ok else f" — {str(more)[:400]}"))


def get(path):
    with urllib.request.urlopen(base + path) as answer:
        return answer.headers["Content-Type"], answer.read().decode()


api = json.loads(get("/openapi.json")[1])
try:
    validate(api)
    check("/openapi.json is OpenAPI 3.1", api["openapi"] == "3.1.0", api["openapi"])
except Exception as e:  # the validator has many
    check("/openapi.json is OpenAPI 3.1", False, e)
operations = [op for item in api["paths"].values() for op in item.values()]
check("every operation has answers", all(op["responses"] for op in operations) and len(operations) > 100, len(operations))

kind, text = get("/metrics")
families = {f.name: f for f in text_string_to_metric_families(text)}
check("/metrics is of Prometheus's type", kind.startswith("text/plain; version=0.0.4"), kind)
check("its metrics have kinds and words", all(f.type != "unknown" and f.documentation for f in families.values()), list(families))
check("requests are counted", sum(s.value for s in families["cocoon_requests"].samples) > 0, families.get("cocoon_requests"))
histogram = families["cocoon_request_seconds"].samples
whole = {s.labels["route"]: s.value for s in histogram if s.name.endswith("_count")}
last = {s.labels["route"]: s.value for s in histogram if s.labels.get("le") == "+Inf"}
check("the classes of times add up", whole and whole == last, (whole, last))
print("COUNT", passed, failed)
sys.exit(failed > 0)

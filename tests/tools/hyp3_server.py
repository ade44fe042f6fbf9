"""A stand-in of HyP3 on this machine: jobs, pages, credits, costs, files; and its bad days.

``python tests/tools/hyp3_server.py PORT`` serves until it is ended, for the token ``token-of-alice``.
"""

import io
import itertools
import json
import sys
import threading
import time
import uuid
import zipfile
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

COSTS = {
    "INSAR_GAMMA": {"cost_parameters": ["looks"], "cost_table": {"20x4": 10.0, "10x2": 15.0}},
    "INSAR_ISCE_MULTI_BURST": {"cost_parameters": ["looks", "reference"], "cost_table": {"20x4": {"1": 1.0, "2": 1.0}}},
    "INSAR_ISCE_BURST": {"cost": 1.0},
}
NEXT = {"PENDING": "RUNNING", "RUNNING": "SUCCEEDED"}


def iso(moment):
    return moment.astimezone(timezone.utc).isoformat(timespec="seconds")


def product_zip(name):
    """A small product: one folder of the zip's name."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{name}/{name}.txt", f"Reference Granule: {name}\n")
        archive.writestr(f"{name}/{name}_unw_phase.tif", bytes(range(256)) * 64)
    return content.getvalue()


def zip_of(folder):
    """A folder as HyP3 delivers it."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.iterdir()):
            archive.write(path, f"{folder.name}/{path.name}")
    return content.getvalue()


class Fault:
    """What goes wrong with the next requests of a kind."""

    def __init__(self, method, path, status, times, after, body):
        self.method, self.path, self.status, self.times, self.after, self.body = (
            method,
            path,
            status,
            times,
            after,
            body,
        )


class Hyp3Server:
    """Context of a running server.

    ``users`` maps tokens to names, ``credits`` names to credits (None: no limit). ``outcomes`` maps names of jobs to how they
    end. ``paid`` lists (user, name) of every job that was ever made. ``products`` maps pairs of dates to folders of products.
    """

    page = 3

    def __init__(self, port=0):
        self.users = {"token-of-alice": "alice"}
        self.credits = {"alice": 1000.0}
        self.costs, self.jobs, self.files, self.paid = dict(COSTS), {}, {}, []
        self.outcomes, self.faults, self.requests, self.products = {}, [], [], {}
        self.unknown_granules, self.lag, self.on_post = set(), 0.0, None
        self._lock, self._counter = threading.RLock(), itertools.count(1)
        self.server = ThreadingHTTPServer(("127.0.0.1", port), type("Bound", (_Handler,), {"hyp3": self}))
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def fail(self, method, path, status, times=1, after=False, body=None):
        """Answer the next requests with a status; ``after``: although they were heeded. Status 0: no answer at all."""
        self.faults.append(Fault(method, path, status, times, after, body))

    def take_fault(self, method, path):
        with self._lock:
            for fault in self.faults:
                if fault.times > 0 and fault.method == method and path.startswith(fault.path):
                    fault.times -= 1
                    return fault
        return None

    def job(self, name):
        """The newest job of a name."""
        return [job for job in self.jobs.values() if job.get("name") == name][-1]

    def finish(self, expires=14.0):
        """Let all jobs end; ``expires``: days from now."""
        with self._lock:
            for job in self.jobs.values():
                while job["status_code"] in NEXT:
                    self.advance(job)
                if job["status_code"] == "SUCCEEDED":
                    job["expiration_time"] = iso(datetime.now(timezone.utc) + timedelta(days=expires))

    def advance(self, job):
        job["status_code"] = NEXT.get(job["status_code"], job["status_code"])
        if job["status_code"] == "SUCCEEDED" and self.outcomes.get(job.get("name")) == "FAILED":
            job["status_code"], job["logs"] = "FAILED", [f"{self.url}/logs/{job['job_id']}.log"]
        elif job["status_code"] == "SUCCEEDED" and not job.get("files"):
            filename = f"{job['product']}.zip"
            folder = self.products.get(job["name"].split("_", 1)[1])
            made = product_zip(job["product"]) if folder is None else zip_of(folder)
            content = self.files.setdefault(filename, made)
            job["files"] = [{"filename": filename, "size": len(content), "url": f"{self.url}/files/{filename}"}]
            job["expiration_time"] = iso(datetime.now(timezone.utc) + timedelta(days=14))

    # ------------------------------------------------------------------ requests

    def cost(self, order):
        found = self.costs[order["job_type"]]
        if "cost" in found:
            return found["cost"]
        table = found["cost_table"]
        for name in found["cost_parameters"]:
            value = order["job_parameters"][name]
            table = table[str(len(value) if isinstance(value, list) else value)]
        return table

    def submit(self, user, orders):
        """Status and answer of a POST; all of it or nothing."""
        with self._lock:
            text = json.dumps(orders)
            if missing := [granule for granule in sorted(self.unknown_granules) if granule in text]:
                return 400, {"detail": f"Some requested scenes could not be found: {', '.join(missing)}"}
            price, left = sum(self.cost(order) for order in orders), self.credits[user]
            if left is not None and price > left:
                detail = f"These jobs would cost {price} credits, but you have only {left} remaining."
                return 400, {"detail": detail}
            if left is not None:
                self.credits[user] -= price
            made = [self._made(user, order) for order in orders]
            return 200, {"jobs": [self.shown(job) for job in reversed(made)]}

    def _made(self, user, order):
        number, parameters = next(self._counter), order["job_parameters"]
        job = {
            **order,
            "job_id": str(uuid.UUID(int=number)),
            "user_id": user,
            "status_code": "PENDING",
            "request_time": iso(datetime.now(timezone.utc)),
            "credit_cost": self.cost(order),
            "priority": 0,
            "bucket_prefix": f"prefix/{uuid.UUID(int=number)}",
            "product": f"S1AA_{order['name']}_INT80_G_ueF_{number:04X}",
            "born": time.monotonic(),
        }
        if folder := self.products.get(order["name"].split("_", 1)[1]):
            job["product"] = folder.name
        if (
            order["job_type"] == "INSAR_GAMMA"
        ):  # as HyP3: by their dates; and a setting of which the client knows nothing
            job["job_parameters"] = {**parameters, "granules": sorted(parameters["granules"]), "new_setting": "usual"}
        self.jobs[job["job_id"]] = job
        self.paid.append((user, order["name"]))
        return job

    @staticmethod
    def shown(job):
        return {name: value for name, value in job.items() if name not in ("born", "product")}

    def listed(self, asked, user):
        """A page of jobs, and the number of the next."""
        wanted = {name: values[0] for name, values in asked.items() if name in ("name", "job_type", "status_code")}
        wanted["user_id"] = asked.get("user_id", [user])[0]
        old = [job for job in self.jobs.values() if time.monotonic() - job["born"] >= self.lag]
        found = [job for job in old if all(job.get(name) == value for name, value in wanted.items())]
        start = int(asked.get("start_token", ["0"])[0])
        more = start + self.page if start + self.page < len(found) else None
        return [self.shown(job) for job in found[start : start + self.page]], more


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hyp3: Hyp3Server

    def log_message(self, *_):
        pass

    def _send(self, status, content, kind="application/json"):
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _answered(self, method):
        """Look for faults around the answer."""
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        path = self.path
        self.hyp3.requests.append((method, path, dict(self.headers)))
        fault = self.hyp3.take_fault(method, path)
        if fault is None or fault.after:
            status, content = self._heeded(method, path, body)
        if fault is not None:
            if fault.status == 0:
                self.close_connection = True
                self.connection.shutdown(2)
                return
            status = fault.status
            content = {"detail": f"trouble {status}"} if fault.body is None else fault.body
        self._send(status, content, "application/zip" if isinstance(content, bytes) else "application/json")

    def _heeded(self, method, path, body):
        parts = urlsplit(path)
        if parts.path.startswith("/files/"):
            content = self.hyp3.files.get(parts.path.removeprefix("/files/"))
            return (200, content) if content is not None else (404, {"detail": "no such file"})
        if parts.path == "/costs":
            return 200, self.hyp3.costs
        user = self.hyp3.users.get(self.headers.get("Authorization", "").removeprefix("Bearer "))
        if user is None:
            return 401, {"detail": "No authorization token provided"}
        if parts.path == "/user":
            return 200, {
                "user_id": user,
                "remaining_credits": self.hyp3.credits[user],
                "application_status": "APPROVED",
            }
        if parts.path == "/jobs":
            return self._jobs(method, parts, body, user)
        job = self.hyp3.jobs.get(parts.path.removeprefix("/jobs/"))
        if job is None:
            return 404, {"detail": f"job_id does not exist: {parts.path}"}
        with self.hyp3._lock:
            answer = self.hyp3.shown(job)
            self.hyp3.advance(job)
        return 200, answer

    def _jobs(self, method, parts, body, user):
        if method == "POST":
            status, answer = self.hyp3.submit(user, body["jobs"])
            if self.hyp3.on_post is not None:
                self.hyp3.on_post()
            return status, answer
        if method == "PATCH":
            for name in body["job_ids"]:
                self.hyp3.jobs[name]["name"] = body["name"]
            return 200, {}
        asked = parse_qs(parts.query)
        jobs, more = self.hyp3.listed(asked, user)
        query = "&".join(f"{name}={values[0]}" for name, values in asked.items() if name != "start_token")
        following = {} if more is None else {"next": f"{self.hyp3.url}/jobs?{query}&start_token={more}"}
        return 200, {"jobs": jobs, **following}

    def do_GET(self):
        self._answered("GET")

    def do_POST(self):
        self._answered("POST")

    def do_PATCH(self):
        self._answered("PATCH")


if __name__ == "__main__":
    with Hyp3Server(int(sys.argv[1]) if len(sys.argv) > 1 else 0) as running:
        print(running.url, flush=True)
        threading.Event().wait()

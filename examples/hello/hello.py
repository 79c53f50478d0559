"""The sample application: says who it is, as a page, and as JSON under /json. Standard library only."""

import html
import json
import os
import platform
import signal
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

VERSION = "1.0"

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{greeting} from {cluster}</title>
<style>
  body {{ margin: 0; min-height: 100vh; display: grid; place-items: center; background: #f4f1ea; color: #2b2622;
         font: 17px/1.5 system-ui, sans-serif }}
  main {{ background: #fff; padding: 2.5rem 3rem; border-top: 6px solid #a63d2f; border-radius: 6px;
         box-shadow: 0 8px 30px #2b262218 }}
  h1 {{ margin: 0 0 1.5rem; font-size: 2.4rem }}
  dl {{ display: grid; grid-template-columns: auto auto; gap: .4rem 2rem; margin: 0 }}
  dt {{ color: #7a6f66 }}
  dd {{ margin: 0; font-family: ui-monospace, monospace }}
</style>
<main><h1>{greeting}</h1><dl>{rows}</dl></main>
</html>
"""


def facts():
    """What this copy knows about itself. The platform sets the variables APP_*; the app file sets GREETING."""
    return {
        "greeting": os.environ.get("GREETING", "Hello"),
        "version": VERSION,
        "application": os.environ.get("APP_NAME", ""),
        "environment": os.environ.get("APP_ENVIRONMENT", ""),
        "cluster": os.environ.get("APP_CLUSTER", ""),
        "pod": platform.node(),
    }


def page():
    known = {name: html.escape(value) for name, value in facts().items()}
    rows = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in known.items() if name != "greeting")
    return PAGE.format(greeting=known["greeting"], cluster=known["cluster"], rows=rows)


class Handler(BaseHTTPRequestHandler):
    timeout = 10  # seconds for a client that connects and says nothing

    def do_GET(self):
        path = urlsplit(self.path).path
        if path == "/healthz":
            self.answer(200, "text/plain", "ok\n")
        elif path == "/json":
            self.answer(200, "application/json", json.dumps(facts()) + "\n")
        elif path == "/":
            self.answer(200, "text/html; charset=utf-8", page())
        else:
            self.answer(404, "text/plain", "Nothing here.\n")

    def do_HEAD(self):
        self.do_GET()

    def answer(self, status, kind, text):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, form, *values):
        if not self.path.startswith("/healthz"):
            print(f"{self.address_string()} {form % values}", flush=True)


def main():
    server = ThreadingHTTPServer(("", int(os.environ.get("PORT", "8080"))), Handler)
    # At the end what was begun is answered: server_close waits for the threads of open requests.
    server.daemon_threads = False
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    print(f"hello {VERSION} listens on port {server.server_port}", flush=True)
    server.serve_forever()
    server.server_close()
    print("hello has ended", flush=True)


if __name__ == "__main__":
    main()

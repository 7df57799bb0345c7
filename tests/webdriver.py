"""A browser to test with: just enough of the WebDriver protocol."""

# SPDX-License-Identifier: BSD-3-Clause

import base64
import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


def find_browser():
    """Return the paths of a browser and its driver, or None."""
    driver = shutil.which("chromedriver")
    browser = next(filter(None, map(shutil.which, NAMES)), None)
    return (browser, driver) if browser and driver else None


class Browser:
    """One window without a screen; everything it asks of the network fails."""

    def __init__(self, width=1200, height=800):
        browser, driver = find_browser()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self._driver = subprocess.Popen(
            [driver, f"--port={port}"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._url = f"http://127.0.0.1:{port}"
        # A proxy from the environment would stand between us and the driver.
        handler = urllib.request.ProxyHandler({})
        self._open = urllib.request.build_opener(handler).open
        self._await_driver()
        options = {
            "binary": browser,
            "args": [
                "--headless=new",
                "--no-sandbox",
                "--disable-dev-shm-usage",
                "--host-resolver-rules=MAP * ~NOTFOUND",
                f"--window-size={width},{height}",
            ],
        }
        wanted = {
            "browserName": "chrome",
            "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL"},
        }
        made = self._call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        self._url += f"/session/{made['sessionId']}"

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        try:
            self._call("DELETE", "")
        finally:
            self._driver.terminate()
            self._driver.wait(10)

    def get(self, path):
        """Open a file."""
        self._call("POST", "/url", {"url": path.resolve().as_uri()})

    def run(self, script):
        """Run a function body in the page and return what it returns."""
        return self._call("POST", "/execute/sync", {"script": script, "args": []})

    def run_async(self, script):
        """Run a function body that calls its last argument when it is done."""
        return self._call("POST", "/execute/async", {"script": script, "args": []})

    def wait_for(self, script, seconds=20):
        """Run a script until it returns something true; return that."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if found := self.run(script):
                return found
            time.sleep(0.1)
        raise AssertionError(f"never true: {script}")

    def move_to(self, x, y):
        """Move the mouse to a point of the window."""
        self._act("pointer", [{"type": "pointerMove", "x": int(x), "y": int(y)}])

    def scroll(self, x, y, amount):
        """Turn the wheel over a point of the window."""
        turn = {"type": "scroll", "x": int(x), "y": int(y), "deltaX": 0}
        self._act("wheel", [{**turn, "deltaY": amount, "duration": 0}])

    def type(self, text):
        """Type into what has the focus."""
        keys = [
            {"type": kind, "value": key}
            for key in text
            for kind in ("keyDown", "keyUp")
        ]
        self._act("key", keys)

    def screenshot(self):
        """Return a picture of the window as PNG."""
        return base64.b64decode(self._call("GET", "/screenshot"))

    def complaints(self):
        """Return the messages on the console that are warnings or worse."""
        log = self._call("POST", "/se/log", {"type": "browser"})
        return [e["message"] for e in log if e["level"] in ("WARNING", "SEVERE")]

    def _act(self, kind, actions):
        source = {"type": kind, "id": kind, "actions": actions}
        self._call("POST", "/actions", {"actions": [source]})

    def _await_driver(self):
        for _ in range(200):
            try:
                return self._call("GET", "/status")
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.05)
        raise RuntimeError("chromedriver does not answer")

    def _call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._url + path, data, method=method)
        request.add_header("Content-Type", "application/json")
        try:
            with self._open(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(error.read().decode()[:600]) from None

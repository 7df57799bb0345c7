# SPDX-License-Identifier: BSD-3-Clause
"""
Serving a classifier
====================

A pipeline saved without pickle, loaded as another process would, and asked over HTTP.
"""

# %%
# Train and save
# --------------

import json
import tempfile
import threading
import time
from http.client import HTTPConnection
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

import matplotlib.pyplot as plt
import numpy as np

from sklearn_embed import FastTextClassifier
from sklearn_embed.datasets import load_docstrings

bunch = load_docstrings(subset="train")
path = Path(tempfile.mkdtemp(), "model")
FastTextClassifier(50, random_state=0).fit(bunch.data[::4], bunch.target[::4]).save(
    path
)
print(f"{path.stat().st_size / 1e6:.1f} MB")

# %%
# Load, and answer
# ----------------
# With ``mmap=True`` all processes that serve share one copy of the vectors.

model = FastTextClassifier.load(path, mmap=True)
model.predict_proba(["the first call makes everything ready"])


def application(environ, start_response):
    """Answer a list of texts by the probabilities of their classes."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    texts = json.loads(environ["wsgi.input"].read(length))
    body = json.dumps(model.predict_proba(texts).round(4).tolist()).encode()
    start_response("200 OK", [("Content-Type", "application/json")])
    return [body]


class Quiet(WSGIRequestHandler):
    """Write no line for each request."""

    def log_message(self, *args):
        """Do nothing."""


server = make_server("127.0.0.1", 0, application, handler_class=Quiet)
thread = threading.Thread(target=server.serve_forever)
thread.start()


def ask(texts):
    """Send texts to the server; return what it answers."""
    connection = HTTPConnection("127.0.0.1", server.server_port)
    connection.request("POST", "/", json.dumps(texts))
    answer = json.loads(connection.getresponse().read())
    connection.close()
    return answer


answer = ask(["read a table from a csv file", "eigenvalues of a symmetric matrix"])
for probabilities in answer:
    print(bunch.target_names[int(np.argmax(probabilities))], max(probabilities))

# %%
# How long an answer takes
# ------------------------
# One text a request, one after the other, most of it HTTP:

milliseconds = []
for text in bunch.data[:300]:
    start = time.perf_counter()
    ask([text])
    milliseconds.append(1e3 * (time.perf_counter() - start))
server.shutdown()
thread.join()
server.server_close()
figure, axes = plt.subplots(figsize=(6.5, 3))
axes.hist(milliseconds, bins=np.linspace(0, np.quantile(milliseconds, 0.99), 40))
_ = axes.set(xlabel="milliseconds", ylabel="requests")

# %%
# FastAPI, several processes, containers: :doc:`/howto/serve`, :doc:`/howto/containers`.

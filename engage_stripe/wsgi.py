"""The WSGI application that ``make serve`` and the container run."""

import gc
import os
import tempfile
from pathlib import Path

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "engage_stripe.settings")

# Several web processes answer one /metrics: each keeps its counters where all of them read them, for as long as their
# common parent lives. https://prometheus.github.io/client_python/multiprocess/
_counters = Path(tempfile.gettempdir()) / f"engage-stripe-{os.getuid()}-counters-{os.getppid()}"
_counters = Path(os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(_counters)))
_counters.mkdir(mode=0o700, parents=True, exist_ok=True)

application = get_wsgi_application()

# What is loaded by now stays: a collection that looks through all of it would hold up every click for 200 ms.
_ = get_resolver().url_patterns  # loads every view
gc.collect()
gc.freeze()
# A click leaves few cycles behind: to look for some every 700 objects, as is usual, took 4 % of it.
gc.set_threshold(20_000, 20, 20)

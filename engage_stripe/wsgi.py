"""The WSGI application that ``make serve`` and the container run."""

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "engage_stripe.settings")

application = get_wsgi_application()

# What is loaded by now stays: a collection that looks through all of it would hold up every click for 200 ms.
_ = get_resolver().url_patterns  # loads every view
gc.collect()
gc.freeze()

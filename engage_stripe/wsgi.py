"""The WSGI application that ``make serve`` and the container run."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "engage_stripe.settings")

application = get_wsgi_application()

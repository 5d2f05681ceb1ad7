# syntax=docker/dockerfile:1
# One image, five processes: web, worker, beat, migrate and (for trying it out) the sandbox Stripe.

FROM python:3.13-slim-bookworm AS build
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PROJECT_ENVIRONMENT=/opt/venv
RUN pip install --no-cache-dir uv==0.13.9
WORKDIR /srv
COPY pyproject.toml uv.lock ./
RUN uv sync --locked --no-default-groups --all-extras

FROM build AS build-sandbox
RUN uv sync --locked --no-default-groups --all-extras --group sandbox

FROM python:3.13-slim-bookworm AS app
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 DEBUG=0 UPLOADS_URL=file:///var/lib/engage/uploads
RUN useradd --create-home --uid 10001 engage && install -d -o engage /var/lib/engage/uploads
WORKDIR /srv
COPY --from=build /opt/venv /opt/venv
COPY manage.py ./
COPY engage_stripe engage_stripe
COPY connector connector
COPY sync sync
COPY actions actions
COPY templates templates
COPY static static
# The manifest of static files needs settings, not secrets: these values live in this one layer's command only.
RUN SECRET_KEY=build FIELD_ENCRYPTION_KEYS=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= PUBLIC_BASE_URL=http://build \
    DATABASE_URL=postgresql://build/build REDIS_URL=redis://build/0 \
    python manage.py collectstatic --noinput
USER engage
EXPOSE 8000
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", "--blocking-threads", "24", "--respawn-failed-workers", "engage_stripe.wsgi:application"]

FROM app AS sandbox
COPY --from=build-sandbox /opt/venv /opt/venv
EXPOSE 12111
CMD ["python", "-m", "engage_stripe.sandbox", "--host", "0.0.0.0", "--port", "12111"]

FROM app

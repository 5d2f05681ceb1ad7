"""What the connector adds to Stripe's own time in a one-action click.

    python -m benchmarks.clicks [--clicks 500] [--rate 50]

Clicks arrive at a fixed rate, each of another user, whether the earlier ones are done or not. Of each it takes the
time of the API request, and the time that its requests to Stripe took; the difference is ours. It works in a scratch
database of the server that DATABASE_URL names and drops it, against a sandbox of its own.
"""

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path

from benchmarks.scratch import scratch_database

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clicks", type=int, default=500)
    parser.add_argument("--rate", type=int, default=50, help="clicks a second")
    options = parser.parse_args()
    command = [sys.executable, "-m", "engage_stripe.sandbox", "--port", "0"]
    with (
        scratch_database(os.environ["DATABASE_URL"]) as url,
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as sandbox,
    ):
        try:
            base = re.search(r"http://\S+", sandbox.stdout.readline())[0]
            os.environ |= {
                "DATABASE_URL": url,
                "STRIPE_API_BASE": base,
                "STRIPE_TEST_REQUESTS_PER_SECOND": "10000",
                "LOG_LEVEL": "WARNING",
                "ALLOWED_HOSTS": "testserver",
                "DJANGO_SETTINGS_MODULE": "engage_stripe.settings",
            }
            migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
            subprocess.run(migrate, cwd=ROOT, check=True)
            import django

            django.setup()
            from benchmarks import clicks_workload as workload

            workload.measure(*workload.prepare(base, options.clicks), options.clicks, options.rate)
        finally:
            sandbox.terminate()


if __name__ == "__main__":
    main()

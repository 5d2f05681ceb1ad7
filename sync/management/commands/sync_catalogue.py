"""``manage.py sync_catalogue --app ID``: read products, prices, coupons and promotion codes now."""

from typing import Any

from connector.host import HostApp
from sync.catalogue import sync_catalogue
from sync.connections import connection_of
from sync.management.run_command import RunCommand, progress_bar


class Command(RunCommand):
    help = "Reads the App's whole catalogue from Stripe: products, prices, coupons, promotion codes."

    def run(self, app: HostApp, **options: Any) -> dict[str, Any]:
        """``{"run_id", "state", "counts", "report", "error"}``."""
        with progress_bar("Catalogue", silent=options["json"]) as follow:
            run = sync_catalogue(connection=connection_of(app.id), started_by="command line", on_progress=follow)
        return self.describe(run)

"""The control page at `/` and its buttons: each is a form that does one thing and comes back."""

from collections.abc import Callable
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from engage_stripe.sandbox.control import actions
from engage_stripe.sandbox.control.pages import render_page
from engage_stripe.sandbox.control.view import page_data
from engage_stripe.sandbox.demo import DEMO_ACCOUNT
from engage_stripe.sandbox.errors import StripeError
from engage_stripe.sandbox.state import Account, World
from engage_stripe.sandbox.webhooks.delivery import Dispatcher
from engage_stripe.sandbox.webhooks.disturbances import Disturbance


class Control:
    """The page of one sandbox."""

    def __init__(self, world: World, dispatcher: Dispatcher) -> None:
        self._world = world
        self._dispatcher = dispatcher
        self._actions: dict[str, Callable[[Account, str], None]] = {
            "cancel": actions.cancel,
            "cancel_at_period_end": actions.cancel_at_period_end,
            "fail_payments": lambda account, id: actions.use_card(account, id, actions.DECLINED),
            "fix_card": lambda account, id: actions.use_card(account, id, actions.PAYING),
            "advance_month": lambda _account, _id: actions.advance_month(self._world),
            "withhold": self._withhold,
            "release": self._release,
            "resend": self._resend,
        }

    def routes(self) -> list[Route]:
        """Return the routes to mount at the root."""
        return [
            Route("/", self.show, methods=["GET"]),
            Route("/control/{action}", self.act, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """Show one account: `?account=acct_…&mode=live`, the demo account when none is named."""
        query = request.query_params
        name = (query.get("account", DEMO_ACCOUNT), query.get("mode") == "live")
        account = self._world.accounts.get(name)
        if account is None:
            return RedirectResponse("/", status_code=303)
        data = page_data(self._world, self._dispatcher, account)
        return HTMLResponse(render_page("control.html", **data, said=query.get("said")))

    async def act(self, request: Request) -> Response:
        """Press a button: the form names the account, its mode, and the `id` that the button is for."""
        form = await request.form()
        mode = str(form["mode"])
        account = self._world.account(str(form["account"]), livemode=mode == "live")
        back = {"account": account.id, "mode": mode}
        try:
            self._actions[request.path_params["action"]](account, str(form.get("id", "")))
        except StripeError as error:
            back["said"] = error.message
        await self._dispatcher.lanes.drain()
        return RedirectResponse(f"/?{urlencode(back)}", status_code=303)

    def _withhold(self, account: Account, _id: str) -> None:
        self._dispatcher.disturbances.append(Disturbance("withhold", account=account.id))

    def _release(self, account: Account, _id: str) -> None:
        withheld = self._dispatcher.withheld()
        self._dispatcher.release([each for each in withheld if each.account.id == account.id])

    def _resend(self, _account: Account, delivery_id: str) -> None:
        found = self._dispatcher.log.find(delivery_id)
        if found is not None:
            self._dispatcher.resend(found)

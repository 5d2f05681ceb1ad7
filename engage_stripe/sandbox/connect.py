"""Connect: platforms, authorization codes, and which account is connected to which platform.

https://docs.stripe.com/connect/oauth-standard-accounts
"""

from dataclasses import dataclass, field

from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.keys import Key, create_key
from engage_stripe.sandbox.state import Account, World

CODE_LIFETIME = 300  # seconds; "about five minutes"
SCOPES = ("read_only", "read_write")


@dataclass
class Platform:
    """A registered Connect application; it has another client id in each mode.

    `redirect_uris` are compared exactly; the first is used when a request names none.
    """

    client_id: str
    account_id: str
    livemode: bool
    name: str
    redirect_uris: list[str] = field(default_factory=list)


@dataclass
class Code:
    """An authorization code: once exchanged, `access_token` is what it was exchanged for."""

    value: str
    platform: Platform
    account: Account
    scope: str
    expires_at: int
    access_token: str | None = None


class OAuthError(Exception):
    """A refusal in OAuth's shape: `{"error", "error_description"}` with an HTTP status."""

    def __init__(self, code: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.status = status


class Connect:
    """All platforms of one World, their codes and connections."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._codes: dict[str, Code] = {}

    def register(self, platform: Platform) -> Platform:
        """Make a platform known by its client id."""
        self.world.platforms[platform.client_id] = platform
        return platform

    def authorize(self, platform: Platform, account: Account | None, scope: str) -> Code:
        """Issue a code for `account`, or for a new one when it is None or another platform has it.

        An account is never controlled by two platforms: its owner is led to open another account
        (https://docs.stripe.com/connect/oauth-changes-for-standard-platforms).
        """
        if account is None or self._has_other_platform(account, platform):
            account = self.world.account(f"acct_1{self.world.ids.text(15)}", livemode=platform.livemode)
        code = Code(
            f"ac_{self.world.ids.text(32)}",
            platform,
            account,
            scope,
            self.world.clock.now() + CODE_LIFETIME,
        )
        self._codes[code.value] = code
        return code

    def exchange(self, code_value: str, key: Key) -> Code:
        """Connect the account of a code to the platform that `key` belongs to; OAuthError if not valid.

        A code that comes a second time revokes the token it was exchanged for.
        """
        code = self._codes.get(code_value)
        if code is None:
            raise OAuthError("invalid_grant", f"Authorization code does not exist: {code_value}")
        if code.platform.livemode != key.livemode:
            raise OAuthError(
                "invalid_grant", "The mode of the API key does not match the mode of the authorization code"
            )
        if code.platform.account_id != key.account_id:
            raise OAuthError("invalid_grant", f"Authorization code provided does not belong to you: {code_value}")
        if code.access_token is not None:
            self.world.keys[code.access_token].state = "revoked"
            raise OAuthError(
                "invalid_grant",
                "This authorization code has already been used. All tokens issued with this code have been "
                "revoked.",
            )
        if code.expires_at <= self.world.clock.now():
            raise OAuthError("invalid_grant", f"Authorization code expired: {code_value}")
        code.access_token = create_key(self.world, code.account, "secret").value
        self.connect(code.platform, code.account)
        return code

    def connect(self, platform: Platform, account: Account) -> None:
        """Let the platform act on the account and tell its Connect endpoints."""
        self.world.connections.add((platform.account_id, account.id, platform.livemode))
        account.emit("account.application.authorized", _application(platform))

    def disconnect(self, platform: Platform, account_id: str) -> None:
        """End a connection, from whichever side; OAuthError when there is none.

        The event is the last one that the platform hears of the account.
        """
        connection = (platform.account_id, account_id, platform.livemode)
        if connection not in self.world.connections:
            raise OAuthError(
                "invalid_client",
                f"This application is not connected to stripe account {account_id}, or that account does "
                "not exist.",
                status=401,
            )
        account = self.world.account(account_id, livemode=platform.livemode)
        account.emit("account.application.deauthorized", _application(platform))
        self.world.connections.discard(connection)
        for code in self._codes.values():
            if code.access_token and (code.platform, code.account) == (platform, account):
                self.world.keys[code.access_token].state = "revoked"

    def candidates(self, platform: Platform) -> list[Account]:
        """Return the accounts that a person may choose from on the platform's consent page."""
        own = {known.account_id for known in self.world.platforms.values()}
        accounts = self.world.accounts.values()
        return [account for account in accounts if account.livemode == platform.livemode and account.id not in own]

    def _has_other_platform(self, account: Account, platform: Platform) -> bool:
        return any(
            connected == account.id and livemode == account.livemode and owner != platform.account_id
            for owner, connected, livemode in self.world.connections
        )


def _application(platform: Platform) -> Obj:
    return {"id": platform.client_id, "object": "application", "name": platform.name}

"""The stores that identity files lie in: what their URLs and credentials may be, and how each is opened.

A source is typed by an admin of one App and read by a server that all share, so nothing here may reach the server's
own files, network or rights. https://filesystem-spec.readthedocs.io/en/latest/usage.html
"""

import posixpath
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import fsspec

from connector.configuration import option
from connector.errors import InvalidInputError

# The class that gcsfs registers by itself asks a gRPC service for the layout of each bucket first, for up to a minute.
fsspec.register_implementation("gs", "gcsfs.core.GCSFileSystem", clobber=True)

NEEDED = {
    "s3": [{"key", "secret"}],
    "gs": [{"token"}],
    "abfs": [{"account_name", "account_key"}, {"account_name", "sas_token"}],
    "sftp": [{"username", "password"}],
}
"""What an admin must give; each set by itself is enough. Without it a library would fall back on the server's own."""
OPTIONAL = {"s3": {"token"}, "gs": {"project"}, "abfs": set[str](), "sftp": {"port", "host_key"}}
SCHEMES = ("file", *NEEDED)
GOOGLE_TOKENS = "https://oauth2.googleapis.com/token"
ARRIVES_WHOLE = {"s3", "gs"}
"""An object there appears when its upload is complete; elsewhere a file can be seen while it is written."""
_SECONDS = 10
_ACCOUNT = re.compile(r"[a-z0-9]{3,24}")
_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")


def check_source(*, app_id: UUID, url: str, credentials: Mapping[str, Any]) -> None:
    """Raise ``InvalidInputError`` unless this App may read the URL, with these credentials."""
    _check_url(url)
    if is_open(app_id=app_id, url=url) and not credentials:
        return
    scheme = urlsplit(url).scheme
    if scheme == "file":
        raise InvalidInputError(
            "folder_not_allowed",
            f"On this server your files can lie in {_own_folders(app_id) or 'no folder'} only.",
        )
    _check_names(scheme, credentials)
    _check_values(scheme, credentials)


def is_open(*, app_id: UUID, url: str) -> bool:
    """Whether the operator lets the server read this URL for this App with its own rights (``IDENTITY_FOLDERS``).

    Each App has the subfolder that is named by its id: no App reads another one's files.
    """
    return any(_is_below(url, folder) for folder in own_folders(app_id))


def own_folders(app_id: UUID) -> list[str]:
    """The App's own folders, as URLs."""
    given = [
        folder if "://" in folder else Path(folder).absolute().as_uri() for folder in option("IDENTITY_FOLDERS")
    ]
    return [f"{folder.rstrip('/')}/{app_id}" for folder in given]


@contextmanager
def open_store(*, app_id: UUID, url: str, credentials: Mapping[str, Any]) -> Iterator[tuple[Any, str]]:
    """The file system and the folder's path in it. Whatever the store's library raises goes through."""
    check_source(app_id=app_id, url=url, credentials=credentials)
    filesystem, path = fsspec.core.url_to_fs(url, **_options(url, credentials))
    filesystem.invalidate_cache()
    try:
        yield filesystem, path.rstrip("/")
    finally:
        if urlsplit(url).scheme == "sftp":  # the others' connections are the library's to keep and renew
            filesystem.client.close()


def move(filesystem: Any, path: str, target: str) -> None:
    """Rename, or copy and remove where a store cannot rename. Takes no character of a name for a pattern."""
    if "file" in filesystem.protocol or "sftp" in filesystem.protocol:
        filesystem.makedirs(posixpath.dirname(target), exist_ok=True)
        filesystem.mv(path, target)
    else:
        filesystem.cp_file(path, target)
        filesystem.rm_file(path)


def hide(text: str, credentials: Mapping[str, Any]) -> str:
    """The text without the credentials' values, should a library's error repeat one."""
    secrets = [value for value in credentials.values() if isinstance(value, str) and len(value) > 3]
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "…")
    return text


def _check_url(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in SCHEMES or "::" in url:
        known = ", ".join(f"{name}://" for name in SCHEMES)
        raise InvalidInputError("bad_source_url", f"The URL must start with one of {known}.")
    if "@" in url or "?" in url or "#" in url or ".." in parts.path.split("/"):
        raise InvalidInputError(
            "bad_source_url",
            "The URL is a plain folder, like s3://bucket/ingest: names, passwords and accounts are credentials.",
        )


def _is_below(url: str, folder: str) -> bool:
    if urlsplit(url).scheme == urlsplit(folder).scheme == "file":
        return _local(url).resolve().is_relative_to(_local(folder).resolve())  # links lead nowhere else
    return f"{url.rstrip('/')}/".startswith(f"{folder}/")


def _local(url: str) -> Path:
    return Path(urlsplit(url).path)


def _own_folders(app_id: UUID) -> str:
    return ", ".join(own_folders(app_id))


def _check_names(scheme: str, credentials: Mapping[str, Any]) -> None:
    wanted = " or ".join(" and ".join(sorted(names)) for names in NEEDED[scheme])
    allowed = OPTIONAL[scheme].union(*NEEDED[scheme])
    if unknown := sorted(set(credentials) - allowed):
        raise InvalidInputError("bad_credentials", f"Not known here: {', '.join(unknown)}. Needed: {wanted}.")
    given = {name for name, value in credentials.items() if value}
    if not any(names <= given for names in NEEDED[scheme]):
        raise InvalidInputError("bad_credentials", f"{scheme}:// needs credentials: {wanted}.")


def _check_values(scheme: str, credentials: Mapping[str, Any]) -> None:
    token = credentials.get("token")
    if scheme == "gs" and not (isinstance(token, dict) and token.get("type") == "service_account"):
        raise InvalidInputError("bad_credentials", "token must be a service account's key as a JSON object.")
    if scheme == "abfs":
        _check_azure(credentials)
    if scheme == "sftp":
        _check_ssh(credentials)


def _check_ssh(credentials: Mapping[str, Any]) -> None:
    """Without ``host_key`` the server is only asked for its key: nothing is read from it."""
    if not isinstance(credentials.get("port", 22), int):
        raise InvalidInputError("bad_credentials", "port must be a number.")
    if "host_key" in credentials and not _FINGERPRINT.fullmatch(str(credentials["host_key"])):
        raise InvalidInputError("bad_credentials", "host_key must be a fingerprint: SHA256: and 43 characters.")


def _check_azure(credentials: Mapping[str, Any]) -> None:
    """Values become parts of a URL and of a connection string: they must not end what they stand in."""
    if not _ACCOUNT.fullmatch(str(credentials["account_name"])):
        raise InvalidInputError("bad_credentials", "account_name is 3 to 24 small letters and digits.")
    if any(";" in str(value) for value in credentials.values()):
        raise InvalidInputError("bad_credentials", "No value may have a semicolon in it.")


def _options(url: str, credentials: Mapping[str, Any]) -> dict[str, Any]:
    """As the store's library wants them. End points are the operator's: an admin's would be a way into the network."""
    match urlsplit(url).scheme:
        case "s3":
            endpoint = option("S3_ENDPOINT_URL")
            return {**credentials, **({"client_kwargs": {"endpoint_url": endpoint}} if endpoint else {})}
        case "gs" if credentials:
            return {**credentials, "token": {**credentials["token"], "token_uri": GOOGLE_TOKENS}}
        case "abfs" if credentials:
            return {"connection_string": _connection_string(credentials)}
        case "sftp":
            return _ssh_options(credentials)
    return dict(credentials)


def _ssh_options(credentials: Mapping[str, Any]) -> dict[str, Any]:
    from sync.host_keys import OnlyThisHostKey  # noqa: PLC0415  paramiko is an extra

    return {
        **{name: value for name, value in credentials.items() if name != "host_key"},
        "host_key_policy": OnlyThisHostKey(credentials.get("host_key", "")),
        "timeout": _SECONDS,
        "banner_timeout": _SECONDS,
        "auth_timeout": _SECONDS,
        "look_for_keys": False,  # the server's own keys are not the admin's
        "allow_agent": False,
        "skip_instance_cache": True,  # a connection that was kept is dead the next night
    }


def _connection_string(credentials: Mapping[str, Any]) -> str:
    """Complete, so that the library takes nothing from the server's own environment."""
    name = credentials["account_name"]
    endpoint = option("AZURE_BLOB_URL").format(account_name=name)
    if credentials.get("account_key"):
        return f"BlobEndpoint={endpoint};AccountName={name};AccountKey={credentials['account_key']}"
    return f"BlobEndpoint={endpoint};SharedAccessSignature={credentials['sas_token'].removeprefix('?')}"

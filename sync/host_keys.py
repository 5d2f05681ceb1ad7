"""An SSH server is recognised by its host key before anything is sent to it.

Apart from the stores, as paramiko is only there with the extra ``sftp``.
"""

import paramiko


class OnlyThisHostKey(paramiko.MissingHostKeyPolicy):  # type: ignore[misc]  # paramiko has no types
    """Goes on only where the server's key has this fingerprint (``SHA256:…``); with none it tells which key it has.

    https://docs.paramiko.org/en/stable/api/client.html#paramiko.client.MissingHostKeyPolicy
    """

    def __init__(self, fingerprint: str) -> None:
        self._fingerprint = fingerprint

    def missing_host_key(self, _client: paramiko.SSHClient, hostname: str, key: paramiko.PKey) -> None:
        """Raises ``SSHException``; called before the password is sent."""
        if key.fingerprint == self._fingerprint:
            return
        shown = f"{hostname} shows the host key {key.fingerprint}"
        if self._fingerprint:
            raise paramiko.SSHException(
                f"{shown}, not the expected one. Nothing was sent: it may be another server."
            )
        raise paramiko.SSHException(
            f"{shown}, and host_key does not say yet which one is right. Ask who runs it, then add the source again "
            f'with "host_key": "{key.fingerprint}" among its credentials.'
        )

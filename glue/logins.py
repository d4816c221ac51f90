"""
Logins to PostgreSQL. A login returns properties of the JDBC driver, and the job calls it for each new connection.
"""

import json
from collections.abc import Callable
from urllib.parse import urlsplit

Login = Callable[[], dict[str, str]]
DEFAULT_PORT = 5_432


def plain_login() -> dict[str, str]:
    """The JDBC URL contains the user and the password."""
    return {}


def trust_of(ca: str | None) -> dict[str, str]:
    """
    Requires TLS. `ca` is the file of the certificate authorities of RDS.

    Without `ca` the connection is encrypted and the server is not verified.
    """
    return {"sslmode": "require"} if ca is None else {"sslmode": "verify-full", "sslrootcert": ca}


def secret_login(name: str, region: str, ca: str | None) -> Login:
    import boto3  # noqa: PLC0415 -- optional without AWS

    client = boto3.client("secretsmanager", region_name=region)
    secret = json.loads(client.get_secret_value(SecretId=name)["SecretString"])
    properties = {"user": str(secret["username"]), "password": str(secret["password"]), **trust_of(ca)}
    return lambda: properties


def token_login(url: str, user: str, region: str, ca: str | None) -> Login:
    """A token is valid for 15 minutes. It is signed locally, without a call of AWS."""
    import boto3  # noqa: PLC0415 -- optional without AWS

    client = boto3.client("rds", region_name=region)
    server = urlsplit(url.removeprefix("jdbc:"))

    def login() -> dict[str, str]:
        token = client.generate_db_auth_token(
            DBHostname=server.hostname, Port=server.port or DEFAULT_PORT, DBUsername=user, Region=region
        )
        return {"user": user, "password": str(token), **trust_of(ca)}

    return login

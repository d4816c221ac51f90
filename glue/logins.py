"""How the job logs in to PostgreSQL: properties of its driver, asked for anew for each connection."""

import json
from collections.abc import Callable
from urllib.parse import urlsplit

Login = Callable[[], dict[str, str]]
PORT = 5_432


def plain_login() -> dict[str, str]:
    """All stands in the URL."""
    return {}


def trust_of(ca: str | None) -> dict[str, str]:
    """TLS always; `ca` is the file of RDS's authorities, and without it the server is not verified."""
    return {"sslmode": "require"} if ca is None else {"sslmode": "verify-full", "sslrootcert": ca}


def secret_login(name: str, region: str, ca: str | None) -> Login:
    import boto3  # noqa: PLC0415 -- without AWS it need not be there

    client = boto3.client("secretsmanager", region_name=region)
    secret = json.loads(client.get_secret_value(SecretId=name)["SecretString"])
    properties = {"user": str(secret["username"]), "password": str(secret["password"]), **trust_of(ca)}
    return lambda: properties


def token_login(url: str, user: str, region: str, ca: str | None) -> Login:
    """A token is good for 15 minutes and is signed here, without a call."""
    import boto3  # noqa: PLC0415 -- without AWS it need not be there

    client = boto3.client("rds", region_name=region)
    place = urlsplit(url.removeprefix("jdbc:"))

    def login() -> dict[str, str]:
        token = client.generate_db_auth_token(
            DBHostname=place.hostname, Port=place.port or PORT, DBUsername=user, Region=region
        )
        return {"user": user, "password": str(token), **trust_of(ca)}

    return login

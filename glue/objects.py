"""The object store. Spark pickles a store for the workers, so it has no open connection."""

import os
import secrets
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

# HTTP statuses of S3 for a put that must create its key
KEY_EXISTS, KEY_IS_BEING_WRITTEN = 412, 409
MAX_ATTEMPTS = 6


class Objects(Protocol):
    """Invariant: a key is created once and never changes."""

    @property
    def root(self) -> str:
        """URL of the store in Spark's spelling."""
        ...

    def put(self, key: str, body: bytes) -> bool:
        """Creates the key. Returns False, without a change, when the key exists."""
        ...


@dataclass(frozen=True)
class FileObjects:
    folder: str

    @property
    def root(self) -> str:
        return f"file://{Path(self.folder).resolve()}"

    def put(self, key: str, body: bytes) -> bool:
        target = Path(self.folder, key)
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.parent / f".new-{os.getpid()}-{secrets.token_hex(6)}"
        with temporary.open("xb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(temporary, target)
        except FileExistsError:
            return False
        finally:
            temporary.unlink(missing_ok=True)
        return True


@cache
def _s3(region: str) -> Any:
    import boto3  # noqa: PLC0415 -- optional without S3

    return boto3.client("s3", region_name=region)


@dataclass(frozen=True)
class S3Objects:
    """`scheme` is s3 on Glue, and s3a on other installations of Spark."""

    bucket: str
    prefix: str
    scheme: str
    region: str

    @property
    def root(self) -> str:
        return f"{self.scheme}://{self.bucket}/{self.prefix}".rstrip("/")

    def put(self, key: str, body: bytes) -> bool:
        from botocore.exceptions import ClientError  # noqa: PLC0415 -- optional without S3

        name = f"{self.prefix}/{key}".lstrip("/")
        for attempt in range(1, MAX_ATTEMPTS + 1):
            try:
                _s3(self.region).put_object(Bucket=self.bucket, Key=name, Body=body, IfNoneMatch="*")
                return True
            except ClientError as error:
                status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
                if status == KEY_EXISTS:
                    return False
                if status != KEY_IS_BEING_WRITTEN or attempt == MAX_ATTEMPTS:
                    raise
                time.sleep(0.1 * 2**attempt)
        raise AssertionError("unreachable: the last attempt returns or raises")


def open_objects(url: str, region: str = "us-east-1") -> Objects:
    """`file:FOLDER`, `s3://BUCKET/PREFIX` or `s3a://BUCKET/PREFIX`. Raises ValueError for other URLs."""
    if url.startswith("file:"):
        return FileObjects(url.removeprefix("file:"))
    parts = urlsplit(url)
    if parts.scheme in ("s3", "s3a"):
        return S3Objects(parts.netloc, parts.path.strip("/"), parts.scheme, region)
    raise ValueError(
        f"unsupported object store {url!r}: use file:FOLDER, s3://BUCKET/PREFIX or s3a://BUCKET/PREFIX for --objects"
    )

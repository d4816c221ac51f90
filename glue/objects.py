"""The object store: a key is created once and never changed. A store travels to workers: it holds no connection."""

import os
import secrets
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

# what S3 answers to a key that must be new
IS_THERE, IS_BEING_WRITTEN = 412, 409
ATTEMPTS = 6


class Objects(Protocol):
    """Where keys lie, as Spark spells it."""

    @property
    def root(self) -> str: ...

    def put(self, key: str, body: bytes) -> bool:
        """Creates the key; False when it is there already, which changes nothing."""
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
        aside = target.parent / f".new-{os.getpid()}-{secrets.token_hex(6)}"
        with aside.open("xb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(aside, target)
        except FileExistsError:
            return False
        finally:
            aside.unlink(missing_ok=True)
        return True


@cache
def _s3(region: str) -> Any:
    import boto3  # noqa: PLC0415 -- without S3 it need not be there

    return boto3.client("s3", region_name=region)


@dataclass(frozen=True)
class S3Objects:
    bucket: str
    prefix: str
    """s3 on Glue, s3a on a Spark of one's own."""
    scheme: str
    region: str

    @property
    def root(self) -> str:
        return f"{self.scheme}://{self.bucket}/{self.prefix}".rstrip("/")

    def put(self, key: str, body: bytes) -> bool:
        from botocore.exceptions import ClientError  # noqa: PLC0415 -- without S3 it need not be there

        name = f"{self.prefix}/{key}".lstrip("/")
        for attempt in range(1, ATTEMPTS + 1):
            try:
                _s3(self.region).put_object(Bucket=self.bucket, Key=name, Body=body, IfNoneMatch="*")
                return True
            except ClientError as error:
                status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
                if status == IS_THERE:
                    return False
                if status != IS_BEING_WRITTEN or attempt == ATTEMPTS:
                    raise
                time.sleep(0.1 * 2**attempt)
        raise AssertionError("the last attempt returns or raises")


def open_objects(url: str, region: str = "us-east-1") -> Objects:
    """`file:FOLDER`, `s3://BUCKET/PREFIX` or `s3a://BUCKET/PREFIX`."""
    if url.startswith("file:"):
        return FileObjects(url.removeprefix("file:"))
    parts = urlsplit(url)
    if parts.scheme in ("s3", "s3a"):
        return S3Objects(parts.netloc, parts.path.strip("/"), parts.scheme, region)
    raise ValueError(f"{url} is neither file:, s3:// nor s3a://")

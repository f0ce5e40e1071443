"""What s3fs alone does, with its own settings: a folder's files as they are.

python -m bench.remote.raw_s3fs push FOLDER BUCKET | pull BUCKET FOLDER
"""

from __future__ import annotations

import sys

from s3fs import S3FileSystem


def main() -> None:
    match sys.argv[1:]:
        case ["push", folder, bucket]:
            S3FileSystem().put(f"{folder}/", f"{bucket}/s3fs/", recursive=True)
        case ["pull", bucket, folder]:
            S3FileSystem().get(f"{bucket}/s3fs/", f"{folder}/", recursive=True)
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()

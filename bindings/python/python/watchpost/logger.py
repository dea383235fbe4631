"""The structured log, with the option `enable_logs`.

    from watchpost import logger

    logger.info("{user} imported {rows} rows", user="ada", rows=42, attributes={"shard": 7})

The template is filled in as `str.format` does it; it and its values are kept beside the text, so that lines can be
searched by them.
"""

from ._watchpost import log_debug as debug
from ._watchpost import log_error as error
from ._watchpost import log_fatal as fatal
from ._watchpost import log_info as info
from ._watchpost import log_trace as trace
from ._watchpost import log_warning as warning

__all__ = ["debug", "error", "fatal", "info", "trace", "warning"]

"""The published packages against a real `synap serve`.

* `server` runs for the whole session: `server.url`, `server.grpc`, `server.api_key(mode)` for the modes `any`, `b2b` and
  `b2c`, and `server.fresh_instance(mode)` where a test needs to be alone; `server.kill()` and `server.start()` keep its ports.
* `names` makes ids of users and customers that no other test, and no earlier run, has used.
"""

from served import names, server

__all__ = ["names", "server"]

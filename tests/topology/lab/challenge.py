"""Certbot's hook: proves a name by a record of DNS, and takes it away again.

challenge.py SERVER KEYFILE add|delete
"""

from __future__ import annotations

import os
import subprocess
import sys


def main() -> None:
    """Do what certbot's environment says."""
    server, key_file, verb = sys.argv[1:]
    domain, proof = os.environ["CERTBOT_DOMAIN"], os.environ["CERTBOT_VALIDATION"]
    name = f"_acme-challenge.{domain}."
    what = f'add {name} 1 IN TXT "{proof}"' if verb == "add" else f"delete {name}"
    script = f"server {server}\nupdate {what}\nsend\n"
    subprocess.run(["nsupdate", "-k", key_file], input=script, text=True, check=True)


if __name__ == "__main__":
    main()

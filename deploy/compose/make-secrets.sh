#!/bin/sh
# Makes the passwords of the database and the URLs that hold them, once: what is there already is left alone.
set -eu
cd "$(dirname "$0")"
umask 077
mkdir -p secrets
for role in owner app; do
    [ -s "secrets/${role}_password" ] || od -An -N24 -tx1 /dev/urandom | tr -d ' \n' > "secrets/${role}_password"
    printf 'postgresql://synap_%s:%s@db:5432/synap' "$role" "$(cat "secrets/${role}_password")" > "secrets/${role}_url"
done
# Compose hands the files on as they are, and the containers' users are not yours.
chmod 755 secrets
chmod 644 secrets/*
echo "the secrets are in $(pwd)/secrets: keep this folder from others"

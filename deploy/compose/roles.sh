#!/bin/sh
# Runs once, on an empty database: the role that serves, which row-level security binds. `synap migrate` gives it its rights.
set -eu
psql -v ON_ERROR_STOP=1 -v app="$(cat /run/secrets/app_password)" -U "$POSTGRES_USER" -d "$POSTGRES_DB" <<'SQL'
create role synap_app login nosuperuser nobypassrls password :'app';
create extension if not exists vector;
SQL

# shellcheck shell=bash
# shellcheck disable=SC2034 # what is unused here, they use
# What `backup` and `restore` share. Sourced by them; bash 3.2 of macOS is enough.

cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit
# Dumps hold people's data and password hashes.
umask 077

env_file=${ENV_FILE:-.env}
read -r -a compose <<<"${COMPOSE:-}"
if [ ${#compose[@]} -eq 0 ]; then
  if docker compose version >/dev/null 2>&1; then compose=(docker compose); else compose=(docker-compose); fi
  compose+=(--env-file "$env_file")
fi

# One database each, in this order; `databases` holds their names once `load_settings` has run.
services=(user_team task_meeting notification)
databases=()
format="team-suite-backup 1"

say() { printf '%s\n' "$@"; } # LINE…

die() {
  printf '%s\n' "$@" >&2
  exit 1
}

load_settings() {
  configuration=$("${compose[@]}" config) || die "The compose files and $env_file do not go together; see above. Nothing was touched."
  databases=("$(setting USER_TEAM_DB_NAME)" "$(setting TASK_MEETING_DB_NAME)" "$(setting NOTIFICATION_DB_NAME)")
}

setting() { # the value of a variable of the containers, as compose resolves it
  awk -v name="$1:" '$1 == name { gsub(/["'\'']/, "", $2); print $2; exit }' <<<"$configuration"
}

in_postgres() { # PROGRAM ARGUMENT…: run it in the container of PostgreSQL, as its superuser
  # shellcheck disable=SC2016 # expanded there
  "${compose[@]}" exec -T postgres sh -c 'program=$1; shift; exec "$program" --username="$POSTGRES_USER" "$@"' sh "$@"
}

psql_in() { # DATABASE OPTION…: run the SQL of the standard input; prints bare values
  local database=$1
  shift
  in_postgres psql --no-psqlrc --quiet --no-align --tuples-only --set=ON_ERROR_STOP=1 --dbname="$database" "$@"
}

value_of() { # DATABASE SQL: one value
  psql_in "$1" <<<"$2"
}

sum_of() { # FILE: its SHA-256
  if command -v sha256sum >/dev/null; then sha256sum <"$1"; else shasum -a 256 <"$1"; fi | cut -d ' ' -f 1
}

bytes_of() { wc -c <"$1" | tr -d ' '; }

size_of() { # FILE: its size, for people
  awk -v bytes="$(bytes_of "$1")" 'BEGIN { if (bytes < 1e6) printf "%d kB", bytes / 1e3; else printf "%.1f MB", bytes / 1e6 }'
}

# shellcheck shell=bash
# Access to MariaDB for the services that keep their data there. Sourced, never run.

sql() { mariadb --no-defaults --protocol=socket -S "$RUN/mysql.sock" -u root "$@"; }

# Creates empty databases and their user. Drops databases that an interrupted schema migration may have left.
empty_databases() { # empty_databases USER DATABASE...
  local user=$1 database
  shift
  {
    # The password goes to standard input, because every user can read the arguments of a process.
    echo "create or replace user '$user'@'$API' identified by '$(secret "database-$user")';"
    for database in "$@"; do
      echo "drop database if exists $database; create database $database;"
      echo "grant all on $database.* to '$user'@'$API';"
    done
  } | sql --batch
}

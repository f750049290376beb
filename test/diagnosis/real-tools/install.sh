#!/usr/bin/env bash
# Installs the migration tools that real-tools.test.ts makes fail, into the folder that is given. Go, Java, Node and Python are there already.
set -euo pipefail
folder=${1:?usage: install.sh FOLDER}
mkdir -p "$folder"/{node,python,go,java}

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

packages=(postgresql openssl ruby-railties ruby-activerecord ruby-pg rake maven python3-venv)
if ! dpkg -s "${packages[@]}" >/dev/null 2>&1; then
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
fi

npm install --prefix "$folder/node" --no-audit --no-fund --silent \
  knex@3.3.0 pg@8.23.1 node-pg-migrate@9.0.0 sequelize@6.37.8 sequelize-cli@6.6.5 typeorm@1.1.1 reflect-metadata@0.2.2

python3 -m venv "$folder/python"
"$folder/python/bin/pip" install -q --disable-pip-version-check 'django==5.2.*' 'alembic==1.18.*' 'psycopg[binary]==3.3.*'

GOBIN="$folder/go" go install -tags postgres github.com/golang-migrate/migrate/v4/cmd/migrate@v4.19.1

cat >"$folder/java/pom.xml" <<'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>test</groupId><artifactId>migration-tools</artifactId><version>1</version>
<dependencies>
<dependency><groupId>org.liquibase</groupId><artifactId>liquibase-core</artifactId><version>4.33.0</version></dependency>
<dependency><groupId>info.picocli</groupId><artifactId>picocli</artifactId><version>4.7.6</version></dependency>
<dependency><groupId>org.flywaydb</groupId><artifactId>flyway-database-postgresql</artifactId><version>12.4.0</version></dependency>
<dependency><groupId>org.postgresql</groupId><artifactId>postgresql</artifactId><version>42.7.4</version></dependency>
</dependencies></project>
POM
mvn -q -B -f "$folder/java/pom.xml" dependency:copy-dependencies -DoutputDirectory="$folder/java/lib"

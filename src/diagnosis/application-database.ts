import type { LogPattern } from './application.ts';

const here = String.raw`(?:127\.0\.0\.1|localhost|::1)`;

/** Why no session with the database came about. Texts of libpq, JDBC, node, Go, PHP and MySQL; see test/diagnosis/logs. */
export const databasePatterns: readonly LogPattern[] = [
  {
    pattern:
      /password authentication failed for|fe_sendauth: no password supplied|Access denied for user|Login failed for user|Authentication failed against (?:the )?database server|SASL: .{0,80}password must be|Ident authentication failed|Peer authentication failed|PAM authentication failed|SASL authentication failed|\(28P01\)/,
    code: 'LOGIN_FAILED',
    cause: 'The database refused the user or the password.',
    fix: 'Check user and password of this environment; a secret that was rotated reaches only tasks that start after it.',
  },
  {
    pattern:
      /no pg_hba\.conf entry for .{0,300}(?:no encryption|SSL off)|SSL\/TLS required|Connections using insecure transport are prohibited/,
    code: 'TLS_REQUIRED',
    cause:
      'The database accepts only encrypted connections (on RDS: rds.force_ssl or require_secure_transport), and this one was not.',
    fix: 'Turn TLS on in the connection: sslmode=require in the URL, or ssl in the options of the driver.',
  },
  {
    pattern: /no pg_hba\.conf entry for|pg_hba\.conf rejects connection|Host '.{1,200}' is not allowed to connect/,
    code: 'HOST_REFUSED',
    cause: 'The database does not accept this user, database or address.',
    fix: 'Check user and database name, and who may connect from where (pg_hba.conf, GRANT, RDS Proxy).',
  },
  {
    pattern: /server does not support SSL|SSL is not enabled on the server|does not support secure connections?/i,
    code: 'TLS_NOT_OFFERED',
    cause: 'The connection asks for TLS, which this database server does not offer.',
    fix: 'Check that host and port are the ones of the right server; else turn TLS off for this environment.',
  },
  {
    pattern:
      /certificate verify failed|self[- ]signed certificate|unable to (?:get|verify) .{0,40}(?:issuer|certificate)|root certificate file .{1,300} does not exist|x509: |PKIX path building failed|certificate has expired|ERR_TLS_CERT_ALTNAME_INVALID|TLS connection error: /i,
    code: 'TLS_UNTRUSTED',
    cause: 'The TLS certificate of the server is not trusted, or is not made out for this host name.',
    fix: 'Put the CA bundle into the image (RDS: global-bundle.pem), name it to the driver, and connect by the full host name.',
  },
  {
    pattern:
      /(?:FATAL|ERROR|error|PSQLException|NoDatabaseError).{0,200}\bdatabase "[^"]{1,200}" does not exist|Unknown database '|Database `[^`]{1,200}` does not exist/,
    code: 'DATABASE_MISSING',
    cause: 'The server has no database of that name.',
    fix: 'Check the name in the connection, and that it is the server of this environment; else create the database first.',
  },
  {
    pattern: /role "[^"]{1,200}" does not exist/,
    code: 'ROLE_MISSING',
    cause: 'The database has no user (role) of that name.',
    fix: 'Check the name; else create the role first.',
  },
  {
    pattern:
      /too many (?:clients already|connections)|remaining connection slots are reserved|has more than 'max_user_connections'/i,
    code: 'TOO_MANY_CONNECTIONS',
    cause: 'The database has no connection left.',
    fix: 'Make the pools of the service smaller, end idle sessions, use RDS Proxy, or raise max_connections.',
  },
  {
    pattern:
      /could not translate host name|getaddrinfo (?:ENOTFOUND|EAI_AGAIN)|no such host|UnknownHostException|Name or service not known|Temporary failure in name resolution|nodename nor servname|Unknown (?:MySQL )?server host|php_network_getaddresses|\bnxdomain\b|failed to lookup address/i,
    code: 'HOST_UNKNOWN',
    cause: 'The name of a host does not resolve from inside the task.',
    fix: 'Check the host in the connection for a typing error; a private name needs a VPC with DNS resolution and the hosted zone attached.',
  },
  {
    pattern: new RegExp(
      `(?:ECONNREFUSED ${here}|connection to server at "${here}"[^:]{0,80}failed: Connection refused|Connection to ${here}:\\d+ refused|dial tcp (?:\\[::1\\]|${here}):\\d+: connect: connection refused|connect to (?:MySQL )?server (?:on|through) .{0,100}${here})`,
    ),
    code: 'LOCALHOST_REFUSED',
    cause: 'The program looks for a server in its own task (localhost), and none listens there.',
    fix: 'Set the host of the database for this task (DATABASE_URL or the like). For a sidecar: add dependsOn with condition HEALTHY.',
  },
  {
    pattern:
      /ECONNREFUSED \S|failed: Connection refused|Connection to \S{1,300} refused|dial tcp \S{1,200}: connect: connection refused|Can't connect to (?:MySQL )?server on .{1,200}\(1(?:11|15)\)|\[2002\] Connection refused|tcp connect \(.{1,200}\): connection refused/,
    code: 'CONNECTION_REFUSED',
    cause: 'The host was reached, but nothing listens on that port.',
    fix: 'Check host and port; check that the database is running and not in a restart or failover.',
  },
  {
    pattern: /connection refused|ECONNREFUSED/i,
    sign: true,
    code: 'CONNECTION_REFUSED',
    cause: 'The host was reached, but nothing listens on that port.',
    fix: 'Check host and port; check that the database is running and not in a restart or failover.',
  },
  {
    pattern:
      /failed: (?:Connection|Operation) timed out|ETIMEDOUT|connect timed out|connection timed out|timeout expired|dial tcp .{0,200}i\/o timeout|\[2002\] (?:Connection|Operation) timed out|Can't connect to .{1,200}\(110\)|Timeout acquiring a connection|could not obtain a connection from the pool|Connection terminated due to connection timeout|The connection attempt failed|No route to host|Network is unreachable|EHOSTUNREACH|ENETUNREACH/i,
    code: 'DATABASE_TIMEOUT',
    cause: 'The server did not answer: the way to it is closed.',
    fix: 'Let the security group of the database allow the security group of the task on its port, and check subnets, routes and host.',
  },
  {
    pattern: /the database system is (?:starting up|shutting down|in recovery mode|not yet accepting connections)/,
    code: 'DATABASE_STARTING',
    cause: 'The database is starting, stopping or in a failover.',
    fix: 'Run it again in a minute.',
  },
  {
    pattern:
      /server closed the connection unexpectedly|Connection terminated unexpectedly|terminating connection due to|Lost connection to MySQL server|MySQL server has gone away|ECONNRESET|Connection reset by peer|SSL connection has been closed unexpectedly|EOFException|broken pipe/i,
    sign: true,
    code: 'CONNECTION_LOST',
    cause: 'The connection with the server broke off.',
    fix: 'Look for a restart, a failover, an idle time-out or a lack of memory on the side of the database; then run it again.',
  },
];

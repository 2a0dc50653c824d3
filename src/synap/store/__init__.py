"""PostgreSQL, the one store: SQL files, migrations, row-level security, search, queue, the embedded server's launcher."""

"""SQLModel tables, migrations, the ledger and the repositories."""

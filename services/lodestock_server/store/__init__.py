"""What the server keeps: one database, SQLite unless another is named, its schema made by migrations.

`database` opens it, `datasets` keeps the catalog of data. SQLAlchemy is imported here and nowhere else.
"""

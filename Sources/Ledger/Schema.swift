import GRDB

/// The tables, version by version. A version that was released is never changed.
enum Schema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 audit") { database in
            try database.execute(
                sql: """
                    CREATE TABLE audit (
                        -- The two halves of the id, because as text 9 would follow 10.
                        ms INTEGER NOT NULL,
                        seq INTEGER NOT NULL,
                        at INTEGER NOT NULL,
                        who TEXT NOT NULL,
                        address TEXT NOT NULL,
                        act TEXT NOT NULL,
                        what TEXT NOT NULL,
                        detail TEXT NOT NULL,
                        PRIMARY KEY (ms, seq)
                    ) WITHOUT ROWID;
                    CREATE INDEX audit_who ON audit (who, ms, seq);
                    CREATE INDEX audit_what ON audit (what, ms, seq);
                    CREATE INDEX audit_at ON audit (at);
                    -- The newest id that ever was recorded: its entry may be pruned, and must not come again.
                    CREATE TABLE newest (one INTEGER PRIMARY KEY CHECK (one = 1), ms INTEGER NOT NULL, seq INTEGER NOT NULL);
                    """)
        }
        migrator.registerMigration("2 count") { database in
            // How often it was done, where one entry stands for several.
            try database.execute(sql: "ALTER TABLE audit ADD COLUMN count INTEGER NOT NULL DEFAULT 1")
        }
        return migrator
    }
}

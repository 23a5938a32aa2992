using System.Security.Cryptography;
using Microsoft.Data.Sqlite;

namespace Nyala.Storage.Sqlite;

/// <summary>Where an opened database goes on.</summary>
/// <param name="Head">The highest position ever used.</param>
/// <param name="At">The time of the newest row.</param>
/// <param name="Stream">The first stream number of this process.</param>
/// <param name="StreamLimit">The last one reserved.</param>
/// <param name="Generation">The journal's from now on: everything in it is history.</param>
sealed record StartingPoint(long Head, long At, long Stream, long StreamLimit, long Generation)
{
    /// <summary>
    /// How far positions and stream numbers jump at a restore: beyond everything that can have been used after the backup.
    /// </summary>
    public const long Jump = 1L << 36;

    /// <summary>Reads where to go on and reserves stream numbers, durably.</summary>
    public static StartingPoint Take(SqliteConnection connection)
    {
        var generation = BatchWriter.NewGeneration();
        SqliteFiles.Execute(connection, $"""
            insert into meta (name, value) values ('position', 0), ('stream', 0) on conflict do nothing;
            insert into meta (name, value) values ('journal', {generation}) on conflict (name) do update set value = excluded.value;
            """);
        var reserved = SqliteFiles.Number(connection, "select value from meta where name = 'stream'");
        SqliteFiles.Execute(connection, $"update meta set value = value + {StreamNumbers.Block} where name = 'stream'");
        var kept = SqliteFiles.Number(connection, "select value from meta where name = 'position'");
        return new StartingPoint(
            Math.Max(kept, SqliteFiles.Number(connection, "select max(position) from message")),
            SqliteFiles.Number(connection, "select at from message order by position desc limit 1"),
            reserved + 1,
            reserved + StreamNumbers.Block,
            generation);
    }

    /// <summary>Brings the messages into the database that only the journal has, because the process ended before it did; returns how many.</summary>
    public static int Replay(SqliteConnection connection, string dataDirectory)
    {
        var generation = SqliteFiles.Number(connection, "select value from meta where name = 'journal'");
        var head = SqliteFiles.Number(connection, "select max(value) from (select value from meta where name = 'position' union all select max(position) from message)");
        using var statements = new HotStatements(connection);
        if (generation == 0)
        {
            return 0;
        }

        // The next generation began before the database had this one.
        var blocks = Journal.Read(dataDirectory, generation).Concat(Journal.Read(dataDirectory, generation + 1));
        return JournalRecord.Replay(statements, blocks, head);
    }

    /// <summary>Makes everything that clients may know of a lost future recognisable as unknown.</summary>
    public static void JumpAhead(SqliteConnection connection)
    {
        var start = Take(connection);
        SqliteFiles.Execute(connection, $"""
            update meta set value = {start.Head + Jump} where name = 'position';
            update meta set value = value + {Jump} where name = 'stream';
            update roster_version set version = version + {1 << 20}, known_from = version + {1 << 20};
            update sqlite_sequence set seq = seq + {1 << 20} where name in ('account', 'room');
            """);
        AddEpoch(connection, start.Head + Jump + 1);
    }

    public static List<ArchiveEpoch> LoadEpochs(SqliteConnection connection)
    {
        var epochs = ReadEpochs(connection);
        if (epochs.Count == 0)
        {
            AddEpoch(connection, 1);
            epochs = ReadEpochs(connection);
        }

        return epochs;
    }

    static List<ArchiveEpoch> ReadEpochs(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "select number, first_position, key from epoch order by number";
        using var reader = command.ExecuteReader();
        var epochs = new List<ArchiveEpoch>();
        while (reader.Read())
        {
            epochs.Add(new ArchiveEpoch(reader.GetInt32(0), reader.GetInt64(1), reader.GetFieldValue<byte[]>(2)));
        }

        return epochs;
    }

    static void AddEpoch(SqliteConnection connection, long firstPosition)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "insert into epoch (number, first_position, key) select coalesce(max(number), 0) + 1, @first, @key from epoch";
        command.Parameters.AddWithValue("@first", firstPosition);
        command.Parameters.AddWithValue("@key", RandomNumberGenerator.GetBytes(16));
        command.ExecuteNonQuery();
    }
}

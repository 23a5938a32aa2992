using System.Data.Common;

namespace Nyala.Storage.Sql;

/// <summary>How values travel: times as milliseconds since 1970, truths as 0 and 1.</summary>
static class Columns
{
    public static DateTimeOffset Time(this DbDataReader reader, int column) =>
        DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(column));

    public static bool Truth(this DbDataReader reader, int column) => reader.GetInt64(column) != 0;

    public static byte[] Bytes(this DbDataReader reader, int column) => reader.GetFieldValue<byte[]>(column);

    public static byte[]? BytesOrNull(this DbDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.Bytes(column);

    public static string? TextOrNull(this DbDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

    public static int AsNumber(this bool truth) => truth ? 1 : 0;
}
